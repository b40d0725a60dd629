"""The optimizers. Each class is one method, and its `rule` is the formula on one array.

In every formula w is the parameter, g the gradient at w, η the learning rate `lr`, t the number of the step, from 1.
What is remembered starts at 0. Arrays are changed in place, w last. What all have in common is in `base`.

A small number keeps a division by a root from failing, and it has two places. ε stands beside the root and ε_root
under it: √(r + ε_root) + ε. They are two arguments here, `eps` and `eps_root`, with one meaning in every class. With
both at 0 a gradient that has been 0 from the start gives 0/0, which is NaN.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from .base import Array, Arrays, Hyper, Optimizer, chosen, copy_of, named

MOMENTUM_CONVENTIONS = ("step", "velocity", "average", "sum")
NESTEROV_CONVENTIONS = ("shifted", "look-ahead")
NADAM_CONVENTIONS = ("scheduled", "constant")


# One rate for all ----------------------------------------------------------------------------------------------------


class SGD(Optimizer):
    """Gradient descent: a step against the gradient.

        w ← w − ηg

    lr: η > 0. It has no default, since a good rate depends on the scale of the problem.

    >>> w = np.array([1.0, 2.0])
    >>> SGD(lr=0.5).update(w, np.array([1.0, -1.0]))
    >>> w
    array([0.5, 2.5])

    Source: Robbins and Monro (1951), 'A stochastic approximation method'; Goodfellow et al. (2016), Algorithm 8.1.
    """

    def __init__(self, lr: Hyper) -> None:
        self.lr = lr

    def rule(self, w: Array, g: Array) -> None:
        w -= self.lr * g


class Momentum(Optimizer):
    """Gradient descent with a velocity, in one of four conventions.

        "step"        m ← γm + ηg           w ← w − m
        "velocity"    v ← γv − ηg           w ← w + v
        "average"     v ← γv + (1 − γ)g     w ← w − ηv
        "sum"         v ← γv + g            w ← w − ηv

    lr: η > 0. momentum: γ in [0, 1] (many write β in "average"); at 1 nothing rubs, and the ball never rests.
    convention: which formula. "step" and "velocity" are the same up to the sign of what is remembered; "sum" equals
    both while η is constant; "average" with η/(1 − γ) equals "sum" (`convert` does the arithmetic, `conventions.switch`
    takes a run along). When η changes on the way, "step" and "velocity" keep the old η inside what they remember, and
    "average" and "sum" do not.

    State: "m" for "step", "v" for the others.

    >>> w, optimizer = np.array([1.0]), Momentum(lr=0.5, momentum=0.5)
    >>> for _ in range(2):
    ...     optimizer.update(w, np.array([1.0]))
    ...     print(w, optimizer.state["v"])
    [0.5] [-0.5]
    [-0.25] [-0.75]

    Source: Polyak (1964), 'Some methods of speeding up the convergence of iteration methods'; "velocity": Sutskever et
    al. (2013), eqs. 1 and 2, and Goodfellow et al. (2016), Algorithm 8.2.
    Elsewhere: PyTorch is "sum"; with its `dampening` equal to γ it is "average", but for the first gradient, which it
    does not damp. Keras is "velocity". optax.trace is "sum", optax.ema without correction "average".
    """

    def __init__(self, lr: Hyper, momentum: Hyper = 0.9, convention: str = "velocity") -> None:
        self.lr, self.momentum = lr, momentum
        self.convention = chosen("convention", convention, MOMENTUM_CONVENTIONS)
        self.memory = ("m",) if convention == "step" else ("v",)

    def step(self, w: Array, g: Array, m: Array) -> None:
        m *= self.momentum
        m += self.lr * g
        w -= m

    def velocity(self, w: Array, g: Array, v: Array) -> None:
        v *= self.momentum
        v -= self.lr * g
        w += v

    def average(self, w: Array, g: Array, v: Array) -> None:
        v *= self.momentum
        v += (1 - self.momentum) * g
        w -= self.lr * v

    def sum(self, w: Array, g: Array, v: Array) -> None:
        v *= self.momentum
        v += g
        w -= self.lr * v

    def rule(self, w: Array, g: Array, v: Array) -> None:
        formula: Any = getattr(self, self.convention)
        formula(w, g, v)


class LookAhead(Optimizer):
    """What Nesterov's methods share: in the form "look-ahead" the gradient is taken ahead of the parameters."""

    momentum: Hyper
    convention: str

    def gradient_point(self, params: Arrays) -> Arrays:
        """θ + μv for "look-ahead", `params` itself for "shifted" (and before the first step, when v = 0)."""
        if self.convention == "shifted" or not self._memory:
            return params
        ahead, velocity = copy_of(params), self._recall(params)[self.memory.index("v")]
        for name, theta in named(ahead).items():
            theta += self.momentum * named(velocity)[name]
        return ahead


class Nesterov(LookAhead):
    """Momentum whose gradient is taken one velocity ahead, in one of two forms.

        "look-ahead"    g = ∇f(θ + μv),   v ← μv − ηg,   θ ← θ + v
        "shifted"       g = ∇f(w),        v ← μv − ηg,   w ← w + μv − ηg       (the new v)

    They are one method seen from two points: w = θ + μv after every step, at a constant μ. "shifted" keeps the point at
    which gradients are taken, so that it fits any loop; in "look-ahead" the loop must ask for the gradient at
    `optimizer.gradient_point(params)`, as `trajectory` does.

    lr: η > 0. momentum: μ in [0, 1]. State: "v", the same in both forms.

    >>> for convention in ("look-ahead", "shifted"):
    ...     x, optimizer = np.array([1.0]), Nesterov(lr=0.1, momentum=0.9, convention=convention)
    ...     for _ in range(2):
    ...         optimizer.update(x, optimizer.gradient_point(x))     # f = ½x², so the gradient is the point itself
    ...     print(convention, x.round(6))
    look-ahead [0.729]
    shifted [0.5751]

    Source: Nesterov (1983); Sutskever et al. (2013), eqs. 3 and 4 (look-ahead); Bengio et al. (2013), 'Advances in
    optimizing recurrent networks' (shifted).
    Elsewhere: PyTorch, Keras and optax are shifted. PyTorch and optax keep η out of the velocity (v ← μv + g,
    w ← w − η(g + μv)), which differs when η changes on the way.
    """

    memory = ("v",)

    def __init__(self, lr: Hyper, momentum: Hyper = 0.9, convention: str = "shifted") -> None:
        self.lr, self.momentum = lr, momentum
        self.convention = chosen("convention", convention, NESTEROV_CONVENTIONS)

    def look_ahead(self, w: Array, g: Array, v: Array) -> None:
        v *= self.momentum
        v -= self.lr * g
        w += v

    def shifted(self, w: Array, g: Array, v: Array) -> None:
        v *= self.momentum
        v -= self.lr * g
        w += self.momentum * v - self.lr * g

    def rule(self, w: Array, g: Array, v: Array) -> None:
        formula = self.shifted if self.convention == "shifted" else self.look_ahead
        formula(w, g, v)


# A rate for each parameter -------------------------------------------------------------------------------------------


class Adaptive(Optimizer):
    """What the methods share that divide by a root mean square of gradients."""

    kinds = "f"
    eps: Hyper
    eps_root: Hyper

    def root(self, r: Array) -> Any:
        """√(r + ε_root) + ε"""
        return np.sqrt(r + self.eps_root) + self.eps


class AdaGrad(Adaptive):
    """Each parameter has its own rate, which falls with the sum of its squared gradients.

        h ← h + g²
        w ← w − ηg / (√(h + ε_root) + ε)

    lr: η > 0. eps: ε ≥ 0 beside the root. eps_root: ε_root ≥ 0 under it. State: "h".
    For a constant gradient the t-th step is η/√t.

    >>> w, optimizer = np.array([0.0]), AdaGrad(lr=1.0, eps=0.0)
    >>> for g in (3.0, 4.0):
    ...     optimizer.update(w, np.array([g]))
    ...     print(w, optimizer.state["h"])
    [-1.] [9.]
    [-1.8] [25.]

    Source: Duchi, Hazan and Singer (2011), the diagonal case; Goodfellow et al. (2016), Algorithm 8.4, for ε = 10⁻⁷.
    Elsewhere: PyTorch has ε = 10⁻¹⁰ beside the root. Keras and optax start h at 0.1 and have ε = 10⁻⁷ under the root.
    """

    memory = ("h",)

    def __init__(self, lr: Hyper = 0.01, eps: Hyper = 1e-7, eps_root: Hyper = 0.0) -> None:
        self.lr, self.eps, self.eps_root = lr, eps, eps_root

    def rule(self, w: Array, g: Array, h: Array) -> None:
        h += g * g
        w -= self.lr * g / self.root(h)


class Adadelta(Adaptive):
    """A window of squared gradients below, a window of squared steps above: the step has the unit of w without a rate.

        r ← ρr + (1 − ρ)g²
        Δ = g (√(d + ε_root) + ε) / (√(r + ε_root) + ε)
        d ← ρd + (1 − ρ)Δ²
        w ← w − ηΔ

    lr: η > 0, 1 in the paper. rho: ρ in [0, 1). eps, eps_root: ε beside and ε_root under the roots. One of them must be
    above 0: it is what the first step is made of. State: "r" (squared gradients), "d" (squared steps).

    >>> w, optimizer = np.array([0.0]), Adadelta(rho=0.0, eps_root=9.0)
    >>> optimizer.update(w, np.array([4.0]))                         # 4 · √9 / √(16 + 9)
    >>> w
    array([-2.4])

    Source: Zeiler (2012), Algorithm 1 and section 4.1 for ρ = 0.95, ε = 10⁻⁶ (under both roots).
    Elsewhere: PyTorch and optax have ρ = 0.9; Keras has η = 0.001 by default, which is not the paper's method.
    """

    memory = ("r", "d")

    def __init__(self, lr: Hyper = 1.0, rho: Hyper = 0.95, eps: Hyper = 0.0, eps_root: Hyper = 1e-6) -> None:
        self.lr, self.rho, self.eps, self.eps_root = lr, rho, eps, eps_root

    def rule(self, w: Array, g: Array, r: Array, d: Array) -> None:
        r *= self.rho
        r += (1 - self.rho) * g * g
        step = self.root(d) / self.root(r) * g
        d *= self.rho
        d += (1 - self.rho) * step * step
        w -= self.lr * step


class RMSprop(Adaptive):
    """AdaGrad with a window: the mean of squares forgets.

        r ← ρr + (1 − ρ)g²
        w ← w − ηg / (√(r + ε_root) + ε)

    lr: η > 0. rho: ρ in [0, 1). eps: ε ≥ 0 beside the root. eps_root: ε_root ≥ 0 under it. State: "r".

    >>> w, optimizer = np.array([0.0]), RMSprop(lr=1.0, rho=0.75, eps=0.0)
    >>> optimizer.update(w, np.array([4.0]))                         # r = 16/4, the step is 4/√4
    >>> w
    array([-2.])

    Source: Tieleman and Hinton (2012), lecture 6e of 'Neural networks for machine learning', for ρ = 0.9 and η = 0.001;
    Goodfellow et al. (2016), Algorithm 8.5, with 10⁻⁶ under the root.
    Elsewhere: PyTorch has ρ = 0.99 (`alpha`) and ε = 10⁻⁸ beside the root. Keras and optax have it under the root, 10⁻⁷
    and 10⁻⁸.
    """

    memory = ("r",)

    def __init__(self, lr: Hyper = 0.001, rho: Hyper = 0.9, eps: Hyper = 1e-8, eps_root: Hyper = 0.0) -> None:
        self.lr, self.rho, self.eps, self.eps_root = lr, rho, eps, eps_root

    def rule(self, w: Array, g: Array, r: Array) -> None:
        r *= self.rho
        r += (1 - self.rho) * g * g
        w -= self.lr * g / self.root(r)


class RMSpropNesterov(Adaptive, LookAhead):
    """RMSprop with Nesterov momentum, in one of two forms, as in `Nesterov`.

        r ← ρr + (1 − ρ)g²,   s = g / (√(r + ε_root) + ε)
        "look-ahead"    g = ∇f(θ + μv),   v ← μv − ηs,   θ ← θ + v
        "shifted"       g = ∇f(w),        v ← μv − ηs,   w ← w + μv − ηs       (the new v)

    lr: η > 0. rho: ρ in [0, 1). momentum: μ in [0, 1]. eps, eps_root: ε beside, ε_root under the root.
    State: "r" and "v". Again w = θ + μv after every step.

    >>> w, optimizer = np.array([0.0]), RMSpropNesterov(lr=1.0, rho=0.75, momentum=0.5, eps=0.0)
    >>> optimizer.update(w, np.array([4.0]))                         # s = 2, v = −2, the step is −1 − 2
    >>> w
    array([-3.])

    Source: Goodfellow et al. (2016), Algorithm 8.6 (look-ahead).
    Elsewhere: optax has it (shifted, `nesterov=True`). The momentum of PyTorch's and Keras' RMSprop is the plain one.
    """

    memory = ("r", "v")

    def __init__(
        self,
        lr: Hyper = 0.001,
        rho: Hyper = 0.9,
        momentum: Hyper = 0.9,
        eps: Hyper = 1e-8,
        eps_root: Hyper = 0.0,
        convention: str = "shifted",
    ) -> None:
        self.lr, self.rho, self.momentum, self.eps, self.eps_root = lr, rho, momentum, eps, eps_root
        self.convention = chosen("convention", convention, NESTEROV_CONVENTIONS)

    def rule(self, w: Array, g: Array, r: Array, v: Array) -> None:
        r *= self.rho
        r += (1 - self.rho) * g * g
        step = self.lr * g / self.root(r)
        v *= self.momentum
        v -= step
        w += v if self.convention == "look-ahead" else self.momentum * v - step


# Momentum and a rate for each parameter ------------------------------------------------------------------------------


class Adam(Adaptive):
    """Momentum over RMSprop, both as averages, both corrected for their start at 0.

        m ← β₁m + (1 − β₁)g        m̂ = m / (1 − β₁ᵗ)
        v ← β₂v + (1 − β₂)g²       v̂ = v / (1 − β₂ᵗ)
        w ← w − ηm̂ / (√(v̂ + ε_root) + ε)

    lr: η > 0. beta1, beta2: in [0, 1). eps: ε ≥ 0 beside the root. eps_root: ε_root ≥ 0 under it. State: "m", "v", "t".
    The first step is η times the sign of the gradient.

    >>> w, optimizer = np.array([0.0, 0.0]), Adam(lr=0.1)
    >>> optimizer.update(w, np.array([250.0, -0.004]))
    >>> w.round(6)
    array([-0.1,  0.1])

    Source: Kingma and Ba (2015), Algorithm 1.
    Elsewhere: PyTorch and optax are the same. Keras has ε = 10⁻⁷ as the ε̂ of the paper's section 2, which stands
    beside the root of the v that is not corrected (`conventions.convert_eps`).
    """

    memory = ("m", "v")
    beta1: Hyper
    beta2: Hyper

    def __init__(
        self,
        lr: Hyper = 0.001,
        beta1: Hyper = 0.9,
        beta2: Hyper = 0.999,
        eps: Hyper = 1e-8,
        eps_root: Hyper = 0.0,
    ) -> None:
        self.lr, self.beta1, self.beta2, self.eps, self.eps_root = lr, beta1, beta2, eps, eps_root

    def direction(self, g: Array, m: Array, v: Array) -> Any:
        """m̂ / (√(v̂ + ε_root) + ε), after m and v have taken g in."""
        m *= self.beta1
        m += (1 - self.beta1) * g
        v *= self.beta2
        v += (1 - self.beta2) * g * g
        m_hat = m / (1 - self.beta1**self.t)
        v_hat = v / (1 - self.beta2**self.t)
        return m_hat / self.root(v_hat)

    def rule(self, w: Array, g: Array, m: Array, v: Array) -> None:
        w -= self.lr * self.direction(g, m, v)


class AdamW(Adam):
    """Adam with weight decay beside the adaptive step, not inside the gradient.

        w ← w − η(m̂ / (√(v̂ + ε_root) + ε) + λw)

    lr, beta1, beta2, eps, eps_root: as in Adam. weight_decay: λ ≥ 0. State: "m", "v", "t".

    >>> w, optimizer = np.array([2.0]), AdamW(lr=0.5, eps=0.0, weight_decay=0.5)
    >>> optimizer.update(w, np.array([7.0]))                         # 2 − ½(1 + ½ · 2)
    >>> w
    array([1.])

    Source: Loshchilov and Hutter (2019), Algorithm 2, where the decay is not multiplied by η but by its schedule only.
    Elsewhere: PyTorch (λ = 0.01), Keras (0.004) and optax (0.0001) multiply by η, as here.
    """

    def __init__(
        self,
        lr: Hyper = 0.001,
        beta1: Hyper = 0.9,
        beta2: Hyper = 0.999,
        eps: Hyper = 1e-8,
        eps_root: Hyper = 0.0,
        weight_decay: Hyper = 0.01,
    ) -> None:
        super().__init__(lr, beta1, beta2, eps, eps_root)
        self.weight_decay = weight_decay

    def rule(self, w: Array, g: Array, m: Array, v: Array) -> None:
        w -= self.lr * (self.direction(g, m, v) + self.weight_decay * w)


class Adamax(Optimizer):
    """Adam with the largest recent gradient in place of the root mean square.

        m ← β₁m + (1 − β₁)g        m̂ = m / (1 − β₁ᵗ)
        u ← max(β₂u, |g| + ε)
        w ← w − ηm̂ / u

    lr: η > 0. beta1, beta2: in [0, 1). eps: ε ≥ 0, which keeps u above 0. There is no root, hence no eps_root.
    State: "m", "u", "t".

    >>> w, optimizer = np.array([0.0]), Adamax(lr=1.0, beta1=0.5, beta2=0.5, eps=0.0)
    >>> for g in (4.0, 1.0):
    ...     optimizer.update(w, np.array([g]))
    ...     print(w, optimizer.state["u"])
    [-1.] [4.]
    [-2.] [2.]

    Source: Kingma and Ba (2015), Algorithm 2, which has no ε.
    Elsewhere: PyTorch and optax add ε to |g|, as here; Keras divides by u + ε.
    """

    memory = ("m", "u")

    def __init__(self, lr: Hyper = 0.002, beta1: Hyper = 0.9, beta2: Hyper = 0.999, eps: Hyper = 1e-8) -> None:
        self.lr, self.beta1, self.beta2, self.eps = lr, beta1, beta2, eps

    def rule(self, w: Array, g: Array, m: Array, u: Array) -> None:
        m *= self.beta1
        m += (1 - self.beta1) * g
        np.maximum(self.beta2 * u, np.abs(g) + self.eps, out=u)
        w -= self.lr / (1 - self.beta1**self.t) * m / u


class Nadam(Adaptive):
    """Adam with Nesterov's look ahead: the momentum of the next step is used in this one.

        m ← β₁m + (1 − β₁)g        m̂ = μ_{t+1}m / (1 − μ₁⋯μ_{t+1}) + (1 − μ_t)g / (1 − μ₁⋯μ_t)
        v ← β₂v + (1 − β₂)g²       v̂ = v / (1 − β₂ᵗ)
        w ← w − ηm̂ / (√(v̂ + ε_root) + ε)
        "scheduled"     μ_t = β₁(1 − ½ · 0.96^(ψt))
        "constant"      μ_t = β₁

    lr, beta1, beta2, eps, eps_root: as in Adam. momentum_decay: ψ ≥ 0, of the schedule only. convention: which μ_t.
    State: "m", "v", "t" and "mu_product", the number μ₁⋯μ_t.

    >>> w, optimizer = np.array([0.0]), Nadam(lr=1.0, beta1=0.5, eps=0.0, convention="constant")
    >>> optimizer.update(w, np.array([6.0]))             # m̂ = ½ · 3 / ¾ + ½ · 6 / ½ = 8, √v̂ = 6
    >>> w.round(6)
    array([-1.333333])

    Source: Dozat (2016), 'Incorporating Nesterov momentum into Adam', Algorithm 2, with the schedule that he used.
    Elsewhere: PyTorch is "scheduled". So is Keras, with ψ = 1, which is a warm-up of only some 100 steps. optax is
    "constant".
    """

    memory = ("m", "v")
    counters: ClassVar[dict[str, Any]] = {"t": 0, "mu_product": 1.0}
    mu_product: Any

    def __init__(
        self,
        lr: Hyper = 0.002,
        beta1: Hyper = 0.9,
        beta2: Hyper = 0.999,
        eps: Hyper = 1e-8,
        eps_root: Hyper = 0.0,
        momentum_decay: Hyper = 0.004,
        convention: str = "scheduled",
    ) -> None:
        self.lr, self.beta1, self.beta2, self.eps, self.eps_root = lr, beta1, beta2, eps, eps_root
        self.momentum_decay = momentum_decay
        self.convention = chosen("convention", convention, NADAM_CONVENTIONS)

    def mu(self, t: int) -> Any:
        """μ_t, the momentum of step t."""
        if self.convention == "constant":
            return self.beta1
        return self.beta1 * (1 - 0.5 * 0.96 ** (self.momentum_decay * t))

    def advance(self) -> None:
        """t ← t + 1, and μ₁⋯μ_t."""
        super().advance()
        vars(self)["mu_product"] = self.mu_product * self.mu(self.t)

    def rule(self, w: Array, g: Array, m: Array, v: Array) -> None:
        mu, mu_next = self.mu(self.t), self.mu(self.t + 1)
        m *= self.beta1
        m += (1 - self.beta1) * g
        v *= self.beta2
        v += (1 - self.beta2) * g * g
        m_hat = mu_next / (1 - self.mu_product * mu_next) * m + (1 - mu) / (1 - self.mu_product) * g
        v_hat = v / (1 - self.beta2**self.t)
        w -= self.lr * m_hat / self.root(v_hat)


# Sparse gradients ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SparseRows:
    """A gradient that is 0 but for some rows: `values[i]` belongs to row `rows[i]`. A row may come more than once.

    rows: whole numbers, shape (n,). values: shape (n, ...), one row of the parameter each.
    """

    rows: Array
    values: Array


def sum_rows(rows: Array, values: Array) -> tuple[Array, Array]:
    """Each row once, with the sum of its values.

    >>> sum_rows(np.array([2, 0, 2]), np.array([[1.0], [5.0], [3.0]]))
    (array([0, 2]), array([[5.],
           [4.]]))
    """
    once, position = np.unique(rows, return_inverse=True)
    sums = np.zeros((len(once), *values.shape[1:]), values.dtype)
    np.add.at(sums, position, values)
    return once, sums


class SparseAdam(Adam):
    """Adam that touches only the rows that have a gradient: for word vectors, of which a batch uses few.

        rows i of the gradient:    m_i, v_i and w_i change as in Adam
        all other rows:            m_i, v_i and w_i stay

    grads: for the array itself, or for any name in the dict, either an array (then every row is touched: it is Adam) or
    an object such as SparseRows, with the attributes `rows`, whole numbers of shape (n,), and `values` of shape
    (n, ...). Rows that come more than once are summed first. t counts the steps of the optimizer, not those of a row.

    lr, beta1, beta2, eps, eps_root: as in Adam. State: "m", "v", "t".

    >>> w, optimizer = np.zeros((3, 1)), SparseAdam(lr=0.1, eps=0.0)
    >>> optimizer.update(w, SparseRows(rows=np.array([2, 2]), values=np.array([[1.0], [3.0]])))
    >>> w.round(6).tolist()
    [[0.0], [0.0], [-0.1]]

    Lazy is not the same as Adam with zeros: there m and v of an absent row decay, and its w moves on.
    Elsewhere: PyTorch has the ε̂ of Kingma and Ba's section 2 here, beside √v and not √v̂ (`conventions.convert_eps`).
    TensorFlow's LazyAdam is the same idea.
    """

    def rule(self, w: Array, g: Any, m: Array, v: Array) -> None:
        if isinstance(g, np.ndarray):
            return super().rule(w, g, m, v)
        rows, values = sum_rows(g.rows, g.values)
        w_rows, m_rows, v_rows = w[rows], m[rows], v[rows]
        super().rule(w_rows, values, m_rows, v_rows)
        w[rows], m[rows], v[rows] = w_rows, m_rows, v_rows

    def _check(self, w: Any, g: Any, name: str = "") -> None:
        if not (hasattr(g, "rows") and hasattr(g, "values")):
            return super()._check(w, g, name)
        if not isinstance(g.rows, np.ndarray) or g.rows.ndim != 1 or g.rows.dtype.kind not in "iu":
            raise TypeError(f"rows of grads must be a 1-D array of whole numbers, got {g.rows!r}")
        if not isinstance(w, np.ndarray) or w.ndim == 0:
            raise TypeError(f"params must be an array with rows to take a gradient by rows, got {w!r}")
        if g.rows.size and not 0 <= g.rows.min() <= g.rows.max() < len(w):
            raise ValueError(f"rows of grads must be rows of params, from 0 to {len(w) - 1}, got {g.rows}")
        super()._check(w, w, name)
        super()._check(np.empty((len(g.rows), *w.shape[1:]), w.dtype), g.values, name)
