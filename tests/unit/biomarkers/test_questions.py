from __future__ import annotations

from sscite.subsets.definitions import questions


def test_a_biomarker_question_names_a_subset_of_the_file_and_optionally_a_tissue():
    content = {
        "biomarkers": [{"subset": "X"}, {"subset": "X", "tissue": "kidney"}, {"subset": "Y"}, {"tissue": "blood"}]
    }
    problems = "\n".join(questions.validate(content, lineages=set(), subsets={"X"}))
    assert "number 1" not in problems
    assert "number 2" not in problems
    assert "number 3: subset 'Y' is not defined" in problems
    assert "number 4: 'subset' is missing" in problems
