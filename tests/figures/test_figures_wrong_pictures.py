"""Pictures of a live figure while cells draw with pyplot in the same kernel: every one must be whole."""

import importlib.util
import re


def test_no_picture_is_wrong_while_a_cell_draws(root, capsys):
    """30 here; `python benchmarks/live_figures.py --wrong-pictures 300` for the full count."""
    spec = importlib.util.spec_from_file_location("live_figures", root / "benchmarks" / "live_figures.py")
    benchmark = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(benchmark)
    benchmark.wrong_pictures(30)
    assert re.search(r": 0 of \d+ pictures wrong", capsys.readouterr().out)
