"""Figures of the course: one vocabulary, each with its text alternative, and figures that follow the hand.

Every function returns a `Figure`; as the last line of a cell it shows itself. Nothing heavy is imported before the
first figure is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .style import use

if TYPE_CHECKING:
    from .averages import weights
    from .charts import digits, losses, series
    from .circuits import gates
    from .controls import Choice, Slider, Switch
    from .coursemap import course_map
    from .curves import step_sizes
    from .figure import Figure
    from .landscape import contour
    from .ledgers import ledger_network
    from .live_numbers import live_averages, live_gates, live_network, live_step_sizes
    from .live_paths import live_adam, live_ball, live_convergence, live_nesterov, live_race, live_ravine
    from .maps import convergence
    from .motion import Live as live  # noqa: N813
    from .networks import network
    from .question import predict
    from .races import race
    from .signals import activations, stems, through_layers
    from .wordmaps import word_map, word_moves

# name → (module, name in it); loaded when first asked for
_HOMES = {
    "Choice": ("controls", "Choice"),
    "Figure": ("figure", "Figure"),
    "Slider": ("controls", "Slider"),
    "Switch": ("controls", "Switch"),
    "activations": ("signals", "activations"),
    "contour": ("landscape", "contour"),
    "convergence": ("maps", "convergence"),
    "course_map": ("coursemap", "course_map"),
    "digits": ("charts", "digits"),
    "gates": ("circuits", "gates"),
    "ledger_network": ("ledgers", "ledger_network"),
    "live": ("motion", "Live"),
    "live_adam": ("live_paths", "live_adam"),
    "live_averages": ("live_numbers", "live_averages"),
    "live_ball": ("live_paths", "live_ball"),
    "live_convergence": ("live_paths", "live_convergence"),
    "live_gates": ("live_numbers", "live_gates"),
    "live_nesterov": ("live_paths", "live_nesterov"),
    "live_network": ("live_numbers", "live_network"),
    "live_race": ("live_paths", "live_race"),
    "live_ravine": ("live_paths", "live_ravine"),
    "live_step_sizes": ("live_numbers", "live_step_sizes"),
    "losses": ("charts", "losses"),
    "network": ("networks", "network"),
    "predict": ("question", "predict"),
    "race": ("races", "race"),
    "series": ("charts", "series"),
    "stems": ("signals", "stems"),
    "step_sizes": ("curves", "step_sizes"),
    "through_layers": ("signals", "through_layers"),
    "weights": ("averages", "weights"),
    "word_map": ("wordmaps", "word_map"),
    "word_moves": ("wordmaps", "word_moves"),
}

__all__ = [
    "Choice",
    "Figure",
    "Slider",
    "Switch",
    "activations",
    "contour",
    "convergence",
    "course_map",
    "digits",
    "gates",
    "ledger_network",
    "live",
    "live_adam",
    "live_averages",
    "live_ball",
    "live_convergence",
    "live_gates",
    "live_nesterov",
    "live_network",
    "live_race",
    "live_ravine",
    "live_step_sizes",
    "losses",
    "network",
    "predict",
    "race",
    "series",
    "stems",
    "step_sizes",
    "through_layers",
    "use",
    "weights",
    "word_map",
    "word_moves",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    module, original = _HOMES[name]
    value = getattr(import_module(f"{__name__}.{module}"), original)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
