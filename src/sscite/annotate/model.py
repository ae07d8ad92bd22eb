"""CellTypist models: found by path or name, checked, and read without running what a pickle could run."""

from __future__ import annotations

import hashlib
import os
import pickle
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sscite.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

ANY_TISSUE = ""
TABLE = ["tissue", "file", "name", "cell_types", "genes", "date", "version", "sha256"]  # of models.csv
REMEDY = "take the model from CellTypist again, or from whom you trust, and compare its SHA-256"


@dataclass(frozen=True)
class Model:
    """What a prediction needs of a CellTypist model.

    Attributes
    ----------
    name
        File name without `.pkl`.
    cell_types, genes
        Labels and features, in the order of the coefficients.
    coefficients, intercepts
        Shapes (cell types, genes) and (cell types,); a model of two types is spelt out as both rows.
    mean, scale
        Of each gene's log1p expression in the training data; mean is 0 where the scaler did not centre.
    description
        As the authors wrote it: date, details, source, version.
    """

    name: str
    cell_types: NDArray[np.str_]
    genes: NDArray[np.str_]
    coefficients: NDArray[np.float64]
    intercepts: NDArray[np.float64]
    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    description: dict[str, str]


class _Inert:
    """Stands for a scikit-learn object: holds its attributes and can do nothing."""

    def __init__(self, *_arguments: object) -> None:
        pass


# what CellTypist's models were found to hold; numpy.core is numpy._core before NumPy 2
_ESTIMATORS = {
    ("sklearn.linear_model._logistic", "LogisticRegression"),
    ("sklearn.linear_model.logistic", "LogisticRegression"),
    ("sklearn.linear_model._stochastic_gradient", "SGDClassifier"),
    ("sklearn.linear_model.stochastic_gradient", "SGDClassifier"),
    ("sklearn.preprocessing._data", "StandardScaler"),
    ("sklearn.preprocessing.data", "StandardScaler"),
    ("sklearn.linear_model._sgd_fast", "Log"),
    ("sklearn.linear_model.sgd_fast", "Log"),
    ("sklearn._loss._loss", "CyHalfBinomialLoss"),
    ("sklearn._loss._loss", "__pyx_unpickle_CyHalfBinomialLoss"),
}
_PACKAGES = ("numpy.core", "numpy._core")
_ARRAYS: dict[tuple[str, str], Any] = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("builtins", "str"): str,
    **{(f"{package}.multiarray", "_reconstruct"): np.empty(0).__reduce__()[0] for package in _PACKAGES},
    **{(f"{package}.multiarray", "scalar"): np.float64(0).__reduce__()[0] for package in _PACKAGES},
    **{(f"{package}.numeric", "_frombuffer"): np.empty(1).__reduce_ex__(5)[0] for package in _PACKAGES},
}


class _Unpickler(pickle.Unpickler):
    """Resolves the few names that CellTypist models hold; any other name ends the reading."""

    def find_class(self, module: str, name: str) -> Any:
        """Give an array constructor, or an inert holder for a scikit-learn class."""
        if (module, name) in _ESTIMATORS:
            return _Inert
        if (module, name) in _ARRAYS:
            return _ARRAYS[module, name]
        raise UserError(f"it asks for {module}.{name}, which no CellTypist model holds: it may run foreign code")


def load(path: Path) -> Model:
    """Read a CellTypist model without trusting it.

    Only plain containers, NumPy arrays and the attributes of two scikit-learn estimators are built; scikit-learn itself
    is not imported.

    Raises
    ------
    UserError
        No such file; not a pickle; a name beyond those that CellTypist's models hold; parts missing or misshapen.
    """
    if not path.is_file():
        raise UserError(f"{path}: no such model file")
    try:
        with path.open("rb") as file:
            content = _Unpickler(file).load()
    except UserError as error:
        raise UserError(f"{path}: refused: {error}; {REMEDY}") from None
    except Exception as error:  # a damaged pickle may raise anything
        raise UserError(f"{path}: cannot be read as a CellTypist model ({error}); {REMEDY}") from error
    return _model(content, path)


def _model(content: Any, path: Path) -> Model:
    """Take from the pickle's content what a prediction needs, and check the shapes."""
    try:
        classifier, scaler = vars(content["Model"]), vars(content["Scaler_"])
        types = np.asarray(classifier["classes_"]).astype(str)
        genes = np.asarray(classifier["features"]).astype(str)
        coefficients = np.asarray(classifier["coef_"], dtype=float)
        intercepts = np.asarray(classifier["intercept_"], dtype=float)
        scale = np.asarray(scaler["scale_"], dtype=float)
        mean = np.asarray(scaler["mean_"], dtype=float) if scaler.get("with_mean", True) else np.zeros_like(scale)
        description = {str(key): str(value) for key, value in dict(content.get("description") or {}).items()}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UserError(f"{path}: not a CellTypist model: no usable {error}; {REMEDY}") from error
    if len(types) == 2 and len(coefficients) == 1:
        coefficients, intercepts = np.vstack([-coefficients, coefficients]), np.r_[-intercepts, intercepts]
    expected = (len(types), len(genes))
    shapes = (coefficients.shape, intercepts.shape, scale.shape, mean.shape)
    if len(types) < 2 or shapes != (expected, expected[:1], expected[1:], expected[1:]):
        raise UserError(
            f"{path}: not a CellTypist model: {expected[0]} cell types and {expected[1]} genes do not fit "
            f"coefficients {shapes[0]}, intercepts {shapes[1]} and scaler {shapes[2]}; {REMEDY}"
        )
    if not (np.isfinite(coefficients).all() and np.isfinite(mean).all() and (scale > 0).all()):
        raise UserError(f"{path}: the model holds values that are not finite; {REMEDY}")
    return Model(path.stem, types, genes, coefficients, intercepts, mean, scale, description)


def checksum(path: Path) -> str:
    """Give a file's SHA-256 in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def parse(text: str) -> dict[str, str]:
    """Read the setting: one model for all tissues, or `tissue=model` pairs; a bare one beside pairs serves the others.

    Returns
    -------
    Path or name by tissue, in the order given; the tissue is empty where the model serves any.

    Raises
    ------
    UserError
        An empty part, or a tissue named twice.
    """
    models: dict[str, str] = {}
    for part in text.split(","):
        tissue, equals, model = part.rpartition("=")
        tissue, model = tissue.strip(), model.strip()
        if not model or (equals and not tissue):
            raise UserError(
                f"--celltypist_model '{text}': '{part}' names no model; write path, or tissue=path,tissue=path"
            )
        if tissue in models:
            raise UserError(f"--celltypist_model '{text}': two models for {tissue or 'any tissue'}; give one")
        models[tissue] = model
    return models


def find(model: str, *, given: Sequence[Path], cache: Path) -> Path:
    """Find a model: a staged file of that name, a path, the cache, or, by name, CellTypist's server (once).

    Raises
    ------
    UserError
        No such path, or the name cannot be fetched.
    """
    wanted = Path(model)
    for path in (*(file for file in given if file.name == wanted.name), wanted):
        if path.is_file():
            return path
    if "/" in model:
        raise UserError(f"{model}: no such model file; correct --celltypist_model")
    name = model if model.endswith(".pkl") else f"{model}.pkl"
    for path in (cache / name, cache / "data" / "models" / name):
        if path.is_file():
            return path
    return _fetch(name, cache)


def _fetch(name: str, cache: Path) -> Path:
    """Fetch a model by name into the cache with CellTypist's own downloader."""
    os.environ["CELLTYPIST_FOLDER"] = str(cache)  # read when celltypist is imported
    offline = (
        f"{name}: neither a file nor in the cache {cache}, and it cannot be fetched from CellTypist: {{reason}}; "
        "without a network, copy the .pkl file here and give its path, or put it into --celltypist_models_dir"
    )
    try:
        from celltypist import models

        models.download_models(model=[name])
    except Exception as error:  # whatever the network or the server says
        raise UserError(offline.format(reason=" ".join(str(error).split())[:200])) from error
    path = cache / "data" / "models" / name
    if not path.is_file():
        raise UserError(offline.format(reason="the server has no model of this name"))
    return path


def choose(tissues: Sequence[str], models: Sequence[str]) -> tuple[str | None, list[str]]:
    """Choose the model of a library: that of its tissues, else the one for any tissue.

    Parameters
    ----------
    tissues
        Of the library's samples.
    models
        The tissues that models were given for; empty text for a model of any tissue.

    Returns
    -------
    The chosen key of `models` (None where none fits) and all that apply: a library of several tissues has several.
    """
    wanted = {tissue.casefold() for tissue in tissues}
    fitting = [tissue for tissue in models if tissue and tissue.casefold() in wanted]
    if not fitting and ANY_TISSUE in models:
        fitting = [ANY_TISSUE]
    return (fitting[0] if fitting else None), fitting


def expected_checksums(text: str, count: int) -> list[str]:
    """Read the expected checksums, in the models' order; empty text where none is expected.

    Raises
    ------
    UserError
        Not a SHA-256, or another number of them than of models.
    """
    parts = [part.strip().lower() for part in text.split(",")] if text else [""] * count
    wrong = [part for part in parts if part and not re.fullmatch(r"[0-9a-f]{64}", part)]
    if wrong:
        raise UserError(f"--celltypist_model_sha256: '{wrong[0]}' is no SHA-256 (64 hexadecimal digits)")
    if len(parts) != count:
        raise UserError(
            f"--celltypist_model_sha256 holds {len(parts)} checksums for {count} models; give one each, in order"
        )
    return parts


def inspect(path: Path, expected: str, *, tissue: str, file: str) -> dict[str, object]:
    """Compare a model's checksum, read it, and describe it as a row of `TABLE`.

    Raises
    ------
    UserError
        The checksum is another, or the model cannot be read safely.
    """
    found = checksum(path)
    if expected and found != expected:
        raise UserError(f"{path}: SHA-256 is {found}, but {expected} is expected; {REMEDY}")
    model = load(path)
    return {
        "tissue": tissue, "file": file, "name": model.name, "cell_types": len(model.cell_types),
        "genes": len(model.genes), "date": model.description.get("date", "")[:10],
        "version": model.description.get("version", ""), "sha256": found,
    }  # fmt: skip
