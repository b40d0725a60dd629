"""One method, several conventions: exact conversions of hyper-parameters and of what is remembered.

Two runs are the same method in two conventions if they visit the same points. The key to all conversions of momentum is
the part of the next step that is already decided, γd: here d = v in "velocity", d = −m in "step", d = −ηv in "average"
and "sum". At a constant rate d is the last step. What a run remembers is d in other words.
"""

from math import sqrt
from typing import Any

import numpy as np

from .base import Arrays, checked, chosen, copy_of, named, plain
from .optimizers import MOMENTUM_CONVENTIONS, LookAhead, Momentum


def convert(lr: Any, momentum: Any, source: str = "average", target: str = "sum") -> tuple[Any, Any]:
    """The (lr, momentum) with which Momentum walks in `target` as it does in `source`, at a constant rate.

        η_step = η_velocity = η_sum = (1 − β)η_average,    β is the same in all

    lr: η > 0. momentum: β in [0, 1]. source, target: "step", "velocity", "average" or "sum".
    Exact on fractions. Raises ValueError for β = 1 to or from "average": there 1 − β = 0 and the average never moves.

    >>> from fractions import Fraction as F
    >>> convert(F(1, 10), F(9, 10), source="average", target="sum")
    (Fraction(1, 100), Fraction(9, 10))
    >>> convert(F(1, 100), F(9, 10), source="velocity", target="average")
    (Fraction(1, 10), Fraction(9, 10))

    The two forms of Nesterov need no such conversion: they have the same η and μ, and differ in where the parameters
    stand (`to_shifted`, `to_look_ahead`).
    """
    lr, momentum = checked("lr", lr), checked("momentum", momentum)
    chosen("source", source, MOMENTUM_CONVENTIONS)
    chosen("target", target, MOMENTUM_CONVENTIONS)
    if (source == "average") == (target == "average"):
        return lr, momentum
    if np.any(momentum == 1):
        raise ValueError("momentum 1 has no 'average' form: 1 - momentum is 0, and the average would never move")
    return (lr / (1 - momentum) if target == "average" else lr * (1 - momentum)), momentum


def step_per_memory(lr: Any, convention: str) -> Any:
    """d over what is remembered: the step d is this number times the m or v of the convention.

    >>> [step_per_memory(0.5, name) for name in ("step", "velocity", "average", "sum")]
    [-1, 1, -0.5, -0.5]
    """
    return {"step": -1, "velocity": 1, "average": -lr, "sum": -lr}[
        chosen("convention", convention, MOMENTUM_CONVENTIONS)
    ]


def convert_state(state: dict[str, Any], lr: Any, momentum: Any, source: str, target: str) -> dict[str, Any]:
    """What Momentum in convention `target` remembers where Momentum in `source` remembers `state`.

        d = c_source · v_source = c_target · v_target        (c: `step_per_memory`)

    lr, momentum: those of `source`, as its next step would use them. Returns a new state, the given one stays.

    >>> convert_state({"v": np.array([-0.5]), "t": 1}, lr=0.25, momentum=0.5, source="velocity", target="sum")
    {'v': array([2.]), 't': 1}
    """
    target_lr, _ = convert(lr, momentum, source, target)
    c_source, c_target = step_per_memory(checked("lr", lr), source), step_per_memory(target_lr, target)
    converted = {name: copy_of(state[name]) for name in ("m", "v") if name in state}
    for memory in converted.values():
        for v in named(memory).values():
            v *= c_source
            v /= c_target
    return {"m" if target == "step" else "v": memory for memory in converted.values()} | {"t": state["t"]}


def switch(optimizer: Momentum, convention: str) -> Momentum:
    """Momentum in another convention that goes on where `optimizer` stands. The given one stays as it is.

    >>> w, optimizer = np.array([1.0]), Momentum(lr=0.25, momentum=0.5, convention="velocity")
    >>> optimizer.update(w, np.array([2.0]))
    >>> optimizer = switch(optimizer, "average")
    >>> optimizer
    Momentum(lr=0.5, momentum=0.5, convention='average')
    >>> optimizer.update(w, np.array([2.0]))             # 1 − ½, then −¼ and −½ again
    >>> w
    array([-0.25])
    """
    if not isinstance(optimizer, Momentum):
        raise TypeError(f"optimizer must be a Momentum, got {type(optimizer).__name__}")
    source = optimizer.lr, optimizer.momentum, optimizer.convention
    switched = Momentum(*convert(*source, convention), convention)
    switched.state = convert_state(optimizer.state, *source, convention)
    return switched


# Nesterov's two forms ------------------------------------------------------------------------------------------------


def to_shifted(theta: Any, v: Any, momentum: Any) -> Any:
    """The parameters of the shifted form from those of the look-ahead form: w = θ + μv."""
    return theta + momentum * v


def to_look_ahead(w: Any, v: Any, momentum: Any) -> Any:
    """The parameters of the look-ahead form from those of the shifted form: θ = w − μv."""
    return w - momentum * v


def switch_nesterov(optimizer: LookAhead, params: Arrays, convention: str) -> LookAhead:
    """Nesterov (or RMSpropNesterov) in the other form, going on where `optimizer` and `params` stand.

    The hyper-parameters and the state are the same in both forms; `params` moves, in place, to where the other form has
    it. The given optimizer stays as it is.

    >>> from .optimizers import Nesterov
    >>> x, optimizer = np.array([1.0]), Nesterov(lr=0.1, momentum=0.9, convention="look-ahead")
    >>> optimizer.update(x, x)
    >>> x
    array([0.9])
    >>> optimizer = switch_nesterov(optimizer, x, "shifted")
    >>> x.round(6)
    array([0.81])
    """
    if not isinstance(optimizer, LookAhead):
        raise TypeError(f"optimizer must be a Nesterov or RMSpropNesterov, got {type(optimizer).__name__}")
    hyper = {name: getattr(optimizer, name) for name in optimizer.hyper} | {"convention": convention}
    switched = type(optimizer)(**hyper)
    switched.state = optimizer.state
    if convention != optimizer.convention and optimizer.t > 0:
        move = to_shifted if convention == "shifted" else to_look_ahead
        velocity = named(optimizer.state["v"])
        for name, w in named(params).items():
            w[...] = move(w, velocity[name], optimizer.momentum)
    return switched


# Where the small number stands ---------------------------------------------------------------------------------------

EPS_PLACES = ("beside", "under", "beside uncorrected", "under uncorrected")


def convert_eps(eps: Any, source: str, target: str, beta2: Any = None, t: int | None = None) -> Any:
    """The small number that does in the place `target` what `eps` does in the place `source`, in Adam at step t.

        "beside"               m̂ / (√v̂ + ε)                        Adam's Algorithm 1
        "beside uncorrected"   c m̂ / (√v + ε̂),  c = √(1 − β₂ᵗ)      the order of computation in Adam's section 2
        "under"                m̂ / √(v̂ + ε)
        "under uncorrected"    c m̂ / √(v + ε̂)

        beside: ε̂ = ε√(1 − β₂ᵗ)        under: ε̂ = ε(1 − β₂ᵗ)

    Both are exact at one step, and t is part of them: a constant ε is a changing ε̂. Once β₂ᵗ is negligible they agree.

    Raises ValueError between "beside" and "under", since no number does it: √(v̂ + ε₁) = √v̂ + ε₂ gives
    ε₁ = ε₂² + 2ε₂√v̂, which depends on v̂ and so is another number for each parameter and each step. Only 0 is 0 in
    both places. `eps_under_at` gives the number for one v̂.

    >>> convert_eps(1e-8, "beside", "beside uncorrected", beta2=0.75, t=1)
    5e-09
    >>> convert_eps(1e-8, "beside", "under")
    Traceback (most recent call last):
    ValueError: no eps under the root equals eps = 1e-08 beside it: eps_under = eps² + 2·eps·√v depends on v
    """
    eps = checked("eps", eps)
    chosen("source", source, EPS_PLACES)
    chosen("target", target, EPS_PLACES)
    beside = source.startswith("beside")
    if beside != target.startswith("beside") and eps != 0:
        here, there = ("beside", "under") if beside else ("under", "beside")
        formula = "eps_under = eps² + 2·eps·√v" if beside else "eps_beside = √(v + eps) − √v"
        raise ValueError(f"no eps {there} the root equals eps = {eps} {here} it: {formula} depends on v")
    if source == target or eps == 0:
        return eps
    if beta2 is None or not isinstance(t, int) or t < 1:
        raise ValueError(f"beta2 and t (from 1) are needed between v and its corrected value, got {beta2} and {t}")
    correction = 1 - checked("beta2", beta2) ** t
    factor = sqrt(correction) if beside else correction
    return eps * factor if target.endswith("uncorrected") else eps / factor


def eps_under_at(eps: Any, v: Any) -> Any:
    """The ε₁ under the root that equals eps beside it at this one v: √(v + ε₁) = √v + ε gives ε₁ = ε² + 2ε√v.

    >>> eps_under_at(0.5, 4.0)
    2.25
    """
    return plain(checked("eps", eps) * (eps + 2 * np.sqrt(v)))


def eps_beside_at(eps_root: Any, v: Any) -> Any:
    """The ε₂ beside the root that equals eps_root under it at this one v: ε₂ = √(v + ε₁) − √v = ε₁ / (√(v + ε₁) + √v).

    >>> eps_beside_at(2.25, 4.0)
    0.5
    """
    eps_root = checked("eps_root", eps_root)
    return plain(eps_root / (np.sqrt(v + eps_root) + np.sqrt(v)))
