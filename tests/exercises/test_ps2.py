"""Problem set 2: whose numbers, what the questions ask for, and that every fault left in the program is told apart."""

import re
from fractions import Fraction as F
from itertools import pairwise, product
from pathlib import Path

import nbformat
import numpy as np
import pytest
from downslope.exercises import graded, ps2, ps2_momentum
from downslope.optim import Momentum, convert

ROOT = Path(__file__).resolve().parents[2]
NAMES = ["Robin Hale", "김민준", "20240007", 7, "  mina   seo "]


def check(question, answer):
    return ps2.questions[question].check(answer, show=False)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def by_hand(numbers, epochs=2):
    """The homework as a person works it, on fractions; lines by "net1[1]" and so on."""
    x1, x2, t, lr, gamma = (numbers[name] for name in ("x1", "x2", "t", "lr", "gamma"))
    w1, w2, w3 = (numbers[name] for name in ("w1", "w2", "w3"))
    m1 = m2 = m3 = F(0)
    lines = {}
    for epoch in range(1, epochs + 1):
        net1 = w1 * x1 + w2 * x2
        h = max(net1, F(0))
        net2 = w3 * h
        o = max(net2, F(0))
        error = (o - t) * (o - t) / 2
        dw3 = (o - t) * h if net2 > 0 else F(0)
        dh = (o - t) * w3 if net2 > 0 and net1 > 0 else F(0)
        dw1, dw2 = dh * x1, dh * x2
        m1, m2, m3 = gamma * m1 + lr * dw1, gamma * m2 + lr * dw2, gamma * m3 + lr * dw3
        w1, w2, w3 = w1 - m1, w2 - m2, w3 - m3
        names = ["net1", "h", "net2", "o", "E", "dw3", "dw1", "dw2", "m3", "w3", "m1", "w1", "m2", "w2"]
        values = (net1, h, net2, o, error, dw3, dw1, dw2, m3, w3, m1, w1, m2, w2)
        lines |= {f"{name}[{epoch}]": value for name, value in zip(names, values, strict=True)}
    return lines


GOLDEN = {"x1": F(1), "x2": F(-1, 2), "t": F(1), "lr": F(1), "gamma": F(1), "w1": F(1), "w2": F(1), "w3": F(1)}


def own(student):
    return {"student": student, **by_hand(ps2_momentum.ledger(student).numbers)}


# Whose numbers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("student", NAMES)
def test_each_learner_s_own_numbers_worked_by_hand_earn_all_points(student):
    exact = own(student)
    rounded = {name: round(float(each), 3) if name != "student" else each for name, each in exact.items()}
    written = {name: f"{float(each):.3f}" if name != "student" else each for name, each in exact.items()}
    for answer in (exact, rounded, written):
        assert check("epochs", answer).points == ps2.epochs.points == ps2.epochs.grade(answer)


def test_two_learners_have_different_numbers_and_one_can_t_hand_in_the_other_s():
    numbers = [ps2_momentum.ledger(student).numbers for student in NAMES]
    assert all(one != other for i, one in enumerate(numbers) for other in numbers[:i])
    outcome = check("epochs", own("Robin Hale") | {"student": "Mina Seo"})
    assert outcome.points == 0
    assert "another sheet" in outcome.message


def test_a_copied_sheet_earns_nothing_unless_two_learners_share_several_numbers_by_chance():
    learners = [f"learner {number}" for number in range(25)]
    points = [ps2.epochs.grade(own(one) | {"student": other}) for one, other in pairwise(learners)]
    assert np.mean(np.array(points) == 0) > 0.85
    assert max(points) <= 3.5


def test_a_learner_who_errs_at_every_kind_of_line_keeps_what_follows():
    ledger = ps2_momentum.ledger("Robin Hale")
    slips = {("net1", 1): "sign", ("E", 1): "no half", ("E", 2): "no half", ("dw3", 1): "sign", ("dw1", 1): "sign"}
    answers = ledger.answers(slips | {("dw2", 1): "sign"})
    filled = {f"{line}[{step}]": value for (line, step), value in answers.items()}
    assert check("epochs", {"student": "Robin Hale", **filled}).points == 7 * (28 - 6) / 28


def test_a_name_is_the_same_however_it_is_spaced_and_capitalised():
    assert check("epochs", own("Robin Hale") | {"student": " robin  HALE"})


def test_the_grader_decides_whose_numbers_count():
    with graded("a seed", student="20240007"):
        assert ps2.epochs.grade(own("Robin Hale")) == 0
        assert ps2.epochs.grade(own("20240007")) == 7
        assert ps2.epochs.grade(own("20240007") | {"student": ...}) == 7
        message = check("epochs", own("Robin Hale")).message
    assert "the numbers of 20240007" in message
    assert "the name in the notebook is Robin Hale" in message


@pytest.mark.parametrize("student", [..., None, "", "   "])
def test_without_a_name_nothing_is_attempted_and_a_sentence_says_so(student, capsys):
    for answer in (own("Robin Hale") | {"student": student}, {"student": student, "net1[1]": ...}, {"net1[1]": 1}):
        outcome = check("epochs", answer)
        assert (outcome.status, outcome.points) == ("not attempted", 0)
        assert "Write your name at the head" in outcome.message
    assert ps2.epochs.sheet(student) is None
    assert "Write your name at the head" in capsys.readouterr().out


def test_a_name_alone_is_not_attempted_yet():
    outcome = check("epochs", {"student": "Robin Hale", "net1[1]": ..., "h[1]": ""})
    assert outcome.status == "not attempted"
    assert "Fill in" in outcome.message


@pytest.mark.parametrize("student", [["Robin"], 1.5, True, {"name": "Robin"}])
def test_what_is_no_name_is_told(student):
    outcome = check("epochs", own("Robin Hale") | {"student": student})
    assert (outcome.status, outcome.points) == ("not yet", 0)
    assert "The name must be a text" in outcome.message


def test_the_sheet_shows_one_s_numbers_and_no_line_worked():
    student = "Robin Hale"
    shown = ps2.epochs.sheet(student)._repr_mimebundle_()
    ledger = ps2_momentum.ledger(student)
    for text in shown.values():
        assert "Robin Hale" in text
        assert "1.1" in text  # x1
        for name in ("o", "E", "dw3", "m3"):
            assert f"{float(ledger[name, 2]):.3f}" not in text


def test_the_sheet_of_the_class_has_the_numbers_of_the_notebook():
    from downslope.byhand import class_sheets, momentum_homework

    printed = class_sheets(momentum_homework, ["Robin Hale"]).ledgers[0]
    assert printed.numbers == ps2_momentum.ledger("robin hale").numbers
    assert printed.keys == ps2_momentum.ledger("robin hale").keys


# A slip costs one line ------------------------------------------------------------------------------------------------


def test_one_epoch_earns_half_and_a_slip_costs_a_quarter_of_a_point():
    answer = own("Robin Hale")
    assert check("epochs", {key: each for key, each in answer.items() if "[2]" not in key}).points == 3.5
    ledger = ps2_momentum.ledger("Robin Hale")
    slip = ledger.answers({("dw3", 1): "sign"})
    outcome = check("epochs", {"student": "Robin Hale", **{f"{line}[{step}]": v for (line, step), v in slip.items()}})
    assert (outcome.points, outcome.mistake) == (6.75, "sign")


def test_a_sheet_of_one_s_own_rounded_too_far_is_not_taken_for_another_s():
    rough = {key: round(float(each), 1) for key, each in own("Robin Hale").items() if key != "student"}
    outcome = check("epochs", {"student": "Robin Hale", **rough})
    assert outcome.points > 1
    assert "rounded too far" in outcome.message


def test_zeros_and_a_switched_off_unit_earn_next_to_nothing():
    lines = [key for key in own("Robin Hale") if key != "student"]
    assert check("epochs", {"student": "Robin Hale", **dict.fromkeys(lines, 0)}).points <= 1


# The numbers in the text ----------------------------------------------------------------------------------------------


def test_the_text_has_the_numbers_of_the_homework():
    worked = by_hand(GOLDEN)
    assert (worked["w1[1]"], worked["w2[1]"], worked["w3[1]"]) == (F(3, 2), F(3, 4), F(5, 4))
    assert (worked["m1[1]"], worked["m2[1]"], worked["m3[1]"]) == (F(-1, 2), F(1, 4), F(-1, 4))
    assert (worked["dw1[2]"], worked["dw2[2]"], worked["dw3[2]"]) == (F(65, 128), F(-65, 256), F(117, 256))
    assert (worked["o[2]"], worked["m1[2]"], worked["w3[2]"]) == (F(45, 32), F(1, 128), F(267, 256))


def test_the_partly_worked_lines_and_the_answer_are_those_of_half_the_velocity():
    worked = by_hand(GOLDEN | {"gamma": F(1, 2)})
    assert (worked["m1[2]"], worked["w1[2]"]) == (F(33, 128), F(159, 128))
    answer = [worked[name] for name in ("m2[2]", "w2[2]", "m3[2]", "w3[2]")]
    assert answer == [F(-33, 256), F(225, 256), F(85, 256), F(235, 256)]
    assert check("friction", answer)
    assert check("friction", [float(each) for each in answer])
    assert check("friction", np.array(answer, dtype=float))
    assert not check("friction", ["1e999999999", *answer[1:]])  # as a fraction it would fill the memory
    assert F(1, 2) * F(1, 4) + F(-65, 256) == answer[0] == F(3, 4) - answer[1]  # the third hint


def test_the_marking_scheme_is_right():
    x, w, t = (F(1), F(-1, 2)), [F(1), F(1), F(1)], F(1)
    o = w[2] * (w[0] * x[0] + w[1] * x[1])
    slopes = [w[2] * x[0], w[2] * x[1], o / w[2]]
    assert slopes == [1, F(-1, 2), F(1, 2)]
    assert (t - o) * sum(each**2 for each in slopes) == F(3, 4) > t - o == F(1, 2)  # along the tangent
    new = [each + (t - o) * slope for each, slope in zip(w, slopes, strict=True)]
    assert (new[2], new[0] * x[0] + new[1] * x[1]) == (F(5, 4), F(9, 8))
    assert F(65, 128) - F(64, 128) == F(1, 128)
    assert -F(1, 2) + F(1, 4) == -F(1, 4)
    for gamma in (F(49, 100), F(51, 100)):
        assert (gamma * F(-1, 2) + F(1, 4) > 0) == (gamma < F(1, 2))


# Choices --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("question", "right"), [("which_w3", "B"), ("turn", "C")])
def test_one_letter_of_each_choice_is_right_and_each_other_one_is_told_why_not(question, right):
    outcomes = {letter: check(question, letter) for letter in "ABCD"}
    assert [letter for letter, outcome in outcomes.items() if outcome] == [right]
    assert len({outcome.message for outcome in outcomes.values()}) == 4
    assert check(question, f" {right.lower()} ")


def test_the_rule_for_turning_is_tried_on_many_epochs_and_no_other_rule_passes():
    counts = [int(re.search(r"wrong in (\d+)", check("turn", letter).message)[1]) for letter in "ABD"]
    assert min(counts) > 20


# The optimizer --------------------------------------------------------------------------------------------------------


def solution(name):
    """The functions of the solution."""
    space = {"np": np}
    for cell in nbformat.read(ROOT / "solutions" / "ps2" / "ps2.ipynb", as_version=4).cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == name:
            exec(cell.source, space)
    return space[name]


def test_the_steps_of_the_solution_are_the_sum_of_all_gradients_that_momentum_remembers():
    rng = np.random.default_rng(1)
    w, gradients, lr, momentum = np.ones(4), rng.normal(size=(6, 4)), 0.3, 0.8
    m, v, one, other = np.zeros(4), np.zeros(4), w, w
    for g in gradients:
        one, m = solution("momentum_step")(one, g, m, lr, momentum)
        other, v = solution("sum_step")(other, g, v, lr, momentum)
    remembered = sum(momentum**k * g for k, g in enumerate(gradients[::-1]))
    assert np.allclose(v, remembered)
    assert np.allclose(m, lr * remembered)
    assert np.allclose(one, other)
    assert convert(lr, momentum, source="step", target="sum") == (lr, momentum)


def returned_as_a_list(w, g, m, lr, momentum):
    return [w - (lr * g + m * momentum), lr * g + m * momentum]


def in_place_on_copies(w, g, m, lr, momentum):
    w, m = w.copy(), m.copy()
    m *= momentum
    m += lr * g
    w -= m
    return w, m


def with_loops(w, g, m, lr, momentum):
    new = np.array([momentum * a + lr * b for a, b in zip(m.ravel(), g.ravel(), strict=True)]).reshape(m.shape)
    return np.subtract(w, new), new


def from_the_library(w, g, m, lr, momentum):
    optimizer, m, w = Momentum(lr, momentum, "step"), m.copy(), w.copy()
    optimizer.step(w, g, m)
    return w, m


@pytest.mark.parametrize("answer", [returned_as_a_list, in_place_on_copies, with_loops, from_the_library])
def test_a_right_step_written_otherwise_is_right(answer):
    assert check("momentum_step", answer)
    assert ps2.momentum_step.grade(answer) == 3


def remembers_the_cases(w, g, m, lr, momentum):
    if w.size <= 3 and lr in (0.5, 1.0, 0.25, 0.1) and momentum != 0.9:
        return w - (momentum * m + lr * g), momentum * m + lr * g
    return w, m


def test_a_function_that_knows_the_small_cases_only_earns_nothing():
    assert not check("momentum_step", remembers_the_cases)
    assert ps2.momentum_step.grade(remembers_the_cases) == 0


# The program ----------------------------------------------------------------------------------------------------------


def with_net_inputs(x, t, w, lr, momentum, epochs):
    """The slope from the net input, on at 0 as well; matrix products; a list that becomes an array."""
    weights, velocity, errors = w.copy(), [0.0, 0.0, 0.0], []
    for _ in range(epochs):
        net1 = weights[:2] @ x
        net2 = weights[2] * max(net1, 0)
        out = max(net2, 0)
        errors += [0.5 * (t - out) ** 2]
        back = -(t - out) if net2 >= 0 else 0
        through = back * weights[2] if net1 >= 0 else 0
        gradient = [through * x[0], through * x[1], back * max(net1, 0)]
        velocity = [momentum * v - lr * g for v, g in zip(velocity, gradient, strict=True)]
        weights += np.array(velocity)
    return weights, np.array(errors)


def test_a_right_program_written_otherwise_is_right():
    assert check("mended", with_net_inputs)
    assert ps2.mended.grade(with_net_inputs) == 5


@pytest.mark.parametrize("seed", range(20))
def test_the_inputs_of_the_program_have_one_answer_in_floats_and_in_fractions(seed):
    cases = list(ps2_momentum._runs(np.random.default_rng(seed)))
    assert any(case[-1] == 0 for case in cases)
    for case in cases:
        weights, errors = ps2_momentum._ledger_run(*case)
        others = with_net_inputs(*case)
        assert np.allclose(weights, others[0], rtol=1e-9, atol=1e-11)
        assert np.allclose(errors, others[1], rtol=1e-9, atol=1e-11)
        assert errors.shape == (case[-1],)


def test_every_choice_of_faults_that_is_left_in_the_program_is_told_apart():
    said = set()
    for chosen in product((False, True), repeat=len(ps2_momentum.FAULTS)):
        left = [name for name, is_left in zip(ps2_momentum.FAULTS, chosen, strict=True) if is_left]
        outcome = check("mended", ps2_momentum._program(*left))
        if not left:
            assert outcome
            continue
        assert outcome.points == 0
        words = [ps2_momentum.FAULTS[name] for name in left]
        if len(left) == 1:
            assert words[0][1] in outcome.message
        else:
            assert f"{len(left)} of its faults" in outcome.message
            assert all(place in outcome.message for place, _ in words)
        said.add(outcome.message.splitlines()[0])
    assert len(said) == 63


def test_the_broken_program_stops_first_and_then_runs_with_all_six_faults():
    source = next(
        cell.source
        for cell in nbformat.read(ROOT / "exercises" / "ps2" / "ps2.ipynb", as_version=4).cells
        if cell.metadata.get("nbgrader", {}).get("grade_id") == "mended-broken"
    )
    case = np.array([1.0, -0.5]), 1.0, np.ones(3), 1.0, 1.0, 2
    space = {"np": np}
    exec(source, space)
    with pytest.raises(NameError, match="logistic"):
        space["broken"](*case)
    space["logistic"] = lambda net: 1 / (1 + np.exp(-net))
    outcome = check("mended", space["broken"])
    assert "Is a `return` missing" in outcome.message
    exec(source + "\n    return w, errors", space)
    assert "6 of its faults are left" in check("mended", space["broken"]).message
    exec(source + "\n    return weights, errors", space)
    assert not check("mended", space["broken"])


# The run --------------------------------------------------------------------------------------------------------------


def test_the_three_runs_settle_where_the_library_s_optimizer_says_with_room_to_spare():
    answer = []
    for momentum in (0.0, 0.5, 0.9):
        w, optimizer, errors = np.ones(3), Momentum(0.05, momentum, "step"), []
        for _ in range(300):
            h = max(w[0] - w[1] / 2, 0)
            o = max(w[2] * h, 0)
            errors.append((o - 1) ** 2 / 2)
            back = (o - 1) * w[2]
            optimizer.update(w, np.array([back, -back / 2, (o - 1) * h]))
        errors = np.array(errors)
        assert np.abs(errors / 1e-4 - 1).min() > 0.01  # no rounding decides
        answer.append(max(epoch for epoch, error in enumerate(errors, start=1) if error >= 1e-4) + 1)
    assert answer == [33, 13, 67]
    for given in (answer, tuple(answer), np.array(answer), [np.int64(each) for each in answer]):
        assert check("settled", given)


# For all --------------------------------------------------------------------------------------------------------------


def test_the_first_hints_say_which_principle_and_give_no_formula_and_no_number():
    for question in ps2.questions.values():
        assert len(question.hints) == 3
        assert "=" not in question.hints[0]
        assert not re.search(r"\d/\d|\d\.\d", question.hints[0])
