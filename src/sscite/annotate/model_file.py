"""A CellTypist model, read without running what a pickle could run."""

from __future__ import annotations

import hashlib
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sscite.errors import UserError
from sscite.reading import cause

if TYPE_CHECKING:
    from numpy.typing import NDArray

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
        """Return an array constructor, or an inert holder for a scikit-learn class."""
        if (module, name) in _ESTIMATORS:
            return _Inert
        if (module, name) in _ARRAYS:
            return _ARRAYS[module, name]
        raise UserError(f"it refers to {module}.{name}, which no CellTypist model holds: it may run foreign code")


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
        raise UserError(f"{path}: cannot be read as a CellTypist model ({cause(error)}); {REMEDY}") from error
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
    arrays = (coefficients, intercepts, mean, scale)
    if not all(np.isfinite(array).all() for array in arrays) or not (scale > 0).all():
        raise UserError(f"{path}: the model holds values that are not finite, or a scale that is not above 0; {REMEDY}")
    if len(set(genes)) < len(genes) or len(set(types)) < len(types):
        raise UserError(f"{path}: the model names a gene or a cell type twice; {REMEDY}")
    return Model(path.stem, types, genes, coefficients, intercepts, mean, scale, description)


def checksum(path: Path) -> str:
    """Return a file's SHA-256 in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
