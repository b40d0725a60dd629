"""`Figure`: a matplotlib figure that knows what it shows in words and displays itself the same way everywhere."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as MatplotlibFigure
from matplotlib.text import Text
from numpy.typing import NDArray
from PIL import Image

from .outputs import Output, Shown, in_words, picture
from .style import CSS_PIXELS_PER_INCH, Look, Size, drawing, find_look, find_size


class Figure(Shown, MatplotlibFigure):
    """A figure with a text alternative.

    alt   what the figure shows, in sentences with the numbers of the data; written by the function that drew it
    look  its colours of paper and ink;  page  its size

    As the last line of a notebook cell it shows a picture of fixed size and resolution, and under it the alternative,
    folded away. Nothing of it depends on the reader's matplotlibrc, and pyplot is not involved.
    """

    def __init__(self, look: Look, page: Size, height: float = 1.0, **more: Any) -> None:
        self.alt = ""
        self.look = look
        self.page = page
        super().__init__(figsize=(page.width, page.height * height), dpi=page.dpi, layout="constrained", **more)
        FigureCanvasAgg(self)

    def savefig(self, fname: Any, **options: Any) -> None:
        """matplotlib's savefig with the figure's own settings, and without a date or version in the file."""
        options.setdefault("metadata", {"Software": None})
        with drawing(self.look, self.page):
            super().savefig(fname, **options)

    def pixels(self) -> NDArray[np.uint8]:
        """The picture as an array (height, width, 3)."""
        with drawing(self.look, self.page):
            canvas = self.canvas if isinstance(self.canvas, FigureCanvasAgg) else FigureCanvasAgg(self)
            canvas.draw()  # type: ignore[no-untyped-call]
            return np.asarray(canvas.buffer_rgba())[..., :3].copy()  # type: ignore[no-untyped-call]

    def png(self) -> bytes:
        """The picture as a PNG file."""
        return encode(self.pixels())

    @property
    def css_size(self) -> tuple[int, int]:
        """Width and height on the page, in CSS pixels."""
        width, height = self.get_size_inches()
        return round(width * CSS_PIXELS_PER_INCH), round(height * CSS_PIXELS_PER_INCH)

    @property
    def smallest_text(self) -> float:
        """The size of its smallest text on the page, in CSS pixels."""
        texts = [text for text in self.findobj(Text) if text.get_visible() and text.get_text().strip()]
        points = min((text.get_fontsize() for text in texts), default=self.page.text)
        return round(float(points) / 72 * CSS_PIXELS_PER_INCH, 2)

    def picture(self, png: bytes, alt: str) -> Output:
        """A picture of the figure as the output of a cell."""
        return picture(png, alt, self.css_size, self.smallest_text)

    def stored(self) -> list[Output]:
        """The picture, and under it the alternative, folded away."""
        return [self.picture(self.png(), self.alt), in_words(self.alt)]

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Output:
        return self.picture(self.png(), self.alt)


def encode(pixels: NDArray[np.uint8], level: int = 6) -> bytes:
    """PNG of an array (height, width, 3) with 256 colours: the commonest exactly, the rest by their nearest.

    Line drawings lose nothing that can be seen (what is rare is the edge of a letter) and take a third of the bytes.
    Without date, version or anything else that changes from run to run.
    """
    red, green, blue = (pixels[..., k].astype(np.int32) for k in range(3))
    packed = (red << 16) | (green << 8) | blue
    colors, counts = np.unique(packed, return_counts=True)
    palette = _palette(colors, counts)
    table = np.zeros(1 << 24, dtype=np.uint8)
    table[colors] = _nearest(colors, palette)
    picture = Image.fromarray(table[packed])
    picture.putpalette(_rgb(palette).astype(np.uint8).tobytes())
    file = io.BytesIO()
    picture.save(file, "PNG", compress_level=level)
    return file.getvalue()


class Palette:
    """256 colours for pictures like these pixels (n, 3), and a quick way to put a picture into them.

    Pillow looks a colour up by the lower corner of its cell of 4 × 4 × 4. So a cell has at most one colour, the
    commonest, and is looked up by the corner; then it gets its own colour back.
    """

    def __init__(self, pixels: NDArray[np.uint8]) -> None:
        red, green, blue = (pixels[:, k].astype(np.int32) for k in range(3))
        colors, counts = np.unique((red << 16) | (green << 8) | blue, return_counts=True)
        order = np.argsort(-counts, kind="stable")
        _, first = np.unique(colors[order] & 0xFCFCFC, return_index=True)
        kept = order[first]
        chosen = _palette(colors[kept], counts[kept])
        chosen = np.concatenate([chosen, np.repeat(chosen[:1], 256 - len(chosen))])
        self.colors = _rgb(chosen).astype(np.uint8).tobytes()
        self.corners = Image.new("P", (1, 1))
        self.corners.putpalette(_rgb(chosen & 0xFCFCFC).astype(np.uint8).tobytes())

    def apply(self, picture: Image.Image) -> Image.Image:
        """A picture (RGB) in these colours."""
        result = picture.quantize(palette=self.corners, dither=Image.Dither.NONE)
        result.putpalette(self.colors)
        return result


def _palette(colors: NDArray[np.int32], counts: NDArray[np.intp]) -> NDArray[np.int32]:
    """At most 256 of the colours: the 128 commonest, then again and again the one that is farthest from all chosen."""
    order = np.argsort(-counts, kind="stable")
    colors = colors[order]
    if len(colors) <= 256:
        return colors
    rgb = _rgb(colors)
    chosen = list(range(128))
    distance = ((rgb[:, None] - rgb[None, :128]) ** 2).sum(-1).min(axis=1)
    while len(chosen) < 256:
        far = int(distance.argmax())
        chosen.append(far)
        distance = np.minimum(distance, ((rgb - rgb[far]) ** 2).sum(-1))
    return colors[chosen]


def _nearest(colors: NDArray[np.int32], palette: NDArray[np.int32]) -> NDArray[np.intp]:
    rgb, known = _rgb(colors), _rgb(palette)
    parts = [((rgb[k : k + 1024, None] - known[None]) ** 2).sum(-1).argmin(axis=1) for k in range(0, len(rgb), 1024)]
    return np.concatenate(parts)


def _rgb(packed: NDArray[np.int32]) -> NDArray[np.int32]:
    return np.stack([packed >> 16, (packed >> 8) & 255, packed & 255], axis=-1).astype(np.int32)


@contextmanager
def new(look: str | None = None, size: str | None = None, height: float = 1.0) -> Iterator[Figure]:
    """A new figure, and the course's settings while it is being drawn.

    height  as a part of the size's own height
    """
    chosen, page = find_look(look), find_size(size)
    with drawing(chosen, page):
        yield Figure(chosen, page, height)
