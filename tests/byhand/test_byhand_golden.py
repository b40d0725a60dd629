"""The homework's numbers: the exercise sheet's own, an independent derivation, and what happens at epoch 29."""

from fractions import Fraction as F

import pytest
import sympy
from downslope.byhand import EXERCISES, adam_steps, ewma_steps, first_path, momentum_homework, nesterov_steps
from downslope.byhand.ledger import Line, Mistake, Recipe

EPOCH_2 = {
    "net1": F(9, 8),
    "o": F(45, 32),
    "dw3": F(117, 256),
    "dw1": F(65, 128),
    "dw2": F(-65, 256),
    "m3": F(53, 256),
    "m1": F(1, 128),
    "m2": F(-1, 256),
    "w1": F(191, 128),
    "w2": F(193, 256),
    "w3": F(267, 256),
}


def test_two_epochs_of_the_homework_are_the_golden_numbers():
    ledger = momentum_homework(epochs=2)
    assert {name: ledger[name, 1] for name in ("w1", "w2", "w3")} == {"w1": F(3, 2), "w2": F(3, 4), "w3": F(5, 4)}
    assert {name: ledger[name, 2] for name in EPOCH_2} == EPOCH_2


def test_the_first_path_is_the_golden_numbers():
    ledger = first_path()
    values = [ledger[name] for name in ("net1", "h", "o", "E", "dw3", "dw1", "dw2")]
    assert values == [F(1, 2), F(1, 2), F(1, 2), F(1, 8), F(-1, 4), F(-1, 2), F(1, 4)]


def test_gradients_are_those_that_sympy_derives():
    x1, x2, t, w1, w2, w3 = names = sympy.symbols("x1 x2 t w1 w2 w3")
    error = (w3 * (x1 * w1 + x2 * w2) - t) ** 2 / 2  # both units alive
    for student in range(5):
        ledger = momentum_homework(student=student)
        for epoch in (1, 2):
            row = ledger.rows[epoch] | {name: ledger[name, epoch - 1] for name in ("w1", "w2", "w3")}
            here = {name: sympy.Rational(str(row[str(name)])) for name in names}
            for name, weight in (("dw1", w1), ("dw2", w2), ("dw3", w3)):
                assert sympy.diff(error, weight).subs(here) == sympy.Rational(str(ledger[name, epoch]))


def plain_floats(epochs, gamma):
    """The homework in floats, written down without the library."""
    w1 = w2 = w3 = 1.0
    m1 = m2 = m3 = 0.0
    errors = []
    for _ in range(epochs):
        net1 = w1 - w2 / 2
        h = max(net1, 0.0)
        o = max(w3 * h, 0.0)
        errors.append((o - 1) ** 2 / 2)
        delta2 = (o - 1) * (w3 * h > 0)
        delta1 = delta2 * w3 * (net1 > 0)
        m1, m2, m3 = gamma * m1 + delta1, gamma * m2 - delta1 / 2, gamma * m3 + delta2 * h
        w1, w2, w3 = w1 - m1, w2 - m2, w3 - m3
    return errors, (w1, w2, w3)


def test_without_friction_w3_turns_negative_at_epoch_29_and_the_unit_is_dead_for_good():
    ledger = momentum_homework(epochs=60)
    assert all(ledger["w3", epoch] > 0 for epoch in range(29))
    assert ledger["w3", 29] < 0
    assert all(ledger["E", epoch] == F(1, 2) for epoch in range(30, 61))
    assert all(ledger["w3", epoch] < 0 for epoch in range(29, 61))
    assert ledger.exact("E", 40)


@pytest.mark.parametrize(("gamma", "text"), [(1.0, "1"), (0.9, "9/10")])
def test_thirty_epochs_agree_with_floats(gamma, text):
    ledger = momentum_homework(epochs=30, momentum=text)
    errors, weights = plain_floats(30, gamma)
    assert [float(value) for value in ledger.series("E")] == pytest.approx(errors, abs=1e-6)
    assert [float(ledger[name, 30]) for name in ("w1", "w2", "w3")] == pytest.approx(weights, abs=1e-6)


def test_numbers_that_grow_too_long_keep_fifty_digits():
    few, many = momentum_homework(epochs=12), momentum_homework(epochs=9)
    assert few.exact("w1", 4)
    assert not few.exact("w1", 12)
    assert few["w1", 9] == many["w1", 9]
    exact = momentum_homework(epochs=9)
    w = {name: exact[name, 8] for name in ("w1", "w2", "w3", "m1", "m2", "m3")}
    once_more = momentum_homework(epochs=1, **w)
    assert abs(once_more["w1", 1] - few["w1", 9]) < F(1, 10**45)


def test_nesterov_is_the_golden_iterates():
    ledger = nesterov_steps(5)
    iterates = [f"{float(x):.6f}" for x in ledger.series("x")[1:]]
    assert iterates == ["0.900000", "0.729000", "0.517590", "0.294589", "0.084499"]
    shifted = [f"{float(ledger['ahead', step]):.6f}" for step in (2, 3, 4, 5)]
    assert shifted == ["0.810000", "0.575100", "0.327321", "0.093888"]


def test_adam_corrects_the_second_average_as_the_curriculum_says():
    one, other = adam_steps(2, g=[1, 0]), adam_steps(2, g=[0, 1], eps="1/10")
    assert f"{float(one['m_hat', 2]):.4f}" == f"{0.47368:.4f}"  # a gradient g gives m1 = 0.1 g: 4.7368 × 0.1
    assert f"{float(other['m_hat', 2]):.4f}" == "0.5263"


def test_ewma_of_a_constant_is_that_constant_after_correction():
    assert set(ewma_steps(5, x=[7] * 5).series("v_hat")) == {7}


def test_roots_are_exact_when_rational_and_else_have_fifty_digits():
    ledger = EXERCISES["adagrad"].ledger(2, g=[3, 5], lr=1, w=0)
    assert ledger.exact("w", 1)
    assert ledger["w", 1] == -1
    assert not ledger.exact("w", 2)
    root = 5 / (-1 - ledger["w", 2])
    assert abs(root**2 - 34) < F(1, 10**45)


def test_numbers_are_read_exactly_and_refused_by_name():
    assert momentum_homework(x1=0.1)["x1", 0] == F(1, 10)
    assert momentum_homework(momentum=F(9, 10))["gamma", 0] == F(9, 10)
    with pytest.raises(ValueError, match="unknown number 'w4'"):
        momentum_homework(w4=1)
    with pytest.raises(ValueError, match="x1 must be a finite number"):
        momentum_homework(x1=float("nan"))
    with pytest.raises(ValueError, match="x1 must be a finite number"):
        momentum_homework(x1="1/0")
    with pytest.raises(ValueError, match="epochs must be a whole number"):
        momentum_homework(epochs=0)
    with pytest.raises(ValueError, match="either student or numbers"):
        momentum_homework(student="Kim", x1=1)
    with pytest.raises(ValueError, match="x must hold 9 numbers, one for each day, got 6"):
        ewma_steps(9)
    with pytest.raises(KeyError, match="ledger\\[line, step\\]"):
        momentum_homework()["w1", 3]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (Line("y", "z"), "reads 'z', which is not known yet"),
        (Line("y", "y[-1]"), "needs a given first 'y'"),
        (Line("y", "a[-1]"), "needs a given first 'a'"),
        (Line("y", "a +"), "must be one expression"),
        (Line("y", "__import__('os')"), "is not a call of one of"),
        (Line("y", "a.real"), "is not allowed here"),
        (Line("y", "a if a else a"), "is not allowed here"),
        (Line("y", "'a'"), "is not allowed here"),
        (Line("y", "a", mistakes=(Mistake("older", "y[-2]", ""),)), "needs"),
        (Line("y", "a", mistakes=(Mistake("itself", "y", ""),)), "not known yet"),
    ],
)
def test_a_recipe_that_cannot_work_is_refused(line, message):
    with pytest.raises(ValueError, match=message):
        Recipe("trial", "Trial", (line,), {"a": 1})
