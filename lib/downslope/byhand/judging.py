"""The judge: every line against the formula applied to the learner's own earlier lines.

One slip costs one line. What follows from it correctly is 'carried' and counts; the line at fault is named, and so is
the slip when a known one gives just this number. One thing carried does not count: where a wrong line switched a unit
off that is on when worked rightly, the lines that are 0 or unchanged because of it left nothing to work out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from downslope.byhand import report
from downslope.byhand.formulas import Formula, Row, Value, formula
from downslope.byhand.intervals import Interval, ends
from downslope.byhand.notation import TEXT
from downslope.byhand.numbers import exact_number, rounded
from downslope.byhand.reading import Reading, answers_by_line, read

if TYPE_CHECKING:
    from downslope.byhand.ledger import Ledger, Mistake

__all__ = ["Finding", "Judgement", "Outcome", "judge"]

Status = Literal["correct", "carried", "wrong", "unreadable", "missing"]
MISSING = Reading("")
SWITCHED_OFF = "No marks: this is 0 or unchanged only because a wrong line above switched a unit off that should be on."
NAMED = 3  # known mistakes that are named for one line at most


class Finding(NamedTuple):
    """A known mistake that gives the learner's number, made at a line of one step or (step None) in every step."""

    mistake: Mistake
    line: str
    step: int | None


class Outcome(NamedTuple):
    """One line judged: what was written, how it stands, its marks, and what it looks like when it is wrong.

    `reason` says why a line is unreadable, or why it is carried and has no marks.
    """

    line: str
    step: int
    status: Status
    reading: Reading
    marks: Fraction | int
    out_of: Fraction | int
    findings: tuple[Finding, ...] = ()
    reason: str = ""

    @property
    def written(self) -> str:
        """What was written, short and printable."""
        return self.reading.written

    @property
    def mistake(self) -> str:
        """The name of the most likely known mistake, or ''."""
        return self.findings[0].mistake.name if self.findings else ""


def judge(ledger: Ledger, answers: object, *, places: int = 3, marks: Mapping[str, object] | None = None) -> Judgement:
    """Judge answers by line; see `Ledger.judge`."""
    if not isinstance(places, int) or isinstance(places, bool) or not 0 <= places <= 12:
        raise ValueError(f"places must be a whole number from 0 to 12, got {places!r}")
    scheme = _scheme(ledger, marks)
    given, notes = answers_by_line(answers, set(ledger.keys), _symbols(ledger))
    readings = {key: read(answer, places) for key, answer in given.items()}
    return Judgement(ledger, _Judge(ledger, readings, places).outcomes(scheme), notes)


def _symbols(ledger: Ledger) -> dict[str, str]:
    """Line names by the symbols that messages write, such as ∂E/∂w1, and by those of the recipe, such as dE/dw1."""
    named = [(line.symbol or line.name, line.name) for line in ledger.recipe.lines]
    return dict(named) | {TEXT[False].symbol(symbol): name for symbol, name in named}


def _scheme(ledger: Ledger, marks: Mapping[str, object] | None) -> dict[str, Fraction | int]:
    """Marks by line name."""
    scheme: dict[str, Fraction | int] = {line.name: line.marks for line in ledger.recipe.lines}
    for name, value in (marks or {}).items():
        if name not in scheme:
            raise ValueError(f"marks: there is no line {name!r}; the lines are {', '.join(scheme)}")
        marks_here = exact_number(value, f"marks[{name!r}]")
        if marks_here < 0:
            raise ValueError(f"marks[{name!r}] must not be negative, got {value!r}")
        scheme[name] = marks_here
    return scheme


def _meets(a: Value, b: Value, slack: Fraction) -> bool:
    """Whether two numbers, or all that they can stand for, have one in common, or come as close as the slack."""
    if not slack and type(a) is type(b) is Fraction:
        return a == b
    (low, high), (least, most) = ends(a), ends(b)
    return low <= most + slack and least <= high + slack


def _middle(value: Value) -> Fraction:
    low, high = ends(value)
    return (low + high) / 2


def _shares_a_digit(right: Fraction, written: Fraction) -> bool:
    """Whether the first digit that is not 0 is the right one, or comes close by rounding up, as 0.5 for 0.498 does."""
    right, written, place = abs(right), abs(written), Fraction(1)
    while place > written:
        place /= 10
    while 10 * place <= written:
        place *= 10
    return right // place == written // place or abs(right - written) <= right / 20


def _hull(values: Iterable[Value | None]) -> Value | None:
    """All values at once: the value when there is one, the interval from the least to the greatest of several."""
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return known[0] if known else None
    pairs = [ends(value) for value in known]
    return Interval(min(low for low, _ in pairs), max(high for _, high in pairs))


class _Lines(NamedTuple):
    """Every line once: the numbers by step, and what each line should be, given the lines before it."""

    rows: list[dict[str, Any]]
    expected: dict[tuple[str, int], Value | None]


class _Judge:
    """The learner's lines beside what their own earlier lines give.

    A line that was left out is worked from the learner's other lines: exactly, and rounded as a learner would who works
    on with the digits written elsewhere, or with one more. What lies between these counts.
    """

    def __init__(self, ledger: Ledger, readings: Mapping[tuple[str, int], Reading], places: int) -> None:
        self.ledger, self.readings, self.places = ledger, readings, places
        self.written = {key: reading for key, reading in readings.items() if reading.room is not None}
        self.slack = Fraction(0) if ledger.is_exact else Fraction(1, 10**12)  # irrational roots have no exact answer
        self.digits: list[int | None] = [None, *self._hidden_digits()]
        self.ways = [self._work({}, digits) for digits in self.digits]
        self.rows = self.ways[0].rows
        self.tainted: set[tuple[str, int]] = set()  # wrong, or resting on what is wrong
        self.off: set[tuple[str, int]] = set()  # 0 or unchanged because a wrong line switched a unit off

    def _hidden_digits(self) -> list[int]:
        """The decimals that a learner may have kept in lines left out."""
        decimals = [reading.places for reading in self.written.values() if reading.places is not None]
        if not decimals or len(self.written) == len(self.ledger.keys):
            return []
        kept = max(self.places, min(decimals))
        return [kept, kept + 1]

    def _work(self, slips: Mapping[tuple[str, int], Formula], digits: int | None) -> _Lines:
        """All lines: the learner's number where there is one, else what follows; `slips` replace formulas."""
        ledger = self.ledger
        lines = _Lines([*ledger.start()], {})
        changed: set[tuple[str, int]] = set()
        for step in range(1, ledger.steps + 1):
            for name in ledger.order(step, slips):
                key, truth = (name, step), ledger.rows[step][name]
                slip = slips.get(key)
                expected: Value | None = truth
                if slip or ledger.rests_on(name, step, changed):
                    expected = _value(slip or ledger.formula(name), lines.rows, step)
                lines.expected[key] = expected
                lines.rows[step][name] = own = self._own(key, expected, truth, digits)
                if own is not truth and (type(own) is not Fraction or own != truth):
                    changed.add(key)
        return lines

    def _own(self, key: tuple[str, int], expected: Value | None, truth: Fraction, digits: int | None) -> Value:
        """The learner's number of a line; for a line left out what follows, rounded to so many digits."""
        reading = self.written.get(key)
        if reading is not None:
            return reading.room
        if expected is None:
            return truth
        if digits is None:
            return expected
        if isinstance(expected, Interval):
            return Interval(rounded(expected.low, digits), rounded(expected.high, digits))
        return rounded(expected, digits)

    def _expected(self, name: str, step: int) -> Value | None:
        """What a line should be, given the learner's own lines before it."""
        return _hull(way.expected[name, step] for way in self.ways)

    def outcomes(self, scheme: Mapping[str, Fraction | int]) -> list[Outcome]:
        """Every line judged, in order."""
        return [self._outcome(name, step, scheme[name]) for name, step in self.ledger.keys]

    def _outcome(self, name: str, step: int, out_of: Fraction | int) -> Outcome:
        key = name, step
        reading = self.readings.get(key, MISSING)
        rests_on_fault = self.ledger.rests_on(name, step, self.tainted)
        if reading.room is None:
            if rests_on_fault:
                self.tainted.add(key)
                self._is_off(name, step)
            status: Status = "missing" if reading.missing else "unreadable"
            return Outcome(name, step, status, reading, 0, out_of, (), reading.reason)
        if _meets(reading.room, self.ledger.rows[step][name], self.slack):
            return Outcome(name, step, "correct", reading, out_of, out_of)
        follows = self._follows(name, step, reading)
        if follows and not rests_on_fault:
            return Outcome(name, step, "correct", reading, out_of, out_of)
        self.tainted.add(key)
        if follows and self._is_off(name, step):
            return Outcome(name, step, "carried", reading, 0, out_of, (), SWITCHED_OFF)
        if follows:
            return Outcome(name, step, "carried", reading, out_of, out_of)
        if self.ledger.formula(name).copies and reading.value == 0:
            self.off.add(key)  # here the unit itself was switched off
        return Outcome(name, step, "wrong", reading, 0, out_of, self._findings(name, step, reading))

    def _follows(self, name: str, step: int, reading: Reading) -> bool:
        """Whether the number follows from the learner's own lines.

        A line that hands on its one input (h = ReLU(net1)) has the input's digits, or fewer of them properly rounded.
        """
        expected = self._expected(name, step)
        if expected is None or not _meets(reading.room, expected, self.slack):
            return False
        copied = self.ledger.formula(name).copies
        source = self.written.get((copied[0], step + copied[1])) if copied else None
        if source is None or source.value is None or reading.value is None:
            return True
        rooms = [high - low for low, high in map(ends, (source.room, reading.room))]
        return abs(max(source.value, Fraction(0)) - reading.value) <= max(rooms) / 2

    def _is_off(self, name: str, step: int) -> bool:
        """Whether a line that follows is 0, or what it was a step before, only because a unit was switched off.

        The unit is on when worked rightly; a wrong line of the learner's own made its input 0 or negative. There was
        nothing to work out then, and such a line has no marks.
        """
        rule = self.ledger.formula(name)
        switched = any(self._switched_off(unit, step + offset) for unit, offset in rule.switches)
        if not switched and not self.ledger.rests_on(name, step, self.off):
            return False
        own = self.rows[step][name]
        unchanged = (name, -1) in rule.uses and _meets(own, self.rows[step - 1][name], self.slack)
        if _middle(own) != 0 and not unchanged:
            return False
        self.off.add((name, step))
        return True

    def _switched_off(self, unit: str, step: int) -> bool:
        """Whether this net input is 0 or negative by a wrong line of the learner's own, and positive when right."""
        fault = (unit, step) in self.tainted
        return fault and _middle(self.rows[step][unit]) <= 0 < self.ledger.rows[step][unit]

    # what it looks like

    def _findings(self, name: str, step: int, reading: Reading) -> tuple[Finding, ...]:
        found = self._known(name, step, reading) or self._of_the_digits(name, step, reading)
        return tuple((found or self._further_up(name, step, reading))[:NAMED])

    def _known(self, name: str, step: int, reading: Reading) -> list[Finding]:
        """The known mistakes at this line that give this number, the nearest first."""
        assert reading.value is not None
        near = []
        for mistake in self.ledger.catalogue(name):
            if not mistake.can_show(self.rows, step):
                continue
            value = _hull(_value(formula(mistake.formula), way.rows, step) for way in self.ways)
            if value is not None and _meets(reading.room, value, self.slack):
                near.append((abs(_middle(value) - reading.value), Finding(mistake, name, step)))
        return [finding for _, finding in sorted(near, key=lambda pair: pair[0])]

    def _of_the_digits(self, name: str, step: int, reading: Reading) -> list[Finding]:
        """Rounded too far, or cut off where one rounds; a number without any digit of the right one is neither."""
        if reading.places is None or not reading.value:
            return []
        for right in (self._expected(name, step), self.ledger.rows[step][name]):
            if right is None:
                continue
            short = abs(_middle(right)) - abs(reading.value)
            unit = Fraction(1, 10**reading.places)
            near = abs(_middle(right) - reading.value) <= unit / 2
            if reading.places < self.places and near and _shares_a_digit(_middle(right), reading.value):
                return [Finding(_too_few_digits(self.places), name, step)]
            if 0 <= short < unit and _middle(right) * reading.value >= 0:
                return [Finding(_cut_off(), name, step)]
        return []

    def _further_up(self, name: str, step: int, reading: Reading) -> list[Finding]:
        """A known mistake at a line that was left out, made once or in every step, that gives this number."""
        assert reading.value is not None
        near = []
        for slips, finding in self._suspects(name, step):
            value = _hull(self._work(slips, digits).expected[name, step] for digits in self.digits)
            if value is not None and _meets(reading.room, value, self.slack):
                near.append((abs(_middle(value) - reading.value), Finding(*finding)))
        return [finding for _, finding in sorted(near, key=lambda pair: pair[0])]

    def _suspects(self, name: str, step: int) -> Iterable[tuple[dict[tuple[str, int], Formula], Finding]]:
        """Every known mistake at the lines left out on which this one rests."""
        above = self._left_out_above(name, step)
        for line, at in sorted(above, key=lambda key: -key[1]):
            for mistake in self.ledger.catalogue(line):
                if mistake.can_show(self.rows, at):
                    yield {(line, at): formula(mistake.formula)}, Finding(mistake, line, at)
        for line in dict.fromkeys(line for line, _ in above):
            steps = [at for where, at in above if where == line]
            for mistake in self.ledger.catalogue(line):
                slips = {(line, at): formula(mistake.formula) for at in steps if mistake.can_show(self.rows, at)}
                if len(slips) > 1:
                    yield slips, Finding(mistake, line, None)

    def _left_out_above(self, name: str, step: int) -> list[tuple[str, int]]:
        """The lines left out that this line rests on, without any line written in between."""
        found: list[tuple[str, int]] = []
        waiting = [(name, step)]
        while waiting:
            line, at = waiting.pop()
            for used, offset in sorted(self.ledger.formula(line).uses):
                key = used, at + offset
                if self.ledger.is_line(used) and key[1] > 0 and key not in self.written and key not in found:
                    found.append(key)
                    waiting.append(key)
        return found


def _value(rule: Formula, rows: Sequence[Row], step: int) -> Value | None:
    """The value, or None where the learner's numbers leave none (a division by 0, the root of a negative number)."""
    try:
        return rule(rows, step)
    except (ArithmeticError, ValueError):
        return None


def _too_few_digits(places: int) -> Mistake:
    from downslope.byhand.ledger import Mistake

    return Mistake("too few digits", "", f"The number is rounded too far: {places} decimals are asked.")


def _cut_off() -> Mistake:
    from downslope.byhand.ledger import Mistake

    return Mistake("cut off", "", "The digits were cut off where they should be rounded.")


class Judgement:
    """Every line judged. Shown, it says which line first went wrong, what it looks like and where to read.

    It holds no right answer in what it shows; `show_answers()` adds them.
    """

    def __init__(
        self, ledger: Ledger, outcomes: Sequence[Outcome], notes: Sequence[str], answers: bool = False
    ) -> None:
        self.ledger, self.outcomes, self.notes, self.with_answers = ledger, tuple(outcomes), tuple(notes), answers

    def __getitem__(self, key: tuple[str, int]) -> Outcome:
        for outcome in self.outcomes:
            if (outcome.line, outcome.step) == key:
                return outcome
        raise KeyError(key)

    @property
    def total(self) -> Fraction:
        """Marks reached."""
        return Fraction(sum(outcome.marks for outcome in self.outcomes))

    @property
    def out_of(self) -> Fraction:
        """Marks to be had."""
        return Fraction(sum(outcome.out_of for outcome in self.outcomes))

    @property
    def first_fault(self) -> Outcome | None:
        """The first line that is wrong, or None."""
        return next((outcome for outcome in self.outcomes if outcome.status == "wrong"), None)

    def count(self, status: Status) -> int:
        """How many lines stand so."""
        return sum(outcome.status == status for outcome in self.outcomes)

    def show_answers(self) -> Judgement:
        """The same judgement with the right answers beside what was written."""
        return Judgement(self.ledger, self.outcomes, self.notes, answers=True)

    def __repr__(self) -> str:
        return report.text(self)

    def markdown(self) -> str:
        """The report in Markdown."""
        return report.markdown(self)

    def html(self) -> str:
        """The report in HTML."""
        return report.html(self)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/plain": repr(self), "text/markdown": self.markdown(), "text/html": self.html()}
