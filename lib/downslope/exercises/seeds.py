"""Where the inputs of a check come from, and whose numbers an exercise takes.

A learner's own check draws the same inputs each time, so that a message does not change under his hands. A grader sets
a seed of its own, `graded(...)`, so that the inputs of the hidden tests can't be guessed and a regrade repeats them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import numpy as np

__all__ = ["SEEN", "generator", "graded", "hidden_seed", "student_of_submission"]

SEEN = "what a learner sees"
"""The seed of a learner's own check."""

_seed: ContextVar[str] = ContextVar("seed", default="another seed")
_student: ContextVar[str | None] = ContextVar("student", default=None)


@contextmanager
def graded(seed: str, student: str | None = None) -> Iterator[None]:
    """Within it hidden tests draw from `seed`, and a problem set with numbers of one's own takes those of `student`."""
    tokens = _seed.set(str(seed)), _student.set(student)
    try:
        yield
    finally:
        _seed.reset(tokens[0])
        _student.reset(tokens[1])


def hidden_seed() -> str:
    """The seed of the hidden tests."""
    return _seed.get()


def student_of_submission(typed: str) -> str:
    """Who is graded, if a grader says so; otherwise the name as typed."""
    return _student.get() or typed


def generator(*parts: object) -> np.random.Generator:
    """A generator that depends on all parts, the same on every machine and in every process."""
    digest = hashlib.sha256("\x1f".join(map(str, parts)).encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "little")))
