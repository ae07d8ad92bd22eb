"""Figures as data URIs, small: 128 colours, lossless WebP."""

from __future__ import annotations

import base64
import io
from pathlib import Path

COLOURS = 128


def data_uri(path: Path) -> str:
    """Return a PNG file as a data URI of a lossless WebP image with at most 128 colours."""
    from PIL import Image

    with Image.open(path) as image:
        flat = Image.new("RGB", image.size, "white")
        flat.paste(image, mask=image.getchannel("A") if image.mode == "RGBA" else None)
    stream = io.BytesIO()
    flat.quantize(COLOURS, dither=Image.Dither.NONE).convert("RGB").save(stream, "WEBP", lossless=True, method=4)
    return "data:image/webp;base64," + base64.b64encode(stream.getvalue()).decode()
