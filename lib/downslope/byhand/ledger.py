"""A worked example as data: ordered lines, each a formula of the lines before it, evaluated exactly."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from downslope.byhand.formulas import Formula, Row, formula
from downslope.byhand.intervals import ends
from downslope.byhand.notation import LATEX, TEXT, Text, is_short
from downslope.byhand.numbers import as_decimal, decimals_of, exact_number, significant

if TYPE_CHECKING:
    from downslope.byhand.judging import Judgement
    from downslope.byhand.picture import Picture
    from downslope.byhand.sheets import Sheet
    from downslope.byhand.show import Shown, Table

__all__ = ["Ledger", "Line", "Mistake", "Recipe", "Worked"]

DIGITS = 50  # what a number is rounded to when it is no longer kept exactly
LONGEST = 1000  # bits of the denominator up to which a number is kept exactly


@dataclass(frozen=True)
class Mistake:
    """One known way to get a line wrong, as the formula that was computed instead.

    `looks_like` says in one sentence what the learner seems to have done, `read` where in the course it is explained.
    It is looked for from step `since` on, and only where the formula `when` is positive (empty: always).
    """

    name: str
    formula: str
    looks_like: str
    read: str = ""
    since: int = 1
    when: str = ""

    def can_show(self, rows: Sequence[Row], step: int) -> bool:
        """Whether this mistake changes the number at this step."""
        return step >= self.since and (not self.when or ends(formula(self.when)(rows, step))[1] > 0)


@dataclass(frozen=True)
class Line:
    """One line of a worked example: name, formula, the part of the step it stands in, the ways it is got wrong.

    `symbol` is the name as it is written, when that is not the name itself: 'dE/dw3' for dw3.
    """

    name: str
    formula: str
    part: str = ""
    mistakes: tuple[Mistake, ...] = ()
    symbol: str = ""
    marks: int = 1


@dataclass(frozen=True, eq=False)
class Recipe:
    """The lines of one kind of exercise, without numbers.

    Parameters
    ----------
    name, title: a short name for files and variants, and the heading.
    lines: in the order in which they are computed; the same lines for every step.
    numbers: the given numbers by name. A line's name gives its value at step 0; a list gives one number per step.
    steps, step_word: how many steps, and what a step is called ('epoch', 'step', 'day').
    counter: the name that stands for the step's own number 1, 2, … in formulas (empty: none).
    task: the text of the exercise, for the printed sheet.
    call: the function that makes its ledger, as the sheet tells the learner to type it.
    draw: for variants: the choices for each given number (texts), see `Ledger.variant`.
    keep: for variants: formulas that must be positive at every step.
    gap: for variants: how far a mistake must be from the right answer and from other mistakes.
    picture: a function of (ledger, step or None) that draws it.
    """

    name: str
    title: str
    lines: tuple[Line, ...]
    numbers: Mapping[str, Any]
    steps: int = 1
    step_word: str = "step"
    counter: str = ""
    task: str = ""
    call: str = ""
    draw: Mapping[str, Sequence[str]] = field(default_factory=dict)
    keep: tuple[str, ...] = ()
    gap: Fraction = Fraction(1, 200)
    picture: Callable[[Ledger, int | None], Picture] | None = None

    def __post_init__(self) -> None:
        """Every name that a formula reads must be there when it is read."""
        names = [line.name for line in self.lines]
        if len(set(names)) != len(names):
            raise ValueError(f"recipe {self.name!r}: two lines have the same name in {names}")
        known = {name for name in self.numbers if name not in names} | {self.counter}
        for position, line in enumerate(self.lines):
            earlier = known | set(names[:position])
            self._check(line.formula, line.name, earlier, line.name)
            needing = self._needing(line.name)
            for mistake in line.mistakes:
                where = f"{line.name}, mistake {mistake.name!r}"
                self._check(mistake.formula, where, known | set(names) - needing, line.name, mistake.since)
                if mistake.when:
                    self._check(mistake.when, where, earlier, line.name, mistake.since)
        for text in self.keep:
            self._check(text, "keep", known | set(names), "")

    def _check(self, text: str, where: str, here: set[str], itself: str, since: int = 1) -> None:
        lines = {line.name for line in self.lines}
        for name, offset in formula(text).uses:
            if offset == 0 and name not in here:
                raise ValueError(f"recipe {self.name!r}, line {where}: {text!r} reads {name!r}, which is not known yet")
            if offset < 0 and (name not in lines or (name not in self.numbers and -offset >= since)):
                raise ValueError(f"recipe {self.name!r}, line {where}: {text!r} needs a given first {name!r}")
            if -offset > since:
                raise ValueError(f"recipe {self.name!r}, line {where}: {text!r} needs since={-offset} or later")

    def _needing(self, name: str) -> set[str]:
        """The lines of one step that depend on line `name`, itself included."""
        needing = {name}
        for line in self.lines:
            if any(offset == 0 and used in needing for used, offset in formula(line.formula).uses):
                needing.add(line.name)
        return needing

    def ledger(self, steps: int | None = None, *, student: str | int | None = None, **numbers: Any) -> Ledger:
        """The ledger of this recipe: with its own numbers, with a student's, or with the numbers given."""
        if student is not None:
            if numbers:
                raise ValueError(f"give either student or numbers, got student={student!r} and {sorted(numbers)}")
            from downslope.byhand.variants import draw

            numbers = draw(self, student)
        return Ledger(self, self.steps if steps is None else steps, numbers, student)


class Worked(NamedTuple):
    """One line of a ledger with its value; writes itself as symbol = formula = numbers = value."""

    ledger: Ledger
    line: Line
    step: int
    value: Fraction
    exact: bool

    def pieces(self, notation: Mapping[bool, Text], places: int = 3) -> tuple[str, str, str, str, str]:
        """(symbol, formula, '= numbers', '= value', '= decimal') in one notation."""
        ledger, rule = self.ledger, formula(self.line.formula)
        write = notation[ledger.in_decimals]
        symbol = ledger.symbol(write, self.line.name, self.step)
        symbols = rule.symbols(write, lambda name, offset: ledger.symbol(write, name, self.step + offset))
        numbers = rule.numbers(write, ledger.rows, self.step)
        used = [(ledger.rows[self.step + offset][name], name, offset) for name, offset in rule.uses]
        faithful = all(ledger.exact(name, self.step + offset) and _shown(value) for value, name, offset in used)
        value = notation[False].number(self.value)[0]
        decimal = as_decimal(self.value, places)
        return (
            symbol,
            symbols,
            f"{_equal(write, faithful)} {numbers}",
            f"{_equal(write, faithful and self.exact and _shown(self.value))} {value}",
            f"{_equal(write, self.exact and (self.value * 10**places).denominator == 1)} {decimal}",
        )

    def text(self, places: int = 3) -> str:
        """symbol = formula = numbers = value in plain letters."""
        symbol, symbols, *rest = self.pieces(TEXT, places)
        return " ".join([f"{symbol} = {symbols}", *_once(rest)])

    def __repr__(self) -> str:
        return self.text()

    def _repr_latex_(self) -> str:
        symbol, symbols, *rest = self.pieces(LATEX)
        return " ".join([rf"$\displaystyle {symbol} = {symbols}", *_once(rest)]) + "$"


def _once(rest: Sequence[str]) -> list[str]:
    """A value that is said twice in a row is said once."""
    return [piece for position, piece in enumerate(rest) if piece not in rest[:position]]


def _shown(value: Fraction) -> bool:
    """Whether the number is written out in full."""
    return is_short(value) or decimals_of(value, 6) is not None


def _equal(write: Text, exact: bool) -> str:
    return "=" if exact else write.nearly


class Ledger:
    """A worked example with its numbers: `ledger["w1", 2]` is line w1 of step 2, as an exact fraction.

    Shown in a notebook it is a table by step, each line as symbol = formula = numbers = value. `keys` lists
    (line, step) of every line in order, `rows` the numbers of every step by name.
    """

    def __init__(
        self, recipe: Recipe, steps: int, numbers: Mapping[str, Any], student: str | int | None = None
    ) -> None:
        if not isinstance(steps, int) or isinstance(steps, bool) or steps < 1:
            raise ValueError(f"{recipe.step_word}s must be a whole number from 1 on, got {steps!r}")
        self.recipe = recipe
        self.steps = steps
        self.student = student
        self.numbers = read_numbers(recipe, numbers)
        self.in_decimals = student is not None
        self._inexact: set[tuple[str, int]] = set()
        self._lines = {line.name: line for line in recipe.lines}
        self.keys = [(line.name, step) for step in range(1, steps + 1) for line in recipe.lines]
        self._reads = {
            (name, step): {(used, step + offset) for used, offset in self.formula(name).uses}
            for name, step in self.keys
        }
        self._start = start_rows(recipe, steps, self.numbers)
        self.rows = self._evaluate()

    def _evaluate(self) -> list[dict[str, Fraction]]:
        rows = self.start()
        for step in range(1, self.steps + 1):
            row = rows[step]
            for line in self.recipe.lines:
                rule = formula(line.formula)
                value: Fraction = rule(rows, step)
                if self._is_exact(rule, rows, step) and value.denominator.bit_length() <= LONGEST:
                    row[line.name] = value
                    continue
                row[line.name] = significant(value, DIGITS)
                self._inexact.add((line.name, step))
        return rows

    def _is_exact(self, rule: Formula, rows: list[dict[str, Fraction]], step: int) -> bool:
        if not self._inexact and "sqrt" not in rule.text:
            return True
        return rule.exact(rows, step, self.exact)

    def start(self) -> list[dict[str, Fraction]]:
        """Rows 0 … steps that hold what is given and nothing else."""
        return [dict(row) for row in self._start]

    # reading

    def __getitem__(self, key: str | tuple[str, int]) -> Fraction:
        name, step = key if isinstance(key, tuple) else (key, self.steps)
        try:
            if not 0 <= step <= self.steps:
                raise KeyError(key)
            return self.rows[step][name]
        except KeyError:
            lines = ", ".join(line.name for line in self.recipe.lines)
            raise KeyError(f"{key!r}: a ledger is read as ledger[line, step], with the lines {lines}") from None

    def variant(self, student: str | int) -> Ledger:
        """The same exercise with a student's own numbers: drawn from a hash of the exercise's name and the student.

        Units stay alive and mistakes recognisable in the steps that the exercise has by itself (two epochs here).

        >>> from downslope.byhand import momentum_homework
        >>> momentum_homework().variant("Kim Minjun")["x1", 0] == momentum_homework(student=" kim minjun ")["x1", 0]
        True
        """
        return self.recipe.ledger(self.steps, student=student)

    @property
    def is_exact(self) -> bool:
        """Whether every number is exact."""
        return not self._inexact

    def series(self, name: str) -> list[Fraction]:
        """One line through all steps, from step 0 where that is given."""
        return [row[name] for row in self.rows if name in row]

    def exact(self, name: str, step: int) -> bool:
        """Whether the number is exact; if not, it has 50 significant digits."""
        return (name, step) not in self._inexact

    def line(self, name: str, step: int) -> Worked:
        """One line with its formula, numbers and value."""
        value = self[name, step]
        if name in self._lines and step > 0:
            return Worked(self, self._lines[name], step, value, self.exact(name, step))
        raise KeyError(f"{name!r}, {step}: this number is given, it has no formula")

    def is_line(self, name: str) -> bool:
        """Whether the name is a line's (and not only a given number's)."""
        return name in self._lines

    def formula(self, name: str) -> Formula:
        """The formula of a line."""
        return formula(self._lines[name].formula)

    def catalogue(self, name: str) -> tuple[Mistake, ...]:
        """All known mistakes at a line."""
        return self._lines[name].mistakes

    def mistakes(self, name: str, step: int) -> dict[str, Fraction]:
        """What each known mistake at a line gives, by the mistake's name, all lines before it being right."""
        self[name, step]
        found = {}
        for mistake in self.possible(name, step):
            found[mistake.name] = Fraction(formula(mistake.formula)(self.rows, step))
        return found

    def possible(self, name: str, step: int) -> list[Mistake]:
        """The known mistakes that can show at a line of a step."""
        return [mistake for mistake in self.catalogue(name) if mistake.can_show(self.rows, step)]

    def __iter__(self) -> Iterator[Worked]:
        for step in range(1, self.steps + 1):
            for line in self.recipe.lines:
                yield self.line(line.name, step)

    # answers

    def answers(self, slips: Mapping[tuple[str, int], str] | None = None) -> dict[tuple[str, int], Fraction]:
        """All answers by (line, step), with known mistakes made at some lines and the rest carried on honestly.

        A line that cannot be worked any more after a mistake is left out.

        >>> from downslope.byhand import momentum_homework
        >>> momentum_homework().answers({("dw3", 1): "sign"})["w3", 1]
        Fraction(3, 4)
        """
        chosen = {key: self._mistake(key, name) for key, name in (slips or {}).items()}
        rows: list[dict[str, Any]] = [*self.start()]
        changed: set[tuple[str, int]] = set()
        for step in range(1, self.steps + 1):
            for name in self.order(step, chosen):
                slip = chosen.get((name, step))
                if slip or self.rests_on(name, step, changed):
                    changed.add((name, step))
                    try:
                        rows[step][name] = (slip or self.formula(name))(rows, step)
                    except (ArithmeticError, ValueError, KeyError):
                        continue  # nothing follows, as from the root of a negative number
                else:
                    rows[step][name] = self.rows[step][name]
        return {(name, step): rows[step][name] for name, step in self.keys if name in rows[step]}

    def order(self, step: int, slips: Mapping[tuple[str, int], Formula]) -> list[str]:
        """The lines of a step, each after those it reads; a slip may read a line that stands further down."""
        names = [*self._lines]
        early = [
            used
            for (name, at), slip in slips.items()
            for used, offset in slip.uses
            if at == step and offset == 0 and used in self._lines and names.index(used) > names.index(name)
        ]
        if not early:
            return names
        ordered: dict[str, None] = {}

        def visit(name: str) -> None:
            if name in ordered:
                return
            for used, offset in sorted((slips.get((name, step)) or self.formula(name)).uses):
                if offset == 0 and used in self._lines:
                    visit(used)
            ordered[name] = None

        for name in names:
            visit(name)
        return [*ordered]

    def rests_on(self, name: str, step: int, changed: set[tuple[str, int]]) -> bool:
        """Whether the line's formula reads one of some (line, step)."""
        return not changed.isdisjoint(self._reads[name, step])

    def _mistake(self, key: tuple[str, int], name: str) -> Formula:
        line, step = key
        for mistake in self.possible(line, step):
            if mistake.name == name:
                return formula(mistake.formula)
        raise ValueError(f"line {line} of {self.recipe.step_word} {step} has no mistake {name!r} that can show")

    def judge(self, answers: object, *, places: int = 3, marks: Mapping[str, object] | None = None) -> Judgement:
        """Judge a learner's answers, every line by what follows from the learner's own earlier lines.

        What follows is 'carried' and has its marks, except a line that is 0 or unchanged only because an earlier wrong
        line switched a unit off that should be on: there was nothing left to work out, and it has none.

        Parameters
        ----------
        answers: a mapping {("w1", 2): "1.492", …}; keys also as "w1[2]", or nested {2: {"w1": "1.492"}}, or
            "w1" alone where there is one step; symbols do in place of names, as in "∂E/∂w1[2]" or "dE/dw1[2]".
            Values are numbers or texts such as '1.492', '191/128', '-0.004', '1½'.
            What is no answer is told and never raises.
        places: decimals asked; a decimal written with more is held to all of them, a fraction is exact.
        marks: marks by line name, in place of the recipe's.

        Raises ValueError for places or marks that make no sense.

        >>> from downslope.byhand import momentum_homework
        >>> result = momentum_homework().judge({("net1", 1): "0.5", ("h", 1): "1", ("net2", 1): 1})
        >>> [outcome.status for outcome in result.outcomes[:4]], result.first_fault.mistake
        (['correct', 'wrong', 'carried', 'missing'], 'slope')
        """
        from downslope.byhand.judging import judge

        return judge(self, answers, places=places, marks=marks)

    def sheet(self, places: int = 3) -> Sheet:
        """The question sheet: shown as Markdown; `.pdf()`, `.save("sheet.pdf")` for print."""
        return self._sheet(False, places)

    def key(self, places: int = 3) -> Sheet:
        """The worked key: every line as symbol = formula = numbers = value; saved as the sheet is."""
        return self._sheet(True, places)

    def _sheet(self, key: bool, places: int) -> Sheet:
        from downslope.byhand.sheets import Sheet

        return Sheet([self], key, ["" if self.student is None else str(self.student)], places)

    def blank(self) -> str:
        """The answers to fill in, as Python text to copy into a cell."""
        rows = ["answers = {"]
        if self.steps == 1:
            rows += [f'    "{line.name}": "",' for line in self.recipe.lines]
            return "\n".join([*rows, "}"])
        for step in range(1, self.steps + 1):
            blanks = ", ".join(f'"{line.name}": ""' for line in self.recipe.lines)
            rows += textwrap.wrap(f"{step}: {{{blanks}}},", 96, initial_indent="    ", subsequent_indent="        ")
        return "\n".join([*rows, "}"])

    # writing

    def symbol(self, write: Text, name: str, step: int) -> str:
        """A name as it is written at a step: lines carry the step, given numbers do not."""
        if name in self._lines:
            return write.symbol(self._lines[name].symbol or name, step if self.has_steps else None)
        given = self.numbers.get(name)
        return write.symbol(name, step if given is not None and not isinstance(given, Fraction) else None)

    @property
    def has_steps(self) -> bool:
        """Whether symbols need a step: not when there is one step and nothing before it."""
        return self.steps > 1 or any(line.name in self.numbers for line in self.recipe.lines)

    def show(self, *steps: int, parts: Sequence[str] = (), lines: Sequence[str] = (), places: int = 3) -> Shown:
        """The table of some steps, parts and lines (none named: all), with decimals rounded to `places`."""
        from downslope.byhand.show import Shown

        return Shown(self, steps, tuple(parts), tuple(lines), places)

    def picture(self, step: int | None = None) -> Picture:
        """The drawing at one step; without a step, with the given numbers only."""
        if self.recipe.picture is None:
            raise ValueError(f"exercise {self.recipe.name!r} has no picture")
        if step is not None and step not in range(1, self.steps + 1):
            raise ValueError(f"step must be from 1 to {self.steps}, got {step!r}")
        return self.recipe.picture(self, step)

    def table(self, *lines: str, places: int = 3) -> Table:
        """Some lines through all steps (none named: all), as decimals."""
        from downslope.byhand.show import Table

        return Table(self, lines or [line.name for line in self.recipe.lines], places)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return self.show()._repr_mimebundle_()

    def __repr__(self) -> str:
        return str(self.show())


Given: TypeAlias = "Fraction | tuple[Fraction, ...]"


def read_numbers(recipe: Recipe, numbers: Mapping[str, Any]) -> dict[str, Given]:
    """The recipe's numbers with some replaced, as fractions."""
    unknown = sorted(set(numbers) - set(recipe.numbers))
    if unknown:
        raise ValueError(f"unknown number {unknown[0]!r}; this exercise has {', '.join(recipe.numbers)}")
    return {name: _given(name, numbers.get(name, recipe.numbers[name])) for name in recipe.numbers}


def _given(name: str, value: Any) -> Given:
    if isinstance(value, (list, tuple)):
        return tuple(exact_number(each, f"{name}[{position}]") for position, each in enumerate(value))
    return exact_number(value, name)


def start_rows(recipe: Recipe, steps: int, numbers: Mapping[str, Given]) -> list[dict[str, Fraction]]:
    """Rows 0 … steps that hold what is given: constants in each, the lines' first values in row 0."""
    names = {line.name for line in recipe.lines}
    single = {name: value for name, value in numbers.items() if isinstance(value, Fraction)}
    constants = {name: value for name, value in single.items() if name not in names}
    rows = [dict(single)]
    for step in range(1, steps + 1):
        row = dict(constants)
        for name, value in numbers.items():
            if not isinstance(value, Fraction):
                if len(value) < steps:
                    raise ValueError(
                        f"{name} must hold {steps} numbers, one for each {recipe.step_word}, got {len(value)}"
                    )
                row[name] = value[step - 1]
        if recipe.counter:
            row[recipe.counter] = Fraction(step)
        rows.append(row)
    return rows
