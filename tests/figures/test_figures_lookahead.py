"""The picture of one step: its arrows are the two rules, and its words are its numbers."""

import numpy as np
import pytest
from downslope.figures.lookahead import landings, one_step
from downslope.optim import Momentum, Nesterov, surfaces

VALLEY = surfaces.ravine(4)
THETA, V = np.array([-4.0, 2.0]), np.array([2.0, -2.0])


def test_the_landings_are_those_of_the_optimizers():
    ahead, *ends = landings(VALLEY, THETA, V, 0.1, 0.5)
    assert ahead.tolist() == [-3.0, 1.0]
    for end, rule in zip(ends, (Momentum(0.1, 0.5), Nesterov(0.1, 0.5, "look-ahead")), strict=True):
        w = THETA.copy()
        rule.update(w, np.zeros(2))
        rule.state = {"v": V, "t": 1}
        rule.update(w, VALLEY.gradient(rule.gradient_point(w) if isinstance(rule, Nesterov) else w))
        assert np.allclose(end, w)


def test_the_arrows_lead_there_and_the_words_say_so():
    figure = one_step(VALLEY, THETA, V, lr=0.1, momentum=0.5)
    arrows = {text.xy for text in figure.axes[0].texts if text.arrow_patch is not None}
    assert {tuple(np.round(end, 9)) for end in arrows} == {(-3.0, 1.0), (-3.6, 1.2), (-2.6, 0.2), (-2.7, 0.6)}
    assert figure.alt.endswith(
        "The weights stand at θ = (−4, 2) with the velocity v = (2, −2). With μ = 0.5 the velocity leads to "
        "θ + μv = (−3, 1). From there momentum goes on by the slope at θ and lands at (−2.6, 0.2); a thin arrow shows "
        "the same piece at θ, where its slope was asked. Nesterov goes on by the slope at θ + μv and lands at "
        "(−2.7, 0.6)."
    )


def test_the_question_does_not_show_the_answer():
    figure = one_step(VALLEY, THETA, V, lr=0.1, momentum=0.5, whole=False)
    assert [text.xy for text in figure.axes[0].texts if text.arrow_patch is not None] == [(-2.0, 0.0)]
    assert "−3" not in figure.alt.split("The weights")[1]


@pytest.mark.parametrize("name", ["theta", "v"])
def test_a_place_is_two_numbers(name):
    with pytest.raises(ValueError, match=rf"{name} must be two numbers, got an array of shape \(3,\)"):
        one_step(VALLEY, **{"theta": THETA, "v": V, name: [1, 2, 3]}, lr=0.1, momentum=0.5)
