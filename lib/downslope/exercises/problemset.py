"""A problem set: its questions by name, and what the learner has reached."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .outcome import number
from .progress import Bar, Record

if TYPE_CHECKING:
    from .questions import Question

__all__ = ["ProblemSet"]


class ProblemSet:
    """Questions in order. `ps3.ewma` is the question named ewma; `ps3.progress()` shows the bar; `ps3.start_over()`
    forgets what was reached.

    name   "ps3"
    title  for people
    """

    def __init__(self, name: str, title: str, *questions: Question) -> None:
        self.name, self.title = name, title
        self.questions: dict[str, Question] = {}
        self.record = Record(name)
        for question in questions:
            if question.name in self.questions:
                raise ValueError(f"two questions of {name} are named {question.name!r}")
            self.questions[question.name] = question
            question.belongs_to(self)

    def __getattr__(self, name: str) -> Question:
        try:
            return vars(self)["questions"][name]  # type: ignore[no-any-return]
        except KeyError:
            known = ", ".join(vars(self).get("questions", {}))
            raise AttributeError(f"{vars(self).get('name')} has no question {name!r}; it has {known}") from None

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self.questions})

    @property
    def points(self) -> float | int:
        """Points of all questions."""
        return number(sum(question.points for question in self.questions.values()))

    def progress(self) -> Bar:
        """The bar, as far as the checks have been passed."""
        return Bar(self)

    def start_over(self) -> Bar:
        """Forget every outcome and hint of this set (the answers in the notebook stay)."""
        self.record.clear()
        for question in self.questions.values():
            question.hints_shown = 0
        return self.progress()

    def __repr__(self) -> str:
        return f"{self.name}, {self.title}: {len(self.questions)} questions, {self.points} points"
