"""What a learner wrote, read as a number with the room that its last digit leaves; or the reason why it is none."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Set
from decimal import Decimal
from fractions import Fraction
from itertools import islice
from numbers import Integral, Rational, Real
from typing import Any, NamedTuple

from downslope.byhand.intervals import Interval

__all__ = ["Reading", "answers_by_line", "read"]

LONGEST = 60  # characters of an answer
MOST = 100_000  # answers looked at
DECIMAL = re.compile(r"[+-]?(?:\d+\.?(\d*)|\.(\d+))(?:e([+-]?\d{1,2}))?", re.ASCII | re.IGNORECASE)
QUOTIENT = re.compile(r"([+-]?\d+) ?/ ?([+-]?\d+)", re.ASCII)
VULGAR = {"½": "1/2", "¼": "1/4", "¾": "3/4", "⅛": "1/8", "⅜": "3/8", "⅝": "5/8", "⅞": "7/8"}
WITH_VULGAR = re.compile(rf"([+−–-]?) ?(\d*) ?([{''.join(VULGAR)}])", re.ASCII)
DOUBLE, SINGLE = Fraction(1, 10**12), Fraction(1, 10**6)  # what floats are trusted to, relative to their size
LEAST = Fraction(1, 10**15)

REASONS = {
    "comma": "A comma can part decimals or thousands: write the number with a point, such as 1.492.",
    "mixed": "Write one fraction, such as 191/128, in place of a whole number and a fraction.",
    "percent": "Write the number itself, such as 0.5 for 50 %.",
    "zero": "The denominator of a fraction cannot be 0.",
    "sum": "Write the result as one number, such as 1.492 or 191/128.",
    "equals": "Write one number: delete the sign '=' (or '≈') and all that stands on one side of it.",
    "infinite": "This is not a number that a line can have.",
    "long": "The number is too long: write it with fewer digits.",
    "truth": "True and False are not numbers.",
    "complex": "A complex number is not expected here.",
    "other": "Write a decimal such as 1.492 or a fraction such as 191/128.",
}


class Reading(NamedTuple):
    """One answer: as written, its value, what it can stand for, its decimals; or why it cannot be read."""

    text: str
    value: Fraction | None = None
    room: Fraction | Interval | None = None  # the value, or all that rounds to it
    places: int | None = None  # decimals written; None when exact
    reason: str = ""

    @property
    def written(self) -> str:
        """What was written, short and printable; an exact fraction that was no text as Python writes it."""
        return self.text or ("" if self.value is None else _clean(str(self.value)))

    @property
    def missing(self) -> bool:
        """Whether nothing was written."""
        return self.value is None and not self.reason


def read(answer: object, places: int = 3) -> Reading:
    """An answer as a Reading. Decimals stand for all that rounds to them; nothing ever raises.

    A decimal with fewer places than asked is taken as if zeros followed: '0.5' is '0.500'.

    >>> read("191/128").room, read("1.492").room
    (Fraction(191, 128), Interval(Fraction(2983, 2000), Fraction(597, 400)))
    >>> read("1,492").reason
    'A comma can part decimals or thousands: write the number with a point, such as 1.492.'
    """
    try:
        return _of_fraction(answer) if type(answer) is Fraction else _read(answer, places)
    except Exception:
        return Reading("?", reason=REASONS["other"])


def _read(answer: object, places: int) -> Reading:
    if answer is None:
        return Reading("")
    if isinstance(answer, str):
        return _of_text(str.__str__(answer), places)
    if isinstance(answer, bool) or type(answer).__name__ in ("bool_", "bool"):
        return Reading(str(bool(answer)), reason=REASONS["truth"])
    if isinstance(answer, Integral):
        return _of_integer(int(answer), places)
    if isinstance(answer, Rational):
        return _of_fraction(Fraction(int(answer.numerator), int(answer.denominator)))
    if isinstance(answer, Decimal):
        return _of_text(str(answer), places)
    if isinstance(answer, Real):
        trust = DOUBLE if isinstance(answer, float) else SINGLE
        return _of_text(repr(float(answer)), places, trust)
    kind = "complex" if isinstance(answer, complex) else "other"
    return Reading(_clean(type(answer).__name__), reason=REASONS[kind])


def _clean(text: str) -> str:
    """Short and printable."""
    if len(text) <= LONGEST and text.isprintable():
        return text
    line = "".join(letter if letter.isprintable() else " " for letter in text[: LONGEST + 1])
    return line if len(text) <= LONGEST else line[:LONGEST] + "…"


def _of_integer(value: int, places: int) -> Reading:
    if value.bit_length() > 200:
        return Reading("…", reason=REASONS["long"])
    return _rounded(str(value), Fraction(value), 0, places, Fraction(0))


def _of_fraction(value: Fraction) -> Reading:
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > 4000:
        return Reading("…", reason=REASONS["long"])
    return Reading("", value, value)


def _of_text(text: str, places: int, trust: Fraction = DOUBLE) -> Reading:
    shown = _clean(text.strip())
    if not shown:
        return Reading("")
    if len(text) > 20 * LONGEST:
        return Reading(shown, reason=REASONS["long"])
    if found := WITH_VULGAR.fullmatch(text.strip()):
        value = int(found[2] or 0) + Fraction(VULGAR[found[3]])
        value = -value if found[1] in ("-", "−", "–") else value
        return Reading(shown, value, value)
    if any(unicodedata.category(letter) == "No" for letter in text):  # ½ and ² change their meaning when taken apart
        return Reading(shown, reason=REASONS["other"])
    plain = unicodedata.normalize("NFKC", text).strip()
    plain = re.sub(r"\s+", " ", plain.replace("−", "-").replace("–", "-").replace("⁄", "/"))
    plain = re.sub(r"^([+-]) ", r"\1", plain)
    if len(plain) > LONGEST:
        return Reading(shown, reason=REASONS["long"])
    if found := QUOTIENT.fullmatch(plain):
        top, bottom = int(found[1]), int(found[2])
        if bottom == 0:
            return Reading(shown, reason=REASONS["zero"])
        value = Fraction(top, bottom)
        return Reading(shown, value, value)
    if found := DECIMAL.fullmatch(plain):
        written = len(found[1] or found[2] or "") - int(found[3] or 0)
        return _rounded(shown, Fraction(plain), max(written, 0), places, trust)
    return Reading(shown, reason=REASONS[_why(plain.lower())])


def _why(plain: str) -> str:
    """What is wrong with a text that is no number."""
    if re.fullmatch(r"[+-]?[\d.]*,[\d.,]*", plain):
        return "comma"
    if re.fullmatch(r"[+-]?\d+ \d+ ?/ ?\d+", plain):
        return "mixed"
    if re.fullmatch(r"[+-]?[\d.]+ ?%", plain):
        return "percent"
    if re.fullmatch(r"[+-]?(nan|inf|infinity)", plain):
        return "infinite"
    if re.search(r"[=≈]", plain) and re.search(r"\d", plain):
        return "equals"
    if re.fullmatch(r"[\d.+\-*/()= ]*\d[\d.+\-*/()= ]*", plain):
        return "sum"
    return "other"


def _rounded(shown: str, value: Fraction, written: int, places: int, trust: Fraction) -> Reading:
    """A decimal: half a unit of its last place of room on either side, and never less than floats need."""
    half = max(Fraction(1, 2 * 10 ** max(written, places)), abs(value) * trust, LEAST)
    return Reading(shown, value, Interval(value - half, value + half), written)


def answers_by_line(
    answers: object, known: Set[tuple[str, int]], symbols: Mapping[str, str]
) -> tuple[dict[tuple[str, int], Any], list[str]]:
    """Answers by (line, step), and a sentence for each that belongs to no line.

    Keys are ("w1", 2), or a text with both such as "w1[2]", or a step that holds a mapping by line. Where there is one
    step only, the line's name does. In place of a name its symbol may stand: `symbols` gives names by symbol.
    """
    single = all(step == 1 for _, step in known)
    found: dict[tuple[str, int], Any] = {}
    notes = []
    try:
        for key, answer in islice(_pairs(answers), MOST):
            line = _named((str.__str__(key), 1), symbols) if single and isinstance(key, str) else None
            line = line if line in known else _named(_line(key), symbols)
            if line is None or line not in known:
                notes.append(f"There is no line {_name(key)} in this exercise.")
            elif line in found:
                notes.append(f"Line {line[0]}[{line[1]}] is answered twice; the first answer counts.")
            else:
                found[line] = answer
    except Exception:
        notes.append("The answers could not be read to the end.")
    if not isinstance(answers, Mapping):
        notes.append("Answers are a mapping from lines to numbers, such as {('w1', 1): '1.5'}.")
    return found, notes


def _pairs(answers: object) -> Iterator[tuple[Any, Any]]:
    """(key, answer), a step that holds a mapping taken apart."""
    if not isinstance(answers, Mapping):
        return
    for key, answer in answers.items():
        if not isinstance(key, tuple) and isinstance(answer, Mapping):
            for name, each in answer.items():
                yield (name, key), each
        else:
            yield key, answer


def _named(line: tuple[str, int] | None, symbols: Mapping[str, str]) -> tuple[str, int] | None:
    """The line with its name in place of a symbol; a name that is no symbol stays."""
    return line and (symbols.get(unicodedata.normalize("NFC", line[0]).strip(), line[0]), line[1])


def _line(key: object) -> tuple[str, int] | None:
    """("w1", 2) from itself, "w1[2]", "w1(2)", "w1 2" or "w1, 2"."""
    if type(key) is tuple and len(key) == 2 and type(key[0]) is str and type(key[1]) is int:
        return key
    if isinstance(key, str):
        found = re.fullmatch(r"\s*(\S+?)\s*[\[( ,]\s*(\d{1,6})\s*[\])]?\s*", str.__str__(key), re.ASCII)
        return (found[1], int(found[2])) if found else None
    if not isinstance(key, tuple) or len(key) != 2:
        return None
    name, step = key
    if isinstance(step, str) and re.fullmatch(r"\s*\d{1,6}\s*", str.__str__(step), re.ASCII):
        step = int(str.__str__(step))
    if not isinstance(name, str) or not isinstance(step, Integral) or isinstance(step, bool):
        return None
    return str.__str__(name), int(step)


def _name(key: object) -> str:
    """A key as it is shown in a note."""
    if isinstance(key, str):
        return repr(_clean(str.__str__(key)))
    line = _line(key)
    return f"{_clean(line[0])}[{line[1]}]" if line else f"of the kind {_clean(type(key).__name__)}"
