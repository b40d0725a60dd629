"""The figure of the roots: it draws the roots of the recurrence, and says where they meet and where they leave."""

import numpy as np
import pytest
from downslope.figures import rootpaths
from downslope.optim.paths import rate


def test_both_roots_are_numpys_and_the_larger_one_is_the_rate():
    x = np.linspace(0.01, 3.2, 57)
    z = rootpaths.both_roots(x, 0.49)
    for k, each in enumerate(x):
        assert np.allclose(np.sort_complex(z[:, k]), np.sort_complex(np.roots([1, -(1.49 - each), 0.49])), atol=1e-7)
    assert np.allclose(np.abs(z).max(axis=0), rate(x, 0.49, 1.0))


def test_it_says_where_the_roots_meet_and_where_one_leaves():
    assert rootpaths.roots(0.49, (0.09, 1.0)).alt == (
        "The two roots z for γ = 0.49 as ηλ grows. They start at 0.49 and 1, meet at 0.7 when ηλ is 0.09, run round "
        "the circle of radius 0.7, meet again at −0.7 when ηλ is 2.89, and one of them leaves the unit circle at −1 "
        "when ηλ is 2.98. Marked are ηλ = 0.09, 1."
    )


def test_a_mark_stands_on_its_root_and_carries_its_number():
    axes = rootpaths.roots(0.25, (1.25,)).axes[0]
    dots = [(line.get_xdata()[0], line.get_ydata()[0]) for line in axes.get_lines() if len(line.get_xdata()) == 1]
    assert np.allclose(sorted(dots), [(0, -0.5), (0, 0.5)])
    assert axes.texts[0].get_text() == "1.25"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [((1.0,), "momentum must be"), ((0.0,), "momentum must be"), ((0.25, (9.0,)), "marks must be values of ηλ")],
)
def test_what_cannot_be_drawn_is_refused_with_a_sentence(arguments, message):
    with pytest.raises(ValueError, match=message):
        rootpaths.roots(*arguments)


@pytest.mark.parametrize("look", ["light", "dark"])
@pytest.mark.parametrize("size", ["page", "slide"])
def test_every_look_and_size_can_be_drawn_without_a_warning(look, size):
    assert rootpaths.roots(0.49, (0.09, 0.5, 2.98), look=look, size=size).pixels().std() > 0
