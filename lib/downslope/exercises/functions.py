"""Judging a function: what can be wrong with it, looked at in the order in which a person would."""

from __future__ import annotations

import copy
import dis
import inspect
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import FunctionType
from typing import Any

import numpy as np

from .outcome import CORRECT, NOT_ATTEMPTED, NOT_YET, Status
from .values import arguments, describe, is_number, same, show, show_apart

__all__ = ["FunctionJudge", "is_empty"]

Case = tuple[Any, ...]
Verdict = tuple[Status, str, float, str]


class _FaultError(Exception):
    """A sentence that says what is wrong, and under which name it is known."""

    def __init__(self, message: str, mistake: str = "", status: Status = NOT_YET) -> None:
        super().__init__(message)
        self.message, self.mistake, self.status = message, mistake, status


@dataclass
class FunctionJudge:
    """Calls a function on each case and compares, in this order: can it be called, does it return something, type,
    shape, dtype, inputs left as they were, values, and the same result when called again. If values are wrong, the
    known mistakes are tried: one that gives the same results as the answer on every case is named.
    """

    name: str
    arguments: tuple[str, ...]
    right: Callable[..., Any]
    mistakes: dict[str, Callable[..., Any]]
    returns: tuple[str, ...]
    tolerance: float
    in_place: bool
    starter: Callable[..., Any] | None = None

    def __call__(self, answer: Any, cases: Sequence[Case]) -> Verdict:
        try:
            self._callable(answer)
            results = [self._result(answer, case) for case in cases]
            if self.starter is not None and self._makes(self.starter, cases, results):
                raise _FaultError("Some lines are there already. Write the missing ones.", status=NOT_ATTEMPTED)
            for case, result in zip(cases, results, strict=True):
                self._value(case, result, cases, results)
            self._again(answer, cases[0], results[0])
        except _FaultError as fault:
            return fault.status, fault.message, 0.0, fault.mistake
        return CORRECT, "", 1.0, ""

    # One after the other

    def _callable(self, answer: Any) -> None:
        if not callable(answer):
            raise _FaultError(f"A function {self._call} is asked for. This is {describe(answer)}.")
        if is_empty(answer):
            raise _FaultError("Write the body of the function first.", status=NOT_ATTEMPTED)
        if isinstance(answer, FunctionType):
            try:
                inspect.signature(answer).bind(*self.arguments)
            except TypeError:
                raise _FaultError(
                    f"The function must take {len(self.arguments)} arguments, {self._call}; "
                    f"yours is {answer.__name__}{inspect.signature(answer)}."
                ) from None

    def _result(self, answer: Any, case: Case) -> Any:
        """The function's result on a copy of the case, of the right kind, with the inputs unharmed."""
        given = copy.deepcopy(case)
        try:
            with np.errstate(all="ignore"):
                result = answer(*given)
        except NotImplementedError:
            raise _FaultError("Write the body of the function first.", status=NOT_ATTEMPTED) from None
        except (Exception, SystemExit) as error:
            raise _FaultError(f"{self._on(case)} it stops with {_error(error, answer)}") from None
        right = self._right(case)
        if self.in_place:
            if result is not None:
                raise _FaultError(
                    f"The function should change {self.arguments[0]} and return nothing; it returns something."
                )
            result = given[0]
            given = (copy.deepcopy(case[0]), *given[1:])
        if _has_dots(result):
            raise _FaultError("Replace the three dots in the function first.", status=NOT_ATTEMPTED)
        if result is None:
            raise _FaultError("The function returns nothing. Is a `return` missing at its end?", "no return")
        self._kind(result, right, case)
        self._untouched(given, case)
        return copy.deepcopy(result)

    def _kind(self, result: Any, right: Any, case: Case, what: str = "the result") -> None:
        """Type, shape and dtype."""
        if isinstance(right, tuple):
            if type(result) not in (tuple, list) or len(result) != len(right):
                names = ", ".join(self.returns)
                raise _FaultError(f"{len(right)} values should be returned, {names}. This is {describe(result)}.")
            for name, each, expected in zip(self.returns, result, right, strict=True):
                self._kind(each, expected, case, name)
        elif isinstance(right, dict):
            if type(result) is not dict or result.keys() != right.keys():
                raise _FaultError(
                    f"{what} should be a dict with the keys {', '.join(map(str, right))}, got {describe(result)}."
                )
            for key in right:
                self._kind(result[key], right[key], case, f"{what}[{key!r}]")
        elif isinstance(right, (str, bool, np.bool_)):
            if type(result) not in (str, bool, np.bool_):
                raise _FaultError(
                    f"{self._on(case)} {what} should be like {show(right)}, and it is {describe(result)}."
                )
        elif is_number(right):
            if not is_number(result):
                raise _FaultError(f"{self._on(case)} {what} should be one number, and it is {describe(result)}.")
        else:
            self._array(result, np.asarray(right), case, what)

    def _array(self, result: Any, right: Any, case: Case, what: str) -> None:
        if type(result) is not np.ndarray:
            raise _FaultError(f"{self._on(case)} {what} should be a NumPy array, and it is {describe(result)}.")
        if result.shape != right.shape:
            raise _FaultError(
                f"{self._on(case)} {what} should have the shape {right.shape}, and it has {result.shape}."
            )
        if right.dtype.kind == "f" and result.dtype.kind in "iub":
            raise _FaultError(
                f"{self._on(case)} {what} holds whole numbers (dtype {result.dtype}): fractions were cut off, or would "
                "be. Make room for floats, with np.zeros(…) or x.astype(float)."
            )
        if result.dtype.kind not in "iufb":
            raise _FaultError(f"{self._on(case)} {what} has dtype {result.dtype}, where {right.dtype} is expected.")

    def _untouched(self, given: Case, case: Case) -> None:
        for name, after, before in zip(self.arguments, given, case, strict=True):
            if not _identical(after, before):
                raise _FaultError(
                    f"{self._on(case)} the function changes its argument {name}. Whoever called it loses the numbers: "
                    f"work on a copy, or write {name} = {name} + … in place of {name} += ….",
                    "argument changed",
                )

    def _value(self, case: Case, result: Any, cases: Sequence[Case], results: Sequence[Any]) -> None:
        right = self._right(case)
        if same(result, right, self.tolerance):
            return
        expected, given = show_apart(right, result)
        shown = f"For {arguments(self.arguments, case)} it should give {expected}, and it gives {given}."
        for message, wrong in self.mistakes.items():
            if self._makes(wrong, cases, results):
                raise _FaultError(f"{message}\n{shown}", message)
        if not _finite(result) and _finite(right):
            shown += " Is something divided by 0?"
        raise _FaultError(shown)

    def _makes(self, wrong: Callable[..., Any], cases: Sequence[Case], results: Sequence[Any]) -> bool:
        """Whether a known mistake gives what the answer gives, on every case."""
        for case, result in zip(cases, results, strict=True):
            try:
                with np.errstate(all="ignore"):
                    given = copy.deepcopy(case)
                    other = wrong(*given)
                    other = given[0] if self.in_place else other
            except Exception:
                return False
            if not same(result, other, self.tolerance):
                return False
        return True

    def _again(self, answer: Any, case: Case, first: Any) -> None:
        if not same(self._result(answer, case), first, self.tolerance):
            raise _FaultError(
                "Called again with the same arguments, it gives another result: something is kept between the calls, "
                "in a global variable or in a default argument such as state={}."
            )

    # Words

    @property
    def _call(self) -> str:
        return f"{self.name}({', '.join(self.arguments)})"

    def _on(self, case: Case) -> str:
        return f"For {arguments(self.arguments, case)},"

    def _right(self, case: Case) -> Any:
        given = copy.deepcopy(case)
        with np.errstate(all="ignore"):
            right = self.right(*given)
        return given[0] if self.in_place else right


def is_empty(function: Any) -> bool:
    """Whether a Python function has no body but a docstring, `...` or `pass`."""
    if not isinstance(function, FunctionType):
        return bool(getattr(function, "empty_body", False) is True)
    steps = [step for step in dis.get_instructions(function) if step.opname not in ("RESUME", "NOP")]
    names = [step.opname for step in steps]
    return names in (["LOAD_CONST", "RETURN_VALUE"], ["RETURN_CONST"]) and steps[0].argval is None


def _error(error: BaseException, answer: Any) -> str:
    """What an exception says, and in which line of the learner's function."""
    text = f"{type(error).__name__}: {error}"
    lines = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.name == _name(answer)]
    return f"{text} (in the line `{lines[-1].line}`)" if lines and lines[-1].line else text


def _name(answer: Any) -> str:
    return str(getattr(answer, "__name__", ""))


def _identical(after: Any, before: Any) -> bool:
    if isinstance(before, np.ndarray):
        return (
            type(after) is np.ndarray and after.dtype == before.dtype and np.array_equal(after, before, equal_nan=True)
        )
    if isinstance(before, dict):
        return (
            type(after) is dict
            and after.keys() == before.keys()
            and all(_identical(after[key], before[key]) for key in before)
        )
    if isinstance(before, (list, tuple)):
        return len(after) == len(before) and all(map(_identical, after, before))
    return bool(after == before)


def _has_dots(result: Any) -> bool:
    """Whether a result is what the three dots of a starter make: `...`, a tuple with one, an array of nothing else."""
    if type(result) is np.ndarray and result.dtype == object:
        return result.size > 0 and all(each is Ellipsis for each in result.flat)
    return result is Ellipsis or (type(result) is tuple and any(each is Ellipsis for each in result))


def _finite(value: Any) -> bool:
    try:
        return bool(np.all(np.isfinite(np.asarray(value, dtype=float))))
    except (TypeError, ValueError):
        return True
