"""`predict`: the reader commits to a number, a choice or a place before the answer is shown."""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from .figure import Figure
from .memory import keep, recall
from .outputs import Output, Shown, in_words, text
from .stage import Stage
from .words import number, say

Place = tuple[float, float]


def predict(
    question: str, answer: Any = None, *, choices: Sequence[str] | None = None, on: Figure | None = None,
    unit: str = "", key: str | None = None,
) -> Prediction:  # fmt: skip
    """Ask for a prediction: a number, one of `choices`, or a place on the figure `on`.

        guess = figures.predict("What is w₁ after the second epoch?")
        …
        guess.reveal(ledger["w1", 2])

    question  the whole question, as text
    answer    the truth, if it may be shown as soon as the reader has committed; otherwise a later cell reveals it
    choices   what to choose from; without them, and without `on`, the answer is a number
    on        a figure on which the answer is a place, given by a click or by two numbers
    unit      of the number, such as "steps"
    key       under which the prediction is remembered; left out, the question itself

    Cells below run whether or not the reader has answered. The stored output is the question alone.
    """
    return Prediction(question, answer, choices=choices, on=on, unit=unit, key=key)


class Prediction(Shown):
    """A question, what the reader answered, and what is true once it has been revealed.

    prediction.answer(0.5)   what the reader's click on 'Commit' does
    prediction.given         the reader's answer, or None;  prediction.answered  whether there is one
    prediction.reveal(0.379) show the truth and the gap;    prediction.forget()  ask again
    """

    def __init__(
        self, question: str, truth: Any = None, *, choices: Sequence[str] | None = None, on: Figure | None = None,
        unit: str = "", key: str | None = None,
    ) -> None:  # fmt: skip
        if choices is not None and on is not None:
            raise ValueError("predict takes choices or on, not both: a choice has no place on a figure")
        if choices is not None and len(choices) < 2:
            raise ValueError(f"choices must be at least two names, got {list(choices)}")
        self.question = question
        self.choices = None if choices is None else [str(choice) for choice in choices]
        self.on = on
        self.unit = unit
        self.key = key or question
        self.truth = None if truth is None else self._checked("answer", truth)
        self._stage: Stage | None = None
        self._panel: Any = None
        self._waiting: list[Callable[[], None]] = []
        self._given = self._remembered()

    # The state --------------------------------------------------------------------------------------------------------

    @property
    def given(self) -> Any:
        """What the reader predicted: a number, one of the choices, a place (x, y); None before."""
        return self._given

    @property
    def answered(self) -> bool:
        """Whether the reader has predicted."""
        return self._given is not None

    def answer(self, value: Any) -> None:
        """Commit to a prediction, as the reader does. Raises ValueError for one that cannot be."""
        self._given = self._checked("the prediction", value)
        keep(self.key, list(self._given) if isinstance(self._given, tuple) else self._given)
        waiting, self._waiting = self._waiting, []
        for call in waiting:
            call()
        self._changed()

    def forget(self) -> None:
        """Ask again."""
        self._given = None
        keep(self.key, None)
        self._changed()

    def reveal(self, truth: Any) -> Reveal:
        """Show the truth, and how far from it the prediction was. The stored output is the truth alone."""
        self.truth = self._checked("truth", truth)
        self._changed()
        return Reveal(self)

    def when_answered(self, call: Callable[[], None]) -> None:
        """Call this once there is a prediction: at once if there is one."""
        if self.answered:
            call()
        else:
            self._waiting.append(call)

    def _remembered(self) -> Any:
        try:
            kept = recall(self.key)
            return None if kept is None else self._checked("the prediction", kept)
        except ValueError:  # the file holds something else
            return None

    def _checked(self, name: str, value: Any) -> Any:
        if self.choices is not None:
            if value not in self.choices:
                raise ValueError(f"{name} must be one of {', '.join(map(repr, self.choices))}, got {value!r}")
            return value
        if self.on is not None:
            try:
                x, y = (to_number(name, part) for part in value)
            except (TypeError, ValueError):
                raise ValueError(f"{name} must be a place (x, y), got {value!r}") from None
            return (x, y)
        return to_number(name, value)

    def _changed(self) -> None:
        if self._panel is not None:
            self._panel.refresh()

    # In words ---------------------------------------------------------------------------------------------------------

    @property
    def text(self) -> str:
        """The question as text, with its choices."""
        told = say("predict.question", question=self.question)
        return told if self.choices is None else f"{told} {say('predict.choices', choices=' / '.join(self.choices))}"

    @property
    def gap(self) -> str:
        """The prediction, the truth, and what lies between them, as far as they are known."""
        if self._given is None:
            return "" if self.truth is None else self.truth_told
        given = self.told(self._given)
        if self.truth is None:
            return say("predict.kept", given=given)
        values = {"given": given, "truth": self.told(self.truth)}
        if self.choices is not None:
            return say("predict.right" if self._given == self.truth else "predict.other", **values)
        if self.on is not None:
            distance = math.hypot(self._given[0] - self.truth[0], self._given[1] - self.truth[1])
            return say("predict.away", distance=number(distance), **values)
        return _gap_of_numbers(self._given, self.truth, values)

    @property
    def truth_told(self) -> str:
        """The truth alone."""
        return say("predict.truth", truth=self.told(self.truth))

    def told(self, value: Any) -> str:
        """An answer as it is said."""
        if isinstance(value, tuple):
            return f"({number(value[0])}, {number(value[1])})"
        if isinstance(value, str):
            return value
        return say("predict.unit", number=number(value, 4), unit=self.unit) if self.unit else number(value, 4)

    # On a figure ------------------------------------------------------------------------------------------------------

    def stage(self) -> Stage:
        """The figure with two marks to be moved: the prediction and the truth."""
        if self._stage is None:
            figure = self.on
            if figure is None:
                raise ValueError("this prediction is not made on a figure")
            axes = figure.axes[0]
            for name, marker, color in (("prediction", "P", figure.look.ink), ("truth", "*", "#e42536")):
                axes.plot(
                    [], [], marker, color=color, markersize=14, markeredgecolor=figure.look.paper, gid=name, zorder=9
                )
            self._stage = Stage(figure, {"prediction": [], "truth": []})
        return self._stage

    def shown(self) -> dict[str, Any]:
        """What is marked on the figure now."""
        shown: dict[str, Any] = {} if self._given is None else {"prediction": [self._given]}
        if self._given is not None and self.truth is not None:
            shown["truth"] = [self.truth]
        return shown

    # In a notebook ----------------------------------------------------------------------------------------------------

    @property
    def panel(self) -> Any:
        """The widgets. Made when they are first asked for."""
        if self._panel is None:
            from .asking import Asking

            self._panel = Asking(self)
        return self._panel

    @property
    def widget(self) -> Any:
        """The question with its field."""
        return self.panel.box

    def stored(self) -> list[Output]:
        """The question as text, and the figure that it is asked on. Never what the reader answered."""
        question = text(self.text, self._html())
        if self.on is None:
            return [question]
        return [question, self.on.picture(self.stage().still({}), self.on.alt), in_words(self.on.alt)]

    def _html(self) -> str:
        items = "".join(f"<li>{html.escape(choice)}</li>" for choice in self.choices or [])
        question = html.escape(say("predict.question", question=self.question))
        return f"<p><strong>{question}</strong></p>" + (f"<ul>{items}</ul>" if items else "")


class Reveal(Shown):
    """What `prediction.reveal(truth)` shows: the truth, and for a reader who has predicted the gap."""

    def __init__(self, prediction: Prediction) -> None:
        self.prediction = prediction

    @property
    def widget(self) -> Any:
        """The truth, and the gap."""
        return self.prediction.panel.reveal()

    def stored(self) -> list[Output]:
        """The truth alone."""
        told = self.prediction.truth_told
        return [text(told, f"<p>{html.escape(told)}</p>")]


def _gap_of_numbers(given: float, truth: float, values: dict[str, str]) -> str:
    if math.isclose(given, truth, rel_tol=1e-9, abs_tol=1e-12):
        return say("predict.exact", **values)
    gap = number(abs(given - truth))
    key = "predict.high" if given > truth else "predict.low"
    if given * truth > 0 and not 0.5 <= given / truth <= 2:
        factor = max(given / truth, truth / given)
        return say(key + ".factor", gap=gap, factor=number(factor, 2), **values)
    return say(key, gap=gap, **values)


def to_number(name: str, value: Any) -> float:
    """A number from what a reader types: 0.5, 1/2, −3, 1e-3, 1,5.

    >>> to_number("w", "−1/8")
    -0.125
    """
    try:
        if isinstance(value, str):
            text = value.strip().replace("−", "-").replace(" ", "")
            text = text.replace(",", ".") if text.count(",") == 1 and "." not in text else text.replace(",", "")
            result = float(Fraction(text))
        else:
            result = float(value)
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        raise ValueError(f"{name} must be a number, such as 0.5 or 1/2, got {value!r}") from None
    if not math.isfinite(result):
        raise ValueError(f"{name} must be a finite number, got {value!r}")
    return result
