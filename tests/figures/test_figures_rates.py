"""The panels of learning rates: what they draw, what they say, what they refuse."""

import numpy as np
import pytest
from downslope.figures import rates
from downslope.optim import schedules


def test_each_panel_draws_its_schedule_on_one_scale():
    given = {"constant": schedules.constant(0.5), "step": schedules.step(0.8, 4), "up": schedules.cyclic(0.1, 0.5, 4)}
    figure = rates.rates(given, 10)
    panels = [axes for axes in figure.axes if axes.axison]
    assert [axes.get_title(loc="left") for axes in panels] == list(given)
    assert {axes.get_ylim() for axes in panels} == {panels[0].get_ylim()}
    for axes, schedule in zip(panels, given.values(), strict=True):
        assert np.allclose(axes.get_lines()[0].get_ydata(), [schedule(t) for t in range(10)])
    assert figure.alt == (
        "Learning rates over 10 steps, a panel for each schedule. constant stays at 0.5; step falls from 0.8 to 0.2, "
        "and is half as large as at first from step 4 on; up goes from 0.1 to 0.3, highest 0.5 at step 2, with "
        "2 peaks in all."
    )


def test_empty_panels_are_left_out_and_one_peak_is_one_peak():
    figure = rates.rates({str(n): schedules.warmup_cosine(1.0, 3, 8) for n in range(4)}, 8)
    assert sum(axes.axison for axes in figure.axes) == 4
    assert "with one peak in all" in figure.alt


@pytest.mark.parametrize(
    ("given", "steps", "message"),
    [({}, 10, "at least one schedule"), ({"constant": schedules.constant(1.0)}, 1, "steps must be at least 2")],
)
def test_what_cannot_be_drawn_is_refused_with_a_sentence(given, steps, message):
    with pytest.raises(ValueError, match=message):
        rates.rates(given, steps)


@pytest.mark.parametrize("look", ["light", "dark"])
@pytest.mark.parametrize("size", ["page", "slide"])
def test_every_look_and_size_can_be_drawn_without_a_warning(look, size):
    assert rates.rates({"a": schedules.constant(1.0)}, 5, look=look, size=size).pixels().std() > 0
