"""Figures in the page have fewer colours, each close to the one it replaces."""

import base64
import io
from pathlib import Path

import numpy as np
from PIL import Image

from sscite.report import images


def test_no_colour_changes_by_more_than_six_of_255_and_white_and_black_stay(tmp_path: Path):
    pixels = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    pixels[0], pixels[1] = 255, 0
    Image.fromarray(pixels).save(tmp_path / "figure.png")
    found = images.embed(tmp_path / "figure.png")
    kind, data = found.uri.split(",")
    shown = np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB")).astype(int)
    assert kind == "data:image/webp;base64"
    assert np.abs(shown - pixels).max() == 6
    assert (shown[0] == 255).all() and (shown[1] == 0).all()
    assert len(np.unique(shown[:, :, 0])) == 21
    assert (found.width, found.height) == (40, 27)


def test_what_is_transparent_becomes_white(tmp_path: Path):
    Image.new("RGBA", (3, 3), (200, 0, 0, 0)).save(tmp_path / "figure.png")
    data = images.embed(tmp_path / "figure.png").uri.split(",")[1]
    assert (np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB")) == 255).all()
