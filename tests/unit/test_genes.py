"""Lists of genes with a known role, and the species whose lists are read."""

from __future__ import annotations

import pandas as pd
import pytest
import typer
from conftest import ROOT
from typer.testing import CliRunner

from sscite import command, genes
from sscite.errors import UserError


@pytest.fixture
def two_species(tmp_path, monkeypatch):
    """Provide gene lists of humans and of mice, the latter made of the former, in a folder of their own."""
    for species in ("human", "mouse"):
        folder = tmp_path / species
        folder.mkdir()
        for path in (ROOT / "assets" / "genes" / "human").glob("*.gmt"):
            text = path.read_text(encoding="utf-8")
            (folder / path.name).write_text(text.replace("\tXIST", "\tXist") if species == "mouse" else text)
    monkeypatch.setattr(genes, "FOLDER", tmp_path)
    monkeypatch.setenv(genes.VARIABLE, genes.DEFAULT)
    genes.load.cache_clear()
    yield tmp_path
    genes.load.cache_clear()


def test_quality_genes_are_named_and_look_alikes_are_not():
    found = genes.quality(pd.Index(["MT-CYB", "RPL3", "RPS6KA1", "MTOR", "MT-TF", "mt-Nd1"]))
    assert found.tolist() == ["mitochondrial", "ribosomal", "", "", "mitochondrial", "mitochondrial"]


def test_mitochondrial_genes_are_found_by_symbol_or_identifier():
    symbols = pd.Index(["MT-CO1", "mt-Nd1", "ENSG00000198888", "MTOR"])
    identifiers = pd.Series(["", "", "ENSG00000198888.2", "ENSG00000198793"])
    assert genes.mitochondrial(symbols, identifiers).tolist() == [True, True, True, False]
    assert genes.mitochondrial(symbols).tolist() == [True, True, False, False]


def test_the_lists_of_the_chosen_species_are_read(two_species):
    assert genes.named("FEMALE") == ("XIST",)
    genes.choose("mouse")
    assert genes.named("FEMALE") == ("Xist",)


def test_a_species_without_lists_is_the_users_error():
    with pytest.raises(UserError, match=r"--species axolotl: .* allowed: human"):
        genes.choose("axolotl")


def test_a_species_must_have_every_list(two_species):
    (two_species / "mouse" / "residency.gmt").unlink()
    with pytest.raises(UserError, match="assets/genes/mouse lacks the lists RESIDENCY_DOWN, RESIDENCY_UP"):
        genes.choose("mouse")


def test_an_option_of_a_script_chooses_the_species(two_species):
    def main(species: command.Species = "human") -> None:
        typer.echo(" ".join(genes.named("FEMALE")))

    app = typer.Typer()
    app.command()(main)
    assert CliRunner().invoke(app, ["--species", "mouse"]).output == "Xist\n"


def test_markers_are_grouped_by_lineage():
    assert genes.grouped("SET_ASIDE") == {"platelet": ("PPBP", "PF4"), "red cell": ("HBA1", "HBA2", "HBB")}


def test_every_list_names_its_source():
    lines = [line.split("\t") for path in (ROOT / "assets" / "genes").rglob("*.gmt") for line in path.open()]
    assert all(len(fields) > 2 and fields[1].strip() for fields in lines)
