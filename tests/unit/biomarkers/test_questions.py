from __future__ import annotations

from sscite.subsets.definitions import questions


def test_a_biomarker_question_names_a_subset_or_a_variable_and_not_both():
    content = {
        "biomarkers": [
            {"subset": "X"}, {"variable": "severity", "order": ["mild", "severe"], "covariates": ["age"]},
            {"subset": "X", "variable": "age"}, {"subset": "Y"}, {"subset": "X", "order": ["a"]}, {},
        ]
    }  # fmt: skip
    problems = "\n".join(questions.validate(content, lineages=set(), subsets={"X"}))
    assert "number 1" not in problems
    assert "number 2" not in problems
    assert "number 3: name either a 'subset'" in problems
    assert "number 4: subset 'Y' is not defined" in problems
    assert "number 5: 'order' belongs to a 'variable'" in problems
    assert "number 6: name either" in problems
