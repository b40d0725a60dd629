"""Figures of what lets a signal through: they draw what they are given and say it in words."""

import numpy as np
import pytest
from downslope import figures
from downslope.backprop.activations import ACTIVATIONS


def lines(axes):
    """(x, y) of the curves, without the axis lines of the panel."""
    return [(line.get_xdata(), line.get_ydata()) for line in axes.get_lines() if len(line.get_xdata()) > 2]


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_right_panel_shows_the_slope_of_the_left_one(name):
    left, right = figures.activations(name).axes
    assert len(lines(left)) == len(lines(right)) == len(ACTIVATIONS[name].kinks) + 1
    for (z, y), (_, slope) in zip(lines(left), lines(right), strict=True):
        assert np.allclose(np.gradient(y, z)[1:-1], slope[1:-1], atol=2e-3)


def test_activations_say_where_their_derivative_lies():
    alt = figures.activations("logistic", "relu").alt
    assert "its derivative lies between 0.0177 and 0.25" in alt
    assert "ReLU goes from 0 to 4, and its derivative lies between 0 and 1" in alt


def test_strength_is_drawn_layer_by_layer_and_said():
    figure = figures.through_layers(
        {"tanh": {"small": [1.0, 0.1], "good": [1.0, 1.0]}, "ReLU": {"small": [1.0, 1e-3]}}, ylabel="strength"
    )
    tanh, relu = figure.axes
    assert tanh.get_yscale() == relu.get_yscale() == "log"
    assert tanh.get_ylim() == relu.get_ylim(), "both panels have one scale"
    assert [list(line.get_ydata()) for line in tanh.get_lines()] == [[1.0, 0.1], [1.0, 1.0]]
    same = [axes.get_lines()[0] for axes in (tanh, relu)]
    assert same[0].get_color() == same[1].get_color(), "one name, one colour"
    assert figure.alt == (
        "Strength over the layers from 0 to 1. tanh: small goes from 1 to 0.1 and good goes from 1 to 1. "
        "ReLU: small goes from 1 to 0.001."
    )


def test_stems_stand_where_the_weights_are():
    figure = figures.stems({"one": [3.0, 0.01], "two": [-1.0, 2.0]}, x=[1, 2], xlabel="waves", ylabel="height")
    segments = figure.axes[1].collections[0].get_segments()
    assert [s.tolist() for s in segments] == [[[1, 0], [1, -1]], [[2, 0], [2, 2]]]
    assert figure.alt == (
        "Height over waves, from 1 to 2, as one vertical line each. one: the largest is 3 at 1; 1 of 2 are smaller "
        "than 0.05 in size; two: the largest is 2 at 2; 0 of 2 are smaller than 0.05 in size."
    )


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: figures.activations(), "names must be some of"),
        (lambda: figures.activations("swish"), "swish"),
        (lambda: figures.through_layers({}), "panels must hold at least one"),
        (lambda: figures.through_layers({"tanh": {"dead": [1.0, 0.0]}}), "positive"),
        (lambda: figures.stems({}), "at least one panel"),
        (lambda: figures.stems({"a": [1.0, 2.0], "b": [1.0]}), "one for each x"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_a_sentence(draw, message):
    with pytest.raises(ValueError, match=message):
        draw()


@pytest.mark.parametrize("look", ["light", "dark"])
@pytest.mark.parametrize("size", ["page", "slide"])
def test_every_look_and_size_can_be_drawn_without_a_warning(look, size):
    for figure in (
        figures.activations(*ACTIVATIONS, look=look, size=size),
        figures.through_layers({"tanh": {"a": [1, 2, 1e9]}, "ReLU": {"b": [1, 2, 1e-9]}}, look=look, size=size),
        figures.stems({"a": [1, -2], "b": [0, 1]}, look=look, size=size),
    ):
        assert figure.pixels().std() > 0
