"""Figures as data URIs, small: 21 levels of red, green and blue, lossless WebP."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from sscite import threads

LEVELS = 21  # a colour changes by at most 6 of 255
NEAREST = [round(round(value * (LEVELS - 1) / 255) * 255 / (LEVELS - 1)) for value in range(256)]
DENSITY = 1.5  # pixels of a figure per pixel of the page


@dataclass(frozen=True)
class Image:
    """A figure in the page: its data URI, and its size in pixels of the page."""

    uri: str
    width: int
    height: int


def embed_all(paths: Sequence[Path]) -> dict[str, Image]:
    """Return each figure by its file name; a process for each core of the task, as only one thread reduces colours."""
    workers = min(threads.available(), len(paths))
    if workers < 2:
        return {path.name: embed(path) for path in paths}
    with ProcessPoolExecutor(workers) as pool:
        return {path.name: image for path, image in zip(paths, pool.map(embed, paths, chunksize=4), strict=True)}


def embed(path: Path) -> Image:
    """Return a PNG file as a lossless WebP image of fewer colours."""
    from PIL import Image as Pillow

    with Pillow.open(path) as image:
        flat = Pillow.new("RGB", image.size, "white")
        flat.paste(image, mask=image.getchannel("A") if image.mode == "RGBA" else None)
    stream = io.BytesIO()
    flat.point(NEAREST * 3).save(stream, "WEBP", lossless=True, method=4)
    uri = "data:image/webp;base64," + base64.b64encode(stream.getvalue()).decode()
    return Image(uri, round(flat.width / DENSITY), round(flat.height / DENSITY))
