"""Problem sets that say what went wrong: questions with checks, hints and progress.

    from downslope.exercises import ps3
    ps3.ewma.check(ewma)       not attempted, not yet (and why), or correct
    ps3.ewma.hint()            the next hint
    ps3.progress()             the bar of the set

Nothing here needs nbgrader or a server. `check` never raises, whatever it is given.
"""

from importlib import import_module
from typing import Any

from .outcome import Outcome
from .problemset import ProblemSet
from .questions import ArrayQuestion, ChoiceQuestion, FunctionQuestion, LedgerQuestion, NumberQuestion, Question
from .seeds import graded

SETS = {
    "ps1": "ps1_backprop",
    "ps2": "ps2_momentum",
    "ps3": "ps3_averages",
    "ps4": "ps4_adam",
}  # the set and its module

__all__ = [
    "SETS",
    "ArrayQuestion",
    "ChoiceQuestion",
    "FunctionQuestion",
    "LedgerQuestion",
    "NumberQuestion",
    "Outcome",
    "ProblemSet",
    "Question",
    "graded",
    *SETS,
]


def __getattr__(name: str) -> Any:
    """The sets are made when they are asked for."""
    if name in SETS:
        return import_module(f"{__name__}.{SETS[name]}").SET
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
