"""Questions: each knows its points, its hints, and how to say what is wrong with an answer.

    question.check(answer)     an Outcome, shown: not attempted, not yet (with the reason), or correct
    question.hint()            the next hint, from a nudge to nearly the answer
    question.grade(answer)     points, on inputs of the grader's choice as well; for the hidden tests

The right answer is computed when it is needed. It is nowhere stored as text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from .functions import FunctionJudge
from .outcome import CORRECT, NOT_ATTEMPTED, NOT_YET, Outcome, Status, number
from .seeds import SEEN, generator, hidden_seed
from .values import describe, is_number, same, show

if TYPE_CHECKING:
    from .problemset import ProblemSet

__all__ = ["ArrayQuestion", "ChoiceQuestion", "FunctionQuestion", "LedgerQuestion", "NumberQuestion", "Question"]

Verdict = tuple[Status, str, float, str]  # status, message, share of the points, name of the known mistake
BLANK: tuple[Any, ...] = (None, Ellipsis, NotImplemented, "")


def is_blank(answer: Any) -> bool:
    """Whether a value is what the starter leaves: None, `...`, an empty text, or a collection of these."""
    if type(answer) in (list, tuple):
        return all(is_blank(each) for each in answer)
    if type(answer) is dict:
        return all(is_blank(each) for each in answer.values())
    return any(answer is blank for blank in BLANK[:3]) or (type(answer) is str and not answer.strip())


def has_blank(answer: Any) -> bool:
    """Whether anything in a nested list is still as the starter leaves it."""
    if type(answer) in (list, tuple):
        return any(has_blank(each) for each in answer)
    return is_blank(answer)


@dataclass(frozen=True)
class Hint:
    """One hint, as it is shown."""

    text: str
    position: int
    of: int

    def __repr__(self) -> str:
        return f"Hint {self.position} of {self.of}: {self.text}"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        html = f'<div role="note"><b>Hint {self.position} of {self.of}.</b> {escape(self.text)}</div>'
        return {"text/plain": repr(self), "text/html": html}


class Question:
    """What all questions share. A kind of question adds `_verdict(answer, rng)`.

    name    how it is called: `ps3.name`
    points  to be earned, above 0
    hints   from a nudge to nearly the answer, shown one at a time
    """

    def __init__(self, name: str, points: float, hints: Sequence[str] = ()) -> None:
        if not name.isidentifier():
            raise ValueError(f"name must be a Python name, got {name!r}")
        if not points > 0:
            raise ValueError(f"points must be above 0, got {points!r}")
        self.name, self.points, self.hints = name, number(points), tuple(hints)
        self.hints_shown = 0
        self.set: ProblemSet | None = None

    def belongs_to(self, problem_set: ProblemSet) -> None:
        """Tell the question which set keeps its outcomes."""
        self.set = problem_set

    def check(self, answer: Any, *, show: bool = True) -> Outcome:
        """Look at an answer, say what is wrong with it, keep the outcome in the set's progress.

        Returns the `Outcome`. It raises nothing, whatever the answer is.
        """
        outcome = self.judge(answer, SEEN)
        if self.set is not None:
            self.set.record.add(outcome)
        if show:
            _display(outcome)
        return outcome

    def grade(self, answer: Any) -> float | int:
        """The points of an answer, tried on the learner's inputs and on hidden ones; shows and keeps nothing."""
        return min(self.judge(answer, seed).points for seed in (SEEN, hidden_seed()))

    def hint(self) -> Hint:
        """The next hint; after the last one the last one again."""
        if not self.hints:
            return Hint("There is none for this question.", 0, 0)
        self.hints_shown = min(self.hints_shown + 1, len(self.hints))
        return Hint(self.hints[self.hints_shown - 1], self.hints_shown, len(self.hints))

    def judge(self, answer: Any, seed: str = SEEN) -> Outcome:
        """What `check` says, on the inputs that this seed gives; shows and keeps nothing."""
        rng = generator(self.set.name if self.set else "", self.name, seed)
        try:
            status, message, share, mistake = self._verdict(answer, rng)
        except Exception as error:
            status, share, mistake = NOT_YET, 0.0, ""
            message = f"The answer could not be looked at: {type(error).__name__}: {error}"
        return Outcome(self.name, status, message, number(share * self.points), self.points, mistake)

    def _verdict(self, answer: Any, rng: np.random.Generator) -> Verdict:
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r}, {self.points} points, {len(self.hints)} hints)"


class FunctionQuestion(Question):
    """The answer is a function of arrays and numbers. See `functions.FunctionJudge` for what is looked at, in order.

    arguments  their names, for messages
    right      the right function
    cases      function of a generator to the inputs: tuples of arguments, the smallest first
    mistakes   message → the function that makes this mistake
    returns    names of the returned values, when there are several
    tolerance  relative to the largest entry of the right result
    starter    the function as it is handed out, where some lines of it are given: left so, it is not attempted
    notes      words of a message → a sentence that is added to it
    in_place   True if the function is meant to change its first argument (then that is what is compared)
    """

    def __init__(
        self,
        name: str,
        points: float,
        arguments: Sequence[str],
        right: Callable[..., Any],
        cases: Callable[[np.random.Generator], Iterator[tuple[Any, ...]]],
        mistakes: Mapping[str, Callable[..., Any]] | None = None,
        hints: Sequence[str] = (),
        returns: Sequence[str] = (),
        tolerance: float = 1e-7,
        in_place: bool = False,
        starter: Callable[..., Any] | None = None,
        notes: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(name, points, hints)
        self._cases, self._notes = cases, dict(notes or {})
        self._judge = FunctionJudge(
            name, tuple(arguments), right, dict(mistakes or {}), tuple(returns), tolerance, in_place, starter
        )

    def _verdict(self, answer: Any, rng: np.random.Generator) -> Verdict:
        if is_blank(answer):
            return NOT_ATTEMPTED, "Write the function first.", 0.0, ""
        status, message, share, mistake = self._judge(answer, list(self._cases(rng)))
        note = next((f"\n{note}" for words, note in self._notes.items() if words in message), "")
        return status, message + note, share, mistake


class NumberQuestion(Question):
    """The answer is one number: int, float, Fraction, or a fraction as text ('3/2').

    right     function without arguments to the right number
    mistakes  message → function to the number that this mistake gives
    places    decimals asked for: what rounds to the right number counts. None: the number itself, to nine digits
    unit      said in messages
    """

    def __init__(
        self,
        name: str,
        points: float,
        right: Callable[[], Any],
        mistakes: Mapping[str, Callable[[], Any]] | None = None,
        hints: Sequence[str] = (),
        places: int | None = None,
    ) -> None:
        super().__init__(name, points, hints)
        self._right, self._mistakes, self.places = right, dict(mistakes or {}), places

    def _verdict(self, answer: Any, rng: np.random.Generator) -> Verdict:
        if is_blank(answer):
            return NOT_ATTEMPTED, "Write a number in place of the three dots.", 0.0, ""
        value = _as_fraction(answer)
        if value is None:
            return NOT_YET, f"One number is asked for, such as 0.25 or '1/4'. This is {describe(answer)}.", 0.0, ""
        if self._equals(value, self._right()):
            return CORRECT, "", 1.0, ""
        for message, wrong in self._mistakes.items():
            if self._equals(value, wrong()):
                return NOT_YET, message, 0.0, message
        if self._equals(-value, self._right()):
            return NOT_YET, "The size is right, the sign is not.", 0.0, "sign"
        if self.places is not None and self._near(value, self._right()):
            return NOT_YET, f"Nearly: work with more digits and round at the end, to {self.places} decimals.", 0.0, ""
        return NOT_YET, f"{show(answer)} is not the number asked for.", 0.0, ""

    def _room(self, right: Any) -> Fraction:
        if self.places is None:
            return abs(Fraction(right)) / 10**9
        return Fraction(1, 2 * 10**self.places) + Fraction(1, 10**12)

    def _equals(self, value: Fraction, right: Any) -> bool:
        return abs(value - Fraction(right)) <= self._room(right)

    def _near(self, value: Fraction, right: Any) -> bool:
        return abs(value - Fraction(right)) <= 10 * self._room(right)


class ArrayQuestion(Question):
    """The answer is an array (or a nested list) of the right shape and numbers.

    right     function without arguments to the right array
    mistakes  message → function to the array that this mistake gives
    """

    def __init__(
        self,
        name: str,
        points: float,
        right: Callable[[], Any],
        mistakes: Mapping[str, Callable[[], Any]] | None = None,
        hints: Sequence[str] = (),
        tolerance: float = 1e-7,
    ) -> None:
        super().__init__(name, points, hints)
        self._right, self._mistakes, self.tolerance = right, dict(mistakes or {}), tolerance

    def _verdict(self, answer: Any, rng: np.random.Generator) -> Verdict:
        if is_blank(answer):
            return NOT_ATTEMPTED, "Write an array in place of the three dots.", 0.0, ""
        right = np.asarray(self._right(), dtype=float)
        if type(answer) not in (np.ndarray, list, tuple) and not is_number(answer):
            return NOT_YET, f"An array is asked for. This is {describe(answer)}.", 0.0, ""
        if has_blank(answer):
            return NOT_YET, "Some entries are still open: put a number in place of each `...`.", 0.0, ""
        try:
            given = np.asarray(answer, dtype=float)
        except (TypeError, ValueError):
            return (
                NOT_YET,
                "An array of numbers is asked for: every row as long as the others, no texts in it.",
                0.0,
                "",
            )
        for message, mistake in self._mistakes.items():
            wrong = np.asarray(mistake(), dtype=float)
            if not same(wrong, right, self.tolerance) and same(given, wrong, self.tolerance):
                return NOT_YET, message, 0.0, message
        if given.shape != right.shape:
            return NOT_YET, f"The shape must be {right.shape}, and it is {given.shape}.", 0.0, ""
        if same(given, right, self.tolerance):
            return CORRECT, "", 1.0, ""
        scale = float(np.abs(right).max()) or 1.0
        wrong_entries = np.argwhere(~(np.abs(given - right) <= self.tolerance * scale))
        first = tuple(int(i) for i in wrong_entries[0])
        place = f"[{', '.join(map(str, first))}]"
        count = f"{len(wrong_entries)} of {right.size} entries are wrong" if right.size > 1 else "The number is wrong"
        message = f"{count}. The first is at {place}: you have {show(given[first])}."
        return NOT_YET, message, 0.0, ""


class ChoiceQuestion(Question):
    """The answer is a letter. `respond` takes it and returns whether it is right, and a sentence that says why (not).

    letters  the ones that there are, such as "ABCD"
    """

    def __init__(
        self,
        name: str,
        points: float,
        letters: str,
        respond: Callable[[str], tuple[bool, str]],
        hints: Sequence[str] = (),
    ) -> None:
        super().__init__(name, points, hints)
        self.letters, self._respond = letters, respond

    def _verdict(self, answer: Any, rng: np.random.Generator) -> Verdict:
        if is_blank(answer):
            return NOT_ATTEMPTED, f"Choose one of {', '.join(self.letters)}.", 0.0, ""
        letter = answer.strip().upper() if type(answer) is str else ""
        if len(letter) != 1 or letter not in self.letters:
            return (
                NOT_YET,
                f"One letter is asked for, one of {', '.join(self.letters)}. This is {describe(answer)}.",
                0.0,
                "",
            )
        right, sentence = self._respond(letter)
        return (CORRECT, sentence, 1.0, "") if right else (NOT_YET, sentence, 0.0, f"choice {letter}")


class LedgerQuestion(Question):
    """The answer is a worked example line by line, judged by `byhand`: a slip costs its own line and no other.

    ledger  function without arguments to the exact `Ledger` (the learner's own numbers)
    The points are the share of marks reached.
    """

    def __init__(self, name: str, points: float, ledger: Callable[[], Any], hints: Sequence[str] = ()) -> None:
        super().__init__(name, points, hints)
        self._ledger = ledger

    def _verdict(self, answer: Any, rng: np.random.Generator) -> Verdict:
        if is_blank(answer):
            return NOT_ATTEMPTED, "Fill in the lines of the table.", 0.0, ""
        if not isinstance(answer, Mapping):
            return NOT_YET, f"A dict from line to number is asked for. This is {describe(answer)}.", 0.0, ""
        filled = {key: each for key, each in answer.items() if not is_blank(each)}
        judgement = self._ledger().judge(filled)
        share = float(judgement.total / judgement.out_of)
        first = judgement.first_fault
        mistake = first.mistake or "" if first is not None else ""
        if share == 1 and first is None:
            return CORRECT, "Every line is right.", 1.0, ""
        return NOT_YET, repr(judgement), share, mistake


def _as_fraction(answer: Any) -> Fraction | None:
    """A number as a fraction, or None if it is none (or not finite)."""
    try:
        if is_number(answer):
            return Fraction(answer.item() if isinstance(answer, (np.generic, np.ndarray)) else answer)
        if type(answer) is str:
            from downslope.byhand.reading import read  # loaded only for a text

            return read(answer).value  # not Fraction(answer): for '1e999999999' that takes for ever
    except (ValueError, OverflowError):
        pass
    return None


def _display(outcome: Outcome) -> None:
    """Show an outcome: as a panel in a notebook, as text elsewhere."""
    try:
        from IPython import get_ipython
        from IPython.display import display
    except ImportError:
        print(outcome)
        return
    if get_ipython() is None:
        print(outcome)
    else:
        display(outcome)  # type: ignore[no-untyped-call]
