"""A learner's notebook in a sandbox, seen from the grader."""

import inspect
import time
from fractions import Fraction

import numpy as np
import pytest
from downslope.exercises import FunctionQuestion
from downslope.grading.given import Given
from downslope.grading.protocol import Foreign
from downslope.grading.session import Missing, NoSandbox, OutOfTime, Proxy, Session, Stopped, Times
from quick import QUICK

pytestmark = pytest.mark.usefixtures("nothing_left")


def double(name="double", **more):
    return FunctionQuestion(name, 2, ["x"], lambda x: 2 * x, lambda rng: iter([(rng.normal(size=3),)]), **more)


def test_cells_share_a_namespace_and_keep_what_they_print(session):
    assert session.run("import numpy as np\na = 1\nprint('one')").output == "one\n"
    cell = session.run("a += 1\na")
    assert (cell.output, cell.error) == ("2\n", None)
    assert session.get("a") == 2


def test_plain_values_arrays_and_functions_come_out_and_the_rest_stays_inside(session):
    session.run("import numpy as np\nfrom fractions import Fraction as F")
    session.run("x = [F(1, 3), np.arange(3.0)]\ny = {1, 2}\ndef f(): return 1")
    third, array = session.get("x")
    assert third == Fraction(1, 3)
    np.testing.assert_array_equal(array, [0, 1, 2])
    assert isinstance(session.get("y"), Foreign)
    assert type(session.get("y")).__name__ == "set"
    assert isinstance(session.get("F"), Proxy)
    assert callable(session.get("f"))
    with pytest.raises(Missing, match="defines no z"):
        session.get("z")


def test_a_right_function_is_correct_and_an_empty_one_not_attempted(session):
    session.run("def double(x):\n    '''Twice.'''\n    return 2 * x\ndef empty(x):\n    '''Twice.'''\n    ...")
    assert double().check(session.get("double"), show=False)
    assert double().check(session.get("empty"), show=False).status == "not attempted"


def test_an_error_is_told_with_its_type_words_and_line(session):
    session.run("class Odd(Exception): pass\ndef double(x):\n    raise Odd('three')\ndef other(x):\n    return {}['k']")
    message = double().check(session.get("double"), show=False).message
    assert "it stops with Odd: three (in the line `raise Odd('three')`)" in message
    with pytest.raises(KeyError, match="'k'"):
        session.get("other")(1)


@pytest.mark.parametrize("end", ["import sys; sys.exit(0)", "raise SystemExit", "raise KeyboardInterrupt"])
def test_a_cell_or_call_that_exits_is_reported_and_the_python_goes_on(session, end):
    session.run(f"a = 5\ndef double(x):\n    {end}")
    session.run(end)
    with pytest.raises(Exception, match=r"in the line"):
        session.get("double")(1)
    assert session.get("a") == 5
    assert session.starts == 1


def test_a_not_implemented_error_means_not_attempted(session):
    session.run("def double(x):\n    raise NotImplementedError()")
    assert double().check(session.get("double"), show=False).status == "not attempted"


def test_an_argument_changed_in_place_is_seen(session):
    session.run("def double(x):\n    x *= 2\n    return x")
    outcome = double().check(session.get("double"), show=False)
    assert outcome.mistake == "argument changed"
    x = np.ones(3)
    session.get("double")(x)
    np.testing.assert_array_equal(x, [2, 2, 2])


def test_a_function_that_is_meant_to_change_its_argument_may(session):
    session.run("def double(x):\n    x *= 2")

    def right(x):
        x *= 2

    question = FunctionQuestion("double", 1, ["x"], right, lambda rng: iter([(rng.normal(size=3),)]), in_place=True)
    assert question.check(session.get("double"), show=False)


@pytest.mark.parametrize(
    ("change", "before", "after"),
    [
        ("x.append(3)", [1, 2], [1, 2, 3]),
        ("x['b'] = 2", {"a": 1}, {"a": 1, "b": 2}),
        ("x[0][0] = 7", ([1], 2), ([7], 2)),
        ("x[0] = float('nan')", [1.0], [np.nan]),
    ],
)
def test_lists_and_dicts_changed_in_place_change_here_too(session, change, before, after):
    session.run(f"def f(x):\n    {change}")
    session.get("f")(before)
    assert repr(before) == repr(after)


def test_an_array_whose_shape_is_changed_in_place_changes_here_too(session):
    session.run("def f(x):\n    x.shape = (2, 3)")
    x = np.arange(6.0)
    session.get("f")(x)
    assert x.shape == (2, 3)


def test_large_arguments_and_results_cross_without_blocking(session):
    session.run("def f(x, y):\n    return [x + y, x]")
    x = np.ones(10**6)
    result = session.get("f")(x, x)
    assert result[0].sum() == 2 * 10**6


def test_a_result_that_is_too_large_is_an_error_of_that_call_only(session):
    session.run("def f():\n    return list(range(600_000))\ndef g():\n    return 1")
    with pytest.raises(ValueError, match="values in one message"):
        session.get("f")()
    assert session.get("g")() == 1


def test_a_death_costs_its_call_and_the_next_question_finds_everything_again(session):
    session.run("import os\na = [0]")
    session.run("a.append(1)\ndef dies(): os._exit(3)\ndef lives(): return a")
    dies, lives = session.get("dies"), session.get("lives")
    with pytest.raises(Stopped, match="exit code 3"):
        dies()
    assert lives() == [0, 1]
    with pytest.raises(Stopped, match="exit code 3"):
        dies()
    assert lives() == [0, 1]
    assert session.starts == 2  # what died once is not tried again


def test_a_cell_that_ends_its_python_is_left_out_and_the_others_count(session):
    session.run("a = 1")
    assert session.run("import os\nb = 2\nos._exit(0)").stopped
    session.run("c = 3")
    assert (session.get("a"), session.get("c")) == (1, 3)
    with pytest.raises(Missing):
        session.get("b")


def test_a_cell_that_ends_its_python_only_when_it_is_run_again_is_left_out(session):
    session.run("a = 1")
    session.run(f"import os, time\nb = 2\nif time.time() > {time.time() + 1.5}: os._exit(1)")
    session.run("c = 3")
    assert session.get("b") == 2
    time.sleep(1.5)
    session.run("os._exit(1)")
    assert (session.get("a"), session.get("c"), session.starts) == (1, 3, 3)


@pytest.mark.parametrize(
    "parameters", ["a, b=2, *c, d, e=3, **f", "a, /, b", "", "*args, **kwargs", "a, *, b", "x, state={}"]
)
def test_a_function_keeps_its_parameters(session, parameters):
    session.run(f"def f({parameters}): return 1")
    assert str(inspect.signature(session.get("f"))) == f"({parameters})"


@pytest.mark.parametrize(
    "body",
    ["while True: pass", "while True:\n        try:\n            while True: pass\n        except BaseException: pass"],
)
def test_a_hang_costs_its_own_time_and_no_more(sandbox, body):
    with Session(sandbox, Times(cell=5, call=0.3, submission=60)) as session:
        session.run(f"def hangs(x):\n    {body}\ndef double(x):\n    return 2 * x")
        before = time.monotonic()
        outcome = double("hangs").check(session.get("hangs"), show=False)
        assert "it took longer than 0.3 s" in outcome.message
        assert double().check(session.get("double"), show=False)
        assert double("hangs").grade(session.get("hangs")) == 0
        assert time.monotonic() - before < 5


def test_the_time_of_a_submission_ends(sandbox):
    with Session(sandbox, Times(cell=5, call=5, submission=1.5)) as session, pytest.raises(OutOfTime):
        session.run("while True: pass")


def test_functions_of_the_course_are_answered_from_outside(sandbox):
    def service(name, args, keywords):
        if name == "gradient":
            return args[0] * keywords["by"]
        raise ValueError("no batch")

    with Session(sandbox, Times(5, 5, 30), service) as session:
        session.give({"start": np.ones(2)}, ["gradient", "other"])
        session.run("w = start - gradient(start, by=3.0)\nother()")
        np.testing.assert_array_equal(session.get("w"), [-2, -2])
        assert session.cells[-1].trouble.startswith("ValueError: no batch")
        session.run("gradient({1, 2}, by=2)")
        assert session.cells[-1].error["type"] == "TypeError"


GIVEN = """
import numpy as np
from downslope.backprop import Network
data = np.asarray(Network([2, 1]).params.vector) + np.ones((20_000, 3))
def rows(index):
    return data[index].shape
"""


@pytest.mark.parametrize(
    ("index", "says"),
    [
        ([[0] * 9000] * 50, "takes arrays and numbers"),
        ((np.zeros((9000, 1), int), np.zeros((1, 9000), int)), "takes arrays and numbers"),
        (np.zeros((9000, 1), int), "too large"),
        (np.zeros(20_000, bool), "too large"),
        ([0] * 20_000, "too large"),
        (None, "takes arrays and numbers"),
    ],
)
def test_a_given_function_is_not_asked_for_much_memory(index, says):
    mark = {"nbgrader": {"grade_id": "data", "locked": True, "solution": False, "grade": False}}
    given = Given({"cells": [{"cell_type": "code", "metadata": mark, "source": GIVEN}]})
    assert given.answer("rows", (np.arange(5),), {}) == given.answer("rows", ([0] * 5,), {}) == (5, 3)
    with pytest.raises((TypeError, ValueError), match=says):
        given.answer("rows", (index,), {})


LIE = """
import sys
frame = sys._getframe()
while "worker" not in frame.f_locals:
    frame = frame.f_back
worker = frame.f_locals["worker"]
text = "x" * 10**7
error = dict.fromkeys(("type", "message", "line"), text)
worker.outgoing.write(worker.protocol.frame({"output": text, "error": error}))
"""


def test_a_worker_that_lies_can_not_fill_the_graders_memory(session):
    cell = session.run(LIE)
    assert len(cell.output) == QUICK.output + 100
    assert max(map(len, cell.error.values())) == 2000


def test_types_that_do_not_cross_are_few_in_one_message(session):
    session.run("def f(n):\n    return [{i} for i in range(n)]")
    assert len(session.get("f")(900)) == 900
    with pytest.raises(ValueError, match="more than 500000 values"):
        session.get("f")(1100)


@pytest.mark.parametrize("source", ["%matplotlib inline\na = 1", "!ls\na = 1", "%%time\na = 1", "display(3)\na = 1"])
def test_what_a_notebook_knows_and_python_does_not_is_passed_over(session, source):
    assert session.run(source).error is None
    assert session.get("a") == 1


def test_a_machine_that_gives_no_more_sandboxes_is_told_in_a_line(sandbox, monkeypatch):
    with Session(sandbox, Times(5, 5, 60)) as session:
        session.run("def dies(): import os; os._exit(1)")
        dies = session.get("dies")
        monkeypatch.setattr(type(sandbox), "_command", lambda self, *filters: ["no-such-program"])
        with pytest.raises(Stopped):
            dies()
        with pytest.raises(NoSandbox) as none:
            session.get("dies")
    assert str(none.value) == "The sandbox could not be started: no-such-program: No such file or directory."
