"""Temperatures and their averages: what the figure says, and what it refuses."""

import numpy as np
import pytest
from downslope.figures.daily import daily


def test_it_says_where_the_points_and_the_averages_are():
    figure = daily([3.0, -1.0, 20.0], {"β = 0.5": [1.5, 0.25, 10.125], "flat": [4, 4, 4]})
    assert figure.alt == (
        "Points: the highest temperature of each of 3 days, from −1 to 20 °C. Lines: averages of them. "
        "β = 0.5 is at 1.5 on day 1, at 0.25 on day 2 and at 10.1 on day 3; "
        "flat is at 4 on day 1, at 4 on day 2 and at 4 on day 3."
    )
    assert daily([3.0, 4.0]).alt == "Points: the highest temperature of each of 2 days, from 3 to 4 °C."


def test_day_1_is_the_first_and_the_lines_lie_where_the_averages_are():
    axes = daily([3.0, -1.0], {"a": [2.0, 1.0]}).axes[0]
    points, line = axes.lines
    assert np.array_equal(points.get_xydata(), [[1, 3], [2, -1]])
    assert np.array_equal(line.get_xydata(), [[1, 2], [2, 1]])


def test_an_average_has_one_number_for_each_day():
    with pytest.raises(ValueError, match=r"averages\['a'\] must have one number for each of 2 days, got 3"):
        daily([3.0, 4.0], {"a": [1, 2, 3]})
    with pytest.raises(ValueError, match="temperatures must be a sequence of numbers"):
        daily([[1.0, 2.0]])
