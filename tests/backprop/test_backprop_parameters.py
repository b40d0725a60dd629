"""`Parameters` is one vector with named views."""

import copy
import pickle
from fractions import Fraction

import numpy as np
import pytest
from downslope.backprop import Parameters
from hypothesis import given, settings
from hypothesis import strategies as st

shapes = st.dictionaries(
    st.sampled_from(["W1", "b1", "W2", "b2", "vectors"]),
    st.lists(st.integers(1, 4), max_size=3).map(tuple),
    min_size=1,
)


@given(shapes)
@settings(max_examples=30, deadline=None)
def test_views_cover_the_vector_in_order_without_gap(shapes):
    params = Parameters(shapes)
    params.vector[:] = np.arange(params.vector.size)
    assert np.array_equal(np.concatenate([params[name].ravel() for name in params]), params.vector)
    assert {name: params[name].shape for name in params} == shapes
    for position in range(params.vector.size):
        name, index = params.locate(position)
        assert params[name][index] == position


def two():
    return Parameters.from_arrays({"W": [[1.0, 2.0], [3.0, 4.0]], "b": [5.0, 6.0]})


def test_writing_a_view_writes_the_vector_and_the_other_way_round():
    params = two()
    params["W"][...] = 0
    params["b"] -= 1
    assert params.vector.tolist() == [0, 0, 0, 0, 4, 5]
    params.vector += 1
    assert params["b"].tolist() == [5, 6]
    params.vector = range(6)
    assert params["W"].tolist() == [[0, 1], [2, 3]]


def test_the_vector_is_one_contiguous_array_and_views_do_not_own_memory():
    params = two()
    assert params.vector.flags.c_contiguous
    assert params.vector.ndim == 1
    assert all(np.shares_memory(array, params.vector) for array in params.values())


def test_setting_copies_the_numbers():
    params, array = two(), np.zeros(2)
    params["b"] = array
    array += 1
    assert params["b"].tolist() == [0, 0]


@pytest.mark.parametrize("make", [Parameters.copy, copy.copy, copy.deepcopy, lambda p: pickle.loads(pickle.dumps(p))])
def test_copies_keep_views_tied_to_their_own_vector(make):
    params = two()
    twin = make(params)
    assert twin == params
    twin["W"][0, 0] = 99
    assert twin.vector[0] == 99
    assert (params.vector[0] == 99) == (make is copy.copy)  # a shallow copy shares the numbers


def test_zeros_like_keeps_names_shapes_and_dtype():
    params = two().astype("float32")
    zeros = params.zeros_like()
    assert zeros.shapes == params.shapes
    assert zeros.dtype == np.float32
    assert not zeros.vector.any()
    assert params.vector.any()


def test_fractions_and_integers_find_a_place():
    exact = Parameters.from_arrays({"w": np.array([Fraction(1, 3)])})
    exact["w"] -= Fraction(1, 12)
    assert exact.vector[0] == Fraction(1, 4)
    assert Parameters.from_arrays({"w": [1, 2]}).dtype == np.float64
    assert Parameters.from_arrays({"w": [1, 2]}, "float32").dtype == np.float32


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda p: p.__setitem__("W", np.zeros(4)), ValueError, r"W must have shape \(2, 2\)"),
        (lambda p: p.__setitem__("b", 0.0), ValueError, r"b must have shape \(2,\)"),
        (lambda p: p.__setitem__("c", np.zeros(2)), KeyError, "'c' is not one of the names W, b"),
        (lambda p: p.__setitem__("b", np.array([1j, 0])), TypeError, "b must hold numbers that fit in float64"),
        (lambda p: setattr(p, "vector", [1.0]), ValueError, r"vector must have shape \(6,\)"),
        (lambda p: p.with_vector(np.zeros(5)), ValueError, r"vector must be a contiguous array of shape \(6,\)"),
        (lambda p: p.with_vector(np.zeros(12)[::2]), ValueError, "vector must be a contiguous array"),
        (lambda p: p.with_vector([0.0] * 6), ValueError, "got list"),
        (lambda p: p.locate(6), IndexError, "position must be from 0 to 5"),
    ],
)
def test_wrong_writes_are_refused_and_change_nothing(act, error, message):
    params = two()
    with pytest.raises(error, match=message):
        act(params)
    assert params == two()


def test_names_cannot_be_added_or_removed():
    params = two()
    with pytest.raises((TypeError, AttributeError)):
        del params["W"]
    assert list(params) == ["W", "b"]
    assert params != Parameters.from_arrays({"b": [5.0, 6.0], "W": [[1.0, 2.0], [3.0, 4.0]]})
    assert params != 3
