"""`Stage`: a figure whose still part is drawn once, and whose moving artists are drawn over it, quickly.

A full draw of a contour takes ten times as long as a copy of its pixels and one line over it.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.patches import StepPatch
from matplotlib.text import Text
from numpy.typing import NDArray
from PIL import Image

from .figure import Figure, Palette, encode
from .style import PALETTE, drawing, legible, pen

Shown = Mapping[str, Any]

QUICK = 100
"""Pixels per inch while it moves: one for each pixel of an ordinary screen. At rest it has those of a still figure."""


class Film:
    """One resolution of a stage: its canvas, the pixels of what stands still, its 256 colours."""

    def __init__(self, figure: Figure, dpi: float, moving: list[Artist]) -> None:
        self.figure, self.dpi = figure, dpi
        figure.set_dpi(dpi)
        self.canvas = FigureCanvasAgg(figure)
        with drawing(figure.look, figure.page):
            self.canvas.draw()  # type: ignore[no-untyped-call]
        self.background: Any = self.canvas.copy_from_bbox(figure.bbox)  # type: ignore[no-untyped-call]
        self.palette = self._choose_palette(moving)

    def pixels(self, moving: list[Artist]) -> NDArray[np.uint8]:
        """The kept background with the artists drawn over it: an array (height, width, 4)."""
        if self.figure.canvas is not self.canvas:
            self.figure.set_canvas(self.canvas)
            self.figure.set_dpi(self.dpi)
        self.canvas.restore_region(self.background)  # type: ignore[no-untyped-call]
        for artist in moving:
            if artist.get_visible():
                self.figure.draw_artist(artist)
        return np.asarray(self.canvas.buffer_rgba())  # type: ignore[no-untyped-call]

    def png(self, moving: list[Artist]) -> bytes:
        """The same as PNG, as quickly as it can be made: 256 colours, chosen once, and little compression."""
        pixels = self.pixels(moving)
        height, width = pixels.shape[:2]
        picture = Image.frombuffer("RGBA", (width, height), pixels, "raw", "RGBA", 0, 1).convert("RGB")
        file = io.BytesIO()
        self.palette.apply(picture).save(file, "PNG", compress_level=1, compress_type=zlib.Z_RLE)
        return file.getvalue()

    def _choose_palette(self, moving: list[Artist]) -> Palette:
        """The colours of the first picture, and those of moving artists on paper, whatever they show at first."""
        picture = self.pixels(moving)[..., :3].reshape(-1, 3)
        paper = _rgb(self.figure.look.paper)
        ink = [_rgb(color) for color in (*PALETTE, self.figure.look.ink)]
        blends = [paper + (color - paper) * k / 8 for color in ink for k in range(1, 9)]
        extra = np.round(np.array(blends)).astype(np.uint8)
        return Palette(np.concatenate([picture, np.repeat(extra, 40, axis=0)]))


class Stage:
    """Holds a figure and the artists that move on it.

    An artist moves if its gid (matplotlib's name for an artist) is a key of `shown`. A key without an artist gets a new
    line, in the pen of that name, and its name above the axes. What `shown` leaves out is hidden.
    """

    def __init__(self, figure: Figure, shown: Shown) -> None:
        self.figure = figure
        self.moving: dict[str, Artist] = {}
        self._films: dict[float, Film] = {}
        with drawing(figure.look, figure.page):
            self.place(shown)
            figure.set_dpi(QUICK)
            FigureCanvasAgg(figure).draw()  # type: ignore[no-untyped-call]
            figure.set_layout_engine("none")
        for artist in self.moving.values():
            artist.set_animated(True)
        self._film(QUICK)

    def _film(self, dpi: float) -> Film:
        if dpi not in self._films:
            self._films[dpi] = Film(self.figure, dpi, self._artists())
        return self._films[dpi]

    def _artists(self) -> list[Artist]:
        return sorted(self.moving.values(), key=lambda artist: artist.get_zorder())

    def _find(self, name: str) -> Artist:
        found = self.figure.findobj(lambda artist: artist.get_gid() == name)
        return found[0] if found else self._new_line(name)

    def _new_line(self, name: str) -> Artist:
        add_lines(self.figure, [name])
        line = self._find(name)
        line.set_animated(bool(self._films))
        self._films.clear()  # its name is new in what stands still
        return line

    def place(self, shown: Shown) -> None:
        """Move every artist to where `shown` says."""
        for name in shown:
            if name not in self.moving:
                self.moving[name] = self._find(name)
        for name, artist in self.moving.items():
            artist.set_visible(name in shown)
            if name in shown:
                move(artist, shown[name])

    def pixels(self, shown: Shown, dpi: float = QUICK) -> NDArray[np.uint8]:
        """The picture as an array (height, width, 4)."""
        self.place(shown)
        return self._film(dpi).pixels(self._artists())

    def frame(self, shown: Shown) -> bytes:
        """The picture as PNG, as quickly as it can be made."""
        self.place(shown)
        return self._film(QUICK).png(self._artists())

    def sharp(self, shown: Shown) -> bytes:
        """The picture as PNG, in the resolution of a still figure."""
        self.place(shown)
        return self._film(self.figure.page.dpi).png(self._artists())

    def still(self, shown: Shown) -> bytes:
        """The sharp picture as a small file, for storing."""
        return encode(np.ascontiguousarray(self.pixels(shown, self.figure.page.dpi)[..., :3]))

    def to_data(self, x: float, y: float) -> tuple[float, float]:
        """The place in the first axes' data of a point given as parts of the picture, from its top left corner."""
        width, height = self.figure.bbox.size
        place = self.figure.axes[0].transData.inverted().transform((x * width, (1 - y) * height))
        return float(place[0]), float(place[1])


def _rgb(color: str) -> NDArray[np.float64]:
    return np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)], dtype=float)


def add_lines(figure: Figure, names: Iterable[str]) -> Figure:
    """Empty lines to be moved, one for each name in its pen, and the names of all lines above the axes.

    Names that stand still cost nothing; names at the ends of moving curves would take as long as the curves.
    """
    axes = figure.axes[0]
    with drawing(figure.look, figure.page):
        for name in names:
            style = pen(name, len(axes.get_legend_handles_labels()[1]))
            axes.plot(
                [], [], color=style.color, linestyle=style.dash, marker=style.marker, markersize=4, markeredgewidth=0,
                linewidth=1.6, gid=name, label=name, zorder=4,
            )  # fmt: skip
        handles, labels = axes.get_legend_handles_labels()
        legend = axes.legend(
            handles, labels, loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=8, frameon=False, handlelength=1.6,
            columnspacing=1.1, borderaxespad=0.2,
        )  # fmt: skip
        for text, line in zip(legend.get_texts(), handles, strict=True):
            if isinstance(line, Line2D):
                text.set_color(legible(str(line.get_color()), figure.look.paper))
    return figure


def move(artist: Artist, value: Any) -> None:
    """Give an artist its new data: points (n, 2), an image, bars' heights, segments, or a text."""
    if isinstance(artist, Line2D):
        points = np.asarray(value, dtype=float).reshape(-1, 2)
        artist.set_data(points[:, 0], points[:, 1])
    elif isinstance(artist, Text):
        if isinstance(value, str):
            artist.set_text(value)
        else:
            x, y, text = value
            artist.set_position((x, y))
            artist.set_text(text)
    elif isinstance(artist, AxesImage):
        artist.set_data(value)
    elif isinstance(artist, StepPatch):
        artist.set_data(np.asarray(value, dtype=float))
    elif isinstance(artist, LineCollection):
        artist.set_segments(value)
    elif isinstance(artist, PathCollection):
        artist.set_offsets(np.asarray(value, dtype=float).reshape(-1, 2))
    else:
        raise TypeError(f"a {type(artist).__name__} cannot move; lines, texts, images, stairs and collections can")
