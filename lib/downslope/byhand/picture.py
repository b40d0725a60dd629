"""The net of the homework as a drawing: values above the wires, gradients below them."""

from __future__ import annotations

from fractions import Fraction
from html import escape
from math import atan2, degrees, hypot
from typing import TYPE_CHECKING, NamedTuple

from downslope.byhand.notation import GREEK, TEXT, split
from downslope.byhand.numbers import as_decimal, decimals_of

if TYPE_CHECKING:
    from downslope.byhand.ledger import Ledger

__all__ = ["Picture", "net_picture"]

WIDTH, HEIGHT = 680, 270
NODES = {"x1": (48, 58), "x2": (48, 212), "h": (300, 135), "o": (520, 135)}
RADIUS = 27
WIRES = (("x1", "h", "w1"), ("x2", "h", "w2"), ("h", "o", "w3"))
GRADIENT = "#3f78d8"  # stands out on white, on black and in grey print; the place below the wire says the same
FONT = "'Libertinus Serif','Times New Roman',serif"


class Picture(NamedTuple):
    """A drawing as SVG text, with its title and what it shows in words."""

    svg: str
    title: str
    description: str

    def __repr__(self) -> str:
        return f"{self.title}. {self.description}"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/plain": repr(self), "image/svg+xml": self.svg}


def net_picture(ledger: Ledger, step: int | None = None) -> Picture:
    """The 2-1-1 net at one step with all its values and gradients; without a step, with the given numbers only.

    On a wire stands the weight that the forward pass of this step uses.
    """
    values = _values(ledger, step)
    shapes = [_wire(values, *wire) for wire in WIRES] + [_outgoing()]
    shapes += [_node(name, values) for name in NODES] + [_beside(values)]
    title = ledger.recipe.title if step is None else f"{ledger.recipe.title}, {ledger.recipe.step_word} {step}"
    title = ledger.recipe.title if not ledger.has_steps else title
    description = _in_words(values)
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'role="img" aria-label="{escape(title)}. {escape(description)}" style="max-width:100%;height:auto" '
        f'font-family="{FONT}" font-size="17" fill="currentColor" stroke="none">'
        f"<title>{escape(title)}</title><desc>{escape(description)}</desc>{''.join(shapes)}</svg>"
    )
    return Picture(svg, title, description)


def _values(ledger: Ledger, step: int | None) -> dict[str, _Number]:
    """What is known at a step by name: given numbers, the weights before the step, and the step's other lines."""
    before = 0 if step is None else step - 1
    known = {name: value for name, value in ledger.rows[before].items() if name in ("x1", "x2", "t", "w1", "w2", "w3")}
    if step is not None:
        known |= {name: ledger[name, step] for name in ("net1", "h", "net2", "o", "E", "dw1", "dw2", "dw3")}
    return {name: _Number(value, ledger.in_decimals) for name, value in known.items()}


class _Number(NamedTuple):
    """A number as it stands in the drawing: a short fraction, or three decimals."""

    value: Fraction
    decimals: bool

    def __str__(self) -> str:
        text = decimals_of(self.value, 3) or as_decimal(self.value, 3)
        if not self.decimals and len(str(self.value)) <= 7 and self.value.denominator < 1000:
            text = str(self.value)
        return text.replace("-", "−")

    def after_sign(self) -> str:
        """'= 1/2' or '≈ 0.333'."""
        exact = "/" in str(self) or (self.value * 1000).denominator == 1
        return f"{'=' if exact else '≈'} {self}"


def _symbol(name: str) -> str:
    """A name with its index lowered, as SVG text."""
    if "/" in name:
        top, bottom = name.split("/")
        return f"∂{_symbol(top[1:])}/∂{_symbol(bottom[1:])}"
    letters, index, _ = split(name)
    upright = ' font-style="normal"' if len(letters) > 1 else ' font-style="italic"'
    lowered = f'<tspan dy="4" font-size="12">{index}</tspan><tspan dy="-4">&#8203;</tspan>' if index else ""
    return f"<tspan{upright}>{GREEK.get(letters, letters)}</tspan>{lowered}"


def _text(x: float, y: float, inside: str, anchor: str = "middle", **attributes: str) -> str:
    more = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}"{more}>{inside}</text>'


def _line(x1: float, y1: float, x2: float, y2: float) -> str:
    """A wire with an arrow head."""
    length = hypot(x2 - x1, y2 - y1)
    ux, uy = (x2 - x1) / length, (y2 - y1) / length
    bx, by = x2 - 11 * ux, y2 - 11 * uy
    head = f"{x2:.1f},{y2:.1f} {bx - 4.5 * uy:.1f},{by + 4.5 * ux:.1f} {bx + 4.5 * uy:.1f},{by - 4.5 * ux:.1f}"
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{bx:.1f}" y2="{by:.1f}" stroke="currentColor" stroke-width="1.6"/>'
        f'<polygon points="{head}"/>'
    )


def _wire(values: dict[str, _Number], start: str, end: str, weight: str) -> str:
    """A wire with its weight above and its gradient below."""
    (x1, y1), (x2, y2) = NODES[start], NODES[end]
    length = hypot(x2 - x1, y2 - y1)
    ux, uy = (x2 - x1) / length, (y2 - y1) / length
    shape = _line(x1 + RADIUS * ux, y1 + RADIUS * uy, x2 - RADIUS * ux, y2 - RADIUS * uy)
    x, y, angle = (x1 + x2) / 2, (y1 + y2) / 2, degrees(atan2(uy, ux))
    turned = f"rotate({angle:.1f} {x:.1f} {y:.1f})"
    shape += _text(x, y - 9, f"{_symbol(weight)} {values[weight].after_sign()}", transform=turned)
    if f"d{weight}" in values:
        gradient = f"{_symbol(f'dE/d{weight}')} {values[f'd{weight}'].after_sign()}"
        shape += _text(x, y + 21, gradient, transform=turned, fill=GRADIENT)
    return shape


def _outgoing() -> str:
    x, y = NODES["o"]
    return _line(x + RADIUS, y, x + RADIUS + 42, y)


def _node(name: str, values: dict[str, _Number]) -> str:
    """A circle with its symbol; what goes in and what comes out stand above it."""
    x, y = NODES[name]
    shape = f'<circle cx="{x}" cy="{y}" r="{RADIUS}" fill="none" stroke="currentColor" stroke-width="1.6"/>'
    if name in ("x1", "x2"):
        shape += _text(x, y + 6, _symbol(name))
        beside = y - RADIUS - 8 if name == "x1" else y + RADIUS + 19
        return shape + _text(x, beside, str(values[name]))
    net = {"h": "net1", "o": "net2"}[name]
    shape += _text(x, y + 2, _symbol(name))
    shape += _text(x, y + 15, "ReLU", **{"font-size": "11"})
    if name in values:
        shape += _text(x, y - RADIUS - 28, f"{_symbol(net)} {values[net].after_sign()}")
        shape += _text(x, y - RADIUS - 9, f"{_symbol(name)} {values[name].after_sign()}")
    else:
        shape += _text(x, y - RADIUS - 9, _symbol(net))
    return shape


def _beside(values: dict[str, _Number]) -> str:
    """The target and the error, right of the output."""
    x, y = NODES["o"][0] + RADIUS + 50, NODES["o"][1]
    shape = _text(x, y - 10, f"{_symbol('t')} {values['t'].after_sign()}", "start")
    error = f"{_symbol('E')} {values['E'].after_sign()}" if "E" in values else _symbol("E")
    return shape + _text(x, y + 15, error, "start")


def _in_words(values: dict[str, _Number]) -> str:
    """The drawing in a sentence or two."""

    def said(*names: str) -> str:
        symbols = {f"dw{i}": f"dE/dw{i}" for i in (1, 2, 3)}
        pairs = [
            (TEXT[False].symbol(symbols.get(name, name)), values[name].after_sign()) for name in names if name in values
        ]
        return ", ".join(f"{symbol} {value}" for symbol, value in pairs)

    words = f"Two inputs feed one hidden unit, which feeds one output: {said('x1', 'x2', 't', 'w1', 'w2', 'w3')}."
    if "E" in values:
        words += f" Forward: {said('net1', 'h', 'net2', 'o', 'E')}. Backward: {said('dw3', 'dw1', 'dw2')}."
    return words
