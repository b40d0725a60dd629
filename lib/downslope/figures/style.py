"""One look for every figure of the course: sizes, colours, fonts, and what stands for which optimizer.

Nothing here touches matplotlib's global settings: a figure is made and drawn inside `drawing()`, which starts from
matplotlib's own defaults (never the reader's matplotlibrc) and puts everything back afterwards.
"""

from __future__ import annotations

import colorsys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

PALETTE = ("#5790fc", "#f89c20", "#e42536", "#964a8b", "#9c9ca1", "#7a21dd")
"""petroff6: six colours that stay apart under all three kinds of colour blindness (Petroff 2021, arXiv:2107.02270)."""

BLUE, ORANGE, RED, PLUM, GREY, VIOLET = PALETTE
DASHES: tuple[Any, ...] = ("-", (0, (5, 1.6)), (0, (1.2, 1.3)), (0, (6, 1.5, 1.2, 1.5)), (0, (9, 2)), (0, (3, 1, 3, 3)))
MARKERS = ("o", "s", "^", "D", "v", "P")

HANGUL = ("NanumGothic", "Noto Sans CJK KR", "Noto Sans KR", "Malgun Gothic", "Apple SD Gothic Neo", "Baekmuk Gulim")


@dataclass(frozen=True)
class Pen:
    """How one curve is drawn: a colour, and a dash and a marker that say the same without colour."""

    color: str
    dash: Any = "-"
    marker: str = "o"


# Grey is left to contours; a family of optimizers shares a colour, and dash and marker tell its members apart.
OPTIMIZERS = {
    "SGD": Pen(ORANGE, DASHES[0], "o"),
    "Momentum": Pen(BLUE, DASHES[0], "s"),
    "Nesterov": Pen(PLUM, DASHES[0], "^"),
    "AdaGrad": Pen(VIOLET, DASHES[1], "D"),
    "Adadelta": Pen(VIOLET, DASHES[2], "v"),
    "RMSprop": Pen(VIOLET, DASHES[0], "P"),
    "Adam": Pen(RED, DASHES[0], "*"),
    "AdamW": Pen(RED, DASHES[1], "X"),
    "Adamax": Pen(RED, DASHES[3], "h"),
    "Nadam": Pen(PLUM, DASHES[1], "<"),
    "SparseAdam": Pen(RED, DASHES[2], ">"),
}
ALIASES = {
    "plain descent": "SGD",
    "plain": "SGD",
    "gradient descent": "SGD",
    "sgd": "SGD",
    "momentum": "Momentum",
}


def pen(name: str, index: int = 0) -> Pen:
    """The pen of an optimizer, the same in the whole course; any other name gets the pen number `index`.

    The longest optimizer's name that the label starts with decides, so "Momentum, lr 0.1" is drawn as Momentum.

    >>> pen("Adam").color == pen("Adam, lr 0.1").color
    True
    """
    known = {key.lower(): value for key, value in OPTIMIZERS.items()}
    known |= {alias: OPTIMIZERS[key] for alias, key in ALIASES.items()}
    lower = name.lower()
    matches = [key for key in known if lower == key or (lower.startswith(key) and not lower[len(key)].isalnum())]
    if matches:
        return known[max(matches, key=len)]
    return Pen(PALETTE[index % 6], DASHES[index % 6], MARKERS[index % 6])


def pens(names: list[str]) -> list[Pen]:
    """One pen per name, all different: a second curve of one optimizer gets another dash, then another marker."""
    result: list[Pen] = []
    used: set[tuple[Any, ...]] = set()
    for index, name in enumerate(names):
        first = pen(name, index)
        choices = [first, *(Pen(first.color, dash, mark) for mark in (first.marker, *MARKERS) for dash in DASHES)]
        best = next((p for p in choices if (p.color, p.dash) not in used), first)
        used.add((best.color, best.dash))
        result.append(best)
    return result


@dataclass(frozen=True)
class Look:
    """Colours that are not data: paper, ink, and the quiet greys between them."""

    paper: str
    ink: str
    quiet: str
    faint: str
    line: str
    steps: tuple[str, str] = field(default=("#ffffff", "#c9c9c9"))
    """The two ends of the grey ramp that contours use, low to high."""


LOOKS = {
    "light": Look("#ffffff", "#1c1c1e", "#6b6b70", "#dcdce0", "#a9a9af", ("#ffffff", "#b9b9be")),
    "dark": Look("#16171a", "#f2f2f4", "#a0a0a6", "#3a3b40", "#6c6d75", ("#16171a", "#5c5d64")),
}


@dataclass(frozen=True)
class Size:
    """Width and height in inches (100 CSS pixels each), text in points, pixels per inch."""

    width: float
    height: float
    text: float
    dpi: int = 160


SIZES = {"page": Size(6.8, 4.0, 10.5), "slide": Size(9.6, 5.4, 14.0)}
CSS_PIXELS_PER_INCH = 100

_default = {"look": "light", "size": "page"}


def use(*, look: str | None = None, size: str | None = None) -> None:
    """Choose the look ("light", "dark") and size ("page", "slide") of the figures made from now on."""
    if look is not None:
        find_look(look)
        _default["look"] = look
    if size is not None:
        find_size(size)
        _default["size"] = size


def find_look(name: str | None = None) -> Look:
    name = _default["look"] if name is None else name
    if name not in LOOKS:
        raise ValueError(f"look must be one of {', '.join(map(repr, LOOKS))}, got {name!r}")
    return LOOKS[name]


def find_size(name: str | None = None) -> Size:
    name = _default["size"] if name is None else name
    if name not in SIZES:
        raise ValueError(f"size must be one of {', '.join(map(repr, SIZES))}, got {name!r}")
    return SIZES[name]


def luminance(color: str) -> float:
    """Relative luminance of "#rrggbb", 0 for black and 1 for white (WCAG 2.2, 'relative luminance')."""
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one: str, other: str) -> float:
    """Contrast of two colours, 1 to 21 (WCAG 2.2, 'contrast ratio').

    >>> contrast("#000000", "#ffffff")
    21.0
    """
    low, high = sorted((luminance(one), luminance(other)))
    return round((high + 0.05) / (low + 0.05), 6)


@lru_cache(maxsize=256)
def legible(color: str, paper: str, ratio: float = 4.5) -> str:
    """The colour moved towards black or white until its contrast with the paper is enough to be read (4.5)."""
    hue, light, sat = colorsys.rgb_to_hls(*(int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)))
    step = -0.01 if luminance(paper) > 0.5 else 0.01
    while contrast(color, paper) < ratio and 0 <= light <= 1:
        light += step
        rgb = colorsys.hls_to_rgb(hue, min(max(light, 0), 1), sat)
        color = "#" + "".join(f"{round(255 * c):02x}" for c in rgb)
    return color


@lru_cache(maxsize=1)
def fonts() -> list[str]:
    """DejaVu Sans, which comes with matplotlib, then a Hangul font of this machine if there is one.

    matplotlib looks for a missing glyph in the next family, so Latin letters, Greek and digits are DejaVu's, with the
    same widths, on every machine. A name that is not installed would make matplotlib print a warning at every text.
    """
    from matplotlib import font_manager

    installed = set(font_manager.get_font_names())
    return ["DejaVu Sans", *[name for name in HANGUL if name in installed][:1]]


def settings(look: Look, size: Size) -> dict[str, Any]:
    """matplotlib's settings for one look and size, on top of matplotlib's defaults."""
    return {
        "font.family": fonts(),
        "font.size": size.text,
        "axes.titlesize": size.text,
        "axes.labelsize": size.text,
        "xtick.labelsize": size.text,
        "ytick.labelsize": size.text,
        "legend.fontsize": size.text,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "axes.titlepad": 0.6 * size.text,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.linewidth": 0.8,
        "axes.edgecolor": look.quiet,
        "axes.labelcolor": look.ink,
        "axes.facecolor": look.paper,
        "figure.facecolor": look.paper,
        "figure.edgecolor": look.paper,
        "savefig.facecolor": look.paper,
        "savefig.edgecolor": look.paper,
        "text.color": look.ink,
        "xtick.color": look.quiet,
        "ytick.color": look.quiet,
        "xtick.labelcolor": look.ink,
        "ytick.labelcolor": look.ink,
        "grid.color": look.faint,
        "grid.linewidth": 0.8,
        "lines.linewidth": 0.17 * size.text,
        "lines.markersize": 0.55 * size.text,
        "lines.solid_capstyle": "round",
        "hatch.color": look.line,
        "figure.dpi": size.dpi,
        "savefig.dpi": size.dpi,
    }


@contextmanager
def drawing(look: Look | None = None, size: Size | None = None) -> Iterator[None]:
    """Inside, matplotlib has the course's settings; outside, whatever the reader had before."""
    from matplotlib import style

    with style.context(["default", settings(look or find_look(), size or find_size())], after_reset=False):
        yield
