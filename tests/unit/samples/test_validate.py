"""Sheets as people write them, and every way of getting them wrong."""

import pandas as pd
import pytest

from sscite import command
from sscite.errors import UserError
from sscite.samples import validate as step
from sscite.samples.validate import slugs, validate

HEADER = "library,sample,donor,tissue,counts,hashtag,group,age\n"
GOOD = (
    HEADER
    + "L1,s1,007,blood,a.h5,H1,SSc,57\nL1,s2,008,blood,a.h5,H2;H3,HD,60\nL2,s3,007,kidney,b.h5,,SSc,57\n"
    + "L3,s4,008,kidney,c.h5,,HD,60\nL4,s5,9,blood,d.h5,,SSc,\nL5,s6,10,blood,e.h5,,HD,44\n"
)


def run(tmp_path, sheet=GOOD, contrasts=None, **options):
    path = tmp_path / "sheet.csv"
    path.write_bytes(sheet if isinstance(sheet, bytes) else sheet.encode())
    asked = None
    if contrasts is not None:
        asked = tmp_path / "contrasts.csv"
        asked.write_text(contrasts)
    return validate(path, asked, **{"reference_tissue": "blood", **options})


def problems(tmp_path, *arguments, **options):
    with pytest.raises(UserError) as error:
        run(tmp_path, *arguments, **options)
    return error.value.problems


def test_a_sheet_from_excel_reads_like_a_clean_one(tmp_path):
    lines = GOOD.replace("\n", "\r\n").replace("s1,007", '" s1 ",\u00a0007').replace("library", "Library")
    excel = run(tmp_path, b"\xef\xbb\xbf" + lines.encode() + b",,,,,,,\r\n ,,,,,,,\r\n")
    pd.testing.assert_frame_equal(excel.samples, run(tmp_path).samples)
    assert excel.samples["donor"].tolist()[:2] == ["007", "008"]


def test_a_quoted_comma_stays_in_its_value(tmp_path):
    found = run(tmp_path, GOOD.replace("SSc", '"SSc, ""late"""'))
    assert found.samples["group"][0] == 'SSc, "late"'


def test_libraries_hold_their_files_once_with_the_rows_they_come_from(tmp_path):
    files = run(tmp_path).files
    assert files["library"].tolist() == ["L1", "L2", "L3", "L4", "L5"]
    assert files.loc[0, ["counts", "rows"]].tolist() == ["a.h5", "2;3"]


def test_numbers_stay_numbers_and_words_categories(tmp_path):
    sheet = GOOD.replace(",age\n", ",age,code,src\n").replace(",57\n", ",57,01,1\n").replace(",60\n", ",60,02,0\n")
    kinds = run(tmp_path, sheet).covariates.set_index("variable")
    assert kinds["kind"].to_dict() == {
        "group": "categorical", "age": "numeric", "code": "categorical", "src": "categorical",
    }  # fmt: skip
    assert kinds["levels"].to_dict()["age"] == "44;60"


def test_contrasts_follow_from_the_sheet_and_those_that_cannot_are_told(tmp_path):
    found = run(tmp_path)
    asked = found.contrasts[["variable", "reference", "target", "tissue", "block"]].to_numpy().tolist()
    assert asked == [["tissue", "blood", "kidney", "", "donor"], ["group", "HD", "SSc", "blood", ""]]
    assert found.left_out["contrast"].tolist() == ["group: SSc against HD in kidney"]
    assert "one donor (007)" in found.left_out["reason"][0]


def test_contrasts_of_the_user_are_taken_as_written(tmp_path):
    text = "contrast,variable,reference,target,tissue,subset,block,covariates\nA/B,group,HD,SSc,blood,CD4 T,,age\n"
    table = run(tmp_path, contrasts=text, subsets=frozenset({"CD4 T"})).contrasts
    assert table.to_numpy().tolist() == [["A/B", "A_B", "group", "HD", "SSc", "blood", "CD4 T", "", "age"]]


def test_every_problem_of_both_sheets_is_told_at_once(tmp_path):
    sheet = GOOD.replace("s2,008,blood", "s1,008,").replace("L5,s6", "L4,s6")
    contrasts = "contrast,variable,reference,target\nx,Group,HD,SSc\ny,group,HD,SSC\nz,tissue,blood,blood\n"
    messages = "\n".join(problems(tmp_path, sheet, contrasts))
    for text in (
        "samplesheet, row 3, column 'sample': 's1' is also in row 2",
        "samplesheet, row 3, column 'tissue': empty",
        "samplesheet, row 7, column 'counts': 'e.h5' differs from 'd.h5' in row 6",
        "contrasts, row 2, column 'variable': 'Group' is unknown (did you mean 'group'?)",
        "contrasts, row 3, column 'target': 'SSC' is unknown (did you mean 'SSc'?)",
        "contrasts, row 4, column 'target': 'blood' is in both reference and target",
    ):
        assert text in messages


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("library,", "libary,", "column 'library' is missing (did you mean 'libary'?)"),
        ("group,", "group,group,", "occurs more than once"),
        ("group,", "raw_count,", "did you mean 'raw_counts'?"),
        ("group,", "n_genes,", "the pipeline writes a column of this name itself"),
        (",H1,", ",,", "row 2, column 'hashtag': empty, though 2 samples share library 'L1'"),
        ("H2;H3", "H3;H1", "row 3, column 'hashtag': hashtag 'H1' is also that of row 2"),
        ("s4,008,kidney", "s4,008,Kidney", "'Kidney' and 'kidney' (row 4) differ in case or spaces alone"),
        ("blood", "Blood", "though the reference tissue is 'blood'"),
        ("L3,s4,008,kidney,c.h5", "L3,s4,008,kidney,b.h5", "the same counts as library 'L2' (row 4)"),
        (",57\n", ",57,extra\n", "column 9 has values and no name"),
        ("s4,", '"s\n4",', "row 5, column 'sample': holds a line break"),
        (",d.h5,", ",,", "row 6, column 'counts': empty"),
    ],
)
def test_a_slip_is_told_with_its_place_and_remedy(tmp_path, old, new, said):
    assert said in "\n".join(problems(tmp_path, GOOD.replace(old, new)))


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("x,group,HD,SSc,kidney,,,", "row 2, column 'reference': 'HD' has one donor (008) in kidney"),
        ("x,group,HD,SSc,kidny,,,", "'kidny' is unknown (did you mean 'kidney'?)"),
        ("x,group,HD,SSc,,CD4T,,", "'CD4T' is unknown (did you mean 'CD4 T'?)"),
        ("x,group,HD,SSc,,,patient,", "column 'block': 'patient' is unknown; allowed: 'donor'"),
        ("x,group,HD,SSc,,,,sex", "column 'covariates': 'sex' is unknown"),
        (",group,HD,SSc,,,,", "column 'contrast': empty"),
    ],
)
def test_a_contrast_that_cannot_be_is_refused(tmp_path, row, said):
    text = f"contrast,variable,reference,target,tissue,subset,block,covariates\n{row}\n"
    assert said in "\n".join(problems(tmp_path, contrasts=text, subsets=frozenset({"CD4 T"})))


def test_headers_of_both_sheets_are_told_together(tmp_path):
    messages = problems(tmp_path, GOOD.replace("donor,", "doner,"), "contrast,variable,reference,targets\n")
    assert [text.split(":")[0] for text in messages] == [
        "samplesheet, row 1", "contrasts, row 1", "contrasts, row 1, column 'targets'",
    ]  # fmt: skip


def test_comments_above_the_header_keep_the_row_numbers(tmp_path):
    sheet = "# my cohort, of 2026\n#\n" + GOOD
    assert run(tmp_path, sheet).files["rows"][0] == "4;5"
    assert "row 4, column 'donor': empty" in problems(tmp_path, sheet.replace("s1,007", "s1,"))[0]


@pytest.mark.parametrize("name", ["samplesheet", "contrasts"])
def test_the_example_sheets_are_valid(root, name):
    example = root / "assets"
    found = validate(example / "samplesheet.csv", example / "contrasts.csv", reference_tissue="blood")
    assert len(getattr(found, "samples" if name == "samplesheet" else name)) > 3


def test_text_that_is_not_utf8_names_the_remedy(tmp_path):
    assert "save it as 'CSV UTF-8" in problems(tmp_path, GOOD.replace("s1", "é").encode("latin1"))[0]


def test_any_name_becomes_an_identifier_that_no_shell_can_misread():
    names = ["a b", "a_b", "A b", "$(rm -rf ~)", "; x", "日本", "été", "-x", "../..", "x" * 300]
    found = slugs(names)
    assert found[:4] == ["a_b", "a_b-2", "A_b-3", "rm_-rf"]
    assert len({slug.casefold() for slug in found}) == len(names)
    for slug in found:
        assert slug.replace("-", "").replace("_", "").replace(".", "").isalnum()
        assert slug[0] not in "-." and len(slug) <= 84


def test_comments_and_layout_change_no_file_that_later_tasks_read(tmp_path, monkeypatch):
    sheet = "library,sample,donor,tissue,counts,age\nL1,s1,d1,blood,a.h5,50\nL2,s2,d2,blood,b.h5,60\n"
    said = (
        "version: 1\nlineages: {B: {lineages: [B], subsets: {naive: {up: [TCL1A], needs: ['1']}}}}\n"
        "questions: {biomarkers: [{subset: naive}]}\n"
    )
    other_sheet = "# from Anna\n" + sheet.replace("s2,d2", " s2 , d2")
    forms = [(sheet, said), (other_sheet, said.replace("lineages: {B", "# ours\nlineages:\n  {B"))]
    written = []
    for number, (rows, subsets) in enumerate(forms):
        folder = tmp_path / str(number)
        folder.mkdir()
        monkeypatch.chdir(folder)
        (folder / "sheet.csv").write_text(rows)
        (folder / "subsets.yaml").write_text(subsets)
        with command.step("samples_validate", "cohort") as facts:
            step.run(folder / "sheet.csv", None, folder / "subsets.yaml", reference_tissue="blood", facts=facts)
        names = ["samples", "identity", "contrasts", "contrasts/cohort", "rows/L1"]
        names = [*(f"{name}.csv" for name in names), "subsets.yaml", "lineages.yaml"]
        written.append([(folder / name).read_text() for name in names])
    assert written[0] == written[1]
    assert "50" in written[0][0] and "50" not in written[0][1] + written[0][4]
    assert "biomarkers" in written[0][5] and "biomarkers" not in written[0][6]
