"""The report is one HTML file that says everything it was given, and nothing as code."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image
from unit.report.facts import cohort, fact, finding, table
from unit.report.test_gather import arrange

from sscite.report import images
from sscite.report.render import cell, figures_of_pages, library_page, render, run, tidy


class Links(HTMLParser):
    """Identifiers and the links within the page."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.ids += [found["id"]] if found.get("id") else []
        self.links += [found["href"][1:]] if (found.get("href") or "").startswith("#") else []


def test_every_link_resolves_and_no_identifier_is_used_twice():
    page = Links()
    page.feed(render(arrange(cohort())))
    assert set(page.links) <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))


def test_the_first_screen_says_what_changed_where_how_much_and_how_sure():
    html = re.sub(r"<[^>]+>|\s+", " ", render(arrange(cohort())))
    for words in (
        "CD14_EGR1 more frequent", "SRC against SSc without SRC", "odds ratio 4.1 (1.6 to 10)", "p = 0.018",
        "4 and 8", "4 of 4 methods", "p = 0.040 without SRC02", "strong",
    ):  # fmt: skip
        assert words in re.sub(r"\s+", " ", html)


def test_beyond_twelve_findings_the_rest_is_folded():
    many = [finding(feature=f"S{i:02d}", p=0.001 * (i + 1)) for i in range(14)]
    html = render(arrange([fact("compare_composition", "SRC", findings=many)]))
    assert "2 further findings" in html
    assert html.index("S11 more frequent") < html.index("2 further findings") < html.index("S12 more frequent")


def test_a_report_without_comparisons_says_so():
    assert "No comparison was made." in render(arrange([fact("samples_load", "L1")]))


def test_names_from_the_users_files_are_escaped():
    hostile = '<script>alert(1)</script>"onmouseover="alert(2)'
    facts = [
        fact(
            "samples_load", hostile, warnings=[hostile], summary=hostile, tables=[table(hostile, [hostile], [hostile])]
        ),
        fact("compare_composition", hostile, findings=[finding(feature=hostile, comparison=hostile, text=hostile)]),
    ]
    html = render(arrange(facts), cells='{"a": "</script><script>alert(3)</script>"}')
    assert "<script>alert(" not in html
    assert '"onmouseover="' not in html


def test_a_missing_figure_is_said():
    figure = {"name": "f", "file": "lost.png", "title": "t", "caption": ""}
    assert "Figure lost.png is missing." in render(arrange([fact("demux_call", "L1", figures=[figure])]))


def test_a_figure_has_an_alternative_text_that_says_what_it_shows(tmp_path: Path):
    from PIL import Image

    Image.new("RGB", (40, 20), "red").save(tmp_path / "a.png")
    figure = {"name": "f", "file": "a.png", "title": "Each donor", "caption": "A dot is a donor."}
    html = render(
        arrange([fact("demux_call", "L1", figures=[figure])]), drawn={"a.png": images.embed(tmp_path / "a.png")}
    )
    assert 'width="27" height="13"' in html
    assert 'src="data:image/webp;base64,' in html
    assert 'alt="Each donor. A dot is a donor."' in html


def test_the_report_needs_no_network():
    html = render(arrange(cohort()))
    assert "http://" not in html
    assert "https://" not in html


def test_a_table_longer_than_the_report_says_so():
    long = table("t", ["a"], *[[1]] * 200) | {"rows": 1201}
    assert "The first 50 of 1,201 rows" in render(arrange([fact("samples_load", "L1", tables=[long])]))


def test_each_of_many_libraries_has_a_page_that_the_report_links():
    facts = [fact("samples_load", f"L {i}", summary=f"summary of {i}") for i in range(13)]
    content = arrange([*facts, fact("demux_call", "L 0"), fact("demux_call", "L 3", status="skipped")])
    page = library_page(content, "L 3")
    assert "summary of 3" in page and "summary of 4" not in page
    html = render(content)
    # once in the table of what was loaded; where the step was skipped, below the table
    assert html.count('<td><a href="report_pages/L_3.html">L 3</a></td>') == 1
    assert re.search(r"Skipped: <a href=.report_pages/L_3.html.>L 3</a>\.", html)
    assert set(figures_of_pages(content)) == {f"L {i}" for i in range(13)}
    assert figures_of_pages(arrange(facts[:12])) == {}


def test_the_report_holds_no_figure_that_is_on_the_page_of_a_library(tmp_path: Path):
    """So that the report of 200 libraries is about as large as that of 12."""
    (tmp_path / "figures").mkdir()
    for i in range(14):
        Image.new("RGB", (3, 3), (i, 0, 0)).save(tmp_path / "figures" / f"{i}.png")
    shown = [[{"name": "a", "file": f"{i}.png", "title": "t", "caption": ""}] for i in range(14)]
    facts = [fact("samples_load", f"L{i}", figures=shown[i]) for i in range(13)]
    content = arrange([*facts, fact("cohort_merge", "cohort", figures=shown[13])])
    (tmp_path / "report.json").write_text(json.dumps(content))
    run(tmp_path / "report.json", figures=tmp_path / "figures", cells=None, output=tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text().count('src="data:image') == 1
    pages = {path.name: path.read_text().count('src="data:image') for path in (tmp_path / "report_pages").iterdir()}
    assert pages == {f"L{i}.html": 1 for i in range(13)}
    assert images.embed(tmp_path / "figures" / "3.png").uri in (tmp_path / "report_pages" / "L3.html").read_text()


def test_values_of_tables_have_one_format():
    assert cell(2.13e-48, "family_p") == "2 × 10⁻⁴⁸"
    assert cell(0.0, "fdr") == "< 10⁻³⁰⁰"
    assert cell(1920) == "1,920"
    assert tidy("4.5 % of 10 %.") == "4.5% of 10%."
    assert tidy("2.3-fold (p = 7.2e-08); CD1e-05") == "2.3-fold (p = 7 × 10⁻⁸); CD1e-05"


def test_a_figure_with_points_is_drawn_from_them_and_its_names_cannot_end_the_script(tmp_path: Path):
    points = {"what": "gene", "shown": 1, "groups": [["all", "#000000"]], "labels": ["</script><b>"], "panels": []}
    figure = {
        "name": "volcano",
        "file": "A.compare_expression.volcano.png",
        "title": "V",
        "caption": "",
        "points": points,
    }
    content = arrange([fact("compare_expression", "A", figures=[figure])])
    html = render(content, drawn={figure["file"]: images.Image("data:image/webp;base64,AAAA", 10, 10)})
    held = re.search(r'<div class="points"><script type="application/json">(.*?)</script>', html)
    assert held
    assert json.loads(held[1]) == points
    assert "AAAA" not in html
    assert "is missing" not in html


def test_figures_are_the_same_whether_one_process_or_two_reduce_their_colours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    paths = [tmp_path / f"{name}.png" for name in "bca"]
    for shade, path in zip((0, 90, 200), paths, strict=True):
        Image.new("RGB", (30, 15), (shade, 10, 10)).save(path)
    drawn = []
    for cores in ("1", "2"):
        monkeypatch.setenv("OMP_NUM_THREADS", cores)
        drawn.append(images.embed_all(paths))
    assert drawn[0] == drawn[1]
    assert list(drawn[0]) == ["b.png", "c.png", "a.png"]
    assert len({image.uri for image in drawn[0].values()}) == 3
    assert images.embed_all([]) == {}
