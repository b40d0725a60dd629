"""The network: its gradient is the same by matrices, by single weights, by a graph, by differences and by PyTorch."""

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from downslope.backprop import L1, L2, Network, Parameters, Value, check_gradient
from downslope.backprop.activations import ACTIVATIONS
from downslope.backprop.initializers import INITIALIZERS
from downslope.backprop.network import LOSS_NAMES
from hypothesis import given, settings
from hypothesis import strategies as st

ORACLES = np.load(Path(__file__).parent / "oracles" / "networks.npz")
CASES = [case for case in json.loads(str(ORACLES["cases"])) if case.startswith("network/")]


def oracle(case):
    prefix = f"{case}/"
    return {name[len(prefix) :]: ORACLES[name] for name in ORACLES.files if name.startswith(prefix)}


def batch(net, n=5, seed=0):
    generator = np.random.default_rng(seed)
    x = generator.standard_normal((n, net.sizes[0])).astype(net.dtype)
    return x, generator.integers(0, net.sizes[-1], n)


def shaken(net, seed=1):
    """The net with biases that are not 0."""
    generator = np.random.default_rng(seed)
    for name, array in net.params.items():
        if name.startswith("b"):
            array += generator.standard_normal(array.shape) / 2
    return net


# Oracles -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES)
def test_loss_and_gradients_are_those_of_pytorch(case):
    _, activation, loss, penalty = case.split("/")
    truth = oracle(case)
    net = Network(
        [4, 6, 5, 3],
        activation,
        loss=loss,
        penalty={"none": None, "l1": L1(0.01), "l2": L2(0.01)}[penalty],
        dtype=float,
    )
    for name in net.params:
        net.params[name] = truth[name]
    value, gradient = net.loss_and_gradient(truth["x"], truth["labels"])
    assert np.allclose(net.forward(truth["x"]), truth["scores"], rtol=1e-12, atol=1e-13)
    assert value == pytest.approx(float(truth["loss"]), rel=1e-12)
    assert {name for name in truth if name.startswith("grad/")} == {f"grad/{name}" for name in gradient}
    for name in gradient:
        assert np.allclose(gradient[name], truth[f"grad/{name}"], rtol=1e-12, atol=1e-13), name


# Three ways ----------------------------------------------------------------------------------------------------------


def by_graph(net, x, labels):
    """Loss and gradients of a softmax or squared-error network, as a graph of arrays."""
    params = {name: Value(array.copy(), name) for name, array in net.params.items()}
    h = Value(x)
    for l in range(1, net.layers + 1):
        h = h @ params[f"W{l}"] + params[f"b{l}"]
        if l < net.layers:
            h = {"relu": h.relu, "tanh": h.tanh, "logistic": h.logistic}[net.activation.name]()
    target = np.eye(net.sizes[-1])[labels]
    if net.loss_name == "softmax_cross_entropy":
        total = h.exp().sum(axis=1).log().sum() - (h * target).sum()
        total = total / len(x)
    else:
        total = ((h - target) ** 2).sum() / (2 * len(x) if net.loss_name.endswith("mean") else 2)
    total.backward()
    return total.value, {name: value.grad for name, value in params.items()}


def by_single_weights(net, x, labels):
    """∂E/∂w_ki = δ_i y_k for one example after the other, each weight for itself."""
    L, f = net.layers, net.activation
    gradient = {name: np.zeros_like(array) for name, array in net.params.items()}
    for example, label in zip(x, labels, strict=True):
        y, nets = {0: list(example)}, {}
        for l in range(1, L + 1):
            W, b = net.params[f"W{l}"], net.params[f"b{l}"]
            nets[l] = [sum(y[l - 1][k] * W[k, i] for k in range(len(W))) + b[i] for i in range(len(b))]
            y[l] = [float(f.function(np.array(v))) if l < L else v for v in nets[l]]
        total = sum(np.exp(o) for o in y[L])
        delta = {L: [(np.exp(o) / total - (i == label)) / len(x) for i, o in enumerate(y[L])]}
        for l in range(L, 0, -1):
            W = net.params[f"W{l}"]
            for i in range(W.shape[1]):
                gradient[f"b{l}"][i] += delta[l][i]
                for k in range(W.shape[0]):
                    gradient[f"W{l}"][k, i] += delta[l][i] * y[l - 1][k]
            if l > 1:
                delta[l - 1] = [
                    float(f.derivative(np.array(nets[l - 1][k])))
                    * sum(delta[l][i] * W[k, i] for i in range(W.shape[1]))
                    for k in range(W.shape[0])
                ]
    return gradient


@given(
    st.lists(st.integers(1, 4), min_size=2, max_size=4),
    st.sampled_from(["relu", "tanh", "logistic"]),
    st.sampled_from(LOSS_NAMES),
    st.integers(0, 99),
)
@settings(max_examples=40, deadline=None)
def test_matrices_and_graph_give_the_same_gradients(sizes, activation, loss, seed):
    net = shaken(Network(sizes, activation, loss=loss, seed=seed, dtype="float64"), seed)
    x, labels = batch(net, seed=seed)
    value, gradient = net.loss_and_gradient(x, labels)
    graph_value, graph_gradient = by_graph(net, x, labels)
    assert value == pytest.approx(graph_value, rel=1e-12, abs=1e-14)
    for name in gradient:
        assert np.allclose(gradient[name], graph_gradient[name], rtol=1e-11, atol=1e-14), name


@given(st.lists(st.integers(1, 3), min_size=2, max_size=4), st.sampled_from(["relu", "tanh"]), st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_matrices_and_single_weights_give_the_same_gradients(sizes, activation, seed):
    net = shaken(Network(sizes, activation, seed=seed, dtype="float64"), seed)
    x, labels = batch(net, n=3, seed=seed)
    gradient, single = net.gradient(x, labels), by_single_weights(net, x, labels)
    for name in gradient:
        assert np.allclose(gradient[name], single[name], rtol=1e-11, atol=1e-14), name


def test_a_graph_of_fractions_gives_the_matrix_gradients_exactly():
    net = Network([2, 3, 2], "relu", loss="squared_error_sum", dtype="float64")
    net.params.vector = np.random.default_rng(0).integers(-8, 8, net.params.vector.size) / 8
    x, target = np.array([[0.5, -0.25], [1.0, 2.0]]), np.array([[1.0, 0.0], [0.0, 1.0]])
    exact = {name: Value(_fractions(array), name) for name, array in net.params.items()}
    hidden = (Value(_fractions(x)) @ exact["W1"] + exact["b1"]).relu()
    E = ((hidden @ exact["W2"] + exact["b2"] - _fractions(target)) ** 2).sum() * Fraction(1, 2)
    E.backward()
    value, gradient = net.loss_and_gradient(x, target)
    assert value == E.value
    assert type(E.value) is Fraction
    for name in gradient:
        assert (gradient[name] == exact[name].grad).all()
        assert all(type(g) is Fraction for g in exact[name].grad.flat if g)


def _fractions(array):
    return np.vectorize(Fraction, otypes=[object])(array)


# Differences ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("penalty", [None, L1(0.03), L2(0.03)], ids=repr)
@pytest.mark.parametrize("loss", LOSS_NAMES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_layer_agrees_with_the_complex_step(activation, loss, penalty):
    net = shaken(Network([3, 4, 4, 2], activation, loss=loss, penalty=penalty, dtype="float64"))
    x, labels = batch(net)
    report = check_gradient(
        lambda p: net.loss(x, labels, p), net.gradient(x, labels), net.params, method="complex", tolerance=1e-11
    )
    assert report, report


def test_a_dropped_factor_in_the_backward_pass_is_noticed():
    net = shaken(Network([3, 4, 2], "tanh", dtype="float64"))
    x, labels = batch(net)
    wrong = net.gradient(x, labels)
    wrong["W1"] = wrong["W1"] * 1.001
    report = check_gradient(lambda p: net.loss(x, labels, p), wrong, net.params)
    assert not report
    assert report.name == "W1"


def test_targets_may_be_given_to_a_squared_error():
    net = Network([2, 3, 2], "tanh", loss="squared_error_mean", dtype="float64")
    x, labels = batch(net)
    assert net.loss(x, labels) == net.loss(x, np.eye(2)[labels])
    target = np.random.default_rng(0).standard_normal((5, 2))
    report = check_gradient(lambda p: net.loss(x, target, p), net.gradient(x, target), net.params)
    assert report, report


def test_sum_and_mean_differ_by_the_number_of_examples():
    total, mean = (Network([2, 3], loss=f"squared_error_{name}", dtype=float) for name in ("sum", "mean"))
    x, labels = batch(total)
    assert np.allclose(total.gradient(x, labels).vector, 5 * mean.gradient(x, labels).vector, rtol=1e-14)


def test_the_error_signal_sums_to_zero_over_classes():
    net = Network([3, 4, 5], dtype="float64")
    x, labels = batch(net)
    assert abs(net.gradient(x, labels)["b2"].sum()) < 1e-15


# Conveniences --------------------------------------------------------------------------------------------------------


def test_an_untrained_zero_network_guesses_evenly():
    net = Network([4, 3, 10], initializer="zero", dtype="float64")
    x, labels = batch(net)
    assert net.loss(x, labels) == pytest.approx(np.log(10), rel=1e-15)
    assert np.allclose(net.probabilities(x), 0.1)


def test_gradient_loss_and_both_at_once_agree():
    net = Network([3, 4, 2], penalty=L2(0.1))
    x, labels = batch(net)
    value, gradient = net.loss_and_gradient(x, labels)
    assert type(value) is float
    assert value == net.loss(x, labels)
    assert gradient == net.gradient(x, labels)
    assert gradient.shapes == net.params.shapes


def test_a_gradient_in_hand_is_not_overwritten_by_the_next():
    net = Network([3, 4, 2])
    first = net.gradient(*batch(net))
    kept = first.copy()
    net.gradient(*batch(net, seed=5))
    assert first == kept


def test_prediction_is_the_highest_score_and_accuracy_its_share():
    net = Network([2, 2], dtype="float64", initializer="zero")
    net.params["W1"] = np.eye(2)
    x = np.array([[1.0, 0.0], [0.0, 1.0], [3.0, 2.0], [0.0, 5.0]])
    assert net.predict(x).tolist() == [0, 1, 0, 1]
    assert net.accuracy(x, [0, 1, 1, 1]) == 0.75


def test_signals_carry_the_indices_of_the_equations():
    net = shaken(Network([2, 3, 4, 2], "tanh", dtype="float64"))
    x, _ = batch(net)
    Z, H = net.signals(x)
    assert H[0] is x
    for l in (1, 2, 3):
        assert np.allclose(Z[l], H[l - 1] @ net.params[f"W{l}"] + net.params[f"b{l}"])
    assert np.allclose(H[2], np.tanh(Z[2]))
    assert H[3] is Z[3]
    assert np.array_equal(net.forward(x), Z[3])


def test_lists_are_taken_for_small_examples():
    net = Network([2, 2], dtype="float64")
    assert net.loss([[1, 2]], [0]) == net.loss(np.array([[1.0, 2.0]]), np.array([0], "uint8"))


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_one_dtype_throughout(activation):
    net = Network([3, 4, 4, 2], activation, penalty=L2(np.float64(0.1)), dtype="float32")
    x, labels = batch(net)
    Z, H = net.signals(x)
    assert {array.dtype for array in (*Z, *H, net.params.vector, net.gradient(x, labels).vector)} == {net.dtype}


def test_float32_and_float64_start_from_the_same_numbers_and_give_nearly_the_same_gradients():
    single, double = (Network([5, 4, 3], dtype=dtype) for dtype in ("float32", "float64"))
    assert np.array_equal(single.params.vector, double.params.vector.astype("float32"))
    x, labels = batch(single)
    a, b = single.gradient(x, labels), double.gradient(x.astype("float64"), labels)
    assert np.allclose(a.vector, b.vector, rtol=1e-4, atol=1e-6)


def test_the_same_seed_gives_the_same_weights_and_another_seed_others():
    assert Network([3, 4, 2], seed=7).params == Network([3, 4, 2], seed=7).params
    assert Network([3, 4, 2], seed=7).params != Network([3, 4, 2], seed=8).params


# Initializers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "variance"),
    [("zero", 0), ("small_random", 1e-4), ("xavier", 2 / (400 + 100)), ("he", 2 / 400)],
)
def test_initial_weights_have_the_stated_variance_and_biases_are_zero(name, variance):
    net = Network([400, 100], initializer=name, dtype="float64")
    W = net.params["W1"]
    assert W.var() == pytest.approx(variance, rel=0.05)
    assert abs(W.mean()) <= 4 * np.sqrt(variance / W.size)
    assert not net.params["b1"].any()
    assert set(INITIALIZERS) == {"zero", "small_random", "xavier", "he"}


def test_he_keeps_the_signal_alive_through_ten_relu_layers_and_small_random_does_not():
    x = np.random.default_rng(0).standard_normal((200, 256))
    last = {}
    for name in ("he", "small_random"):
        _, H = Network([256] * 11, initializer=name, dtype="float64").signals(x)
        last[name] = H[9].var() / H[1].var()
    assert last["he"] > 0.2
    assert last["small_random"] < 1e-10


def test_with_zero_weights_all_units_of_a_layer_stay_equal():
    net = Network([3, 4, 2], "logistic", initializer="zero", dtype="float64")
    x, labels = batch(net)
    for _ in range(5):
        net.params.vector -= 0.5 * net.gradient(x, labels).vector
    assert np.ptp(net.params["W1"], axis=1).max() == 0


def test_parametric_relu_slopes_start_at_a_quarter_and_are_learned():
    net = Network([3, 4, 2], "parametric_relu")
    assert list(net.params) == ["W1", "b1", "a1", "W2", "b2"]
    assert (net.params["a1"] == 0.25).all()
    assert net.gradient(*batch(net))["a1"].any()


# Bad input -----------------------------------------------------------------------------------------------------------

x, labels = np.ones((2, 3), "float32"), np.array([0, 1])


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((np.ones((2, 4), "float32"), labels), ValueError, r"x must have shape \(n, 3\).* got shape \(2, 4\)"),
        ((np.ones(3, "float32"), labels), ValueError, r"x must have shape \(n, 3\)"),
        ((np.ones((0, 3), "float32"), labels[:0]), ValueError, "n ≥ 1 rows"),
        ((np.ones((2, 3)), labels), TypeError, "x must have the network's dtype float32, got float64"),
        ((np.ones((2, 3), int), labels), TypeError, "x must have the network's dtype float32, got int64"),
        ((np.array([[0, 0, 0], [0, np.nan, 0]], "float32"), labels), ValueError, "got nan in row 1, column 1"),
        ((np.array([[0, 0, np.inf], [0, 0, 0]], "float32"), labels), ValueError, "got inf in row 0, column 2"),
        ((x, np.array([0, 2])), ValueError, "labels must lie from 0 to 1, got 2"),
        ((x, np.array([-1, 0])), ValueError, "labels must lie from 0 to 1, got -1"),
        ((x, np.array([0.0, 1.0])), TypeError, "labels must be integers from 0 to 1, got dtype float64"),
        ((x, np.array([0])), ValueError, r"labels must have shape \(2,\)"),
        ((x, np.eye(2)), ValueError, r"labels must have shape \(2,\)"),
        ((x, labels, {"W1": 0}), ValueError, "params must have the layout Parameters"),
        ((x, labels, Parameters({"W1": (3, 2)})), ValueError, "params must have the layout"),
    ],
)
@pytest.mark.parametrize("method", ["loss", "gradient", "loss_and_gradient"])
def test_bad_input_is_named_and_nothing_changes(method, arguments, error, message):
    net = Network([3, 4, 2])
    before = net.params.copy()
    with pytest.raises(error, match=message):
        getattr(net, method)(*arguments)
    assert net.params == before


def test_large_finite_numbers_are_not_taken_for_infinite_ones():
    net = Network([3, 2], initializer="zero")
    assert net.forward(np.full((1, 3), 1e30, "float32")).tolist() == [[0, 0]]


@pytest.mark.parametrize(
    ("target", "error", "message"),
    [
        (np.zeros((2, 3), "float32"), ValueError, r"targets of shape \(2, 2\), got shape \(2, 3\)"),
        (np.zeros((2, 2)), TypeError, "targets must have the network's dtype float32, got float64"),
    ],
)
def test_bad_targets_are_named(target, error, message):
    with pytest.raises(error, match=message):
        Network([3, 4, 2], loss="squared_error_sum").loss(x, target)


def test_accuracy_checks_its_labels():
    with pytest.raises(ValueError, match="labels must lie from 0 to 1, got 7"):
        Network([3, 4, 2]).accuracy(x, [0, 7])


@pytest.mark.parametrize(
    ("keywords", "error", "message"),
    [
        ({"sizes": [3]}, ValueError, "sizes must be two or more positive integers"),
        ({"sizes": [3, 0]}, ValueError, "sizes must be"),
        ({"sizes": [3, 2.0]}, ValueError, "sizes must be"),
        ({"activation": "swish"}, ValueError, "activation must be one of 'identity', .* got 'swish'"),
        ({"initializer": "ones"}, ValueError, "initializer must be one of"),
        ({"loss": "hinge"}, ValueError, "loss must be one of"),
        ({"penalty": 0.1}, TypeError, r"penalty must be L1\(…\), L2\(…\) or None, got float 0.1"),
        ({"dtype": "int64"}, ValueError, "dtype must be a float dtype"),
    ],
)
def test_a_network_that_cannot_be_built_says_why(keywords, error, message):
    with pytest.raises(error, match=message):
        Network(**{"sizes": [3, 2], **keywords})


@pytest.mark.parametrize("strength", [-1, np.inf, np.nan, "1"])
@pytest.mark.parametrize("penalty", [L1, L2])
def test_a_penalty_needs_a_strength_of_at_least_zero(penalty, strength):
    with pytest.raises(ValueError, match="strength must be a finite number of at least 0"):
        penalty(strength)
