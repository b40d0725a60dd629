"""Questions say what is wrong, in the right order, whatever they are given."""

import json
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest
from downslope.exercises import (
    ArrayQuestion,
    ChoiceQuestion,
    FunctionQuestion,
    LedgerQuestion,
    NumberQuestion,
    ProblemSet,
    graded,
)


def cases(rng):
    yield np.array([2.0]), 0.5
    yield np.array([1.0, 3.0]), 0.5
    yield rng.normal(size=7), 0.9


def right(x, beta):
    v, result = 0.0, []
    for each in x:
        v = beta * v + (1 - beta) * each
        result.append(v)
    return np.array(result)


def swapped(x, beta):
    return right(x, 1 - beta)


@pytest.fixture
def question():
    mistakes = {"β and 1 − β have changed places.": swapped}
    return FunctionQuestion("ewma", 3, ["x", "beta"], right, cases, mistakes, hints=("one", "two"))


def check(question, answer):
    return question.check(answer, show=False)


# A function, in the order of looking ---------------------------------------------------------------------------------


def empty(x, beta):
    """Docstring."""
    ...  # noqa: PIE790


def refuses(x, beta):
    raise NotImplementedError


def dots(x, beta):
    x = beta * x
    return ...


@pytest.mark.parametrize("answer", [None, ..., "", empty, refuses, dots], ids=lambda x: getattr(x, "__name__", repr(x)))
def test_a_starter_is_not_attempted(question, answer):
    outcome = check(question, answer)
    assert (outcome.status, outcome.points) == ("not attempted", 0)


def no_return(x, beta):
    right(x, beta)


def a_list(x, beta):
    return list(right(x, beta))


def too_long(x, beta):
    return np.append(0.0, right(x, beta))


def whole(x, beta):
    return right(x, beta).astype(int)


def changes(x, beta):
    result = right(x, beta)
    x *= 0
    return result


def changes_its_dtype(x, beta):
    return right(x, beta).astype(complex)


def stops(x, beta):
    return x[7] + beta


def leaves(x, beta):
    sys.exit()


def divides(x, beta):
    return right(x, beta) / (beta - 0.5)


def slightly(x, beta):
    return right(x, beta) * (1 + 1e-4)


def a_little(x, beta):
    return right(x, beta) * (1 + 1e-6)


def test_a_small_error_is_shown_with_as_many_digits_as_it_takes(question):
    assert "should give [1.], and it gives [1.000001]" in check(question, a_little).message


MEMORY = []


def remembers(x, beta):
    MEMORY.append(1)
    return right(x, beta) * (1 if len(MEMORY) <= 3 else 2)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (7, r"A function ewma\(x, beta\) is asked for. This is the number 7"),
        (lambda x: x, r"must take 2 arguments, ewma\(x, beta\); yours is <lambda>\(x\)"),
        (no_return, "returns nothing. Is a `return` missing"),
        (stops, r"For x = \[2.\], beta = 0.5, it stops with IndexError.*in the line `return x\[7\] \+ beta`"),
        (leaves, "stops with SystemExit"),
        (a_list, "should be a NumPy array, and it is a list of length 1"),
        (too_long, r"should have the shape \(1,\), and it has \(2,\)"),
        (whole, "whole numbers"),
        (changes_its_dtype, "complex128"),
        (changes, "changes its argument x"),
        (divides, "Is something divided by 0"),
        (slightly, r"For x = \[2.\], beta = 0.5 it should give \[1.\], and it gives \[1.0001\]"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_is_wrong_is_said_and_nothing_is_earned(question, answer, says):
    outcome = check(question, answer)
    assert outcome.status == "not yet"
    assert outcome.points == 0
    assert not outcome
    assert __import__("re").search(says, outcome.message), outcome.message


def test_something_kept_between_calls_is_found(question):
    MEMORY.clear()
    assert "Called again with the same arguments" in check(question, remembers).message


def test_a_known_mistake_is_named_with_the_smallest_case_that_shows_it(question):
    outcome = check(question, swapped)
    assert outcome.mistake == "β and 1 − β have changed places."
    assert "For x = [1., 3.], beta = 0.5" not in outcome.message  # at β = ½ the two are equal
    assert "beta = 0.9" in outcome.message


def test_the_right_function_earns_all_points_on_hidden_inputs_too(question):
    outcome = check(question, right)
    assert outcome
    assert (outcome.points, question.grade(right)) == (3, 3)
    assert repr(outcome) == "✓ ewma: correct. 3 of 3 points."


def test_an_answer_made_for_the_visible_inputs_fails_on_the_hidden_ones(question):
    seen = {}
    question.check(lambda x, beta: seen.setdefault(x.tobytes(), right(x, beta)), show=False)
    learned = lambda x, beta: seen.get(x.tobytes(), x).copy()  # noqa: E731
    assert check(question, learned).points == 3
    assert question.grade(learned) == 0


def test_hidden_inputs_follow_the_graders_seed(question):
    inputs = []

    def spy(x, beta):
        inputs.append(x.copy())
        return right(x, beta)

    for seed in ("a", "b", "a"):
        with graded(seed):
            question.grade(spy)
    longest = [x for x in inputs if len(x) == 7]
    assert not np.array_equal(longest[1], longest[3])
    assert np.array_equal(longest[1], longest[5])


class Liar:
    def __eq__(self, other):
        return True

    def __array__(self, dtype=None, copy=None):
        return np.array([1.0])

    __hash__ = None


def test_an_object_that_equals_everything_is_called_what_it_is(question):
    assert "an object of type Liar" in check(question, lambda x, beta: Liar()).message
    assert "an object of type Liar" in check(NumberQuestion("n", 1, lambda: 1), Liar()).message


def begun(x, beta):
    """Two lines of three are given."""
    return beta * x


def test_lines_that_were_given_do_not_count_as_an_attempt():
    asked = FunctionQuestion("ewma", 3, ["x", "beta"], right, cases, starter=begun)
    assert check(asked, begun).status == "not attempted"
    assert check(asked, lambda x, beta: 2 * begun(x, beta)).status == "not yet"
    assert check(asked, lambda x, beta: np.array([...] * len(x))).status == "not attempted"
    assert check(asked, right)


def test_a_note_is_added_to_the_message_that_it_belongs_to():
    asked = FunctionQuestion("ewma", 3, ["x", "beta"], right, cases, notes={"IndexError": "x has one entry."})
    assert check(asked, stops).message.endswith("\nx has one entry.")
    assert "entry" not in check(asked, slightly).message


# Numbers, arrays, letters, ledgers -----------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [0.375, "3/8", " 3 / 8", Fraction(3, 8), np.float64(0.375), np.array(0.375)])
def test_a_number_may_be_written_in_many_ways(answer):
    assert check(NumberQuestion("n", 2, lambda: Fraction(3, 8)), answer).points == 2


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (-0.375, "sign"),
        ([0.375], "a list of length 1"),
        (True, "This is True"),
        (float("nan"), "is asked for"),
        (0.75, "The half is missing."),
        (0.37, "not the number"),
        ("1e999999999", "is asked for"),  # as a fraction it would fill the memory
    ],
)
def test_a_wrong_number_is_told_why(answer, says):
    question = NumberQuestion("n", 2, lambda: Fraction(3, 8), {"The half is missing.": lambda: Fraction(3, 4)})
    outcome = check(question, answer)
    assert not outcome
    assert says in outcome.message


def test_a_rounded_number_counts_where_decimals_are_asked():
    question = NumberQuestion("n", 1, lambda: Fraction(2, 3), places=3)
    assert check(question, 0.667)
    assert "Nearly" in check(question, 0.67).message
    assert not check(question, 0.666)


def test_an_array_is_looked_at_by_shape_then_by_entry():
    question = ArrayQuestion("a", 1, lambda: [[1.0, 2.0], [3.0, 4.0]], {"Transposed.": lambda: [[1, 3], [2, 4]]})
    assert check(question, [[1, 2], [3, 4]])
    assert check(question, np.array([[1, 3], [2, 4]])).mistake == "Transposed."
    assert "shape must be (2, 2), and it is (4,)" in check(question, [1, 2, 3, 4]).message
    assert "1 of 4 entries are wrong. The first is at [1, 0]: you have 9" in check(question, [[1, 2], [9, 4]]).message
    assert "every row as long" in check(question, [[1, 2], [3]]).message
    assert check(question, [[None, ...], [None, ""]]).status == "not attempted"
    assert "still open" in check(question, [[1, ...], [3, 4]]).message


def test_a_choice_says_why():
    question = ChoiceQuestion("c", 1, "AB", lambda letter: (letter == "B", f"Because of {letter}."))
    assert check(question, "b")
    assert check(question, "A").message == "Because of A."
    assert "one of A, B" in check(question, "C").message
    assert check(question, ...).status == "not attempted"


def test_a_ledger_gives_a_share_of_the_points():
    from downslope.byhand import momentum_homework

    ledger = momentum_homework(epochs=1)
    question = LedgerQuestion("l", 10, lambda: ledger)
    answers = {f"{line}[{step}]": str(ledger[line, step]) for line, step in ledger.keys}
    assert check(question, answers).points == 10
    answers["w1[1]"] = "17"
    outcome = check(question, answers)
    assert 8 < outcome.points < 10
    assert outcome.status == "not yet"
    assert check(question, dict.fromkeys(answers, ...)).status == "not attempted"


# Hints and progress --------------------------------------------------------------------------------------------------


def test_hints_come_one_at_a_time_and_the_last_stays(question):
    assert [repr(question.hint()) for _ in range(3)] == ["Hint 1 of 2: one", "Hint 2 of 2: two", "Hint 2 of 2: two"]


@pytest.fixture
def problem_set(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return lambda: ProblemSet("ps9", "test", NumberQuestion("one", 1, lambda: 1), NumberQuestion("two", 3, lambda: 2))


def test_progress_survives_a_restart_and_keeps_the_best(problem_set):
    first = problem_set()
    check(first.one, 1)
    check(first.one, 5)
    check(first.two, 7)
    bar = problem_set().progress()
    assert bar.heading == "ps9: 1 of 2 questions correct, 1 of 4 points"
    assert 'max="4" value="1"' in bar.html()


def test_a_learner_can_start_over(problem_set, tmp_path):
    first = problem_set()
    check(first.one, 1)
    assert first.start_over().points == 0
    assert list(tmp_path.iterdir()) == []
    assert problem_set().progress().points == 0


@pytest.mark.parametrize(
    "content", ["{", "[]", '{"one": 3}', '{"one": {"status": "correct", "points": "9", "tries": 1}}']
)
def test_a_broken_progress_file_is_set_aside_not_lost(problem_set, tmp_path, content):
    (tmp_path / "ps9.progress.json").write_text(content)
    first = problem_set()
    assert "could not be read" in repr(first.progress())
    check(first.one, 1)
    assert json.loads((tmp_path / "ps9.progress.json").read_text())["one"]["status"] == "correct"
    assert (tmp_path / "ps9.progress.unreadable.json").read_text() == content


def test_where_nothing_can_be_written_the_check_still_works(problem_set, monkeypatch):
    from pathlib import Path

    def refuse(*_args, **_kwargs):
        raise PermissionError("no")

    monkeypatch.setattr(Path, "write_text", refuse)
    first = problem_set()
    assert check(first.one, 1)
    assert "progress is not kept" in repr(first.progress())


def test_a_set_knows_its_questions(problem_set):
    first = problem_set()
    assert first.points == 4
    assert "one" in dir(first)
    with pytest.raises(AttributeError, match="ps9 has no question 'three'; it has one, two"):
        first.three  # noqa: B018


def test_grading_keeps_nothing_on_disk(problem_set, tmp_path):
    problem_set().one.grade(1)
    assert list(tmp_path.iterdir()) == []


def test_the_room_needs_neither_nbgrader_nor_a_drawing_library():
    code = "import sys, downslope.exercises; print({'nbgrader', 'matplotlib', 'ipywidgets'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "set()\n"
