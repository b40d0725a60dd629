"""Every figure says what it shows, with the numbers of its data."""

from fractions import Fraction as F

import numpy as np
import pytest
from downslope import figures
from downslope.backprop import Value, maximum
from downslope.optim import SGD, Momentum, surfaces, trajectory
from downslope.optim.paths import best_momentum, rate_map
from downslope.training import History


def history(losses):
    return History(np.array(losses), np.full(len(losses), 0.1))


def test_losses_say_where_each_run_starts_ends_and_stands_early():
    falling = np.geomspace(2.5, 0.025, 2001)
    alt = figures.losses({"SGD": history(falling * 4), "momentum": history(falling)}, beta=0).alt
    assert "2,001 steps" in alt
    assert "SGD goes from 10 to 0.1; momentum goes from 2.5 to 0.025." in alt
    assert f"At step 100: momentum {falling[100]:.3g} and SGD {4 * falling[100]:.3g}." in alt


def test_losses_smooth_with_the_corrected_average():
    from downslope.figures.charts import smoothed
    from downslope.optim import ewma

    y = np.random.default_rng(0).random(50)
    assert np.allclose(smoothed(y, 0.9), ewma(y, 0.9, correct=True))
    alt = figures.losses(y, beta=0.9).alt
    assert f"to {ewma(y, 0.9, correct=True)[-1]:.3g}." in alt
    assert "β = 0.9" in alt


def test_losses_tell_the_steps_that_are_asked_for():
    alt = figures.losses({"SGD": np.arange(100.0, 0, -1)}, beta=0, at=[10, 50, 500]).alt
    assert "At step 10: SGD 90. At step 50: SGD 50." in alt
    assert "500" not in alt


@pytest.mark.parametrize("bad", [[], [float("nan")], [[1, 2], [3, 4]]])
def test_losses_refuse_what_is_not_a_sequence_of_numbers(bad):
    with pytest.raises(ValueError, match="histories"):
        figures.losses({"SGD": bad})


def test_losses_refuse_a_beta_of_1():
    with pytest.raises(ValueError, match="beta must be at least 0 and below 1, got 1"):
        figures.losses([1.0], beta=1)


def test_series_say_the_extreme_between_the_ends():
    alt = figures.series({"test": [0.5, 0.9, 0.8]}, x=[1, 2, 3], xlabel="epoch", ylabel="accuracy").alt
    assert alt == "Accuracy over epoch, from 1 to 3. test goes from 0.5 to 0.8, highest 0.9 at epoch 2."
    assert "lowest −1 at epoch 2" in figures.series({"a": [0, -1, 0]}, x=[1, 2, 3], xlabel="epoch", ylabel="y").alt
    assert "stays at 7" in figures.series({"a": [7, 7]}, ylabel="y").alt


def test_series_refuse_an_x_of_another_length():
    with pytest.raises(ValueError, match=r"x must have as many numbers as curves\['a'\], 3, got 2"):
        figures.series({"a": [1, 2, 3]}, x=[1, 2])


def test_digits_say_their_labels_and_their_mistakes():
    images = np.zeros((3, 784))
    assert figures.digits(images, [4, 7, 1]).alt == "3 handwritten digits in rows: 4 7 1."
    wrong = figures.digits(images, [4, 7, 1], predicted=[9, 7, 7]).alt
    assert wrong.endswith("2 of 3 are read wrongly: 4 read as 9 and 1 read as 7.")
    assert figures.digits(images, [4, 7, 1], predicted=[4, 7, 1]).alt.endswith("All are read correctly.")


def test_digits_refuse_what_is_not_pictures():
    with pytest.raises(ValueError, match="images must have shape"):
        figures.digits(np.zeros((3, 10)))
    with pytest.raises(ValueError, match="labels must have one entry per image, 2, got 3"):
        figures.digits(np.zeros((2, 4, 4)), [1, 2, 3])


def test_a_contour_says_where_paths_start_and_end_and_how_high():
    valley = surfaces.ravine(20)
    path = trajectory(SGD(0.05), valley.gradient, (-10.0, 1.0), 10)
    alt = figures.contour(valley, {"SGD": path}).alt
    x, y = path[-1]
    assert "The minimum is at (0, 0)." in alt
    assert f"SGD goes in 10 steps from (−10, 1), height 60, to (−{-x:.3g}, {y:.3g})".replace("(−10", "(−10") in alt
    assert f"height {valley.value(x, y):.3g}." in alt


def test_a_contour_says_when_a_path_leaves_the_picture():
    valley = surfaces.ravine(20)
    path = trajectory(SGD(0.2), valley.gradient, (-1.0, 1.0), 60)
    left, right, bottom, top = valley.window
    inside = (path >= (left, bottom)).all(axis=1) & (path <= (right, top)).all(axis=1)
    assert f"leaves the picture at step {np.flatnonzero(inside)[-1] + 1}." in figures.contour(valley, {"SGD": path}).alt


def test_a_contour_draws_any_function_with_a_window():
    figure = figures.contour(lambda p: p[0] ** 2 + p[1] ** 2, window=(-1, 1, -2, 2), title="a bowl")
    assert figure.alt == "Contours of a bowl for w₁ from −1 to 1 and w₂ from −2 to 2."
    named = figures.contour(lambda p: p[0] ** 2 + p[1] ** 2, window=(-1, 1, -2, 2), xlabel="x", ylabel="height")
    assert " for x from −1 to 1 and height from −2 to 2." in named.alt
    with pytest.raises(ValueError, match="window must be given"):
        figures.contour(lambda p: p[0])
    with pytest.raises(ValueError, match=r"paths\['a'\] must have shape"):
        figures.contour(surfaces.beale, {"a": [1, 2, 3]})


def test_weights_say_what_ten_days_means():
    alt = figures.weights(0.9).alt
    assert "the newest weighs 0.1" in alt
    assert "10 steps old 0.0349, which is 0.349 of that; the last 10 hold 65.1 % of the weight." in alt
    assert figures.weights([0.5, 0.98]).alt.count("With β") == 2
    with pytest.raises(ValueError, match="beta must be"):
        figures.weights(1.0)


def test_gates_say_values_and_gradients_exactly():
    x, y, z = Value(1, "x"), Value(2, "y"), Value(0, "z")
    f = (x + y) * maximum(y, z)
    f.name = "f"
    f.backward()
    assert figures.gates(f).alt == (
        "A computation graph with the inputs x = 1, y = 2 and z = 0. v1 = x + y = 3; v2 = max(y, z) = 2; "
        "f = v1 × v2 = 6. Gradients of f: x 2, y 5, v1 2, z 0 and v2 3."
    )


def test_gates_have_no_gradients_before_backward():
    x = Value(3, "x")
    f = (x * 0 + 1) * x
    figure = figures.gates(f)
    assert {t.get_text() for t in figure.axes[0].texts if (t.get_gid() or "").startswith("grad:")} == {""}
    assert figure.alt.endswith(". Its gradients are not known before backward has run.")
    f.backward()
    assert "Gradients of v3: x 1, v1 3 and v2 3." in figures.gates(f).alt


def test_every_number_of_a_graph_stands_on_its_wire():
    w, x = Value(F(1, 3), "w"), Value(F(-1, 2), "x")
    f = (w * x).relu() + w * w
    f.name = "f"
    f.backward()
    from downslope.figures.circuits import on_wire, texts

    drawn = {text.get_gid(): text.get_text() for text in figures.gates(f).axes[0].texts if text.get_gid()}
    assert drawn == texts(f)
    assert drawn["value:x"] == "−1/2"
    assert drawn["grad:w"] == on_wire(w.grad) == "2/3"


def test_no_two_texts_of_a_graph_overlap():
    x1, x2, w1, w2, w3 = (Value(F(k, 8), f"w{k}") for k in range(1, 6))
    e = ((w3 * (x1 * w1 + x2 * w2).relu() - 1) ** 2) * F(1, 2)
    e.backward()
    figure = figures.gates(e, size="slide")
    figure.png()
    boxes = [text.get_window_extent() for text in figure.axes[0].texts]
    for i, one in enumerate(boxes):
        assert not one.count_overlaps(boxes[i + 1 :])


def test_a_network_says_its_wires():
    alt = figures.network([{"x₁": 1}, {"h": (F(1, 2), F(-1, 2))}], {("x₁", "h"): ("w₁", F(1, 2), F(-1, 2))}).alt
    assert "w₁ from x₁ to h = 1/2, gradient −1/2" in alt
    with pytest.raises(ValueError, match="wires must join units"):
        figures.network([{"x": 1}], {("x", "y"): ("w", 1)})


def test_step_sizes_say_the_bottom_of_each_v():
    alt = figures.step_sizes(np.exp, np.e, 1.0, methods=("forward", "centred", "complex")).alt
    assert "forward differences are best, with an error of about 10⁻⁸, near h = 10⁻⁸" in alt
    assert "centred differences are best" in alt
    assert "complex differences have no rounding side" in alt
    assert "10⁻⁴" in figures.step_sizes(np.exp, np.e, 1.0, methods=["forward"], dtype="float32").alt


@pytest.mark.parametrize(("dtype", "rounding", "step"), [("float64", "⁻¹⁶", "⁻⁸"), ("float32", "⁻⁷", "⁻⁴")])
def test_no_step_is_best_where_a_difference_is_exact(dtype, rounding, step):
    """Centred differences are exact up to degree 2, forward ones up to degree 1; an error of 0 by luck is no better."""
    line = figures.step_sizes(lambda x: 3 * x, 3.0, 1.1, dtype=dtype).alt
    parabola = figures.step_sizes(lambda x: x * x, 2.2, 1.1, dtype=dtype).alt
    exact = (
        f"differences show no truncation up to h = 1, so that no h is best: their error, about 10{rounding} at h = 1"
    )
    assert f"forward {exact}" in line
    assert f"centred {exact}" in line
    assert f"forward differences are best, with an error of about 10{step}, near h = 10{step}" in parabola
    assert f"centred {exact}" in parabola
    assert "no h is best" not in figures.step_sizes(lambda x: x * x * x, 3.63, 1.1, dtype=dtype).alt


def test_truncation_and_rounding_have_their_slopes():
    """On the right the forward error falls like h and the centred like h²."""
    from downslope.figures.curves import step_errors

    h = np.array([1e-2, 1e-3])
    forward, centred = (step_errors(np.exp, np.e, 1.0, method, h) for method in ("forward", "centred"))
    assert forward[0] / forward[1] == pytest.approx(10, rel=0.02)
    assert centred[0] / centred[1] == pytest.approx(100, rel=0.02)
    assert forward[1] == pytest.approx(1e-3 / 2, rel=0.01)


def test_the_map_says_the_best_pair():
    alt = figures.convergence(20).alt
    lr, momentum = best_momentum(1 / 20, 1.0)
    rate = rate_map([lr], [momentum], [1 / 20, 1.0])[0, 0]
    assert f"ηλ = {lr:.3g} with γ = {momentum:.3g}" in alt
    assert f"shrinks to {rate:.3g}" in alt
    assert f"without momentum the best is {19 / 21:.3g}" in alt
    with pytest.raises(ValueError, match="kappa must be a condition number"):
        figures.convergence(0.5)


def test_the_race_says_how_each_ends():
    valley = surfaces.ravine(20)
    paths = {
        "SGD": trajectory(SGD(0.05), valley.gradient, valley.start, 30),
        "Momentum": trajectory(Momentum(1.0, 0.9), valley.gradient, valley.start, 30),
    }
    alt = figures.race(valley, paths).alt
    assert f"SGD ends at height {valley.value(*paths['SGD'][-1]):.3g}" in alt
    assert "Momentum leaves the picture at step 1" in alt
    assert figures.race(valley, paths, animate=True).alt == alt
    with pytest.raises(ValueError, match="at least one path"):
        figures.race(valley, {})


def test_the_moving_race_runs_once_and_shows_its_end_to_still_viewers():
    import io

    from PIL import Image

    valley = surfaces.ravine(20)
    race = figures.race(valley, {"SGD": trajectory(SGD(0.05), valley.gradient, valley.start, 30)}, animate=True)
    with Image.open(io.BytesIO(race.png())) as picture:
        assert picture.n_frames > 20
        assert picture.info["loop"] == 1
        still = np.asarray(picture.convert("RGB")).astype(int)
        picture.seek(picture.n_frames - 1)
        end = np.asarray(picture.convert("RGB")).astype(int)
    assert np.abs(still - end).max() <= 2
