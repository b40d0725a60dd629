"""The homework's net as a figure: what a ledger holds at one step, on the units and the wires."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .figure import Figure
from .networks import network

if TYPE_CHECKING:
    from downslope.byhand import Ledger

WIRES = {("x1", "h"): "w1", ("x2", "h"): "w2", ("h", "o"): "w3"}


def ledger_network(
    ledger: Ledger, step: int | None = None, *, look: str | None = None, size: str | None = None
) -> Figure:
    """The 2-1-1 net of a ledger: without a step its given numbers, with one its values and, below the wires, gradients.

    ledger  from `downslope.byhand.first_path` or `momentum_homework`
    step    the epoch; the weights shown are those that its forward pass uses

    >>> from downslope.byhand import first_path
    >>> ledger_network(first_path(), 1).alt[:66]
    'A network of 3 layers. x1 = 1; x2 = −1/2; h = 1/2; o = 1/2; w1 fro'
    """
    at = step or 1

    def unit(name: str) -> Any:
        return "?" if step is None else ledger[name, at]

    def wire(name: str) -> tuple[Any, ...]:
        weight = (name, ledger[name, at - 1])
        return weight if step is None else (*weight, ledger[f"d{name}", at])

    layers = [{name: ledger[name, at] for name in ("x1", "x2")}, {"h": unit("h")}, {"o": unit("o")}]
    return network(layers, {ends: wire(name) for ends, name in WIRES.items()}, look=look, size=size)
