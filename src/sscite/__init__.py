"""sscite: CITE-seq from samplesheet to report."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("sscite")
except PackageNotFoundError:  # the container puts src/ on the path without installing it
    __version__ = "0.1.0"
