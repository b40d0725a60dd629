"""Pictures that a kernel sends: whole while cells draw with pyplot, and the newest when events come too fast."""

import importlib.util

import pytest


@pytest.fixture(scope="module")
def benchmark(root):
    spec = importlib.util.spec_from_file_location("live_figures", root / "benchmarks" / "live_figures.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_no_picture_is_wrong_while_a_cell_draws(benchmark):
    """A slider is moved 300 times while cells run; each picture is compared with the one it should be."""
    wrong, pictures = benchmark.wrong_pictures(300)
    assert wrong == 0
    assert pictures >= 300


def test_of_a_burst_of_events_few_are_drawn_and_the_last_is(benchmark):
    pictures, last = benchmark.pictures_of_a_burst(200)
    assert pictures < 120
    assert last
