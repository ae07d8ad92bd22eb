"""Models: read without trust, found without surprises."""

import os
import pickle
import zlib
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.preprocessing import StandardScaler

from sscite.annotate import model, model_file
from sscite.command import Facts
from sscite.errors import UserError

GENES = np.array(["A", "B", "C"], dtype=object)


def write_model(path: Path, classifier: object, labels: list[str]) -> Path:
    """Write a model as CellTypist does: a fitted classifier and scaler, the genes on the classifier."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 3))
    y = np.array(labels)[np.arange(40) % len(labels)]
    scaler = StandardScaler().fit(x)
    classifier.fit(scaler.transform(x), y)
    classifier.features = GENES
    path.write_bytes(pickle.dumps({"Model": classifier, "Scaler_": scaler, "description": {"date": "2024-01-01"}}))
    return path


@pytest.mark.parametrize("classifier", [LogisticRegression(), SGDClassifier(loss="log_loss")])
def test_a_model_is_read_as_scikit_learn_wrote_it(tmp_path, classifier):
    path = write_model(tmp_path / "Mine.pkl", classifier, ["a", "b", "c"])
    read = model_file.load(path)
    assert read.name == "Mine"
    assert list(read.cell_types) == ["a", "b", "c"]
    assert list(read.genes) == list(GENES)
    np.testing.assert_array_equal(read.coefficients, classifier.coef_)
    np.testing.assert_array_equal(read.intercepts, classifier.intercept_)


def test_a_model_of_two_types_is_spelt_out_as_two_rows(tmp_path):
    classifier = LogisticRegression()
    read = model_file.load(write_model(tmp_path / "two.pkl", classifier, ["a", "b"]))
    np.testing.assert_array_equal(read.coefficients, [-classifier.coef_[0], classifier.coef_[0]])


class Hostile:
    """Runs a command when an ordinary unpickler reads it."""

    def __init__(self, witness: Path) -> None:
        self.witness = witness

    def __reduce__(self):
        return os.system, (f"touch {self.witness}",)


@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_a_hostile_pickle_is_refused_and_runs_nothing(tmp_path, protocol):
    path, witness = tmp_path / "evil.pkl", tmp_path / "ran"
    path.write_bytes(pickle.dumps({"Model": Hostile(witness), "Scaler_": 1, "description": {}}, protocol=protocol))
    with pytest.raises(UserError, match=r"refused: it refers to \w+\.system"):
        model_file.load(path)
    assert not witness.exists()


def test_a_harmless_class_beyond_the_list_is_refused_too(tmp_path):
    path = tmp_path / "odd.pkl"
    path.write_bytes(pickle.dumps({"Model": Path("x")}))
    with pytest.raises(UserError, match="pathlib"):
        model_file.load(path)


def test_attributes_of_an_allowed_name_cannot_be_reached(tmp_path):
    path = tmp_path / "dotted.pkl"
    path.write_bytes(b"\x80\x04\x8c\x05numpy\x8c\x11ndarray.__class__\x93.")
    with pytest.raises(UserError, match=r"numpy\.ndarray\.__class__"):
        model_file.load(path)


@pytest.mark.parametrize(
    "content", [b"", b"no pickle", pickle.dumps([1]), pickle.dumps({"Model": 1}), zlib.compress(b"x")]
)
def test_a_corrupt_file_is_named_with_its_remedy(tmp_path, content):
    path = tmp_path / "broken.pkl"
    path.write_bytes(content)
    with pytest.raises(UserError, match="SHA-256"):
        model_file.load(path)


def test_a_truncated_model_is_refused(tmp_path):
    path = write_model(tmp_path / "m.pkl", LogisticRegression(), ["a", "b"])
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(UserError, match="cannot be read"):
        model_file.load(path)


def test_parts_that_do_not_fit_are_refused(tmp_path):
    path = tmp_path / "m.pkl"
    write_model(path, LogisticRegression(), ["a", "b", "c"])
    content = pickle.loads(path.read_bytes())
    content["Model"].features = GENES[:2]
    path.write_bytes(pickle.dumps(content))
    with pytest.raises(UserError, match="do not fit"):
        model_file.load(path)


def test_pairs_of_tissue_and_model_are_read_in_order():
    assert model.parse("blood=a.pkl, kidney=/x/b.pkl,c") == {"blood": "a.pkl", "kidney": "/x/b.pkl", "": "c"}


@pytest.mark.parametrize("text", ["blood=", "=a.pkl", "a,,b", "blood=a,blood=b"])
def test_a_wrong_setting_is_the_users_error(text):
    with pytest.raises(UserError, match="--celltypist_model"):
        model.parse(text)


def test_a_library_takes_the_model_of_its_tissue_and_else_the_one_for_any():
    assert model.choose(["Kidney"], ["blood", "kidney", ""]) == ("kidney", ["kidney"])
    assert model.choose(["skin"], ["blood", ""]) == ("", [""])
    assert model.choose(["skin"], ["blood"]) == (None, [])
    assert model.choose(["lung", "blood"], ["blood", "lung"]) == ("blood", ["blood", "lung"])


def test_a_bare_name_is_a_file_before_it_is_a_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(model, "_fetch", lambda *_: pytest.fail("went to the network"))
    (tmp_path / "x.pkl").touch()
    (tmp_path / "staged").mkdir()
    (tmp_path / "staged" / "y.pkl").touch()
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "Named.pkl").touch()
    cache = tmp_path / "cache"
    assert model.find("x.pkl", given=[], cache=cache) == Path("x.pkl")
    assert model.find("/elsewhere/y.pkl", given=[Path("staged/y.pkl")], cache=cache) == Path("staged/y.pkl")
    assert model.find("Named", given=[], cache=cache) == cache / "Named.pkl"


def test_a_path_that_is_absent_never_goes_to_the_network(tmp_path, monkeypatch):
    monkeypatch.setattr(model, "_fetch", lambda *_: pytest.fail("went to the network"))
    with pytest.raises(UserError, match="no such model file"):
        model.find(str(tmp_path / "absent.pkl"), given=[], cache=tmp_path)


def test_another_checksum_is_refused_with_both_shown(tmp_path):
    path = write_model(tmp_path / "m.pkl", LogisticRegression(), ["a", "b"])
    found = model_file.checksum(path)
    assert model.inspect(path, found, tissue="blood", file="1_m.pkl")["sha256"] == found
    with pytest.raises(UserError, match=f"{found}, but {'0' * 64}"):
        model.inspect(path, "0" * 64, tissue="", file="m.pkl")


@pytest.mark.parametrize("text", ["abc", "0" * 64 + ",x"])
def test_an_expected_checksum_must_be_one(text):
    with pytest.raises(UserError, match="sha256"):
        model.expected_checksums(text, 1)


def test_a_model_without_an_expected_checksum_is_reported_as_not_verified(tmp_path: Path):
    rows = [{"tissue": "", "name": "m", "cell_types": 2, "sha256": "0" * 64}]
    pinned, free = (Facts("annotate_model", "cohort", seed=None, folder=tmp_path) for _ in range(2))
    model.report_models(pinned, rows, verified=True)
    model.report_models(free, rows, verified=False)
    assert pinned.content["warnings"] == []
    assert "not verified" in free.content["warnings"][0]
    assert free.content["numbers"]["checksums_verified"] is False
