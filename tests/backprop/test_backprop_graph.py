"""Computation graphs: gradients flow back exactly, on numbers, fractions and arrays."""

import gc
import sys
from fractions import Fraction

import numpy as np
import pytest
from downslope.backprop import Value, maximum, topological_order
from downslope.backprop.graph import rows, table
from hypothesis import assume, given, settings
from hypothesis import strategies as st


def gradients(function, *numbers):
    """∂function/∂number for each number, by the graph."""
    inputs = [Value(number) for number in numbers]
    function(*inputs).backward()
    return [x.grad for x in inputs]


# Golden numbers ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [int, float, Fraction, np.float64])
def test_the_lecture_example_gives_6_and_gradients_2_5_0(kind):
    x, y, z = Value(kind(1)), Value(kind(2)), Value(kind(0))
    f = (x + y) * maximum(y, z)
    f.backward()
    assert (f.value, x.grad, y.grad, z.grad) == (6, 2, 5, 0)
    assert all(isinstance(number, kind) for number in (f.value, x.grad, y.grad, z.grad))


def test_the_homework_net_gives_minus_a_quarter_minus_a_half_and_a_quarter():
    w1, w2, w3 = (Value(Fraction(1), name) for name in ("w1", "w2", "w3"))
    x1, x2, t = Fraction(1), Fraction(-1, 2), Fraction(1)
    h = (w1 * x1 + w2 * x2).relu()
    o = (w3 * h).relu()
    E = (o - t) ** 2 * Fraction(1, 2)
    E.backward()
    assert (h.value, o.value, E.value) == (Fraction(1, 2), Fraction(1, 2), Fraction(1, 8))
    assert (w3.grad, w1.grad, w2.grad) == (Fraction(-1, 4), Fraction(-1, 2), Fraction(1, 4))


# Every operation -----------------------------------------------------------------------------------------------------

UNARY = {
    "negate": lambda x: -x,
    "square": lambda x: x**2,
    "to the power −3": lambda x: x**-3,
    "to the power 0": lambda x: x**0 + x,
    "root": lambda x: (x * x) ** 0.5,
    "exp": lambda x: x.exp(),
    "log": lambda x: (x * x).log(),
    "relu": lambda x: x.relu(),
    "tanh": lambda x: x.tanh(),
    "logistic": lambda x: x.logistic(),
    "number on the left of +": lambda x: 3 + x,
    "number on the left of −": lambda x: 3 - x,
    "number on the left of ×": lambda x: 3 * x,
    "number on the left of ÷": lambda x: 3 / x,
    "number on the left of ^": lambda x: 3**x,
    "number on the right": lambda x: (x + 1) * 2 / 4 - 5,
    "used three times": lambda x: x * x + x,
}
BINARY = {
    "add": lambda x, y: x + y,
    "subtract": lambda x, y: x - y,
    "multiply": lambda x, y: x * y,
    "divide": lambda x, y: x / y,
    "power": lambda x, y: (x * x) ** y,
    "maximum": maximum,
    "mixed": lambda x, y: (x * y + x).tanh() / (1 + (y - x) ** 2),
}
number = st.floats(0.3, 2).flatmap(lambda x: st.sampled_from([x, -x]))


def close(graph, numeric):
    return np.allclose(graph, numeric, rtol=1e-6, atol=1e-7)


def centred(function, numbers, i, h=1e-6):
    """∂function/∂numberᵢ by centred differences of the graph's own forward pass."""
    ahead, back = list(numbers), list(numbers)
    ahead[i], back[i] = ahead[i] + h, back[i] - h
    f = [function(*[Value(x) for x in place]).value for place in (ahead, back)]
    return (f[0] - f[1]) / (2 * h)


@pytest.mark.parametrize("name", UNARY)
@given(number)
@settings(max_examples=15, deadline=None)
def test_unary_gradients_agree_with_centred_differences(name, x):
    assert close(gradients(UNARY[name], x)[0], centred(UNARY[name], [x], 0))


@pytest.mark.parametrize("name", BINARY)
@given(number, number)
@settings(max_examples=15, deadline=None)
def test_binary_gradients_agree_with_centred_differences(name, x, y):
    assume(abs(x - y) > 1e-3)  # off the kink of maximum
    got = gradients(BINARY[name], x, y)
    assert close(got, [centred(BINARY[name], [x, y], i) for i in (0, 1)])


SMOOTH = {
    "exp": (lambda x: x.exp(), np.exp),
    "tanh": (lambda x: x.tanh(), np.tanh),
    "logistic": (lambda x: x.logistic(), lambda x: 1 / (1 + np.exp(-x))),
    "log": (lambda x: (x * x).log(), lambda x: np.log(x * x)),
    "power": (lambda x: x**3 / (2 - x * x * 0.1), lambda x: x**3 / (2 - x * x * 0.1)),
}


@pytest.mark.parametrize("name", SMOOTH)
@given(number)
@settings(max_examples=15, deadline=None)
def test_smooth_gradients_agree_with_the_complex_step_to_rounding(name, x):
    on_graph, on_numbers = SMOOTH[name]
    assert np.allclose(gradients(on_graph, x)[0], on_numbers(x + 1e-20j).imag / 1e-20, rtol=1e-13)


shape = st.sampled_from([(), (3,), (1,), (2, 3), (2, 1), (1, 3), (4, 2, 3)])


@pytest.mark.parametrize("name", [*BINARY, *UNARY])
@given(shape, shape, st.integers(0, 9))
@settings(max_examples=10, deadline=None)
def test_array_gradients_agree_with_centred_differences_under_broadcasting(name, left, right, seed):
    generator = np.random.default_rng(seed)
    arrays = [generator.uniform(0.3, 2, shape) * generator.choice([-1, 1], shape) for shape in (left, right)]
    function = BINARY.get(name) or (lambda x, y: UNARY[name](x) * y)

    def total(x, y):
        return (function(x, y) * 1.5).sum()

    got = gradients(total, *arrays)
    for i, array in enumerate(arrays):
        direction = generator.choice([-1.0, 1.0], array.shape)
        slope = centred(lambda step, i=i, d=direction: total(*_moved(arrays, i, step.value * d)), [0.0], 0)
        assert np.shape(got[i]) == array.shape
        assert np.isclose((got[i] * direction).sum(), slope, rtol=1e-5, atol=1e-6)


def _moved(arrays, i, by):
    return [Value(array + by if j == i else array) for j, array in enumerate(arrays)]


@pytest.mark.parametrize(("left", "right"), [((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3), (3, 4))])
def test_dot_gradients_agree_with_centred_differences(left, right):
    generator = np.random.default_rng(0)
    x, y = Value(generator.standard_normal(left)), Value(generator.standard_normal(right))
    ((x @ y) * (x.dot(y))).sum().backward()
    for value in (x, y):
        for index in np.ndindex(value.value.shape):
            f = []
            for step in (1e-6, -1e-6):
                value.value[index] += step
                f.append(((x.value @ y.value) ** 2).sum())
                value.value[index] -= step
            assert np.isclose(value.grad[index], (f[0] - f[1]) / 2e-6, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("axis", [None, 0, 1, -1])
def test_sum_hands_its_gradient_to_every_term(axis):
    x = Value([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    weights = np.arange(1.0, 1 + np.sum(x.value, axis=axis).size)
    if axis == 0:
        expected = np.broadcast_to(weights, (2, 3))
    else:
        expected = np.broadcast_to(weights[:, None] if axis else 1.0, (2, 3))
    (x.sum(axis) * weights).sum().backward()
    assert np.array_equal(x.grad, expected)


@pytest.mark.parametrize("number", [2, 2.0, Fraction(2)])
def test_the_sum_of_one_number_is_that_number(number):
    x = Value(number)
    total = x.sum() * 3
    total.backward()
    assert (total.value, x.grad) == (6, 3)
    assert type(total.value) is type(x.grad) is type(number)


# Exactness -----------------------------------------------------------------------------------------------------------

fraction = st.fractions(-3, 3, max_denominator=20).filter(bool)


@given(fraction, fraction)
@settings(max_examples=40, deadline=None)
def test_fractions_stay_fractions_and_gradients_are_exact(x, y):
    def f(x, y):
        return (x * y + x / y - y**2).relu() * maximum(x, y) + (-x) ** -2

    h = Fraction(1, 10**40)
    got = gradients(f, x, y)
    assert all(type(g) is Fraction for g in got)
    assert type(f(Value(x), Value(y)).value) is Fraction
    inside = x * y + x / y - y**2
    assume(x != y and inside != 0)
    for i, (dx, dy) in enumerate([(h, 0), (0, h)]):
        slope = (f(Value(x + dx), Value(y + dy)).value - f(Value(x - dx), Value(y - dy)).value) / (2 * h)
        assert abs(slope - got[i]) < Fraction(1, 10**30)


def test_arrays_of_fractions_stay_exact():
    x = Value(np.array([Fraction(1, 3), Fraction(-1, 7)]))
    E = (x * Fraction(1, 2) + 1).relu().dot(np.array([Fraction(2), Fraction(3)]))
    E.backward()
    assert E.value == Fraction(7, 3) + Fraction(39, 14)
    assert x.grad.tolist() == [Fraction(1), Fraction(3, 2)]


def test_the_gate_patterns():
    x, y = Value(3), Value(5)
    (x + y).backward()
    assert (x.grad, y.grad) == (1, 1)  # add distributes
    (x * y).backward()
    assert (x.grad, y.grad) == (5, 3)  # multiply swaps
    maximum(x, y).backward()
    assert (x.grad, y.grad) == (0, 1)  # max routes
    (x + x + x).backward()
    assert x.grad == 3  # copies add


def test_a_tie_goes_to_the_second_input_as_in_relu():
    x, y = Value(2.0), Value(2.0)
    maximum(x, y).backward()
    assert (x.grad, y.grad) == (0, 1)
    zero = Value(0.0)
    (maximum(zero, 0) + zero.relu()).backward()
    assert zero.grad == 0
    array = Value(np.zeros(2))
    maximum(array, np.zeros(2)).sum().backward()
    assert array.grad.tolist() == [0, 0]


# The walk ------------------------------------------------------------------------------------------------------------


def test_backward_twice_gives_the_same_gradients():
    x, y = Value(2.0), Value(np.array([1.0, 3.0]))
    f = (x * y * y + x).sum()
    f.backward()
    first = x.grad, y.grad.copy()
    f.backward()
    assert x.grad == first[0]
    assert np.array_equal(y.grad, first[1])


def test_backward_from_another_output_starts_afresh():
    x = Value(2.0)
    (x * 10).backward()
    (x * 3).backward()
    assert x.grad == 3


def test_gradients_of_shared_arrays_are_not_mixed_up():
    x, y = Value(np.ones(2)), Value(np.ones(2))
    z = x + y  # both are handed the same upstream array
    (z.sum() + (x * 5).sum()).backward()
    assert x.grad.tolist() == [6, 6]
    assert y.grad.tolist() == [1, 1]
    assert z.grad.tolist() == [1, 1]


@given(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99)), min_size=1, max_size=40))
@settings(max_examples=40, deadline=None)
def test_every_value_comes_once_and_after_its_parents(pairs):
    nodes = [Value(1), Value(2)]
    for i, j in pairs:
        nodes.append(nodes[i % len(nodes)] + nodes[j % len(nodes)])
    order = topological_order(nodes[-1])
    place = {node: i for i, node in enumerate(order)}
    assert len(place) == len(order)
    assert order[-1] is nodes[-1]
    assert all(place[parent] < place[node] for node in order for parent in node.parents)


def test_a_chain_of_a_million_gates_works_and_can_be_deleted():
    limit = sys.getrecursionlimit()
    x = Value(1)
    y = x
    gc.disable()
    try:
        for _ in range(1_000_000):
            y = y + x
        y.backward()
        assert (y.value, x.grad) == (1_000_001, 1_000_001)
        assert repr(y) == "Value(1000001, grad=1)"
        del y
    finally:
        gc.enable()
    gc.collect()
    assert sys.getrecursionlimit() == limit


# Bad input -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda: Value("2"), TypeError, "value must be a number or an array of numbers, got str '2'"),
        (lambda: Value(None), TypeError, "value must be a number"),
        (lambda: Value(Value(1)), TypeError, "value must be a number"),
        (lambda: Value(["a"]), TypeError, "value must be a number"),
        (lambda: Value(1) + "2", TypeError, "value must be a number"),
        (lambda: Value(2) ** [1, 2], TypeError, "an exponent must be a number or a Value"),
        (lambda: Value(2).dot(3), ValueError, "dot needs vectors or matrices, got int 2 and int 3"),
        (lambda: Value([1.0, 2.0]).backward(), ValueError, r"backward needs a single number, got an array of shape"),
        (lambda: Value([1.0, 2.0]) * [1.0, 2.0, 3.0], ValueError, "broadcast"),
        (lambda: Value(1) / 0, ZeroDivisionError, "division"),
    ],
)
def test_bad_input_is_named(act, error, message):
    with pytest.raises(error, match=message):
        act()


def test_integer_arrays_become_floats_and_numpy_leaves_the_work_to_value():
    x = Value([1, 2])
    assert x.value.dtype == np.float64
    y = (np.array([2.0, 3.0]) * x).sum() + np.float64(1)
    y.backward()
    assert isinstance(y, Value)
    assert (y.value, x.grad.tolist()) == (9, [2, 3])


def test_float32_stays_float32():
    x = Value(np.ones(3, "float32"))
    y = ((x * 2).tanh() + x.logistic() - x.relu() / 3 + x.exp()) ** 2
    y.sum().backward()
    assert y.value.dtype == x.grad.dtype == np.float32


# The table -----------------------------------------------------------------------------------------------------------


def test_the_table_lists_values_and_gradients_by_name():
    x, y, z = Value(1, "x"), Value(2, "y"), Value(0, "z")
    f = (x + y) * maximum(y, z)
    f.name = "f"
    f.backward()
    assert table(f).splitlines() == [
        "name  operation  value  gradient",
        "x                1      2",
        "y                2      5",
        "v1    x + y      3      2",
        "z                0      0",
        "v2    max(y, z)  2      3",
        "f     v1 × v2    6      1",
    ]


def test_a_drawing_finds_symbols_and_inputs():
    x = Value(np.array([1.0, 2.0]), "x")
    E = ((-x + 1) ** 2).sum().tanh()
    assert [(row.name, row.operation, row.inputs) for row in rows(E)] == [
        ("x", "", ()),
        ("v1", "−", ("x",)),
        ("1", "", ()),
        ("v2", "copy", ("1",)),
        ("v3", "+", ("v1", "v2")),
        ("v4", "^2", ("v3",)),
        ("v5", "sum", ("v4",)),
        ("v6", "tanh", ("v5",)),
    ]
    E.backward()
    assert table(E).splitlines() == [
        "name  operation  value     gradient",
        "x                [1, 2]    [0, 0.839949]",
        "v1    −x         [-1, -2]  [0, -0.839949]",
        "1                1         -0.839949",
        "v2    copy(1)    [1, 1]    [0, -0.839949]",
        "v3    v1 + v2    [0, -1]   [0, -0.839949]",
        "v4    v3^2       [0, 1]    [0.419974, 0.419974]",
        "v5    sum(v4)    1         0.419974",
        "v6    tanh(v5)   0.761594  1",
    ]


def test_a_table_shortens_arrays():
    W = Value(np.arange(12.0).reshape(3, 4), "W")
    y = W.sum() / 3
    assert table(y).splitlines()[1] == "W                array (3, 4)  0"


@pytest.mark.parametrize("kind", [int, float, Fraction, np.float64, np.float32])
def test_relu_keeps_the_kind_of_number_below_zero_too(kind):
    assert type(Value(kind(-2)).relu().value) is kind
    assert type(Value(kind(2)).relu().value) is kind


def test_x_to_the_power_zero_is_flat_at_zero_too():
    x = Value(0)
    (x**0 + x).backward()
    assert x.grad == 1
