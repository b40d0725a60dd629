"""The figure of directions: what it draws, what it says, what it refuses."""

import numpy as np
import pytest
from downslope.figures import descent
from downslope.optim import surfaces


def test_directions_are_drawn_at_a_right_angle_and_said():
    figure = descent.directions(surfaces.ravine(20), (-10, 1))
    axes = figure.axes[0]
    assert axes.get_aspect() == 1.0
    tangent = next(line for line in axes.get_lines() if len(line.get_xdata()) == 2)
    along = np.diff(tangent.get_xydata(), axis=0)[0]
    arrows = [a for a in axes.texts if a.arrow_patch is not None]
    down, goal = (np.array(a.xy) - np.array(a.xyann) for a in arrows)
    assert along @ down == pytest.approx(0, abs=1e-9)
    assert down / np.linalg.norm(down) == pytest.approx(np.array([1, -2]) / np.sqrt(5))
    assert goal == pytest.approx([10, -1])
    assert "From (−10, 1) three directions" in figure.alt
    assert "57.7 degrees away" in figure.alt


def test_on_a_round_bowl_both_ways_are_one():
    assert "0 degrees away" in descent.directions(surfaces.ravine(1.0), (-3, 2)).alt


@pytest.mark.parametrize(
    ("surface", "at", "message"),
    [
        (surfaces.ravine(20), (1, 2, 3), "must be a point"),
        (surfaces.ravine(20), (0, 0), "a slope"),
        (surfaces.saddle, (1, 1), "must have a minimum"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_a_sentence(surface, at, message):
    with pytest.raises(ValueError, match=message):
        descent.directions(surface, at)
