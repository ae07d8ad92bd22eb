"""Write a library's objects as .h5mu, through mudata, so that any tool of the field reads them."""

from __future__ import annotations

import logging
import warnings
from typing import TYPE_CHECKING

from sscite.names import PROTEIN

if TYPE_CHECKING:
    from pathlib import Path

    from anndata import AnnData
    from mudata import MuData


def library(mdata: MuData, path: Path) -> None:
    """Write a library. Genes and antibodies may share a name: each modality has its own table of features."""
    logging.getLogger("anndata").setLevel(logging.WARNING)  # it tells of each column that it stores as categories
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        mdata.write(path, compression="gzip", compression_opts=1, shuffle=True)


def droplets(prot: AnnData, path: Path) -> None:
    """Write the droplets that are no cells; their sums are in the obs of the object and of its modality."""
    from mudata import MuData

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        mdata = MuData({PROTEIN: prot})
        mdata.obs = prot.obs.copy()
    library(mdata, path)
