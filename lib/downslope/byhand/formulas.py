"""A formula is written once, as Python text; its value, its symbols and its numbers all come from that one tree.

    Formula("gamma * m3[-1] + lr * dw3")

A name stands for a given number or for a line of the same step, `m3[-1]` for line m3 one step earlier. Allowed are
+ − * / **, whole numbers and decimals, and the functions relu, slope (of relu), sqrt, abs and maximum. The text is
read by Python's parser and never run.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any, Protocol, TypeAlias

from downslope.byhand.intervals import Interval, ends
from downslope.byhand.numbers import root

__all__ = ["Formula", "Notation", "Row", "Rule", "Value", "Written", "formula"]

Value: TypeAlias = Any  # a Fraction; an Interval when judging, a float when variants are drawn
Row: TypeAlias = Mapping[str, Value]  # the numbers of one step, by name
Rule: TypeAlias = Callable[[Sequence[Row], int], Value]  # rows of all steps, this step's number
Written: TypeAlias = tuple[str, int]  # a piece of a written formula and how tightly it binds

ADD, NEGATIVE, TIMES, FRACTION, POWER, ATOM = 10, 15, 20, 30, 40, 50
TINY = Fraction(1, 10**40)
ONE, ZERO = Fraction(1), Fraction(0)


class Notation(Protocol):
    """How a formula is written: LaTeX, Typst or plain text (see `notation`)."""

    def parentheses(self, inside: str) -> str: ...
    def product(self, left: str, right: str, numbers: bool) -> str: ...
    def quotient(self, top: Written, bottom: Written) -> Written: ...
    def power(self, base: str, exponent: str, is_symbol: bool) -> str: ...
    def call(self, function: str, inside: Sequence[str]) -> str: ...
    def minus(self) -> str: ...
    def number(self, value: Fraction) -> Written: ...


def relu(x: Value) -> Value:
    """x where x is positive, else 0."""
    if isinstance(x, Interval):
        return Interval(max(x.low, Fraction(0)), max(x.high, Fraction(0)))
    return x if x > 0 else type(x)(0)


def slope(x: Value) -> Value:
    """Slope of relu: 1 where x is positive, else 0 (0 at 0, as the course has it)."""
    if type(x) is Fraction:
        return ONE if x > 0 else ZERO
    if not isinstance(x, Interval):
        return type(x)(x > 0)
    if (x.low > 0) == (x.high > 0):
        return Fraction(x.low > 0)
    return Interval(Fraction(0), Fraction(1))


def multiply(x: Value, y: Value) -> Value:
    """xy; the slopes of relu are mostly 1, and multiplying fractions by it costs a third of the time."""
    return y if x is ONE else x if y is ONE else x * y


def square_root(x: Value) -> Value:
    """√x: exact when rational, else 50 digits; an interval's ends are moved out by what was rounded."""
    if isinstance(x, Interval):
        low, high = root(max(x.low, Fraction(0)))[0], root(x.high)[0]
        return Interval(low * (1 - TINY), high * (1 + TINY))
    return x**0.5 if isinstance(x, float) else root(x)[0]


def absolute(x: Value) -> Value:
    """|x|"""
    if isinstance(x, Interval):
        return maximum(x, -x)
    return abs(x)


def maximum(x: Value, y: Value) -> Value:
    """The larger of two."""
    if not isinstance(x, Interval) and not isinstance(y, Interval):
        return max(x, y)
    (a, b), (c, d) = ends(x), ends(y)
    return Interval(max(a, c), max(b, d))


FUNCTIONS: dict[str, Callable[..., Value]] = {
    "relu": relu,
    "slope": slope,
    "sqrt": square_root,
    "abs": absolute,
    "maximum": maximum,
}
OPERATORS: dict[type[ast.operator], Callable[[Value, Value], Value]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: multiply,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}


class Formula:
    """One formula: `formula(rows, t)` is its value at step t.

    `.rough(rows, t)` is the same for rows of floats, `.uses` the (name, offset) pairs that it reads. `.switches`
    are those of them whose relu or slope it takes; `.copies` is the one of which it is the relu and nothing else.

    >>> step = [{"w": Fraction(1)}, {"g": Fraction(1, 4)}]
    >>> Formula("w[-1] - 2*g")(step, 1)
    Fraction(1, 2)
    >>> sorted(Formula("w[-1] - 2*g").uses)
    [('g', 0), ('w', -1)]
    """

    def __init__(self, text: str) -> None:
        self.text = text
        try:
            self.tree = ast.parse(text.strip(), mode="eval").body
        except SyntaxError:
            raise ValueError(f"formula must be one expression such as 'w[-1] - m', got {text!r}") from None
        self.uses: set[tuple[str, int]] = set()
        self.rule = self._rule(self.tree)
        self.rough = self._rule(self.tree, float)
        self.switches = {
            self._reference(call.args[0])
            for call in ast.walk(self.tree)
            if isinstance(call, ast.Call) and ast.unparse(call.func) in ("relu", "slope")
            if isinstance(call.args[0], (ast.Name, ast.Subscript))
        }
        alone = isinstance(self.tree, ast.Call) and ast.unparse(self.tree.func) == "relu"
        self.copies = next(iter(self.switches), None) if alone else None

    def __call__(self, rows: Sequence[Row], t: int) -> Value:
        return self.rule(rows, t)

    def __repr__(self) -> str:
        return f"Formula({self.text!r})"

    # value

    def _rule(self, node: ast.expr, kind: type[Fraction | float] = Fraction) -> Rule:
        """The function (rows, t) → value of one node, constants being of one kind; an unknown node is refused."""
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            constant = kind(str(node.value))
            return lambda rows, t: constant
        if isinstance(node, (ast.Name, ast.Subscript)):
            name, offset = self._reference(node)
            self.uses.add((name, offset))
            if offset:
                return lambda rows, t: rows[t + offset][name]
            return lambda rows, t: rows[t][name]
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            inside = self._rule(node.operand, kind)
            return lambda rows, t: -inside(rows, t)
        if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
            combine = OPERATORS[type(node.op)]
            left, right = self._rule(node.left, kind), self._rule(node.right, kind)
            if isinstance(node.left, ast.Constant) and isinstance(node.right, ast.Constant):
                folded = combine(left([], 0), right([], 0))
                return lambda rows, t: folded
            return lambda rows, t: combine(left(rows, t), right(rows, t))
        if isinstance(node, ast.Call):
            return self._call_rule(node, kind)
        raise ValueError(f"formula {self.text!r}: {ast.unparse(node)!r} is not allowed here")

    def _call_rule(self, node: ast.Call, kind: type[Fraction | float]) -> Rule:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        wanted = 2 if name == "maximum" else 1
        if name not in FUNCTIONS or len(node.args) != wanted or node.keywords:
            known = ", ".join(FUNCTIONS)
            raise ValueError(f"formula {self.text!r}: {ast.unparse(node)!r} is not a call of one of {known}")
        function, arguments = FUNCTIONS[name], [self._rule(argument, kind) for argument in node.args]
        if wanted == 1:
            first = arguments[0]
            return lambda rows, t: function(first(rows, t))
        return lambda rows, t: function(*(argument(rows, t) for argument in arguments))

    def _reference(self, node: ast.Name | ast.Subscript) -> tuple[str, int]:
        """('m3', -1) from m3[-1], ('m3', 0) from m3."""
        if isinstance(node, ast.Name):
            return node.id, 0
        index = ast.unparse(node.slice)
        if not isinstance(node.value, ast.Name) or not index.startswith("-") or not index[1:].isdigit():
            raise ValueError(f"formula {self.text!r}: {ast.unparse(node)!r} must look like m[-1]")
        return node.value.id, int(index)

    # exactness

    def exact(self, rows: Sequence[Mapping[str, Fraction]], t: int, exact: Callable[[str, int], bool]) -> bool:
        """Whether the value is exact, given which of the numbers used are: `exact(name, step)`."""

        def walk(node: ast.expr) -> bool:
            if isinstance(node, (ast.Name, ast.Subscript)):
                name, offset = self._reference(node)
                return exact(name, t + offset)
            if isinstance(node, ast.UnaryOp):
                return walk(node.operand)
            if isinstance(node, ast.BinOp):
                sides = [(walk(side), self._rule(side)(rows, t)) for side in (node.left, node.right)]
                both = all(is_exact for is_exact, _ in sides)
                return both or (isinstance(node.op, ast.Mult) and (True, 0) in sides)
            if isinstance(node, ast.Call):
                inside = self._rule(node.args[0])(rows, t)
                assert isinstance(node.func, ast.Name)
                if node.func.id == "slope" or (node.func.id == "relu" and inside < 0):
                    return abs(inside) > TINY or walk(node.args[0])
                is_rational = node.func.id != "sqrt" or root(inside)[1]
                return is_rational and all(walk(argument) for argument in node.args)
            return True

        return walk(self.tree)

    # writing

    def symbols(self, notation: Notation, name: Callable[[str, int], str]) -> str:
        """The formula in symbols; `name(name, offset)` writes one symbol."""
        return self._write(self.tree, notation, lambda n, offset: (name(n, offset), ATOM), None)[0]

    def numbers(self, notation: Notation, rows: Sequence[Mapping[str, Fraction]], t: int) -> str:
        """The same formula with the numbers put in; the slope of a relu is written as the 0 or 1 that it is."""

        def number(name: str, offset: int) -> Written:
            return notation.number(rows[t + offset][name])

        def value(node: ast.expr) -> Written:
            return notation.number(self._rule(node)(rows, t))

        return self._write(self.tree, notation, number, value)[0]

    def _write(
        self,
        node: ast.expr,
        notation: Notation,
        put: Callable[[str, int], Written],
        value: Callable[[ast.expr], Written] | None,
    ) -> Written:
        def write(node: ast.expr) -> Written:
            return self._write(node, notation, put, value)

        def bound(written: Written, tightness: int) -> str:
            return written[0] if written[1] >= tightness else notation.parentheses(written[0])

        if isinstance(node, ast.Constant):
            return notation.number(Fraction(str(node.value)))
        if isinstance(node, (ast.Name, ast.Subscript)):
            return put(*self._reference(node))
        if isinstance(node, ast.UnaryOp):
            return notation.minus() + bound(write(node.operand), TIMES), NEGATIVE
        if isinstance(node, ast.Call):
            assert isinstance(node.func, ast.Name)
            if value and node.func.id == "slope":
                return value(node)
            return notation.call(node.func.id, [write(argument)[0] for argument in node.args]), ATOM
        assert isinstance(node, ast.BinOp)
        left, right = write(node.left), write(node.right)
        if isinstance(node.op, (ast.Add, ast.Sub)):
            sign = "+" if isinstance(node.op, ast.Add) else notation.minus()
            return f"{bound(left, ADD)} {sign} {bound(right, TIMES)}", ADD
        if isinstance(node.op, ast.Mult):
            return notation.product(bound(left, TIMES), bound(right, TIMES + 1), value is not None), TIMES
        if isinstance(node.op, ast.Div):
            return notation.quotient(left, right)
        is_symbol = isinstance(node.left, (ast.Name, ast.Subscript)) and value is None
        return notation.power(bound(left, POWER + 1), right[0], is_symbol), POWER


@lru_cache(maxsize=4096)
def formula(text: str) -> Formula:
    """The formula of a text, read once."""
    return Formula(text)
