"""What an optimizer accepts, what it refuses, what it remembers. After an error nothing has changed."""

import copy
import pickle
from fractions import Fraction

import numpy as np
import pytest
from downslope import optim
from downslope.backprop import Parameters
from downslope.optim import (
    SGD,
    Adadelta,
    AdaGrad,
    Adam,
    Adamax,
    AdamW,
    Momentum,
    Nadam,
    Nesterov,
    RMSprop,
    RMSpropNesterov,
    SparseAdam,
    SparseRows,
)

ALL = [
    SGD(0.1),
    *(Momentum(0.1, 0.9, name) for name in ("step", "velocity", "average", "sum")),
    *(Nesterov(0.1, 0.9, name) for name in ("shifted", "look-ahead")),
    AdaGrad(),
    Adadelta(),
    RMSprop(),
    *(RMSpropNesterov(convention=name) for name in ("shifted", "look-ahead")),
    Adam(),
    AdamW(),
    Adamax(),
    *(Nadam(convention=name) for name in ("scheduled", "constant")),
    SparseAdam(),
]
each = pytest.mark.parametrize("optimizer", ALL, ids=repr)


def arrays(seed=0, dtype="float64"):
    rng = np.random.default_rng(seed)
    return {"W": rng.normal(size=(2, 3)).astype(dtype), "b": rng.normal(size=3).astype(dtype)}


def same(one, other):
    """Equal as states: same names, same kinds, same numbers."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, Parameters):
        return isinstance(other, Parameters) and one == other
    return np.array_equal(one, other)


def test_the_published_names_and_defaults():
    assert repr(Adam()) == "Adam(lr=0.001, beta1=0.9, beta2=0.999, eps=1e-08, eps_root=0.0)"
    assert repr(Momentum(0.1)) == "Momentum(lr=0.1, momentum=0.9, convention='velocity')"
    assert {type(optimizer) for optimizer in ALL} == {
        each
        for each in (getattr(optim, name) for name in optim.__all__)
        if isinstance(each, type) and issubclass(each, optim.Optimizer) and each is not optim.Optimizer
    }


# What is accepted ----------------------------------------------------------------------------------------------------


@each
def test_array_dict_and_parameters_give_the_same_numbers(optimizer):
    as_dict, as_parameters = optimizer.fresh(), optimizer.fresh()
    as_arrays = {"W": optimizer.fresh(), "b": optimizer.fresh()}
    w_dict, w_arrays, w_parameters = arrays(), arrays(), Parameters.from_arrays(arrays())
    for seed in (1, 2, 3):
        g = arrays(seed)
        as_dict.update(w_dict, g)
        as_parameters.update(w_parameters, Parameters.from_arrays(g))
        for name, w in w_arrays.items():
            as_arrays[name].update(w, g[name])
    for name in w_dict:
        assert np.array_equal(w_dict[name], w_arrays[name])
        assert np.array_equal(w_dict[name], w_parameters[name])
    for name in optimizer.memory:
        assert isinstance(as_parameters.state[name], Parameters)
        assert isinstance(as_dict.state[name], dict)
        assert isinstance(as_arrays["W"].state[name], np.ndarray)
        assert np.array_equal(as_dict.state[name]["b"], as_parameters.state[name]["b"])
    assert as_dict.t == as_parameters.t == 3


@each
def test_gradients_stay_as_they_are(optimizer):
    g = arrays(1)
    optimizer.fresh().update(arrays(), g)
    assert same(g, arrays(1))


@each
def test_params_may_be_their_own_gradient(optimizer):
    """f = ½x²: the gradient is x itself, the same array."""
    x, apart = np.array([1.0, -2.0]), np.array([1.0, -2.0])
    one, other = optimizer.fresh(), optimizer.fresh()
    for _ in range(3):
        one.update(x, x)
        other.update(apart, apart.copy())
    assert np.array_equal(x, apart)


@each
def test_float32_stays_float32(optimizer):
    w, optimizer = arrays(dtype="float32"), optimizer.fresh()
    optimizer.lr = np.float64(0.1)
    optimizer.update(w, arrays(1, dtype="float32"))
    assert {array.dtype.name for array in w.values()} == {"float32"}
    for name in optimizer.memory:
        assert optimizer.state[name]["W"].dtype == "float32"


@pytest.mark.parametrize("kind", [np.float64, np.float32, np.array])
def test_a_rate_from_numpy_does_not_widen_the_arithmetic(kind):
    w, g = (np.random.default_rng(seed).normal(size=1000).astype("float32") for seed in (0, 1))
    optimizer = SGD(kind(0.1))
    expected = w - np.float32(optimizer.lr) * g
    optimizer.update(w, g)
    assert np.array_equal(w, expected)
    assert type(optimizer.lr) is float


@each
def test_an_array_without_axes_and_an_empty_one(optimizer):
    for w in (np.array(2.0), np.empty((0, 3))):
        optimizer.fresh().update(w, np.ones_like(w))


def test_a_parameters_takes_a_dict_of_gradients_too():
    optimizer, w = Adam(), Parameters.from_arrays(arrays())
    twin, w_twin = Adam(), Parameters.from_arrays(arrays())
    for seed in (1, 2, 3):
        optimizer.update(w, arrays(seed) if seed != 2 else Parameters.from_arrays(arrays(seed)))
        twin.update(w_twin, Parameters.from_arrays(arrays(seed)))
    assert w == w_twin
    assert same(optimizer.state, twin.state)


def test_order_of_names_does_not_matter():
    backwards = dict(reversed(arrays(1).items()))
    for make in (dict, Parameters.from_arrays):
        w, w_twin = make(arrays()), make(arrays())
        Momentum(0.1).update(w, make(backwards))
        Momentum(0.1).update(w_twin, make(arrays(1)))
        assert np.array_equal(w["W"], w_twin["W"])
        assert np.array_equal(w["b"], w_twin["b"])


def test_sparse_adam_on_a_parameters():
    w = Parameters.from_arrays(arrays())
    before = w.copy()
    SparseAdam().update(w, {"W": SparseRows(np.array([1]), np.ones((1, 3))), "b": np.ones(3)})
    assert np.array_equal(w["W"][0], before["W"][0])
    assert (w["W"][1] < before["W"][1]).all()
    assert (w["b"] < before["b"]).all()


# What is refused -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SGD(-0.1), "lr must be a positive number, got -0.1"),
        (lambda: SGD(0), "lr must be a positive number, got 0"),
        (lambda: SGD(float("nan")), "lr must be a positive number, got nan"),
        (lambda: SGD(float("inf")), "lr must be a positive number, got inf"),
        (lambda: SGD(np.array([0.1, 0.0])), "every entry of lr must be a positive number"),
        (lambda: Momentum(0.1, 1.1), r"momentum must be a number in \[0, 1\], got 1.1"),
        (lambda: Momentum(0.1, -0.1), r"momentum must be a number in \[0, 1\], got -0.1"),
        (lambda: Momentum(0.1, 0.9, "heavy"), "convention must be one of 'step', 'velocity', 'average', 'sum'"),
        (lambda: Nesterov(0.1, 0.9, "sum"), "convention must be one of 'shifted', 'look-ahead', got 'sum'"),
        (lambda: Nadam(convention=None), "convention must be one of 'scheduled', 'constant', got None"),
        (lambda: Adam(beta1=1.0), r"beta1 must be a number in \[0, 1\), got 1.0"),
        (lambda: Adam(beta2=-0.5), r"beta2 must be a number in \[0, 1\), got -0.5"),
        (lambda: Adam(eps=-1e-8), "eps must be a number >= 0, got -1e-08"),
        (lambda: RMSprop(eps_root=-1.0), "eps_root must be a number >= 0, got -1.0"),
        (lambda: RMSprop(rho=1), r"rho must be a number in \[0, 1\), got 1"),
        (lambda: AdamW(weight_decay=-1), "weight_decay must be a number >= 0, got -1"),
    ],
)
def test_hyper_parameters_outside_their_interval(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("lr", ["0.1", None, True, [0.1], 1j])
def test_hyper_parameters_that_are_no_numbers(lr):
    with pytest.raises(TypeError, match="lr must be a positive number, got"):
        SGD(lr)


def test_hyper_parameters_are_checked_when_they_are_set():
    optimizer = Adam()
    with pytest.raises(ValueError, match=r"lr must be a positive number, got 0\.0"):
        optimizer.lr = 0.0
    assert optimizer.lr == 0.001
    optimizer.lr = 0.5
    w = np.zeros(1)
    optimizer.update(w, np.ones(1))
    assert w[0] == pytest.approx(-0.5)


def test_a_name_that_does_not_exist_is_not_set():
    with pytest.raises(AttributeError, match="Adam has no 'learning_rate' to set, only lr, beta1"):
        Adam().learning_rate = 0.1
    with pytest.raises(AttributeError, match="SGD has no 'momentum' to set"):
        SGD(0.1).momentum = 0.9


def test_the_convention_of_a_run_is_fixed():
    with pytest.raises(AttributeError, match="convention is fixed when the optimizer is made; see"):
        Momentum(0.1).convention = "sum"


@each
def test_after_an_error_nothing_has_changed(optimizer):
    good = arrays(1)
    read_only = arrays()
    read_only["b"].flags.writeable = False
    for params, grads, error, message in [
        (arrays(), {"W": good["W"]}, ValueError, r"grads must have the names of params, \['W', 'b'\], got \['W'\]"),
        (arrays(), good | {"c": good["b"]}, ValueError, "grads must have the names of params"),
        (arrays(), good | {"b": np.ones(4)}, ValueError, r"grads\['b'\] must have the shape of params\['b'\], \(3,\)"),
        (arrays(), good | {"b": np.ones((3, 1))}, ValueError, r"\(3,\), got \(3, 1\)"),
        (arrays(), good | {"b": np.array(1.0)}, ValueError, r"\(3,\), got \(\)"),
        (arrays(), good | {"b": good["b"].astype("float32")}, TypeError, "dtype of .*float64, got float32"),
        (arrays(), good | {"b": [1.0, 2.0, 3.0]}, TypeError, r"grads\['b'\] must be a NumPy array, got list"),
        (arrays() | {"b": np.arange(3)}, good, TypeError, "floating point"),
        (arrays() | {"b": np.ones(3) * 1j}, good, TypeError, "floating point"),
        (arrays() | {"b": [1.0, 2.0, 3.0]}, good, TypeError, r"params\['b'\] must be a NumPy array, got list"),
        (read_only, good, ValueError, r"params\['b'\] must be writeable, got a read-only array"),
        (arrays(), good["W"], TypeError, "grads must be a mapping like params, got ndarray"),
        (arrays()["W"], good, TypeError, "grads must be a NumPy array, got dict"),
        (3.0, 1.0, TypeError, "params must be an array, a dict of arrays or a Parameters, got float"),
        (arrays()["W"], good["b"], ValueError, r"grads must have the shape of params, \(2, 3\), got \(3,\)"),
    ]:
        for begun in (False, True):
            used = optimizer.fresh()
            if begun:
                used.update(arrays(2), arrays(3))
            params_before, state = copy.deepcopy(params), used.state
            with pytest.raises(error, match=message):
                used.update(params, grads)
            assert same(params, params_before)
            assert same(used.state, state)


@each
@pytest.mark.parametrize("make", [lambda a: a["W"], Parameters.from_arrays])
def test_a_later_step_is_checked_as_the_first_one_was(optimizer, make):
    used, w, good = optimizer.fresh(), make(arrays()), make(arrays(1))
    used.update(w, good)
    bad = [
        make(arrays(1, dtype="float32")),
        make({"W": np.ones((3, 2)), "b": np.ones(3)}),
        make({"W": np.ones((2, 4)), "b": np.ones(1)}),
        1.0,
        None,
    ]
    before, state = copy.deepcopy(w), used.state
    for grads in bad:
        with pytest.raises((TypeError, ValueError), match="grads"):
            used.update(w, grads)
        assert same(w, before)
        assert same(used.state, state)
    getattr(w, "vector", w).flags.writeable = False
    with pytest.raises(ValueError, match="params must be writeable"):
        used.update(w, good)
    assert same(used.state, state)
    getattr(w, "vector", w).flags.writeable = True
    used.update(w, good)
    assert used.t == 2


@each
def test_other_parameters_than_remembered(optimizer):
    if not optimizer.memory:
        return
    for first, other in [
        (arrays(), {"W": np.ones((2, 3))}),
        (arrays(), {"W": np.ones((2, 3)), "b": np.ones(4)}),
        (arrays(), arrays(dtype="float32")),
        (np.ones(3), np.ones(4)),
        (np.ones(3), np.ones((3, 1))),
        (Parameters.from_arrays(arrays()), np.ones(9)),
        (np.ones(9), Parameters.from_arrays(arrays())),
    ]:
        used, params_before = optimizer.fresh(), copy.deepcopy(other)
        used.update(first, copy.deepcopy(first))
        state = used.state
        with pytest.raises(ValueError, match="params must have the layout that the optimizer remembers"):
            used.update(other, copy.deepcopy(other))
        assert same(other, params_before)
        assert same(used.state, state)


def test_roots_of_fractions_are_refused_before_anything_changes():
    w, optimizer = np.array([Fraction(1)], dtype=object), Adam()
    with pytest.raises(TypeError, match="Adam takes a square root, which a fraction seldom has"):
        optimizer.update(w, w.copy())
    assert w[0] == 1
    assert optimizer.state == {"t": 0}


def test_a_fraction_as_rate_of_floats_is_refused_before_anything_changes():
    w, optimizer = np.ones(2), Momentum(Fraction(1, 10), Fraction(9, 10))
    with pytest.raises(TypeError, match=r"lr is the fraction 1/10 and params is float64; give float\(lr\)"):
        optimizer.update(w, np.ones(2))
    assert (w == 1).all()
    assert optimizer.state == {"t": 0}
    with pytest.raises(TypeError, match=r"lr is the fraction 1/10 and params\['a'\] is float64"):
        optimizer.update({"a": np.ones(2)}, {"a": np.ones(2)})
    assert optimizer.state == {"t": 0}
    optimizer.lr, optimizer.momentum = 0.1, 0.9
    optimizer.update(w, np.ones(2))
    optimizer.lr = Fraction(1, 10)
    with pytest.raises(TypeError, match="lr is the fraction"):
        optimizer.update(w, np.ones(2))


def test_an_array_of_rates_must_broadcast_to_the_parameters():
    w, optimizer = np.ones((3, 2)), Momentum(np.array([[0.1], [0.2], [0.3]]), 0.9)
    optimizer.update(w, np.ones((3, 2)))
    assert w[:, 0] == pytest.approx([0.9, 0.8, 0.7])
    for shape in ((2, 2), (2,), (3,)):
        with pytest.raises(ValueError, match=r"lr of shape \(3, 1\) must broadcast to params"):
            optimizer.fresh().update(np.ones(shape), np.ones(shape))
        with pytest.raises(ValueError, match=r"lr of shape \(3, 1\) must broadcast to params\['b'\]"):
            optimizer.fresh().update({"b": np.ones(shape)}, {"b": np.ones(shape)})


@pytest.mark.parametrize(
    ("rows", "values", "error", "message"),
    [
        ([0], np.ones((1, 2)), TypeError, "rows of grads must be a 1-D array of whole numbers"),
        (np.array([0.0]), np.ones((1, 2)), TypeError, "rows of grads must be a 1-D array of whole numbers"),
        (np.array([[0]]), np.ones((1, 2)), TypeError, "rows of grads must be a 1-D array of whole numbers"),
        (np.array([3]), np.ones((1, 2)), ValueError, r"rows of params, from 0 to 2, got \[3\]"),
        (np.array([-1]), np.ones((1, 2)), ValueError, r"rows of params, from 0 to 2, got \[-1\]"),
        (np.array([0, 1]), np.ones((1, 2)), ValueError, r"\(2, 2\), got \(1, 2\)"),
        (np.array([0]), np.ones((1, 3)), ValueError, r"\(1, 2\), got \(1, 3\)"),
        (np.array([0]), np.ones((1, 2), "float32"), TypeError, "float64, got float32"),
        (np.array([0]), [[1.0, 1.0]], TypeError, "must be a NumPy array, got list"),
    ],
)
def test_bad_rows_change_nothing(rows, values, error, message):
    w, optimizer = np.ones((3, 2)), SparseAdam()
    with pytest.raises(error, match=message):
        optimizer.update(w, SparseRows(rows, values))
    assert (w == 1).all()
    assert optimizer.state == {"t": 0}


@pytest.mark.parametrize("w", [np.ones((3, 2), dtype=object), np.ones((3, 2), dtype=int), np.array(1.0), [1.0, 2.0]])
def test_rows_need_parameters_with_rows_of_floats(w):
    with pytest.raises(TypeError, match="params must be"):
        SparseAdam().update(w, SparseRows(np.array([0]), np.ones((1, 2))))


def test_rows_do_not_get_past_a_read_only_array():
    w, optimizer = np.ones((3, 2)), SparseAdam()
    w.flags.writeable = False
    with pytest.raises(ValueError, match="params must be writeable"):
        optimizer.update(w, SparseRows(np.array([0]), np.ones((1, 2))))
    assert optimizer.state == {"t": 0}


def test_only_sparse_adam_takes_rows():
    with pytest.raises(TypeError, match="grads must be a NumPy array, got SparseRows"):
        Adam().update(np.ones((3, 2)), SparseRows(np.array([0]), np.ones((1, 2))))


# What is remembered --------------------------------------------------------------------------------------------------


@each
@pytest.mark.parametrize("kind", ["array", "dict", "parameters"])
def test_a_run_goes_on_from_a_saved_state_as_if_it_had_not_stopped(optimizer, kind):
    make = {"array": lambda a: a["W"], "dict": dict, "parameters": Parameters.from_arrays}[kind]
    w, used = make(arrays()), optimizer.fresh()
    used.update(w, make(arrays(1)))
    saved, w_saved = used.state, copy.deepcopy(w)
    used.update(w, make(arrays(2)))
    restored = optimizer.fresh()
    for again in (used, restored):  # back in the same optimizer, and on in a new one
        again.state = saved
        w_again = copy.deepcopy(w_saved)
        again.update(w_again, make(arrays(2)))
        assert same(w_again, w)
        assert again.t == 2


@each
def test_state_is_a_copy(optimizer):
    used, w = optimizer.fresh(), arrays()
    used.update(w, arrays(1))
    state = used.state
    for name in optimizer.memory:
        state[name]["W"][...] = 99
        assert (used.state[name]["W"] != 99).all()
    used.state = used.state | {name: {k: np.abs(a) for k, a in arrays(4).items()} for name in optimizer.memory}
    given = used.state
    used.update(w, arrays(2))
    assert all(not same(used.state[name], given[name]) for name in optimizer.memory)


@each
def test_bad_states_are_refused_and_change_nothing(optimizer):
    used = optimizer.fresh()
    used.update(arrays(), arrays(1))
    state = used.state
    bad = [3, {}, state | {"z": 1}, state | {"t": -1}, state | {"t": 1.5}, {k: v for k, v in state.items() if k != "t"}]
    if optimizer.memory:
        name = optimizer.memory[0]
        bad += [
            state | {name: np.ones(3)},
            state | {name: arrays(dtype="float32")},
            state | {name: 1.0},
            state | {"t": 0},
            state | {name: {"W": [1.0], "b": np.ones(3)}},
            {k: v for k, v in state.items() if k != name},
        ]
    for each_bad in bad:
        with pytest.raises((TypeError, ValueError), match="state"):
            used.state = each_bad
        assert same(used.state, state)


@each
def test_before_the_first_step_nothing_is_remembered(optimizer):
    used = optimizer.fresh()
    empty = used.state
    assert empty.keys() == set(used.counters)
    assert empty["t"] == 0
    used.update(arrays(), arrays(1))
    used.state = empty
    assert used.state == empty
    used.update(np.ones(3), np.ones(3))


def test_arrays_of_a_state_must_fit_each_other():
    optimizer = Adam()
    with pytest.raises(ValueError, match=r"state\['v'\] must have the layout that the optimizer remembers"):
        optimizer.state = {"m": np.ones(3), "v": np.ones(4), "t": 1}
    assert optimizer.state == {"t": 0}


def test_a_state_may_come_from_a_file(tmp_path):
    optimizer, w = Nadam(), np.ones(3)
    optimizer.update(w, np.ones(3))
    np.savez(tmp_path / "state.npz", **optimizer.state)
    restored = Nadam()
    restored.state = dict(np.load(tmp_path / "state.npz"))
    assert same(restored.state, optimizer.state)
    assert type(restored.t) is int


def test_a_state_restored_as_a_dict_works_with_parameters():
    optimizer, w = Adam(), Parameters.from_arrays(arrays())
    optimizer.update(w, Parameters.from_arrays(arrays(1)))
    plain = {name: dict(optimizer.state[name]) for name in ("m", "v")} | {"t": 1}
    backwards = {name: dict(reversed(plain[name].items())) for name in ("m", "v")} | {"t": 1}
    ends = []
    for state in (optimizer.state, plain, backwards):
        again, w_again = Adam(), w.copy()
        again.state = state
        again.update(w_again, Parameters.from_arrays(arrays(2)))
        ends.append(w_again)
    assert ends[0] == ends[1] == ends[2]


@each
def test_copies_and_pickles_are_independent_and_go_on_alike(optimizer):
    used, w = optimizer.fresh(), Parameters.from_arrays(arrays())
    used.update(w, Parameters.from_arrays(arrays(1)))
    twins = [copy.copy(used), copy.deepcopy(used), pickle.loads(pickle.dumps(used))]
    params = [w.copy() for _ in twins]
    used.update(w, Parameters.from_arrays(arrays(2)))
    for twin, w_twin in zip(twins, params, strict=True):
        assert twin.t == 1
        twin.update(w_twin, Parameters.from_arrays(arrays(2)))
        assert w_twin == w
        assert repr(twin) == repr(used)


def test_a_pickle_does_not_hold_the_parameters():
    optimizer, w = SGD(0.1), np.ones(100_000)
    optimizer.update(w, w)
    assert len(pickle.dumps(optimizer)) < 1000


@each
def test_fresh_keeps_hyper_parameters_and_forgets_the_run(optimizer):
    used = optimizer.fresh()
    used.lr = 0.25
    used.update(np.ones(2), np.ones(2))
    again = used.fresh()
    assert again.lr == 0.25
    assert again.t == 0
    assert used.t == 1
    again.update(np.ones(3), np.ones(3))
