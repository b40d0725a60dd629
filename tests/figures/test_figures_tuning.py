"""Results over learning rates: the mean, its interval, and the same in words."""

import numpy as np
import pytest
from downslope.figures.tuning import over_rates

RATES = [0.01, 0.1, 1.0]
RESULTS = {"SGD": [[4.0, 6.0], [1.0, 3.0], [2.0, 2.0]], "momentum": [[0.5, 0.5], [1.0, 1.0], [2.0, 4.0]]}


def test_it_draws_the_mean_and_its_interval():
    figure = over_rates(RESULTS, RATES, t=2.0, ylabel="loss", log=False)
    axes = figure.axes[0]
    assert axes.get_xscale() == "log"
    assert [line.get_ydata().tolist() for line in axes.get_lines()] == [[5.0, 2.0, 2.0], [0.5, 1.0, 3.0]]
    band = axes.collections[0].get_paths()[0].vertices
    at_first = band[np.isclose(band[:, 0], 0.01), 1]
    assert np.allclose([at_first.min(), at_first.max()], [5 - 2, 5 + 2]), "t·s/√2 = 2·√2/√2"


def test_it_says_where_each_is_best():
    assert over_rates(RESULTS, RATES, t=2.0, ylabel="loss").alt == (
        "Loss for 3 learning rates from 0.01 to 1, the mean of the runs with its interval. SGD is best at 0.1 with 2 ± "
        "2 and has 5 at 0.01 and 2 at 1; momentum is best at 0.01 with 0.5 ± 0 and has 0.5 at 0.01 and 3 at 1."
    )


@pytest.mark.parametrize("table", [[1.0, 2.0, 3.0], [[1.0, 2.0]] * 2, [[1.0]] * 3])
def test_every_rate_has_two_runs_or_more(table):
    with pytest.raises(ValueError, match=r"results\['SGD'\] must have shape \(3, runs\) with at least two runs, got"):
        over_rates({"SGD": table}, RATES, t=2.0)
