"""A name has one colour in every figure, and colours can be distinguished."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage.color import rgb2lab

from sscite import figures, names

# protanopia and deuteranopia: Machado, Oliveira and Fernandes 2009, doi:10.1109/TVCG.2009.113, severity 1
SEEN_BY = {
    "all": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
}


def as_seen(colour: str, matrix: np.ndarray) -> np.ndarray:
    rgb = np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = (matrix @ linear).clip(0, 1)
    return rgb2lab(np.where(seen <= 0.0031308, 12.92 * seen, 1.055 * seen ** (1 / 2.4) - 0.055)[None, None])[0, 0]


def test_any_two_colours_of_the_palette_differ_for_readers_with_colour_vision_deficiency():
    for matrix in SEEN_BY.values():
        seen = [as_seen(colour, matrix) for colour in figures.PALETTE]
        assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)) > 15


def test_a_name_keeps_its_colour_whatever_stands_beside_it():
    everyone = ["SRC", "SSc without SRC", "HD", "ILD"]
    alone = figures.colours(["SRC"], among=everyone)
    assert alone["SRC"] == figures.colours(reversed(everyone))["SRC"]
    assert figures.colours(["lung", "CD4 T"]) == {"lung": figures.TISSUES["lung"], "CD4 T": figures.LINEAGES["CD4 T"]}


def test_names_of_one_figure_have_different_colours_while_the_palette_lasts():
    assert len(set(figures.colours(f"subset {i}" for i in range(len(figures.PALETTE))).values())) == 16
    assert len(figures.colours(f"subset {i}" for i in range(40))) == 40


def test_every_lineage_has_a_colour():
    assert set(figures.LINEAGES) == set(names.LINEAGES)


def test_a_text_beyond_the_edge_is_not_cut(tmp_path: Path):
    figure, axis = figures.new(width=2, height=2)
    axis.text(1.0, 0.5, "a long label far beyond the edge", transform=axis.transAxes)
    figures.save(figure, tmp_path / "a")
    pixels = np.asarray(Image.open(tmp_path / "a.png").convert("L"))
    edges = [pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]]
    assert all((edge == 255).all() for edge in edges)
    assert pixels.shape[1] > 2 * 150


def test_a_figure_is_saved_as_png_svg_and_pdf_of_one_form_and_the_same_each_time(tmp_path: Path, caplog):
    caplog.set_level("INFO")
    for name in ("a", "b"):
        figure, axes = figures.new(4, 2, 1, 2)
        figure.colorbar(axes[0].scatter([1, 2], [3, 4], c=[0, 1]), ax=axes, label="a label")
        figures.save(figure, tmp_path / name)
    read = {suffix: [(tmp_path / f"{name}.{suffix}").read_bytes() for name in "ab"] for suffix in ("png", "svg", "pdf")}
    assert all(first == second for first, second in read.values())
    assert not caplog.records  # fontTools logs the glyphs of every font
    width, height = Image.open(tmp_path / "a.png").size
    box = re.search(rb"/MediaBox \[ 0 0 ([\d.]+) ([\d.]+) \]", read["pdf"][0])
    assert box
    assert float(box[1]) / float(box[2]) == pytest.approx(width / height, rel=0.02)


def test_the_key_of_a_row_names_every_level_in_full(tmp_path: Path):
    figure, axis = figures.new(width=3, height=1)
    figures.row_key(axis, 0.5, {"reference": figures.GREY, "target": figures.UP})
    figures.save(figure, tmp_path / "key")
    drawn = (tmp_path / "key.svg").read_text()
    assert "reference" in drawn
    assert "target" in drawn


def test_no_other_module_chooses_a_colour_by_number_or_code():
    """Colours have one owner; the small drawings of the report's page have their own contrast to meet."""
    owners = {"figures.py", "report/glyphs.py"}
    package = Path(figures.__file__).parent
    chosen = re.compile(r"PALETTE\[|[\"']#[0-9A-Fa-f]{6}[\"']")
    modules = {str(path.relative_to(package)): path.read_text(encoding="utf-8") for path in package.rglob("*.py")}
    assert not [name for name, code in modules.items() if name not in owners and chosen.search(code)]


def test_the_files_of_a_figure_have_one_page_and_a_pdf_holds_text_in_its_own_font(tmp_path: Path):
    figure, axis = figures.new(width=2, height=2)
    axis.text(0, 0.5, "AVAV 5 \N{MINUS SIGN} \N{GREEK SMALL LETTER ALPHA} a label beyond the edge")
    figures.save(figure, tmp_path / "a")
    with Image.open(tmp_path / "a.png") as image:
        inches = np.array(image.size) / 150
    pdf = (tmp_path / "a.pdf").read_bytes()
    page = [float(value) for value in re.search(rb"/MediaBox \[ 0 0 (\S+) (\S+) \]", pdf).groups()]
    svg = re.search(r'width="([\d.]+)pt" height="([\d.]+)pt"', (tmp_path / "a.svg").read_text()).groups()
    assert np.allclose(np.array(page) / 72, inches, atol=1 / 150)
    assert np.allclose(np.array(svg, float) / 72, inches, atol=1 / 150)
    assert pdf.count(b"/Subtype /TrueType") + pdf.count(b"/Subtype /CIDFontType2") >= 1
    assert b"/Type3" not in pdf


def test_an_axis_label_is_as_far_from_its_axes_in_the_svg_as_in_the_png(tmp_path: Path):
    figure, axes = figures.new(width=3, height=2)
    axes.set_yticks([0, 1], ["Hashtag_10 (joint)", "singlet"])
    axes.set_ylabel("joint model")
    figures.save(figure, tmp_path / "x")
    with Image.open(tmp_path / "x.png") as image:
        dark = np.asarray(image.convert("L")) < 128
    columns = np.flatnonzero(dark.any(axis=0))
    end = columns[np.flatnonzero(np.diff(columns) > 5)[0]]  # the rotated label is the first run of dark columns
    svg = (tmp_path / "x.svg").read_text()
    baseline = float(re.search(r'x="([0-9.]+)"[^>]*>joint model<', svg)[1])
    # no letter but the j reaches below the baseline, by 2.1 of 9 points in DejaVu Sans
    assert baseline == pytest.approx((end + 1) / 150 * 72 - 2.1, abs=0.3)
