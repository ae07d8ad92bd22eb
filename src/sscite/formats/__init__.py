"""What users bring: count matrices of every accepted format, read into one shape and checked."""

from sscite.formats.barcodes import match_barcodes
from sscite.formats.counts import Counts
from sscite.formats.features import split_features
from sscite.formats.read import FORMATS, read_counts

__all__ = ["FORMATS", "Counts", "match_barcodes", "read_counts", "split_features"]
