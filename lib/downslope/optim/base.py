"""What every optimizer shares: the checks before a step, the memory between steps. No formula of any method is here."""

import copy
import inspect
from collections.abc import Callable, Mapping
from fractions import Fraction
from math import inf
from numbers import Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Arrays = Array | Mapping[str, Array]  # one array, a dict of arrays, or a `Parameters` (a mapping with one `vector`)
Hyper = Any  # a float, an int or a Fraction; or an array that broadcasts against the parameters (see paths.grid)


# Hyper-parameters: the interval that each must lie in ----------------------------------------------------------------

RATE = ("a positive number", lambda x: (x > 0) & (x < inf))
SHARE = ("a number in [0, 1]", lambda x: (x >= 0) & (x <= 1))
DECAY = ("a number in [0, 1)", lambda x: (x >= 0) & (x < 1))
SMALL = ("a number >= 0", lambda x: (x >= 0) & (x < inf))

INTERVALS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "lr": RATE,
    "momentum": SHARE,
    "rho": DECAY,
    "beta": DECAY,
    "beta1": DECAY,
    "beta2": DECAY,
    "eps": SMALL,
    "eps_root": SMALL,
    "weight_decay": SMALL,
    "momentum_decay": SMALL,
}


def checked(name: str, value: Any) -> Any:
    """The hyper-parameter `name` with this value, as a plain Python number (or an array of them), if it lies where it
    must; otherwise a TypeError or a ValueError.

    >>> checked("lr", 0.1)
    0.1
    >>> checked("lr", -0.1)
    Traceback (most recent call last):
    ValueError: lr must be a positive number, got -0.1
    """
    kind, inside = INTERVALS[name]
    value = plain(value)  # a NumPy float64 would turn a float32 step into a float64 one
    if isinstance(value, np.ndarray):
        if value.dtype.kind not in "fiuO" or not np.all(inside(value)):
            raise ValueError(f"every entry of {name} must be {kind}, got {value}")
    elif isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name} must be {kind}, got {value!r} of type {type(value).__name__}")
    elif not inside(value):
        raise ValueError(f"{name} must be {kind}, got {value!r}")
    return value


def plain(x: Any) -> Any:
    """A Python number if x is a single NumPy one; otherwise x itself."""
    return x.item() if isinstance(x, np.generic) or (isinstance(x, np.ndarray) and x.ndim == 0) else x


def chosen(name: str, value: Any, names: tuple[str, ...]) -> str:
    """`value` if it is one of `names`; otherwise a ValueError that lists them."""
    if value not in names:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, names))}, got {value!r}")
    return str(value)


# One array, or many by name ------------------------------------------------------------------------------------------


def zeros_like(params: Arrays) -> Arrays:
    """Zeros in the layout of `params`: an array, a dict, or a `Parameters`."""
    if isinstance(params, np.ndarray):
        return np.zeros_like(params)
    if hasattr(params, "vector"):
        return params.zeros_like()  # type: ignore[attr-defined, no-any-return]
    return {name: np.zeros_like(w) for name, w in params.items()}


def copy_of(params: Arrays) -> Arrays:
    """A copy of `params` that shares no memory with it, in the same layout."""
    if isinstance(params, np.ndarray) or hasattr(params, "vector"):
        return params.copy()  # type: ignore[union-attr]
    return {name: w.copy() for name, w in params.items()}


def named(params: Arrays) -> dict[str, Array]:
    """The arrays of `params` by name; a single array has the name ''."""
    return {"": params} if isinstance(params, np.ndarray) else dict(params)


def same_layout(one: Any, other: Any) -> bool:
    """True if both have the same names, shapes and dtypes. (Not the same order: a dict has none that matters.)"""
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return bool(one.shape == other.shape and one.dtype == other.dtype)
    ones, others = named(one), named(other)
    return set(ones) == set(others) and all(same_layout(w, others[name]) for name, w in ones.items())


def same_order(one: Any, other: Any) -> bool:
    """True if both are `Parameters` whose vectors match entry by entry: the same names and shapes in the same order."""
    try:
        first, second = one.shapes, other.shapes
    except AttributeError:
        return False
    return first is second or bool(first == second and list(first) == list(second))


def _at(name: str) -> str:
    return f"[{name!r}]" if name else ""


def _text(params: Arrays) -> str:
    return ", ".join(f"{name or 'array'} {w.shape} {w.dtype}" for name, w in named(params).items())


# The base class ------------------------------------------------------------------------------------------------------


class Optimizer:
    """The shared part of all optimizers. A method of optimization adds `rule`: its formula, on one array.

    `update` checks everything first, then counts the step, then calls `rule(w, g, *memory)` for each array. If a check
    fails, then params and state are as they were. Hyper-parameters are plain attributes, checked when they are set:

        optimizer.lr = 0.01                # between two steps: this is how a schedule works
        saved = optimizer.state            # a copy: what is remembered, by name, and t, the number of steps made
        optimizer.state = saved            # go back
    """

    hyper: ClassVar[tuple[str, ...]] = ()  # names of the hyper-parameters: the arguments of __init__
    kinds: ClassVar[str] = "fO"  # dtypes that the formula is defined on: floating point, and objects such as Fraction
    counters: ClassVar[dict[str, Any]] = {"t": 0}  # the numbers that are remembered, as they are before the first step
    memory: tuple[str, ...] = ()  # names of the arrays that are remembered, in the order in which `rule` takes them
    rule: Callable[..., None]

    t: int
    lr: Hyper
    _memory: dict[str, Arrays]  # the remembered arrays by name, in the layout of params; empty before the first step
    _recalled: tuple[Any, tuple[Array, ...]]  # params of the last step, and the arrays remembered for it
    _matched: tuple[Any, Any]  # shapes of params and of grads that were found to match

    def __init_subclass__(cls) -> None:
        cls.hyper = tuple(inspect.signature(cls.__init__).parameters)[1:]

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        self = super().__new__(cls)
        vars(self).update(cls.counters, _memory={}, _recalled=(None, ()), _matched=(None, None))
        return self

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self.hyper and name in INTERVALS:
            vars(self).update({name: checked(name, value)}, _recalled=(None, ()))
        elif name in self.hyper and name in vars(self):
            raise AttributeError(f"{name} is fixed when the optimizer is made; see downslope.optim.conventions.switch")
        elif name in self.hyper or name in ("state", "memory"):
            super().__setattr__(name, value)
        else:
            raise AttributeError(
                f"{type(self).__name__} has no {name!r} to set, only {', '.join(self.hyper)} and state"
            )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={getattr(self, name)!r}' for name in self.hyper)})"

    def fresh(self) -> Self:
        """An optimizer with the same hyper-parameters that remembers nothing."""
        twin = type(self).__new__(type(self))
        vars(twin).update((name, value) for name, value in vars(self).items() if name not in vars(twin))
        return twin

    def __copy__(self) -> Self:
        """A copy of both hyper-parameters and memory, which shares nothing with this optimizer."""
        return copy.deepcopy(self)

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {
            "_recalled": (None, ()),
            "_matched": (None, None),
        }  # params belong to someone else: they are not copied or pickled

    # A step

    def update(self, params: Arrays, grads: Any) -> None:
        """One step, in place: `params` moves, `grads` stays as it is.

        params, grads: one array; or a dict of arrays; or a `Parameters`. Same names, shapes and dtypes in both.
        Raises TypeError or ValueError, before anything is changed.
        """
        if isinstance(params, np.ndarray):
            w, g = params, grads
        elif self._match(params, grads):
            w, g = params.vector, grads.vector  # type: ignore[attr-defined]
        else:
            return self._update_by_name(params, grads)
        known, memory = self._recalled
        fit = type(g) is np.ndarray and g.dtype is w.dtype and g.shape == w.shape and w.flags.writeable
        if params is not known or not fit:
            self._check(w, g)
            memory = self._recall_one(params, w)
        self.advance()
        self.rule(w, g, *memory)

    def _match(self, params: Any, grads: Any) -> bool:
        """`same_order`, remembered: the shapes of a Parameters are fixed, so one comparison will do."""
        try:
            first, second = self._matched
            if params.shapes is first and grads.shapes is second:
                return True
        except AttributeError:
            return False
        if same_order(params, grads):
            vars(self)["_matched"] = params.shapes, grads.shapes
            return True
        return False

    def _update_by_name(self, params: Any, grads: Any) -> None:
        if not isinstance(params, Mapping):
            raise TypeError(f"params must be an array, a dict of arrays or a Parameters, got {type(params).__name__}")
        if not isinstance(grads, Mapping):
            raise TypeError(f"grads must be a mapping like params, got {type(grads).__name__}")
        if params.keys() != grads.keys():
            raise ValueError(f"grads must have the names of params, {sorted(params)}, got {sorted(grads)}")
        for name, w in params.items():
            self._check(w, grads[name], name)
            self._check_hyper(w, name)
        memories = self._recall(params)
        self.advance()
        for name, w in params.items():
            self.rule(w, grads[name], *(memory[name] for memory in memories))

    def advance(self) -> None:
        """Count the step: t ← t + 1."""
        self.__dict__["t"] += 1

    def gradient_point(self, params: Arrays) -> Arrays:
        """Where the next gradient is to be taken: at `params` itself, except in a look-ahead form."""
        return params

    # Checks

    def _check(self, w: Any, g: Any, name: str = "") -> None:
        """Raise unless w is an array that may be changed and g an array like it."""
        if not isinstance(w, np.ndarray):
            raise TypeError(f"params{_at(name)} must be a NumPy array, got {type(w).__name__}")
        if w.dtype.kind not in self.kinds:
            raise TypeError(f"params{_at(name)} must be {self._kinds_in_words()}, got dtype {w.dtype}")
        if not w.flags.writeable:
            raise ValueError(f"params{_at(name)} must be writeable, got a read-only array")
        if not isinstance(g, np.ndarray):
            raise TypeError(f"grads{_at(name)} must be a NumPy array, got {type(g).__name__}")
        if g.shape != w.shape:
            raise ValueError(f"grads{_at(name)} must have the shape of params{_at(name)}, {w.shape}, got {g.shape}")
        if g.dtype != w.dtype:
            raise TypeError(f"grads{_at(name)} must have the dtype of params{_at(name)}, {w.dtype}, got {g.dtype}")

    def _check_hyper(self, w: Array, name: str = "") -> None:
        """Hyper-parameters that are fractions need arrays of fractions; those that are arrays must broadcast to w."""
        for each in self.hyper:
            value = getattr(self, each)
            if isinstance(value, Fraction) and w.dtype.kind == "f":
                raise TypeError(
                    f"{each} is the fraction {value} and params{_at(name)} is {w.dtype}; "
                    f"give float({each}), or params of dtype object for exact arithmetic"
                )
            if isinstance(value, np.ndarray) and not _broadcasts(value, w):
                raise ValueError(f"{each} of shape {value.shape} must broadcast to params{_at(name)}, {w.shape}")

    def _kinds_in_words(self) -> str:
        if "O" in self.kinds:
            return "floating point, or of dtype object for exact fractions"
        return f"floating point ({type(self).__name__} takes a square root, which a fraction seldom has)"

    # Memory

    def _recall(self, params: Arrays) -> list[Any]:
        """What is remembered for params, in the order of `memory`; zeros before the first step."""
        if not self._memory:
            self._memory.update((name, zeros_like(params)) for name in self.memory)
        memories = list(self._memory.values())
        if memories and not same_layout(params, memories[0]):
            raise ValueError(self._misfit("params", params, memories[0]))
        return memories

    def _recall_one(self, params: Any, w: Array) -> tuple[Array, ...]:
        """The same for one array, or for a `Parameters` whose vector is w. What was checked last time is not again."""
        if self._recalled[0] is not params:
            self._check_hyper(w)
            memories = self._recall(params)
            if params is not w:
                if not all(same_order(params, memory) for memory in memories):  # restored from a dict, or another order
                    memories = [self._arranged(memory, params) for memory in memories]
                    self._memory.update(zip(self.memory, memories, strict=True))
                memories = [memory.vector for memory in memories]
            vars(self)["_recalled"] = params, tuple(memories)
        return self._recalled[1]

    @staticmethod
    def _arranged(memory: Any, params: Any) -> Any:
        """The arrays of `memory` in a Parameters with the order of `params`."""
        arranged = params.zeros_like()
        for name in arranged:
            arranged[name][...] = memory[name]
        return arranged

    @staticmethod
    def _misfit(what: str, params: Arrays, remembered: Arrays) -> str:
        return (
            f"{what} must have the layout that the optimizer remembers, {_text(remembered)}, got {_text(params)}; "
            f"to start on other parameters take optimizer.fresh()"
        )

    @property
    def state(self) -> dict[str, Any]:
        """What the optimizer remembers, by name: a copy, to be looked at, kept, or given back.

        Before the first step it holds no arrays, only `t` = 0.
        """
        arrays = {name: copy_of(memory) for name, memory in self._memory.items()}
        return arrays | {name: vars(self)[name] for name in self.counters}

    @state.setter
    def state(self, saved: Mapping[str, Any]) -> None:
        if not isinstance(saved, Mapping):
            raise TypeError(f"state must be a dict such as optimizer.state gives, got {type(saved).__name__}")
        begun = any(name in saved for name in self.memory)
        names = {*self.counters, *(self.memory if begun else ())}
        if saved.keys() != names:
            raise ValueError(f"state must have the names {sorted(names)}, got {sorted(saved)}")
        counts = {name: plain(saved[name]) for name in self.counters}
        if type(counts["t"]) is not int or counts["t"] < 0 or (self.memory and begun != (counts["t"] > 0)):
            raise ValueError(f"state['t'] must count the steps made, got {saved['t']!r}")
        arrays: dict[str, Arrays] = {}
        for name in self.memory if begun else ():
            self._check_memory(name, saved[name], [*self._memory.values(), *arrays.values()])
            arrays[name] = copy_of(saved[name])
        vars(self).update(counts, _memory=arrays, _recalled=(None, ()))

    def _check_memory(self, name: str, memory: Any, others: list[Arrays]) -> None:
        if not isinstance(memory, np.ndarray | Mapping):
            raise TypeError(f"state[{name!r}] must be an array, a dict or a Parameters, got {type(memory).__name__}")
        for each, w in named(memory).items():
            if not isinstance(w, np.ndarray):
                raise TypeError(f"state[{name!r}]{_at(each)} must be a NumPy array, got {type(w).__name__}")
        if others and not same_layout(memory, others[0]):
            raise ValueError(self._misfit(f"state[{name!r}]", memory, others[0]))


def _broadcasts(value: Array, w: Array) -> bool:
    try:
        return np.broadcast_shapes(value.shape, w.shape) == w.shape
    except ValueError:
        return False
