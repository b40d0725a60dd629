"""Daily temperatures."""

import hashlib
from importlib.resources import files

import numpy as np
from downslope.data import Temperatures, load_temperatures

FILES = files("downslope.data") / "files"


def test_the_stored_file_is_the_one_that_its_provenance_describes():
    content = (FILES / "temperatures.csv").read_bytes().replace(b"\r\n", b"\n")  # git on Windows may have changed them
    digest = hashlib.sha256(content).hexdigest()
    assert digest == "b5464db6d3b42d95e04acd804d560197a0fdb25f7c6aaee736ac4ac108ffc4eb"
    assert digest in (FILES / "temperatures.md").read_text(encoding="utf-8")


def test_four_years_of_days_without_a_gap():
    date, highest, lowest = load_temperatures()
    assert date.dtype == np.dtype("datetime64[D]")
    assert (date[0], date[-1]) == (np.datetime64("2012-01-01"), np.datetime64("2015-12-31"))
    assert (np.diff(date) == np.timedelta64(1, "D")).all()
    assert date.shape == highest.shape == lowest.shape == (1461,)


def test_the_temperatures_are_those_of_a_temperate_city():
    temperatures = load_temperatures()
    assert temperatures.max.dtype == temperatures.min.dtype == np.float64
    assert (temperatures.min <= temperatures.max).all()
    assert (temperatures.min.min(), temperatures.max.max()) == (-7.1, 35.6)
    month = temperatures.date.astype("datetime64[M]").astype(int) % 12
    assert temperatures.max[month == 6].mean() - temperatures.max[month == 0].mean() > 15


def test_three_days_as_they_stand_in_the_file():
    temperatures = load_temperatures()
    assert temperatures.max[:3].tolist() == [12.8, 10.6, 11.7]
    assert temperatures.min[:3].tolist() == [5.0, 2.8, 7.2]


def test_every_call_gives_new_arrays_with_names():
    load_temperatures().max[:] = 0
    assert load_temperatures().max[0] == 12.8
    assert Temperatures._fields == ("date", "max", "min")
