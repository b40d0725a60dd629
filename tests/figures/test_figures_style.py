"""The look of figures: the same everywhere, readable, and nothing of it leaks."""

import ast
import itertools
import logging
import re

import matplotlib
import numpy as np
import pytest
from downslope import figures
from downslope.figures import style
from downslope.figures.words import WORDS, translate

# Machado, Oliveira and Fernandes (2009), severity 1.0: what remains of a colour (linear RGB) without one kind of cone.
WITHOUT = {
    "red cones": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "green cones": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    "blue cones": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}


def rgb(color):
    return np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255


def linear(color):
    c = rgb(color)
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def lab(linear_rgb):
    """CIE L*a*b* of a colour, white D65."""
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ linear_rgb
    t = xyz / [0.9505, 1.0, 1.089]
    f = np.where(t > 0.008856, np.cbrt(np.maximum(t, 0)), 7.787 * t + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("cones", WITHOUT)
def test_the_colours_stay_apart_without_one_kind_of_cone(cones):
    seen = [lab(np.clip(np.array(WITHOUT[cones]) @ linear(color), 0, 1)) for color in style.PALETTE]
    for one, other in itertools.combinations(seen, 2):
        assert np.linalg.norm(one - other) > 9  # 2.3 is just noticeable


def test_every_optimizer_has_a_pen_of_its_own_without_colour():
    pens = list(style.OPTIMIZERS.values())
    assert len({p.marker for p in pens}) == len(pens)
    assert len({(p.color, str(p.dash)) for p in pens}) == len(pens)


def test_every_optimizer_of_the_course_has_a_pen():
    from downslope import optim

    names = {name for name in optim.__all__ if isinstance(getattr(optim, name), type)}
    assert names - set(style.OPTIMIZERS) <= {"Optimizer", "RMSpropNesterov", "SparseRows"}


@pytest.mark.parametrize("label", ["momentum", "Momentum", "Momentum, lr 0.1"])
def test_a_label_that_starts_with_an_optimizer_gets_its_pen(label):
    assert style.pen(label) == style.OPTIMIZERS["Momentum"]


def test_adamw_is_not_taken_for_adam():
    assert style.pen("AdamW") == style.OPTIMIZERS["AdamW"]
    assert style.pen("Adamant", 2).color == style.PALETTE[2]


def test_two_runs_of_one_optimizer_have_its_colour_and_different_dashes():
    first, second = style.pens(["SGD", "SGD, lr 0.1"])
    assert first.color == second.color
    assert first.dash != second.dash


@pytest.mark.parametrize("look", style.LOOKS.values(), ids=style.LOOKS)
def test_text_in_any_colour_can_be_read_on_its_paper(look):
    assert style.contrast(look.ink, look.paper) > 12
    for color in (*style.PALETTE, look.quiet):
        assert style.contrast(style.legible(color, look.paper), look.paper) >= 4.5


def test_text_on_a_slide_is_at_least_14_point():
    figure = figures.series({"a": [1, 2], "b": [2, 1]}, xlabel="x", ylabel="y", size="slide")
    figure.png()
    axes = figure.axes[0]
    labels = [axes.xaxis.label, axes.yaxis.label, *axes.get_xticklabels(), *axes.get_yticklabels()]
    assert min(text.get_size() for text in [*axes.texts, *labels]) == 14


def test_a_figure_knows_its_smallest_text():
    figure = figures.series({"a": [1, 2], "b": [2, 1]}, xlabel="x", ylabel="y")
    assert figure.smallest_text == pytest.approx(10.5 / 72 * 100, abs=0.005)
    axes = figure.axes[0]
    axes.text(0, 1, "hidden", fontsize=3, visible=False)
    axes.text(0, 1, " ", fontsize=4)
    assert figure.smallest_text == pytest.approx(10.5 / 72 * 100, abs=0.005)
    axes.text(0, 1, "small", fontsize=6)
    assert figure.smallest_text == pytest.approx(6 / 72 * 100, abs=0.005)


def test_a_figure_leaves_matplotlib_as_it_was_even_after_an_error():
    before = dict(matplotlib.rcParams)
    figures.series([1, 2, 3]).png()
    with pytest.raises(ValueError, match="finite"):
        figures.series([float("nan")])
    assert dict(matplotlib.rcParams) == before


def test_the_readers_settings_change_nothing():
    data = {"SGD": [3.0, 2.0, 1.0], "Adam": [3.0, 1.0, 0.5]}
    plain = figures.losses(data).png()
    with matplotlib.rc_context(
        {"font.size": 30, "lines.linewidth": 9, "axes.facecolor": "red", "path.simplify": False}
    ):
        assert figures.losses(data).png() == plain


def test_a_picture_is_the_same_each_time_and_carries_no_date_or_version():
    one, other = (figures.losses({"SGD": np.geomspace(2, 0.1, 200)}).png() for _ in range(2))
    assert one == other
    assert b"tEXt" not in one
    assert b"tIME" not in one


def test_latin_text_is_dejavu_everywhere_and_hangul_draws_without_a_warning(caplog):
    assert style.fonts()[0] == "DejaVu Sans"
    if len(style.fonts()) == 1:
        pytest.skip("needs a Hangul font: apt-get install fonts-noto-cjk")
    with caplog.at_level(logging.WARNING):
        figures.series({"손실": [1, 2], "학습률": [2, 1]}, ylabel="손실").png()
    assert not caplog.records


def test_use_sets_the_default_look_and_size():
    try:
        figures.use(look="dark", size="slide")
        figure = figures.series([1, 2])
        assert (figure.look, figure.page) == (style.LOOKS["dark"], style.SIZES["slide"])
    finally:
        figures.use(look="light", size="page")


def test_an_unknown_look_or_size_is_named():
    with pytest.raises(ValueError, match="look must be one of 'light', 'dark', got 'blue'"):
        figures.use(look="blue")
    with pytest.raises(ValueError, match="size must be one of 'page', 'slide', got 'A4'"):
        figures.series([1, 2], size="A4")


def test_another_language_replaces_whole_sentences():
    before = dict(WORDS)
    try:
        translate({"digits.plain": "손글씨 숫자 {n}개."})
        assert figures.digits(np.zeros((3, 28, 28))).alt == "손글씨 숫자 3개."
        with pytest.raises(ValueError, match="no figure uses: nonsense"):
            translate({"nonsense": "…"})
    finally:
        WORDS.clear()
        WORDS.update(before)


def test_every_word_of_a_figure_stands_in_words_once(root):
    """A translator sees one dictionary, whatever has been imported, and no key means two things."""
    folder = root / "lib" / "downslope" / "figures"
    table = next(
        node.value
        for node in ast.walk(ast.parse((folder / "words.py").read_text(encoding="utf-8")))
        if isinstance(node, ast.AnnAssign) and node.target.id == "WORDS"
    )
    keys = [key.value for key in table.keys]
    assert len(keys) == len(set(keys))
    for path in folder.glob("*.py"):
        if path.name == "words.py":
            continue
        source = path.read_text(encoding="utf-8")
        assert not re.search(r"WORDS\.\w+\(|WORDS\[[^]]+\] =", source), f"{path.name} has words of its own"
        said = re.findall(r"""(?:\bsay\(|\bWORDS\[)\s*"([^"]+)\"""", source)
        assert set(said) <= set(keys), path.name


def test_figures_import_without_matplotlib_and_figures_draw_without_pyplot_or_widgets():
    import subprocess
    import sys

    code = """
import sys
from downslope import figures
assert "matplotlib" not in sys.modules
figures.series([1, 2]).png()
figures.live(lambda a: {"x": [(a, a)]}, figures.series([0, 1]), a=(0.0, 1.0)).png()
assert not {"matplotlib.pyplot", "ipywidgets"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True)
