"""Pictures of many races, and bars from where to where: they draw what they are given and say it in words."""

import numpy as np
import pytest
from downslope.figures import contests
from downslope.optim import surfaces
from matplotlib.transforms import Bbox

GROUNDS = {"ravine": surfaces.ravine(20), "saddle": surfaces.saddle}
PATH = np.array([[-1.0, 1.0], [0.0, 0.5], [0.1, 0.0]])
ROUTES = {name: {"SGD": PATH, "Adam": PATH / 2} for name in GROUNDS}
STEPS = {"ravine": {"SGD": 66, "Adam": 4}, "saddle": {"SGD": None, "Adam": None}}


def test_every_race_is_drawn_once_with_its_number_of_steps():
    figure = contests.every_race(GROUNDS, ROUTES, STEPS)
    assert len(figure.axes) == 4
    assert [axes.texts[0].get_text() for axes in figure.axes] == ["66", "4", "–", "–"]
    drawn = [line for line in figure.axes[1].get_lines() if len(line.get_xdata()) == len(PATH)]
    assert np.array_equal(np.stack(drawn[0].get_data(), axis=1), PATH / 2)


RACED = [surfaces.ravine(20), surfaces.beale, surfaces.rosenbrock, surfaces.saddle, surfaces.plateau,
         surfaces.himmelblau, surfaces.two_basins]  # fmt: skip


@pytest.mark.parametrize("ground", RACED, ids=lambda ground: ground.name)
@pytest.mark.parametrize("steps", [None, 299])
def test_the_number_of_steps_hides_no_minimum(ground, steps):
    names = [f"Adam {k}" for k in range(10)]  # as many columns as lesson 17 has: the panels are small
    route = np.array([ground.start, ground.start])
    figure = contests.every_race(
        {"it": ground}, {"it": dict.fromkeys(names, route)}, {"it": dict.fromkeys(names, steps)}
    )
    figure.canvas.draw()
    axes = figure.axes[0]
    box = axes.texts[0].get_bbox_patch().get_window_extent()
    for minimum in ground.minima:
        x, y = axes.transData.transform(minimum)
        half = 0.5 * 3.5 / 72 * figure.dpi
        assert not box.overlaps(Bbox.from_extents(x - half, y - half, x + half, y + half)), minimum


def test_every_race_is_told_row_by_row():
    steps = {"ravine": {"SGD": None, "Adam": 4}, "saddle": {"SGD": 7, "Adam": 1}}
    assert contests.every_race(GROUNDS, ROUTES, steps).alt == (
        "A small picture for each of 2 optimizers on each of 2 surfaces, with the number of steps to the finish. "
        "ravine: Adam 4; not in time: SGD. saddle: Adam 1, SGD 7."
    )
    assert contests.every_race(GROUNDS, ROUTES, STEPS).alt.endswith("saddle: none arrives.")


def test_ranges_stand_where_they_are():
    figure = contests.ranges(
        {"SGD": (0.01, 0.1, 1.0), "Adam": (1e-4, 1e-3, 0.01)},
        xlabel="learning rate",
        marks={"Adam": 0.002},
        mark="default",
    )
    (axes,) = figure.axes
    lines = [line.get_xdata().tolist() for line in axes.get_lines() if len(line.get_xdata())]
    assert lines == [[0.01, 1.0], [0.1], [1e-4, 0.01], [1e-3], [0.002, 0.002]]
    assert axes.get_xscale() == "log"
    assert figure.alt == (
        "Learning rate, from where to where, as one bar each, with a dot at the chosen value. SGD: from 0.01 to 1, dot "
        "at 0.1; Adam: from 0.0001 to 0.01, dot at 0.001, default at 0.002."
    )


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: contests.every_race({}, {}, {}), "paths must hold the paths on each surface"),
        (lambda: contests.every_race(GROUNDS, {"ravine": ROUTES["ravine"]}, STEPS), "on each surface"),
        (lambda: contests.every_race(GROUNDS, ROUTES | {"saddle": {"SGD": PATH}}, STEPS), "must have the optimizers"),
        (lambda: contests.ranges({}, xlabel="x"), "at least one bar"),
        (lambda: contests.ranges({"a": (2.0, 1.0, 3.0)}, xlabel="x"), "low, dot, high"),
        (lambda: contests.ranges({"a": (0.0, 1.0, 3.0)}, xlabel="x"), "low, dot, high"),
    ],
)
def test_what_cannot_be_drawn_is_refused(draw, message):
    with pytest.raises(ValueError, match=message):
        draw()
