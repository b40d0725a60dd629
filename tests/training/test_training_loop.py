"""The training loop: batches, history, errors, progress bar."""

import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
from downslope.backprop import Network
from downslope.data import load_digits_mnist
from downslope.optim import SGD, Momentum, Nesterov, schedules
from downslope.training import History, LossNotFiniteError, minibatches, train


class Line:
    """o = x·w, E = mean of ½(o − t)². Small enough to follow by hand; it remembers what it was shown."""

    def __init__(self, w=0.0, dtype="float64"):
        self.params = np.array([w], dtype=dtype)
        self.seen = []

    def loss(self, x, labels):
        return float((0.5 * (x * self.params - labels) ** 2).mean())

    def gradient(self, x, labels):
        self.seen.append(x.copy())
        return np.array([((x * self.params - labels) * x).mean()], dtype=self.params.dtype)


class Both(Line):
    """The same with loss and gradient in one pass, as it counts."""

    passes = 0

    def loss_and_gradient(self, x, labels):
        self.passes += 1
        return self.loss(x, labels), self.gradient(x, labels)


class Knows(Line):
    """The same with an accuracy: how near w is to 2."""

    def accuracy(self, x, labels):
        return 1 - abs(self.params[0] - 2) / 2


X = np.array([1.0, 2.0, 3.0, 4.0])
T = np.array([2, 4, 6, 8])
QUIET = {"progress": False}


# Batches -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "batch_size", "steps"), [(10, 3, 7), (10, 10, 3), (7, 1, 20), (1, 1, 3), (5, 2, 0)])
def test_every_epoch_shows_each_example_at_most_once_and_leaves_out_only_the_remainder(n, batch_size, steps):
    batches = minibatches(n, batch_size, steps, seed=3)
    assert batches.shape == (steps, batch_size)
    per_epoch = n // batch_size
    for start in range(0, steps - per_epoch + 1, per_epoch):
        shown = batches[start : start + per_epoch].ravel()
        assert len(set(shown.tolist())) == len(shown) == n - n % batch_size
        assert 0 <= shown.min() <= shown.max() < n


def test_epochs_differ_in_order():
    epochs = minibatches(100, 100, 4, seed=0)
    assert all((one != two).any() for one, two in pairwise(epochs))


def test_equal_arguments_give_equal_batches_and_another_seed_gives_others():
    assert (minibatches(50, 8, 30, seed=5) == minibatches(50, 8, 30, seed=5)).all()
    assert (minibatches(50, 8, 30, seed=5) != minibatches(50, 8, 30, seed=6)).any()


def test_fewer_steps_are_the_first_of_more():
    assert (minibatches(50, 8, 11, seed=5) == minibatches(50, 8, 30, seed=5)[:11]).all()


def test_batches_are_the_permutations_of_pcg64():
    rng = np.random.Generator(np.random.PCG64(12))
    expected = [rng.permutation(7)[:6] for _ in range(2)]
    assert (minibatches(7, 3, 4, seed=12).reshape(2, 6) == expected).all()


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((4, 5, 1, 0), ValueError, "batch_size must be at most the number of examples, 4, got 5"),
        ((4, 0, 1, 0), ValueError, "batch_size must be an integer of at least 1, got 0"),
        ((4, 2.0, 1, 0), TypeError, "batch_size must be an integer, got 2.0"),
        ((0, 1, 1, 0), ValueError, "n must be an integer of at least 1, got 0"),
        ((4, 2, -1, 0), ValueError, "steps must be an integer of at least 0, got -1"),
        ((4, 2, True, 0), ValueError, "steps must be an integer of at least 0, got True"),
        ((4, 2, 1, -3), ValueError, "seed must be an integer of at least 0, got -3"),
        ((4, 2, 1, "x"), TypeError, "seed must be an integer, got 'x'"),
    ],
)
def test_bad_numbers_for_batches_are_named(arguments, error, message):
    with pytest.raises(error) as caught:
        minibatches(*arguments)
    assert str(caught.value) == message


# What train does -----------------------------------------------------------------------------------------------------


def test_one_step_by_hand():
    # w = 0, one batch of all: E = mean(2, 8, 18, 32) = 15, dE/dw = −mean(2, 8, 18, 32) = −15, w ← 0 + 0.1·15
    model = Line()
    history = train(model, SGD(lr=0.1), X, T, steps=1, batch_size=4, **QUIET)
    assert history.losses.tolist() == [15.0]
    assert model.params == pytest.approx(1.5)


def test_the_loop_is_the_loop_written_out():
    model, other = Line(), Line()
    history = train(model, Momentum(lr=0.01, momentum=0.9), X, T, steps=9, batch_size=2, seed=4, **QUIET)
    optimizer, losses = Momentum(lr=0.01, momentum=0.9), []
    for batch in minibatches(4, 2, 9, seed=4):
        losses.append(other.loss(X[batch], T[batch]))
        optimizer.update(other.params, other.gradient(X[batch], T[batch]))
    assert history.losses.tolist() == losses
    assert model.params.tolist() == other.params.tolist()


def test_the_two_forms_of_nesterov_are_one_run():
    """The look-ahead form asks at θ + μv, which is where the shifted form stands."""
    x, labels = np.random.default_rng(0).normal(size=(200, 8)), np.arange(200) % 3
    nets = [Network([8, 10, 3], seed=1, dtype="float64") for _ in range(2)]
    runs = [Nesterov(lr=0.1, momentum=0.9, convention=name) for name in ("shifted", "look-ahead")]
    losses = [
        train(net, run, x, labels, steps=20, batch_size=32, progress=False).losses
        for net, run in zip(nets, runs, strict=True)
    ]
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-10)
    ahead = runs[1].gradient_point(nets[1].params)
    np.testing.assert_allclose(ahead.vector, nets[0].params.vector, rtol=0, atol=1e-12)


def test_a_model_that_cannot_look_ahead_is_told_before_anything_is_changed():
    model, optimizer = Line(), Nesterov(lr=0.1, convention="look-ahead")
    with pytest.raises(TypeError, match=r"Line\.loss must take parameters as a third argument.*'shifted'"):
        train(model, optimizer, X, T, steps=3, batch_size=4, **QUIET)
    assert model.params == [0.0]
    assert optimizer.t == 0


def test_two_optimizers_can_be_given_the_same_batches():
    batches = minibatches(4, 2, 6, seed=1)
    models = [Line(), Line()]
    for model, optimizer in zip(models, (SGD(lr=0.01), Momentum(lr=0.01, momentum=0.5)), strict=True):
        train(model, optimizer, X, T, batches=batches, **QUIET)
    assert np.array_equal(models[0].seen, models[1].seen)
    assert np.array_equal(models[0].seen, X[batches])


def test_seed_gives_the_batches_of_minibatches():
    by_seed, by_batches = Line(), Line()
    train(by_seed, SGD(lr=0.01), X, T, steps=5, batch_size=3, seed=8, **QUIET)
    train(by_batches, SGD(lr=0.01), X, T, batches=minibatches(4, 3, 5, seed=8), **QUIET)
    assert np.array_equal(by_seed.seen, by_batches.seen)


def test_batches_may_be_lists_of_different_length_and_steps_may_cut_them():
    model = Line()
    history = train(model, SGD(lr=0.01), X, T, steps=2, batches=[[0], [1, 2], [3]], **QUIET)
    assert len(history) == 2
    assert [seen.tolist() for seen in model.seen] == [[1.0], [2.0, 3.0]]


def test_loss_and_gradient_come_from_one_pass_where_the_model_offers_it():
    one, two = Both(), Line()
    history = train(one, SGD(lr=0.01), X, T, steps=5, batch_size=2, **QUIET)
    assert one.passes == 5
    assert history.losses.tolist() == train(two, SGD(lr=0.01), X, T, steps=5, batch_size=2, **QUIET).losses.tolist()


def test_the_history_reads_as_its_losses():
    history = train(Knows(), SGD(lr=0.1), X, T, steps=3, batch_size=4, test=(X, T), **QUIET)
    assert len(history) == 3
    assert history[0] == history.losses[0] == 15.0
    assert list(history) == history.losses.tolist()
    assert np.array_equal(np.asarray(history), history.losses)
    assert repr(history) == "History(3 steps, loss 15 → 0.05859, accuracy 0.9844)"
    assert repr(History()) == "History(no steps)"


def test_no_steps_change_nothing():
    model = Line(w=3.0)
    assert len(train(model, SGD(lr=0.1), X, T, steps=0, batch_size=2, **QUIET)) == 0
    assert model.params == 3.0


def test_a_schedule_sets_the_learning_rate_of_each_step_from_step_0():
    optimizer, asked = SGD(lr=9.0), []

    def halving(step):
        asked.append(step)
        return 0.1 / 2**step

    history = train(Line(), optimizer, X, T, steps=3, batch_size=4, schedule=halving, **QUIET)
    assert asked == [0, 1, 2]
    assert history.lrs.tolist() == [0.1, 0.05, 0.025]
    assert optimizer.lr == 0.025


def test_the_library_s_schedules_fit_and_a_whole_run_uses_their_whole_length():
    optimizer = Momentum(lr=0.1, momentum=0.5)
    schedule = schedules.warmup_cosine(0.1, warmup=3, steps=12)
    history = train(Line(), optimizer, X, T, steps=12, batch_size=2, schedule=schedule, **QUIET)
    assert history.lrs.tolist() == [schedule(step) for step in range(12)]
    assert history.lrs.min() > 0


def test_the_history_keeps_the_learning_rate_without_a_schedule_too():
    assert train(Line(), SGD(lr=0.1), X, T, steps=2, batch_size=4, **QUIET).lrs.tolist() == [0.1, 0.1]


def test_the_callback_comes_after_the_update_with_step_and_loss():
    model, calls = Line(), []
    history = train(
        model, SGD(lr=0.1), X, T, steps=3, batch_size=4,
        callback=lambda step, loss: calls.append((step, loss, model.params[0])), **QUIET,
    )  # fmt: skip
    assert [call[0] for call in calls] == [0, 1, 2]
    assert [call[1] for call in calls] == history.losses.tolist()
    assert calls[0][2] == pytest.approx(1.5)


def test_accuracy_is_measured_before_the_first_step_then_every_few_and_at_the_end():
    history = train(Knows(), SGD(lr=0.1), X, T, steps=5, batch_size=4, test=(X, T), test_every=2, **QUIET)
    assert history.accuracy_steps.tolist() == [0, 2, 4, 5]
    assert history.accuracies[:2] == pytest.approx([0.0, 0.9375])  # w = 0; after two steps 2 − 2·(1/4)²


def test_accuracy_at_the_end_is_measured_once():
    history = train(Knows(), SGD(lr=0.1), X, T, steps=4, batch_size=4, test=(X, T), test_every=2, **QUIET)
    assert history.accuracy_steps.tolist() == [0, 2, 4]


# A loss that is not finite -------------------------------------------------------------------------------------------


def test_training_stops_at_a_loss_that_is_not_finite_and_gives_what_it_had():
    model, other = Line(), Line()
    with pytest.raises(LossNotFiniteError) as caught:
        train(model, SGD(lr=1e60), X, T, batches=[[0, 1, 2, 3]] * 50, **QUIET)
    error = caught.value
    assert isinstance(error, FloatingPointError)
    assert str(error).startswith("the loss is inf at step 3 with learning rate 1e+60: training stopped")
    assert (error.step, error.lr, error.loss) == (3, 1e60, np.inf)
    assert len(error.history) == 3
    assert np.isfinite(error.history.losses).all()
    assert error.history.losses[0] == 15.0
    optimizer = SGD(lr=1e60)
    for _ in range(3):  # the parameters are those of step 3, whose update was not made
        optimizer.update(other.params, other.gradient(X, T))
    assert model.params.tolist() == other.params.tolist()


def test_a_loss_that_is_not_a_number_stops_too_and_keeps_the_accuracies():
    class Breaks(Knows):
        def loss(self, x, labels):
            return np.nan if len(self.seen) == 3 else super().loss(x, labels)

    with pytest.raises(LossNotFiniteError, match=r"^the loss is nan at step 3 with learning rate 0\.1:") as caught:
        train(Breaks(), SGD(lr=0.1), X, T, steps=9, batch_size=4, test=(X, T), test_every=1, **QUIET)
    assert caught.value.history.accuracy_steps.tolist() == [0, 1, 2, 3]


def test_the_learning_rate_named_is_the_schedule_s():
    with pytest.raises(LossNotFiniteError, match="with learning rate 1e\\+90"):
        train(Line(), SGD(lr=0.1), X, T, steps=9, batch_size=4, schedule=lambda s: 0.1 if s < 2 else 1e90, **QUIET)


def test_a_network_that_diverges_says_so_and_warns_of_nothing():
    digits = load_digits_mnist()
    net = Network([784, 20, 10], seed=0)
    with pytest.raises(LossNotFiniteError) as caught:
        train(net, SGD(lr=1e30), digits.x_train, digits.t_train, steps=50, **QUIET)
    assert 1 <= len(caught.value.history) < 50


# Bad input -----------------------------------------------------------------------------------------------------------

GOOD = {"x": X, "labels": T, "steps": 3, "batch_size": 2}


@pytest.mark.parametrize(
    ("bad", "error", "message"),
    [
        ({"x": X[:3]}, ValueError, "labels must have as many entries as x, 3, got 4"),
        ({"x": X[:0], "labels": T[:0]}, ValueError, "x must have at least one example along its first axis"),
        ({"x": 3.0}, ValueError, r"x must have at least one example along its first axis, got shape \(\)"),
        ({"x": np.array(list("abcd"))}, TypeError, "x must be an array of integers or floats, got dtype <U1"),
        ({"x": X * 1j}, TypeError, "x must be an array of integers or floats, got dtype complex128"),
        ({"labels": T > 3}, TypeError, "labels must be an array of integers or floats, got dtype bool"),
        ({"x": np.array([1, np.nan, 3, 4])}, ValueError, "x must be finite everywhere, got infinity or nan in it"),
        ({"labels": np.array([1, np.inf, 3, 4])}, ValueError, "labels must be finite everywhere"),
        ({"steps": None}, TypeError, "steps must be given"),
        ({"steps": 2.5}, TypeError, "steps must be an integer, got 2.5"),
        ({"steps": -1}, ValueError, "steps must be an integer of at least 0, got -1"),
        ({"batch_size": 9}, ValueError, "batch_size must be at most the number of examples, 4, got 9"),
        ({"seed": -1}, ValueError, "seed must be an integer of at least 0, got -1"),
        ({"batches": [[0]]}, TypeError, "batch_size and seed make the batches: give either them or batches, not both"),
        ({"batches": [[0]], "batch_size": None}, ValueError, "steps must be at most the number of batches, 1, got 3"),
        ({"batches": [[0], [4]], "batch_size": None}, ValueError, r"batches\[1\] must lie between 0 and 3, got 4 to 4"),
        ({"batches": [[-1]], "batch_size": None}, ValueError, r"batches\[0\] must lie between 0 and 3, got -1 to -1"),
        ({"batches": [[]], "batch_size": None}, TypeError, r"batches\[0\] must hold one or more integers"),
        ({"batches": [[0.5]], "batch_size": None}, TypeError, r"batches\[0\] must hold .* got dtype float64"),
        ({"batches": np.ones((3, 2)), "batch_size": None}, TypeError, "batches must hold .* got dtype float64"),
        ({"batches": np.array([[0], [4], [1]]), "batch_size": None}, ValueError, "batches must lie between 0 and 3"),
        ({"batches": np.arange(3), "batch_size": None}, ValueError, "batches must have one row of positions"),
        (
            {"batches": iter([[0]]), "batch_size": None},
            TypeError,
            "batches must be an array or a list, got an iterator",
        ),
        ({"test": (X, T)}, TypeError, "test needs a model with an accuracy method, got Line"),
        ({"model": Knows(), "test": X}, TypeError, "test must be a pair"),
        ({"model": Knows(), "test": (X, T[:2])}, ValueError, "t_test must have as many entries as x_test, 4, got 2"),
        (
            {"model": Knows(), "test": (X, T), "test_every": 0},
            ValueError,
            "test_every must be an integer of at least 1",
        ),
        ({"model": SGD(lr=0.1)}, TypeError, "model must have params, loss, gradient, got SGD without params"),
        ({"optimizer": Line()}, TypeError, "optimizer must have update, lr, got Line without update"),
        ({"progress": 1}, TypeError, "progress must be True, False or a name to show, got 1"),
    ],
)
def test_bad_input_is_named_before_anything_is_changed(bad, error, message):
    arguments = {"model": Line(w=0.5), "optimizer": Momentum(lr=0.1, momentum=0.9), **GOOD, **QUIET} | bad
    with pytest.raises(error, match=f"^{message}"):
        train(**arguments)
    if isinstance(arguments["model"], Line):
        assert not arguments["model"].seen
    if isinstance(arguments["optimizer"], Momentum):
        assert arguments["optimizer"].lr == 0.1
        assert arguments["optimizer"].state["t"] == 0


@pytest.mark.parametrize("wrong", [-0.1, np.nan, np.inf, "fast", None])
def test_a_schedule_s_wrong_learning_rate_is_named_with_its_step(wrong):
    model = Line()
    with pytest.raises(
        ValueError, match=r"^schedule must give a finite number of at least 0 for each step, got .* step 2"
    ):
        train(model, SGD(lr=0.1), X, T, steps=5, batch_size=2, schedule=lambda s: wrong if s == 2 else 0.1, **QUIET)
    assert len(model.seen) == 2


@pytest.mark.parametrize(
    ("x", "labels", "error", "message"),
    [
        (np.ones((4, 3), "float32"), [0, 1, 0, 2], ValueError, "labels must lie from 0 to 1, got 2"),
        (np.ones((4, 3), "float32"), [0, 1, 0, -1], ValueError, "labels must lie from 0 to 1, got -1"),
        (np.ones((4, 3), "float32"), [0, 1, 0, 1.0], TypeError, "labels must be integers"),
        (np.ones((4, 2), "float32"), [0, 1, 0, 1], ValueError, r"x must have shape \(n, 3\)"),
        (np.ones((4, 3), "float64"), [0, 1, 0, 1], TypeError, "x must have the network's dtype float32, got float64"),
    ],
)
def test_a_network_s_complaint_comes_before_the_first_step_wherever_the_fault_is(x, labels, error, message):
    net = Network([3, 2], seed=0)
    before = net.params.vector.copy()
    with pytest.raises(error, match=message):
        train(net, SGD(lr=0.1), x, labels, batches=[[0], [1], [2], [3]], **QUIET)
    assert (net.params.vector == before).all()


# Progress ------------------------------------------------------------------------------------------------------------


def test_a_bar_with_a_name_and_the_loss_is_drawn(capsys):
    train(Line(), SGD(lr=0.1), X, T, steps=3, batch_size=4, progress="momentum")
    drawn = capsys.readouterr().err
    assert "momentum: 100%" in drawn
    assert "3/3" in drawn
    assert "loss 0.05859" in drawn


def test_without_progress_nothing_is_drawn(capsys):
    train(Line(), SGD(lr=0.1), X, T, steps=3, batch_size=4, progress=False)
    assert capsys.readouterr() == ("", "")


def test_the_bar_is_closed_when_training_stops_early(capsys):
    with pytest.raises(LossNotFiniteError):
        train(Line(), SGD(lr=1e60), X, T, steps=50, batch_size=4)
    assert "3/50" in capsys.readouterr().err


def test_the_module_loads_neither_the_bar_nor_any_other_heavy_package():
    script = (
        "import sys, downslope.training, downslope.data\n"
        "print([m for m in ('tqdm', 'pooch', 'requests', 'matplotlib', 'ipywidgets') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# With the library's own network and optimizers -----------------------------------------------------------------------


def test_the_network_learns_the_digits_and_momentum_learns_them_faster():
    digits = load_digits_mnist()
    batches = minibatches(len(digits.x_train), 128, 300, seed=0)
    final = {}
    for name, optimizer in (("sgd", SGD(lr=0.01)), ("momentum", Momentum(lr=0.01, momentum=0.9))):
        net = Network([784, 50, 10], seed=0)
        history = train(
            net, optimizer, digits.x_train, digits.t_train, batches=batches, test=(digits.x_test, digits.t_test),
            test_every=300, **QUIET,
        )  # fmt: skip
        assert net.params.dtype == np.float32
        assert history.accuracies[0] < 0.3
        final[name] = history.losses[-50:].mean(), history.accuracies[-1]
    assert final["momentum"][0] < 0.5 < final["sgd"][0] < 2
    assert final["momentum"][1] > 0.88


def test_a_run_in_float64_repeats_itself_to_the_last_bit():
    digits = load_digits_mnist(dtype="float64")
    runs = [
        train(
            Network([784, 20, 10], seed=1, dtype="float64"),
            Momentum(lr=0.05, momentum=0.9),
            digits.x_train,
            digits.t_train,
            steps=20,
            batch_size=64,
            seed=2,
            **QUIET,
        )
        for _ in range(2)
    ]
    assert runs[0].losses.tolist() == runs[1].losses.tolist()
