"""A question about a few numbers that have names: what is wrong is said by name, and not by place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from .questions import ArrayQuestion, Verdict

__all__ = ["NamedEntries"]

PLACE = re.compile(r"^(\d+) of (\d+) entries are wrong\. The first is at \[(\d+)[^\]]*\]: you have (.*)\.$")


class NamedEntries(ArrayQuestion):
    """An array whose rows (or entries) have names.

    entries  name → where to look when this is the first one that is wrong, or an empty text
    """

    def __init__(self, *args: Any, entries: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._entries = dict(entries)

    def _verdict(self, answer: Any, rng: np.random.Generator) -> Verdict:
        status, message, share, mistake = super()._verdict(answer, rng)
        found = PLACE.match(message)
        if found is None:
            return status, message, share, mistake
        count, of, place, given = found.groups()
        name, look = list(self._entries.items())[int(place)]
        wrong = f"1 of {of} entries is wrong," if count == "1" else f"{count} of {of} entries are wrong. The first is"
        return status, f"{wrong} {name}: you have {given}. {look}".rstrip(), share, mistake
