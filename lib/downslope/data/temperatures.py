"""Daily temperatures of Seattle, four years of them."""

from importlib.resources import files
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Temperatures(NamedTuple):
    """One entry for each day, no day missing: the date, the highest and the lowest temperature in °C."""

    date: NDArray[np.datetime64]
    max: NDArray[np.float64]
    min: NDArray[np.float64]


def load_temperatures() -> Temperatures:
    """Highest and lowest temperature of every day from 2012 to 2015 in Seattle: 1,461 days, observed, in °C.

    Returns
    -------
    `Temperatures(date, max, min)`, three arrays of shape (1461,), new at each call. Dates are `datetime64[D]`.

    >>> temperatures = load_temperatures()
    >>> temperatures.date[0], temperatures.max[0], temperatures.min[0]
    (np.datetime64('2012-01-01'), np.float64(12.8), np.float64(5.0))

    Source: NOAA, National Climatic Data Center, daily observations; data/files/temperatures.md says how they came here.
    """
    text = (files("downslope.data") / "files" / "temperatures.csv").read_text(encoding="ascii")
    columns = np.array([line.split(",") for line in text.splitlines()[1:]]).T
    date, highest, lowest = columns
    return Temperatures(date.astype("datetime64[D]"), highest.astype(np.float64), lowest.astype(np.float64))
