"""The live figure of memory: what it says is what the formulas give."""

import numpy as np
from downslope.figures.adaptive import CHANGE, STEPS, back_at, lengths, live_memory
from downslope.optim import AdaGrad, RMSprop


def test_lengths_are_the_formulas():
    g = np.array([3.0, -4.0, 12.0])
    assert np.allclose(lengths(AdaGrad(lr=0.1, eps=0.0), g), [1, 4 / 5, 12 / 13])
    r = np.array([4.0, 3 + 1 / 16])
    assert np.allclose(lengths(RMSprop(lr=0.1, rho=0.75, eps=0.0), np.array([4.0, 0.5])), [4, 0.5] / np.sqrt(r))


def test_back_is_when_it_stays():
    steps = np.ones(STEPS)
    assert back_at(steps) == CHANGE + 1
    steps[99] = 0.5
    assert back_at(steps) == 101
    steps[-1] = 0.5
    assert back_at(steps) is None


def test_it_says_what_it_shows():
    live = live_memory()
    assert "AdaGrad: 1 at step 1, 0.141 at step 50, 0.00141 at step 51, 0.00141 at step 250." in live.alt
    k = np.arange(1, STEPS - CHANGE + 1)
    r = 0.9**k * (1 - 0.9**CHANGE) + (1 - 0.9**k) * 0.01**2
    steps = 0.01 / np.sqrt(r)
    assert f"{steps[0]:.3g} at step 51" in live.alt
    first = CHANGE + 1 + int(np.argmax(np.abs(steps - 1) <= 0.1))
    assert f"RMSprop comes back to within a tenth of 1, to stay, at step {first}." in live.alt
    live.set(rho=0.99)
    assert "RMSprop has not come back to within a tenth of 1 by step 250." in live.alt


def test_every_position_draws_and_says_something():
    live = live_memory()
    first, start = live.frame(), live.values
    told = set()
    for values in live.grid(3):
        live.set(**values)
        live.frame()
        told.add(live.alt)
        assert "nan" not in live.alt
        assert "{" not in live.alt
    assert len(told) == 9
    live.set(**start)
    assert live.frame() == first
