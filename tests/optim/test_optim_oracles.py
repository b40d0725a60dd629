"""Every optimizer walks the path that PyTorch or optax walks; every known wrong version leaves it.

The paths are stored; tools/oracles/optimizers.py made them.
"""

import json
from pathlib import Path

import numpy as np
import pytest
from downslope import optim
from downslope.optim import SparseRows
from downslope.optim.base import Optimizer
from downslope.optim.conventions import convert_eps

STORED = np.load(Path(__file__).parent / "oracles" / "optimizers.npz")
META = json.loads(str(STORED["meta"]))


def walk(optimizer, drop=None):
    """The path over the stored gradients, with the rate cut half-way if the case says so."""
    w = STORED["start"].copy()
    path = [w.copy()]
    with np.errstate(all="ignore"):  # wrong versions may divide by 0
        for t, g in enumerate(STORED["grads"]):
            if drop is not None and t == META["drop"]:
                optimizer.lr = drop
            optimizer.update(w, g)
            path.append(w.copy())
    return np.array(path)


def distance(path, expected):
    """The largest difference, relative to the largest value that the number had so far. NaN counts as infinite."""
    scale = np.maximum.accumulate(np.abs(expected), axis=0)
    with np.errstate(over="ignore", invalid="ignore"):
        difference = np.abs(path - expected) / scale
    return float(np.max(np.where(np.isnan(difference), np.inf, difference)))


def run(method, name):
    case = META["cases"][name]
    return distance(walk(method(**case["hyper"]), case["drop"]), STORED[f"path {name}"])


@pytest.mark.parametrize("name", META["cases"])
def test_path_is_that_of_the_other_library(name):
    assert run(getattr(optim, META["cases"][name]["class"]), name) < 1e-12


def test_every_optimizer_has_an_oracle():
    tested = {case["class"] for case in META["cases"].values()} | {META["sparse"]["class"]}
    assert tested == {name for name in optim.__all__ if isinstance(getattr(optim, name), type)} - {
        "Optimizer",
        "SparseRows",
    }


def test_the_stored_gradients_hold_zeros_huge_and_tiny_ones():
    g = STORED["grads"]
    assert (g[:, 0] == 0).all()
    assert np.abs(g).max() > 1e99
    assert 0 < np.abs(g[:, 3]).max() < 1e-5


def sparse_walk(optimizer):
    """Adam's ε gives the ε̂ of PyTorch's SparseAdam if it is converted at each step."""
    w, eps_hat, beta2 = STORED["table"].copy(), optimizer.eps, optimizer.beta2
    path = [w.copy()]
    for t, (rows, values) in enumerate(zip(STORED["rows"], STORED["values"], strict=True), start=1):
        optimizer.eps = convert_eps(eps_hat, META["sparse"]["eps"], "beside", beta2=beta2, t=t)
        optimizer.update(w, SparseRows(rows, values))
        path.append(w.copy())
    return distance(np.array(path), STORED["sparse path"])


def test_sparse_adam_is_that_of_pytorch():
    assert sparse_walk(optim.SparseAdam(**META["sparse"]["hyper"])) < 1e-12


def test_a_huge_gradient_gives_no_nan():
    for name in META["cases"]:
        assert np.isfinite(STORED[f"path {name}"]).all()


# Known wrong versions ------------------------------------------------------------------------------------------------


class EpsAddedToTheParameter(optim.Adam):
    """w ← w − ηm̂/√v̂ + ε"""

    def rule(self, w, g, m, v):
        eps, self.eps = self.eps, 0.0
        w -= np.nan_to_num(self.lr * self.direction(g, m, v)) - eps
        self.eps = eps


class EpsUnderTheRoot(optim.Adam):
    def root(self, r):
        return np.sqrt(r + self.eps)


class EpsBesideTheUncorrectedRoot(optim.Adam):
    def root(self, r):
        return np.sqrt(r) + self.eps / np.sqrt(1 - self.beta2**self.t)


class TimeNeverAdvances(optim.Adam):
    def advance(self):
        vars(self)["t"] = 1


class CorrectionIndexedFromZero(optim.Adam):
    def rule(self, w, g, m, v):
        vars(self)["t"] -= 1
        super().rule(w, g, m, v)
        vars(self)["t"] += 1


class CorrectionOneStepAhead(optim.Adam):
    def rule(self, w, g, m, v):
        vars(self)["t"] += 1
        super().rule(w, g, m, v)
        vars(self)["t"] -= 1


class NoCorrection(optim.Adam):
    def rule(self, w, g, m, v):
        m *= self.beta1
        m += (1 - self.beta1) * g
        v *= self.beta2
        v += (1 - self.beta2) * g * g
        w -= self.lr * m / self.root(v)


class CorrectionAccumulates(optim.Adam):
    """m and v themselves are divided, so that the next step starts from corrected ones."""

    def rule(self, w, g, m, v):
        m *= self.beta1
        m += (1 - self.beta1) * g
        v *= self.beta2
        v += (1 - self.beta2) * g * g
        m /= 1 - self.beta1**self.t
        v /= 1 - self.beta2**self.t
        w -= self.lr * m / self.root(v)


class DenominatorsCrossed(optim.Adam):
    """m is corrected with β₂ and v with β₁."""

    def rule(self, w, g, m, v):
        m *= self.beta1
        m += (1 - self.beta1) * g
        v *= self.beta2
        v += (1 - self.beta2) * g * g
        w -= self.lr * m / (1 - self.beta2**self.t) / self.root(v / (1 - self.beta1**self.t))


class BetasCrossed(optim.Adam):
    def rule(self, w, g, m, v):
        self.beta1, self.beta2 = self.beta2, self.beta1
        super().rule(w, g, m, v)
        self.beta1, self.beta2 = self.beta2, self.beta1


class VarianceInPlaceOfSquare(optim.Adam):
    """v averages (g − m)², the spread of gradients, and not g²."""

    def rule(self, w, g, m, v):
        m *= self.beta1
        m += (1 - self.beta1) * g
        v *= self.beta2
        v += (1 - self.beta2) * (g - m) ** 2
        w -= self.lr * m / (1 - self.beta1**self.t) / self.root(v / (1 - self.beta2**self.t))


class NoRoot(optim.Adam):
    def root(self, r):
        return r + self.eps


class DecayInTheGradient(optim.AdamW):
    """L2 penalty in place of weight decay."""

    def rule(self, w, g, m, v):
        w -= self.lr * self.direction(g + self.weight_decay * w, m, v)


class DecayWithoutRate(optim.AdamW):
    def rule(self, w, g, m, v):
        w -= self.lr * self.direction(g, m, v) + self.weight_decay * w


class NoDecay(optim.AdamW):
    def rule(self, w, g, m, v):
        w -= self.lr * self.direction(g, m, v)


class MuSquaredOnTheUpdatedVelocity(optim.Nesterov):
    """w ← w + μ²v − (1 + μ)ηg is right with the old v."""

    def rule(self, w, g, v):
        v *= self.momentum
        v -= self.lr * g
        w += self.momentum**2 * v - (1 + self.momentum) * self.lr * g


class PlainMomentum(optim.Nesterov):
    def rule(self, w, g, v):
        self.look_ahead(w, g, v)


class VelocityRestarts(optim.Momentum):
    """The velocity is forgotten after each epoch, of ten steps here."""

    def rule(self, w, g, v):
        if self.t % 10 == 0:
            v[...] = 0
        super().rule(w, g, v)


class MomentumDropped(optim.Momentum):
    def rule(self, w, g, v):
        w -= self.lr * g


class VelocitySignWrong(optim.Momentum):
    def rule(self, w, g, v):
        v *= self.momentum
        v -= self.lr * g
        w -= v


class StepBeforeVelocity(optim.Momentum):
    """The step is made with the velocity of the step before."""

    def rule(self, w, g, v):
        w += v
        v *= self.momentum
        v -= self.lr * g


class OneMinusBetaSlippedIn(optim.Momentum):
    def rule(self, w, g, v):
        self.average(w, g, v)


class OneMinusBetaForgotten(optim.Momentum):
    def rule(self, w, g, v):
        self.sum(w, g, v)


class RateInsideTheVelocity(optim.Momentum):
    """Equal to "sum" while the rate is constant; not when it is cut."""

    def rule(self, w, g, v):
        self.velocity(w, g, v)


class RateOutsideTheVelocity(optim.Momentum):
    def rule(self, w, g, v):
        self.sum(w, g, v)


class SquaresForget(optim.AdaGrad):
    def rule(self, w, g, h):
        h *= 0.9
        super().rule(w, g, h)


class SumNotOfSquares(optim.AdaGrad):
    def rule(self, w, g, h):
        h += np.abs(g)
        w -= self.lr * g / self.root(h)


class AdaGradEpsUnderTheRoot(optim.AdaGrad):
    def root(self, r):
        return np.sqrt(r + self.eps)


class StepSquaredTooEarly(optim.Adadelta):
    """d takes the step in before the step is made from it."""

    def rule(self, w, g, r, d):
        r *= self.rho
        r += (1 - self.rho) * g * g
        step = self.root(d) / self.root(r) * g
        d *= self.rho
        d += (1 - self.rho) * step * step
        w -= self.lr * self.root(d) / self.root(r) * g


class GradientsAboveStepsBelow(optim.Adadelta):
    def rule(self, w, g, r, d):
        r *= self.rho
        r += (1 - self.rho) * g * g
        step = self.root(r) / self.root(d) * g
        d *= self.rho
        d += (1 - self.rho) * step * step
        w -= self.lr * step


class AdadeltaEpsBeside(optim.Adadelta):
    def root(self, r):
        return np.sqrt(r) + self.eps_root


class RhoCrossed(optim.RMSprop):
    """ρ and 1 − ρ change places."""

    def rule(self, w, g, r):
        r *= 1 - self.rho
        r += self.rho * g * g
        w -= self.lr * g / self.root(r)


class SquaresSummed(optim.RMSprop):
    def rule(self, w, g, r):
        r += g * g
        w -= self.lr * g / self.root(r)


class MomentumOfRawGradients(optim.RMSpropNesterov):
    """The velocity gathers gradients, and the root divides the velocity."""

    def rule(self, w, g, r, v):
        r *= self.rho
        r += (1 - self.rho) * g * g
        v *= self.momentum
        v -= self.lr * g
        w += (self.momentum * v - self.lr * g) / self.root(r)


class NormDoesNotDecay(optim.Adamax):
    def rule(self, w, g, m, u):
        m *= self.beta1
        m += (1 - self.beta1) * g
        np.maximum(u, np.abs(g) + self.eps, out=u)
        w -= self.lr / (1 - self.beta1**self.t) * m / u


class NormIsCorrected(optim.Adamax):
    """u needs no correction: a maximum is not biased towards 0."""

    def rule(self, w, g, m, u):
        m *= self.beta1
        m += (1 - self.beta1) * g
        np.maximum(self.beta2 * u, np.abs(g) + self.eps, out=u)
        w -= self.lr / (1 - self.beta1**self.t) * m / (u / (1 - self.beta2**self.t))


class SameMomentumInBothTerms(optim.Nadam):
    """μ_t where μ_{t+1} belongs."""

    def rule(self, w, g, m, v):
        mu = self.mu(self.t)
        m *= self.beta1
        m += (1 - self.beta1) * g
        v *= self.beta2
        v += (1 - self.beta2) * g * g
        m_hat = (mu * m + (1 - mu) * g) / (1 - self.mu_product)
        w -= self.lr * m_hat / self.root(v / (1 - self.beta2**self.t))


class ProductWithoutTheNext(optim.Nadam):
    def rule(self, w, g, m, v):
        mu, mu_next = self.mu(self.t), self.mu(self.t + 1)
        m *= self.beta1
        m += (1 - self.beta1) * g
        v *= self.beta2
        v += (1 - self.beta2) * g * g
        m_hat = (mu_next * m + (1 - mu) * g) / (1 - self.mu_product)
        w -= self.lr * m_hat / self.root(v / (1 - self.beta2**self.t))


WRONG = [
    (EpsAddedToTheParameter, "adam"),
    (EpsUnderTheRoot, "adam"),
    (EpsBesideTheUncorrectedRoot, "adam"),
    (TimeNeverAdvances, "adam"),
    (CorrectionIndexedFromZero, "adam"),
    (CorrectionOneStepAhead, "adam"),
    (NoCorrection, "adam"),
    (CorrectionAccumulates, "adam"),
    (DenominatorsCrossed, "adam"),
    (BetasCrossed, "adam"),
    (VarianceInPlaceOfSquare, "adam"),
    (NoRoot, "adam"),
    (DecayInTheGradient, "adamw"),
    (DecayWithoutRate, "adamw"),
    (NoDecay, "adamw"),
    (MuSquaredOnTheUpdatedVelocity, "nesterov"),
    (PlainMomentum, "nesterov"),
    (VelocityRestarts, "momentum velocity"),
    (MomentumDropped, "momentum velocity"),
    (VelocitySignWrong, "momentum velocity"),
    (StepBeforeVelocity, "momentum velocity"),
    (OneMinusBetaSlippedIn, "momentum sum"),
    (OneMinusBetaForgotten, "momentum average"),
    (RateInsideTheVelocity, "momentum sum, rate cut"),
    (RateOutsideTheVelocity, "momentum velocity, rate cut"),
    (SquaresForget, "adagrad"),
    (SumNotOfSquares, "adagrad"),
    (AdaGradEpsUnderTheRoot, "adagrad"),
    (StepSquaredTooEarly, "adadelta"),
    (GradientsAboveStepsBelow, "adadelta"),
    (AdadeltaEpsBeside, "adadelta"),
    (RhoCrossed, "rmsprop"),
    (SquaresSummed, "rmsprop"),
    (MomentumOfRawGradients, "rmsprop nesterov"),
    (NormDoesNotDecay, "adamax"),
    (NormIsCorrected, "adamax"),
    (SameMomentumInBothTerms, "nadam scheduled"),
    (ProductWithoutTheNext, "nadam scheduled"),
]


@pytest.mark.parametrize(("method", "name"), WRONG, ids=[method.__name__ for method, _ in WRONG])
def test_wrong_version_is_told_apart(method, name):
    assert issubclass(method, Optimizer)
    assert run(method.__mro__[1], name) < 1e-12
    assert run(method, name) > 1e-3


class RepeatedRowLost(optim.SparseAdam):
    """What W[rows] -= step does: of two gradients of one row the last stays."""

    def rule(self, w, g, m, v):
        w_rows, m_rows, v_rows = w[g.rows], m[g.rows], v[g.rows]
        optim.Adam.rule(self, w_rows, g.values, m_rows, v_rows)
        w[g.rows], m[g.rows], v[g.rows] = w_rows, m_rows, v_rows


class RowsNotLazy(optim.SparseAdam):
    """The gradient of absent rows is taken as 0, so that their averages decay and they move."""

    def rule(self, w, g, m, v):
        dense = np.zeros_like(w)
        np.add.at(dense, g.rows, g.values)
        optim.Adam.rule(self, w, dense, m, v)


@pytest.mark.parametrize("method", [RepeatedRowLost, RowsNotLazy])
def test_wrong_sparse_version_is_told_apart(method):
    assert sparse_walk(method(**META["sparse"]["hyper"])) > 1e-3


def test_rate_inside_or_outside_the_velocity_is_the_same_while_it_is_constant():
    assert run(RateInsideTheVelocity, "momentum sum") < 1e-12
    assert run(RateOutsideTheVelocity, "momentum velocity") < 1e-12
