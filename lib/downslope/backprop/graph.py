"""Computation graphs: every operation makes a node that knows its inputs, and gradients flow back through them.

    downstream gradient = upstream gradient × local gradient,    summed over all the ways into the output

Each gate is one forward line (in `Value`) and a backward function of one line for each input (above it). Add passes the
gradient on, multiply swaps, max routes it to the larger input, and a value used twice adds up what comes back.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from itertools import count
from numbers import Number
from typing import Any, NamedTuple

import numpy as np
from numpy import ndarray

from .activations import logistic
from .checks import describe


@dataclass(frozen=True, slots=True)
class Gate:
    """What kind of operation made a value: its symbol and how gradients go back through it.

    backward(z, dz, x, …) adds to the gradient of each input x what comes from the output z, whose gradient is dz.
    """

    symbol: str
    backward: Callable[..., None]
    elementwise: bool = True


def add_backward(z: Value, dz: Any, x: Value, y: Value) -> None:
    """z = x + y:  ∂z/∂x = 1, ∂z/∂y = 1"""
    x.grad += dz
    y.grad += dz


def subtract_backward(z: Value, dz: Any, x: Value, y: Value) -> None:
    """z = x − y:  ∂z/∂x = 1, ∂z/∂y = −1"""
    x.grad += dz
    y.grad -= dz


def negate_backward(z: Value, dz: Any, x: Value) -> None:
    """z = −x:  ∂z/∂x = −1"""
    x.grad -= dz


def multiply_backward(z: Value, dz: Any, x: Value, y: Value) -> None:
    """z = x y:  ∂z/∂x = y, ∂z/∂y = x"""
    x.grad += dz * y.value
    y.grad += dz * x.value


def divide_backward(z: Value, dz: Any, x: Value, y: Value) -> None:
    """z = x / y:  ∂z/∂x = 1 / y, ∂z/∂y = −x / y² = −z / y"""
    x.grad += dz / y.value
    y.grad -= dz * z.value / y.value


def power_backward(n: Any, z: Value, dz: Any, x: Value) -> None:
    """z = xⁿ with a constant n:  ∂z/∂x = n xⁿ⁻¹, and 0 for n = 0"""
    x.grad += dz * n * x.value ** (n - 1) if n else 0 * dz


def exponential_backward(z: Value, dz: Any, x: Value, y: Value) -> None:
    """z = x^y with x > 0:  ∂z/∂x = y x^(y−1), ∂z/∂y = z log x"""
    x.grad += dz * y.value * x.value ** (y.value - 1)
    y.grad += dz * z.value * _function("log", x.value)


def exp_backward(z: Value, dz: Any, x: Value) -> None:
    """z = e^x:  ∂z/∂x = z"""
    x.grad += dz * z.value


def log_backward(z: Value, dz: Any, x: Value) -> None:
    """z = log x:  ∂z/∂x = 1 / x"""
    x.grad += dz / x.value


def maximum_backward(z: Value, dz: Any, x: Value, y: Value) -> None:
    """z = max(x, y):  ∂z/∂x = 1 if x > y else 0, ∂z/∂y = 1 if x ≤ y else 0"""
    x.grad += dz * (x.value > y.value)
    y.grad += dz * (x.value <= y.value)


def relu_backward(z: Value, dz: Any, x: Value) -> None:
    """z = max(x, 0):  ∂z/∂x = 1 if x > 0 else 0"""
    x.grad += dz * (x.value > 0)


def tanh_backward(z: Value, dz: Any, x: Value) -> None:
    """z = tanh x:  ∂z/∂x = 1 − z²"""
    x.grad += dz * (1 - z.value * z.value)


def logistic_backward(z: Value, dz: Any, x: Value) -> None:
    """z = 1 / (1 + e^−x):  ∂z/∂x = z (1 − z)"""
    x.grad += dz * z.value * (1 - z.value)


def dot_backward(z: Value, dz: Any, x: Value, y: Value) -> None:
    """Z = X Y:  ∂E/∂X = δ Yᵀ, ∂E/∂Y = Xᵀ δ; a vector counts as one row on the left and one column on the right"""
    X = x.value if x.value.ndim == 2 else x.value[None, :]
    Y = y.value if y.value.ndim == 2 else y.value[:, None]
    delta = np.reshape(dz, (len(X), Y.shape[1]))
    x.grad += (delta @ Y.T).reshape(x.value.shape)
    y.grad += (X.T @ delta).reshape(y.value.shape)


def sum_backward(axis: int | None, z: Value, dz: Any, x: Value) -> None:
    """z = Σ x, over all entries or along one axis:  ∂z/∂xᵢ = 1"""
    x.grad += np.broadcast_to(dz if axis is None else np.expand_dims(dz, axis), x.value.shape)


def copy_backward(z: Value, dz: Any, x: Value) -> None:
    """Z repeats x along new or stretched axes (broadcasting):  the gradients of the copies add up"""
    shape = np.shape(x.value)
    extra = tuple(range(np.ndim(dz) - len(shape)))
    stretched = tuple(len(extra) + i for i, n in enumerate(shape) if n == 1)
    x.grad += np.reshape(dz.sum(axis=extra + stretched), shape)[()]  # [()]: a number if x is one


ADD = Gate("+", add_backward)
SUBTRACT = Gate("−", subtract_backward)
NEGATE = Gate("−", negate_backward)
MULTIPLY = Gate("×", multiply_backward)
DIVIDE = Gate("÷", divide_backward)
EXPONENTIAL = Gate("^", exponential_backward)
EXP = Gate("exp", exp_backward)
LOG = Gate("log", log_backward)
MAXIMUM = Gate("max", maximum_backward)
RELU = Gate("ReLU", relu_backward)
TANH = Gate("tanh", tanh_backward)
LOGISTIC = Gate("logistic", logistic_backward)
DOT = Gate("dot", dot_backward, elementwise=False)
COPY = Gate("copy", copy_backward, elementwise=False)


class Value:
    """A number or array in a computation graph, with the gradient of an output by it.

    value    int, float, Fraction (stays exact) or numpy array (operations broadcast); lists become arrays, and arrays
             of integers become float64
    grad     ∂output/∂value after `output.backward()`; 0 before, and 0 where the output does not depend on it
    name     for tables and drawings
    parents  the values that this one was computed from
    gate     the operation that did it, with its `symbol`; None for an input or a constant

    Where max(x, y) has a tie the gradient goes to y, so that maximum(x, 0) and relu agree: their slope at 0 is 0.
    `==` compares identity, as for any node of a graph.

    >>> x, y, z = Value(1, "x"), Value(2, "y"), Value(0, "z")
    >>> f = (x + y) * maximum(y, z)
    >>> f.backward()
    >>> f.value, x.grad, y.grad, z.grad
    (6, 2, 5, 0)
    """

    __slots__ = ("gate", "grad", "name", "parents", "seen", "value")
    __array_ufunc__ = None  # array * Value is left to Value

    value: Any
    grad: Any
    name: str
    parents: tuple[Value, ...]
    gate: Gate | None
    seen: object  # for topological_order

    def __init__(self, value: Any, name: str = "", parents: tuple[Value, ...] = (), gate: Gate | None = None) -> None:
        if gate is None:
            value = _checked(value)
        elif isinstance(value, ndarray) and gate.elementwise:
            parents = _stretch(parents, value.shape)
        self.value = value
        self.grad = 0
        self.name = name
        self.parents = parents
        self.gate = gate
        self.seen = None

    def __add__(self, other: Any) -> Value:
        x, y = self, other if isinstance(other, Value) else Value(other)
        return Value(x.value + y.value, "", (x, y), ADD)

    def __sub__(self, other: Any) -> Value:
        x, y = self, other if isinstance(other, Value) else Value(other)
        return Value(x.value - y.value, "", (x, y), SUBTRACT)

    def __neg__(self) -> Value:
        return Value(-self.value, "", (self,), NEGATE)

    def __mul__(self, other: Any) -> Value:
        x, y = self, other if isinstance(other, Value) else Value(other)
        return Value(x.value * y.value, "", (x, y), MULTIPLY)

    def __truediv__(self, other: Any) -> Value:
        x, y = self, other if isinstance(other, Value) else Value(other)
        return Value(x.value / y.value, "", (x, y), DIVIDE)

    def __pow__(self, other: Any) -> Value:
        if isinstance(other, Value):
            return Value(self.value**other.value, "", (self, other), EXPONENTIAL)
        if not isinstance(other, Number):
            raise TypeError(f"an exponent must be a number or a Value, got {describe(other)}.")
        return Value(self.value**other, "", (self,), Gate(f"^{other}", partial(power_backward, other)))

    def __radd__(self, other: Any) -> Value:
        return Value(other) + self

    def __rsub__(self, other: Any) -> Value:
        return Value(other) - self

    def __rmul__(self, other: Any) -> Value:
        return Value(other) * self

    def __rtruediv__(self, other: Any) -> Value:
        return Value(other) / self

    def __rpow__(self, other: Any) -> Value:
        return Value(other) ** self

    def exp(self) -> Value:
        """e^x"""
        return Value(_function("exp", self.value), "", (self,), EXP)

    def log(self) -> Value:
        """Natural logarithm, for x > 0"""
        return Value(_function("log", self.value), "", (self,), LOG)

    def relu(self) -> Value:
        """max(x, 0)"""
        return Value(_relu(self.value), "", (self,), RELU)

    def tanh(self) -> Value:
        """(e^x − e^−x) / (e^x + e^−x)"""
        return Value(_function("tanh", self.value), "", (self,), TANH)

    def logistic(self) -> Value:
        """1 / (1 + e^−x)"""
        return Value(_logistic(self.value), "", (self,), LOGISTIC)

    def dot(self, other: Any) -> Value:
        """X Y for vectors and matrices: Σ xᵢyᵢ, or rows times columns; also written x @ y"""
        x, y = self, other if isinstance(other, Value) else Value(other)
        if not {np.ndim(x.value), np.ndim(y.value)} <= {1, 2}:
            raise ValueError(f"dot needs vectors or matrices, got {describe(x.value)} and {describe(y.value)}.")
        return Value(x.value @ y.value, "", (x, y), DOT)

    def __matmul__(self, other: Any) -> Value:
        return self.dot(other)

    def __rmatmul__(self, other: Any) -> Value:
        return Value(other).dot(self)

    def sum(self, axis: int | None = None) -> Value:
        """Σ x over all entries, or along one axis; a single number is its own sum"""
        if not isinstance(self.value, ndarray):
            return self
        gate = Gate("sum", partial(sum_backward, axis), elementwise=False)
        return Value(self.value.sum(axis), "", (self,), gate)

    def backward(self) -> None:
        """Set `grad` of every value that this one was computed from, the output's own to 1.

        Gradients are set anew, never added to those of an earlier call. Raises ValueError for an array of several
        numbers: only a single number has a gradient; take its `sum()` first.
        """
        if np.size(self.value) != 1:
            raise ValueError(f"backward needs a single number, got {describe(self.value)}; call .sum() first.")
        order = topological_order(self)
        for node in order:
            node.grad = 0
        self.grad = self.value**0  # a 1 of the same kind
        for node in reversed(order):
            if node.gate:
                node.gate.backward(node, node.grad, *node.parents)

    def __repr__(self) -> str:
        name = f", name={self.name!r}" if self.name else ""
        return f"Value({self.value!r}{name}, grad={self.grad!r})"


def maximum(x: Any, y: Any) -> Value:
    """The larger of two values, entry by entry; on a tie it counts as y.

    >>> x = Value(3.0)
    >>> y = maximum(x, 1) + maximum(x, 5)
    >>> y.backward()
    >>> y.value, x.grad
    (8.0, 1.0)
    """
    x, y = x if isinstance(x, Value) else Value(x), y if isinstance(y, Value) else Value(y)
    return Value(_maximum(x.value, y.value), "", (x, y), MAXIMUM)


def topological_order(output: Value) -> list[Value]:
    """Every value that `output` depends on and `output` itself, each after all of its parents.

    A depth-first walk with its own stack: a chain of a million gates needs no recursion. A value is put back under a
    marker (None) and its parents on top; when the marker comes up again, all its parents have been listed.

    >>> x = Value(2, "x")
    >>> y = x * x
    >>> z = y + x
    >>> topological_order(z) == [x, y, z]
    True
    """
    order: list[Value] = []
    walk = object()  # a mark for the values seen on this walk: it stays quick where a large set would not
    stack: list[Value | None] = [output]
    while stack:
        node = stack.pop()
        if node is None:
            order.append(stack.pop())  # type: ignore[arg-type]
        elif node.seen is not walk:
            node.seen = walk
            if node.parents:
                stack += (node, None, *node.parents[::-1])
            else:
                order.append(node)
    return order


class Row(NamedTuple):
    """One line of a graph's table: a value, what it is called, and how it was made."""

    node: Value
    name: str
    operation: str
    inputs: tuple[str, ...]


def rows(output: Value) -> list[Row]:
    """The values of a graph in topological order, ready for a table or a drawing.

    Values without a name are called v1, v2, … when they were computed, and by their number when they are constants.
    """
    names: dict[Value, str] = {}
    result = []
    numbers = count(1)
    for node in topological_order(output):
        names[node] = node.name or (f"v{next(numbers)}" if node.gate else _short(node.value))
        inputs = tuple(names[parent] for parent in node.parents)
        result.append(Row(node, names[node], node.gate.symbol if node.gate else "", inputs))
    return result


def table(output: Value) -> str:
    """A graph as text: one line for each value with its name, operation, value and gradient.

    >>> x, y = Value(3, "x"), Value(4, "y")
    >>> f = x * y + 2
    >>> f.name = "f"
    >>> f.backward()
    >>> print(table(f))
    name  operation  value  gradient
    x                3      4
    y                4      3
    v1    x × y      12     1
    2                2      1
    f     v1 + 2     14     1
    """
    lines = [("name", "operation", "value", "gradient")]
    for node, name, symbol, inputs in rows(output):
        lines.append((name, _operation(symbol, inputs), _short(node.value), _short(node.grad)))
    widths = [max(len(line[column]) for line in lines) for column in range(4)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def _operation(symbol: str, inputs: tuple[str, ...]) -> str:
    """How an operation is written: x + y, −x, x^2, max(x, y)."""
    if not inputs:
        return ""
    if symbol in "+−×÷^":
        return f" {symbol} ".join(inputs) if len(inputs) == 2 else symbol + "".join(inputs)
    return inputs[0] + symbol if symbol[0] == "^" else f"{symbol}({', '.join(inputs)})"


def _short(value: Any) -> str:
    """A number or a small array in one line of a table; a larger array by its shape."""
    if isinstance(value, ndarray):
        return f"[{', '.join(map(_short, value))}]" if value.size <= 6 else f"array {value.shape}"
    return f"{value:.6g}" if isinstance(value, (float, np.floating)) else f"{value}"


def _checked(value: Any) -> Any:
    """A number as it is, a list or array as an array of floats (or of objects, for exact fractions)."""
    if isinstance(value, (list, tuple, ndarray)):
        array = np.asarray(value)
        if array.dtype.kind in "fcO":
            return array[()]  # an array of no dimensions becomes a number
        if array.dtype.kind in "biu":
            return array.astype("float64")[()]
    elif isinstance(value, np.integer):
        return int(value)
    elif isinstance(value, Number):
        return value
    raise TypeError(f"value must be a number or an array of numbers, got {describe(value)}.")


def _stretch(parents: tuple[Value, ...], shape: tuple[int, ...]) -> tuple[Value, ...]:
    """Put a copy gate behind each parent that broadcasting repeats."""
    return tuple(
        x if np.shape(x.value) == shape else Value(np.broadcast_to(x.value, shape), "", (x,), COPY) for x in parents
    )


def _function(name: str, x: Any) -> Any:
    """exp, log or tanh of a number or an array."""
    return getattr(math if isinstance(x, (int, float, Fraction)) else np, name)(x)


def _maximum(x: Any, y: Any) -> Any:
    if isinstance(x, ndarray) or isinstance(y, ndarray):
        return np.maximum(x, y)
    return x if x > y else y


def _relu(x: Any) -> Any:
    if isinstance(x, ndarray):
        return np.maximum(x, 0)
    return x if x > 0 else type(x)()


def _logistic(x: Any) -> Any:
    if isinstance(x, ndarray):
        return logistic(x)
    t = _function("exp", -abs(x))
    return 1 / (1 + t) if x >= 0 else t / (1 + t)
