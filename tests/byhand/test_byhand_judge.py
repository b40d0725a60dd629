"""The judge: one slip costs one line, rounding is no slip, what is unreadable is told, and nothing makes it raise."""

import pydoc
import re
from decimal import Decimal
from fractions import Fraction as F
from random import Random

import numpy as np
import pytest
from downslope.byhand import EXERCISES, first_path, momentum_homework, rmsprop_steps
from downslope.byhand.momentum import MOMENTUM
from downslope.byhand.numbers import as_decimal
from downslope.byhand.reading import REASONS, read
from hypothesis import given, settings
from hypothesis import strategies as st

HOMEWORK = momentum_homework()
RIGHT = HOMEWORK.answers()


def statuses(result):
    return {(outcome.line, outcome.step): outcome.status for outcome in result.outcomes}


def rounded(answers, places=3):
    return {key: as_decimal(value, places) for key, value in answers.items()}


# rounding


@pytest.mark.parametrize("places", [3, 4, 6, 9])
@pytest.mark.parametrize("student", range(20))
def test_right_answers_rounded_are_right(student, places):
    ledger = momentum_homework(student=student)
    result = ledger.judge(rounded(ledger.answers(), places))
    assert set(statuses(result).values()) == {"correct"}
    assert (result.total, result.out_of) == (28, 28)


def worked_with_rounding(ledger, places):
    """A learner who rounds every line and works on with the rounded numbers."""
    rows = ledger.start()
    answers = {}
    for name, step in ledger.keys:
        answers[name, step] = as_decimal(ledger.formula(name)(rows, step), places)
        rows[step][name] = F(answers[name, step])
    return answers


@pytest.mark.parametrize("student", range(40))
def test_working_on_with_rounded_numbers_is_right(student):
    ledger = momentum_homework(student=student)
    assert set(statuses(ledger.judge(worked_with_rounding(ledger, 3))).values()) == {"correct"}


@pytest.mark.parametrize("student", range(6))
def test_mistakes_are_named_at_three_decimals_too(student):
    ledger = momentum_homework(student=student)
    for fault in ledger.keys:
        for mistake in ledger.possible(*fault):
            result = ledger.judge(rounded(ledger.answers({fault: mistake.name})))
            wrong = [outcome for outcome in result.outcomes if outcome.status == "wrong"]
            assert [(outcome.line, outcome.step) for outcome in wrong] == [fault], (fault, mistake.name)
            assert wrong[0].mistake == mistake.name


def test_final_weights_alone_are_right_whether_or_not_hidden_lines_were_rounded():
    exact = {key: RIGHT[key] for key in [("w1", 2), ("w3", 2)]}
    hidden = worked_with_rounding(HOMEWORK, 3)
    for answers in (exact, rounded(exact), {key: hidden[key] for key in exact}):
        assert HOMEWORK.judge(answers).count("correct") == 2
    assert HOMEWORK.judge({("w1", 2): "1.490"}).count("wrong") == 1


def test_more_digits_are_held_to_all_of_them():
    assert HOMEWORK.judge({("o", 2): "1.40625"}).count("correct") == 1
    assert HOMEWORK.judge(RIGHT | {("o", 2): "1.40629"}).count("wrong") == 1
    assert HOMEWORK.judge({("o", 2): "1.406"}).count("correct") == 1


def test_a_half_may_be_rounded_either_way():
    for text in ("1.4062", "1.4063"):  # 1.40625
        assert HOMEWORK.judge(RIGHT | {("o", 2): text})["o", 2].status == "correct"


def test_too_few_digits_and_cut_off_digits_are_named():
    assert HOMEWORK.judge({("o", 2): "1.4"})["o", 2].mistake == "too few digits"
    assert HOMEWORK.judge({("o", 2): "1.4"}, places=1)["o", 2].status == "correct"
    assert HOMEWORK.judge({("o", 2): "1.41"})["o", 2].mistake == "too few digits"
    assert first_path(t="0.1666").judge({"E": "0.055", "o": "1/2", "net2": "1/2"})["E", 1].mistake == "cut off"
    assert HOMEWORK.judge({("o", 1): "0.5", ("h", 1): ".5", ("net1", 1): "5e-1"}).count("correct") == 3


@pytest.mark.parametrize("written", ["0", "0.0", "0.00", "1", 0, -0.0])  # net1 is 1/2
def test_a_number_without_a_digit_of_the_right_one_is_not_called_rounded_or_cut_off(written):
    outcome = HOMEWORK.judge({("net1", 1): written})["net1", 1]
    assert (outcome.status, outcome.marks) == ("wrong", 0)
    assert outcome.mistake not in ("too few digits", "cut off")


@pytest.mark.parametrize(
    ("numbers", "written"), [({"x1": "0.9", "w2": "0.3"}, "1"), ({"x1": "0.3", "w1": "0.7", "w2": "0.3"}, "0.1")]
)
def test_a_number_near_the_right_one_without_its_first_digit_is_wrong(numbers, written):
    outcome = momentum_homework(**numbers).judge({("net1", 1): written})["net1", 1]  # 0.75 and 0.06
    assert (outcome.status, outcome.mistake) == ("wrong", "")


def test_rounding_up_through_nines_is_still_rounding():
    ledger = momentum_homework(x1="0.498", x2=0)
    assert ledger.judge({("net1", 1): "0.5"})["net1", 1].mistake == "too few digits"


@pytest.mark.parametrize(
    ("net1", "h", "follows"),
    [
        ("0.420", "0.420", True),
        ("0.420", "0.42", True),  # 0.42 is 0.420
        ("0.4203", "0.420", True),
        ("0.4207", "0.421", True),
        ("0.420", "0.4203", True),  # more digits kept than written before
        (0.42, "0.420", True),
        (F(1, 3), "0.333", True),
        ("0.333", F(1, 3), True),
        ("0.420", "0.421", False),
        ("0.420", "0.419", False),
        ("0.4203", "0.421", False),
        ("0.420", "0.4206", False),
        ("0.42", "0.421", False),
        (0.42, 0.421, False),
    ],
)
@pytest.mark.parametrize("x1", ["0.92", "0.9"])  # net1 = 0.42 is right, and is carried
def test_a_line_that_hands_on_its_input_keeps_its_digits(net1, h, follows, x1):
    result = momentum_homework(x1=x1).judge({("net1", 1): net1, ("h", 1): h})
    assert (result["h", 1].status in ("correct", "carried")) is follows


def test_no_sheet_worked_with_mixed_rounding_is_marked_wrong():
    """Every line exact or rounded to 3 to 6 places, halves either way, working on with the written or the kept one."""
    chance = Random(20)
    for number in range(300):
        ledger = momentum_homework(student=number % 60)
        slips = number % 3 == 0
        rows, answers, faults = ledger.start(), {}, set()
        for name, step in ledger.keys:
            kept = ledger.formula(name)(rows, step)
            if slips and chance.random() < 0.05:
                kept += F(chance.randrange(20, 900), 1000)
                faults.add((name, step))
            places = chance.choice([3, 3, 4, 5, 6])
            half_up = chance.random() < 0.5
            text = as_decimal(kept, places) if half_up else str(float(round(kept, places)))
            answers[name, step] = chance.choice([text, text, text, kept])
            rows[step][name] = kept if answers[name, step] is kept or chance.random() < 0.5 else F(text)
        wrong = {key for key, status in statuses(ledger.judge(answers)).items() if status == "wrong"}
        assert wrong <= faults, (number, wrong - faults)


# carrying on


def test_one_slip_costs_one_line():
    answers = HOMEWORK.answers({("dw1", 1): "sign"})
    result = HOMEWORK.judge(answers)
    assert result.total == 27
    assert result.first_fault[:3] == ("dw1", 1, "wrong")
    assert result["dw2", 1].status == "correct"
    assert result["w1", 2].status == "carried"


def test_two_slips_cost_two_lines():
    result = HOMEWORK.judge(HOMEWORK.answers({("dw1", 1): "sign", ("m3", 2): "restarted"}))
    assert result.total == 26
    assert [outcome.mistake for outcome in result.outcomes if outcome.status == "wrong"] == ["sign", "restarted"]


def test_a_slip_of_the_pen_does_not_spoil_what_was_worked_rightly():
    result = HOMEWORK.judge(RIGHT | {("net1", 1): F(7)})
    assert result.count("wrong") == 1
    assert result.count("correct") == 27


def test_missing_lines_are_worked_out_from_the_learners_own():
    answers = HOMEWORK.answers({("m3", 1): "sign"})
    for key in [("w3", 1), ("net2", 2), ("o", 2)]:
        del answers[key]
    result = HOMEWORK.judge(answers)
    assert (result.count("wrong"), result.count("missing")) == (1, 3)
    assert result["w3", 2].status == "carried"


def test_a_mistake_in_a_line_left_out_is_found_further_up():
    ledger = momentum_homework(student="Kim")
    answers = ledger.answers({("dw1", 2): "updated w3"})
    result = ledger.judge({key: answers[key] for key in [("w1", 1), ("w1", 2)]})
    finding = result["w1", 2].findings[0]
    assert (finding.line, finding.step, finding.mistake.name) == ("dw1", 2, "updated w3")
    assert "at ∂E/∂w1 in epoch 2" in repr(result)


def test_a_mistake_made_in_every_epoch_is_found():
    ledger = momentum_homework(student="Kim")
    answers = ledger.answers({("dw3", 1): "twice", ("dw3", 2): "twice"})
    finding = ledger.judge({("w3", 2): answers["w3", 2]})["w3", 2].findings[0]
    assert (finding.line, finding.step, finding.mistake.name) == ("dw3", None, "twice")


def test_the_velocity_convention_costs_its_velocity_lines_only():
    answers = {key: -value if key[0].startswith("m") else value for key, value in RIGHT.items()}
    result = HOMEWORK.judge(answers)
    assert {(outcome.line, outcome.mistake) for outcome in result.outcomes if outcome.status != "correct"} == {
        ("m1", "sign"),
        ("m2", "sign"),
        ("m3", "sign"),
    }


def test_a_dead_unit_brings_its_own_mistakes():
    ledger = momentum_homework(epochs=1, w1=-1, x2=-1)
    assert ledger["net1", 1] == -2
    assert ledger.judge(ledger.answers({("h", 1): "no relu"}))["h", 1].mistake == "no relu"
    assert ledger.judge(ledger.answers({("dw1", 1): "slope ignored"}))["dw1", 1].mistake == "slope ignored"
    assert "slope ignored" not in HOMEWORK.mistakes("dw1", 1)


def worked_with(ledger, **fixed):
    """All answers, with some lines fixed in every epoch and the rest carried on honestly."""
    rows, answers = ledger.start(), {}
    for name, step in ledger.keys:
        answers[name, step] = rows[step][name] = F(fixed.get(name) or ledger.formula(name)(rows, step))
    return answers


def test_a_unit_switched_off_by_a_wrong_line_leaves_nothing_to_earn():
    answers = worked_with(HOMEWORK, net1=-1)
    for judged in (answers, {key: value for key, value in answers.items() if key[0] not in ("h", "m1")}):
        result = HOMEWORK.judge(judged)
        assert {outcome.line for outcome in result.outcomes if outcome.marks} == {"E"}  # ½t² was worked out
        assert result["net2", 1].status == result["w1", 2].status == "carried"
        assert "a wrong line above switched a unit off" in result["net2", 1].reason
        assert result.total == 2
    assert "and count in full" not in repr(result)
    assert "but not where they are 0 or unchanged" in repr(result)
    assert HOMEWORK.judge(dict.fromkeys(HOMEWORK.keys, 0) | {("net1", 1): -1, ("net1", 2): -1}).total == 0


def test_a_unit_switched_off_at_its_own_line_or_a_later_one_leaves_nothing_to_earn_either():
    result = HOMEWORK.judge(worked_with(HOMEWORK, h="0/1"))
    assert {outcome.line for outcome in result.outcomes if outcome.marks} == {"net1", "E"}
    result = HOMEWORK.judge(worked_with(HOMEWORK, net2=-1))
    assert [(o.line, o.marks) for o in result.outcomes[:5]] == [("net1", 1), ("h", 1), ("net2", 0), ("o", 0), ("E", 1)]


def test_a_velocity_that_rolls_on_while_a_unit_is_off_is_worked_out_and_counts():
    ledger = momentum_homework(momentum="1/2")
    answers = ledger.answers()
    rows = [ledger.rows[0], ledger.rows[1], dict(ledger.rows[2]) | {"net1": F(-1)}]
    for name in [line.name for line in ledger.recipe.lines][1:]:
        answers[name, 2] = rows[2][name] = ledger.formula(name)(rows, 2)
    result = ledger.judge(answers | {("net1", 2): -1})
    counted = {outcome.line for outcome in result.outcomes if outcome.step == 2 and outcome.marks}
    assert counted == {"E", "m3", "w3", "m1", "w1", "m2", "w2"}


def test_a_unit_that_is_rightly_off_costs_nothing():
    ledger = momentum_homework(w1=-1, x2=-1)
    assert ledger.judge(ledger.answers()).total == 28
    result = ledger.judge(ledger.answers() | {("net1", 1): -7})
    assert result.total == 27


def test_irrational_roots_are_judged_to_the_digits_written():
    ledger = rmsprop_steps()
    for text in ("0.684", "0.683772", "0.683772233983"):
        assert ledger.judge({("w", 1): text})["w", 1].status == "correct"
    assert ledger.judge({("w", 1): ledger["w", 1]})["w", 1].status == "correct"
    assert ledger.judge({("w", 1): "0.683773"})["w", 1].status == "wrong"


@pytest.mark.parametrize("name", [name for name, recipe in EXERCISES.items() if recipe.draw and name != "momentum"])
def test_every_exercise_names_its_mistakes(name):
    for student in range(3):
        ledger = EXERCISES[name].ledger(student=student)
        for fault in ledger.keys:
            for mistake in ledger.possible(*fault):
                result = ledger.judge(ledger.answers({fault: mistake.name}))
                wrong = [(outcome.line, outcome.step) for outcome in result.outcomes if outcome.status == "wrong"]
                assert wrong == [fault]
                assert result[fault].mistake == mistake.name


# what is written


FORMS = [
    "191/128",
    " 191 / 128 ",
    "+191/128",
    "382/256",
    "1.492",
    "1.4921875",
    "1.49219",
    "+1.492",
    "1492e-3",
    "1.492E0",
    "１.４９２",
    "1.492\n",
    F(191, 128),
    1.4921875,
    1.492,
    Decimal("1.492"),
    np.float64(1.4921875),
    np.float32(1.4921875),
    np.float16(1.492),
]


@pytest.mark.parametrize("form", FORMS, ids=repr)
def test_numbers_in_every_accepted_form(form):
    assert HOMEWORK.judge({("w1", 2): form})["w1", 2].status == "correct"


@pytest.mark.parametrize(
    ("form", "value"),
    [
        *(
            ("½", F(1, 2)),
            ("¼", F(1, 4)),
            ("¾", F(3, 4)),
            ("⅛", F(1, 8)),
            ("⅜", F(3, 8)),
            ("⅝", F(5, 8)),
            ("⅞", F(7, 8)),
        ),
        *(
            ("-½", F(-1, 2)),
            ("−½", F(-1, 2)),
            ("+½", F(1, 2)),
            ("1½", F(3, 2)),
            ("-1½", F(-3, 2)),
            (" 12 ¾ ", F(51, 4)),
        ),
        *(("3/-2", F(-3, 2)), ("-3/-2", F(3, 2)), ("3 / −2", F(-3, 2))),
    ],
)
def test_fractions_of_one_letter_and_negative_denominators_are_exact(form, value):
    assert read(form)[1:4] == (value, value, None)


@pytest.mark.parametrize("form", ["-1/256", "−0.004", "–0.004", "- 0.004", "-4e-3", "-.0039", F(-1, 256), -0.00390625])
def test_negative_numbers_in_every_accepted_form(form):
    assert HOMEWORK.judge({("m2", 2): form})["m2", 2].status == "correct"


@pytest.mark.parametrize("form", [1, "1", "1.", "1.000", True + 0, np.int64(1), F(1), Decimal(1), 1.0])
def test_whole_numbers_in_every_accepted_form(form):
    ledger = momentum_homework(w1="3/2", w2="1")
    assert ledger["net1", 1] == 1
    assert ledger.judge({("net1", 1): form})["net1", 1].status == "correct"


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        ("1,492", "comma"),
        ("1.000,5", "comma"),
        ("1 63/128", "mixed"),
        ("50%", "percent"),
        ("1/0", "zero"),
        ("1/-0", "zero"),
        ("3/2=1.5", "equals"),
        ("191/128 ≈ 1.492", "equals"),
        ("w1 = 1.492", "equals"),
        ("3/2-1/128", "sum"),
        ("1.4.9", "sum"),
        ("nan", "infinite"),
        ("-Infinity", "infinite"),
        (float("nan"), "infinite"),
        (float("inf"), "infinite"),
        (Decimal("NaN"), "infinite"),
        ("1½½", "other"),
        ("½/2", "other"),
        ("⅓²", "other"),
        ("2²", "other"),
        ("eins", "other"),
        ("1_000", "other"),
        ("0x10", "other"),
        ("__import__('os')", "other"),
        (True, "truth"),
        (np.True_, "truth"),
        (1j, "complex"),
        ([0.5], "other"),
        (b"0.5", "other"),
        (np.array([0.5]), "other"),
        (10**400, "long"),
        (F(10**3000, 7), "long"),
        ("1" * 70, "long"),
        ("1e999999999", "other"),
        (Decimal("1e999999"), "other"),
    ],
    ids=repr,
)
def test_what_is_no_number_is_refused_with_the_reason(form, reason):
    outcome = HOMEWORK.judge({("w1", 2): form})["w1", 2]
    assert (outcome.status, outcome.marks) == ("unreadable", 0)
    assert outcome.reason == REASONS[reason]


@pytest.mark.parametrize("form", [None, "", "  ", "\n"])
def test_nothing_written_is_missing(form):
    assert HOMEWORK.judge({("w1", 2): form})["w1", 2].status == "missing"


def test_floats_with_their_usual_noise_are_right():
    ledger = first_path(x1="0.1", x2="0.2", w1=1, w2=1)
    assert ledger.judge({"net1": 0.1 + 0.2}).outcomes[0].status == "correct"
    assert ledger.judge({"net1": str(0.1 + 0.2)}).outcomes[0].status == "correct"


@pytest.mark.parametrize(
    "key", [("w1", 2), "w1[2]", "w1(2)", "w1 2", "w1, 2", " w1 [2] ", ("w1", "2"), ("w1", np.int64(2))]
)
def test_a_line_can_be_named_in_several_ways(key):
    assert HOMEWORK.judge({key: "191/128"}).count("correct") == 1
    assert HOMEWORK.judge({2: {"w1": "191/128"}, "1": {"w1": "3/2"}}).count("correct") == 2


@pytest.mark.parametrize("name", ["dw1", "dE/dw1", "∂E/∂w1"])
def test_a_gradient_can_be_named_as_messages_name_it(name):
    for key in (f"{name}[2]", f"{name} 2", (name, 2), (name, "2")):
        assert HOMEWORK.judge({key: RIGHT["dw1", 2]})["dw1", 2].status == "correct"
    assert HOMEWORK.judge({2: {name: RIGHT["dw1", 2]}})["dw1", 2].status == "correct"
    assert first_path().judge({name: F(-1, 2)})["dw1", 1].status == "correct"
    assert list(HOMEWORK.judge({("dw1", 2): 1, f" {name} [2]": 1}).notes) == [
        "Line dw1[2] is answered twice; the first answer counts."
    ]


def test_a_line_with_a_hat_can_be_named_with_the_hat():
    ledger = EXERCISES["adam"].ledger()
    assert ledger.judge({"v̂[1]": ledger["v_hat", 1]})["v_hat", 1].status == "correct"


def test_a_key_that_is_no_line_is_told():
    result = HOMEWORK.judge({("w9", 1): 1, "w1": 1, 7: 1, ("w1", 1): 1, "w1[1]": "3/2", (1, "w1"): 1})
    assert list(result.notes) == [
        "There is no line w9[1] in this exercise.",
        "There is no line 'w1' in this exercise.",
        "There is no line of the kind int in this exercise.",
        "Line w1[1] is answered twice; the first answer counts.",
        "There is no line of the kind tuple in this exercise.",
    ]


def test_blank_answers_can_be_filled_in_and_judged():
    scope = {}
    exec(HOMEWORK.blank(), scope)
    assert HOMEWORK.judge(scope["answers"]).count("missing") == 28
    exec(first_path().blank(), scope)
    assert first_path().judge(scope["answers"]).count("missing") == 8


# rubbish


class Hostile:
    """Every way of looking at it raises."""

    def _raise(self, *args):
        raise RuntimeError("hostile")

    __str__ = __repr__ = __eq__ = __hash__ = __len__ = __iter__ = __float__ = __int__ = __bool__ = _raise


class HostileMapping(dict):
    def items(self):
        yield ("w1", 1), "3/2"
        raise RuntimeError("hostile")


class HostileText(str):
    def __str__(self):
        raise RuntimeError("hostile")

    strip = __len__ = __iter__ = __str__


def test_hostile_objects_are_unreadable_and_nothing_raises():
    result = HOMEWORK.judge({("w1", 1): Hostile(), ("w2", 1): HostileText("3/4"), ("w3", 1): "5/4"})
    assert result["w1", 1].status == "unreadable"
    assert result["w3", 1].status == "correct"
    result = HOMEWORK.judge(HostileMapping())
    assert result["w1", 1].status == "correct"
    assert list(result.notes) == ["The answers could not be read to the end."]
    for answers in (Hostile(), None, 5, [("w1", 1)], "w1", iter(())):
        assert HOMEWORK.judge(answers).count("missing") == 28


RUBBISH = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.complex_numbers(),
    st.decimals(),
    st.fractions(),
    st.text(max_size=80),
    st.from_regex(r"[-+−]?[0-9]{0,4}[.,/]?[0-9]{0,4}(e-?[0-9]{1,4})?", fullmatch=True),
    st.binary(max_size=9),
    st.lists(st.integers(), max_size=3),
    st.builds(Hostile),
)
KEYS = st.one_of(
    st.sampled_from(HOMEWORK.keys), st.text(max_size=9), st.integers(), st.tuples(st.text(), st.integers())
)


@given(st.one_of(RUBBISH, st.dictionaries(KEYS, st.one_of(RUBBISH, st.dictionaries(st.text(), RUBBISH, max_size=2)))))
@settings(deadline=None, max_examples=150)
def test_whatever_is_handed_in_the_judge_answers(answers):
    result = HOMEWORK.judge(answers)
    assert 0 <= result.total <= result.out_of == 28
    assert len(result.outcomes) == 28
    for report in result._repr_mimebundle_().values():
        assert "hostile" not in report


@given(st.sampled_from([key for key in HOMEWORK.keys if key[1] == 2]), st.fractions(-9, 9, max_denominator=999))
@settings(deadline=None, max_examples=60)
def test_any_wrong_number_costs_at_most_its_line(key, value):
    result = HOMEWORK.judge(RIGHT | {key: value})
    assert result.total == (28 if value == RIGHT[key] else 27)


@given(st.lists(st.tuples(st.sampled_from(HOMEWORK.keys), st.integers(0, 8)), max_size=6))
@settings(deadline=None, max_examples=60)
def test_several_slips_carried_on_honestly_cost_no_more_than_their_lines(drawn):
    ledger = momentum_homework(student="Lee")
    slips = {}
    for key, number in drawn:
        possible = ledger.possible(*key)
        slips[key] = possible[number % len(possible)].name
    result = ledger.judge(ledger.answers(slips))
    wrong = {(outcome.line, outcome.step) for outcome in result.outcomes if outcome.status == "wrong"}
    assert wrong <= set(slips)
    off = sum(outcome.status == "carried" and not outcome.marks for outcome in result.outcomes)
    assert result.total + off >= 28 - len(slips)


@given(st.decimals(-99, 99, places=4), st.integers(0, 6))
@settings(deadline=None, max_examples=100)
def test_a_decimal_has_room_for_all_that_rounds_to_it(value, places):
    reading = read(str(value), places)
    half = F(1, 2 * 10 ** max(places, 4))
    assert reading.value == F(value)
    assert (reading.room.low, reading.room.high) == (F(value) - half, F(value) + half)


# marks and report


def test_marks_by_line_can_be_given():
    marks = {line.name: 0 for line in MOMENTUM.lines} | {"w1": 3, "w3": "1.5"}
    result = HOMEWORK.judge(RIGHT | {("w3", 2): F(9)}, marks=marks)
    assert (result.total, result.out_of) == (F(15, 2), 9)
    with pytest.raises(ValueError, match="there is no line 'w9'"):
        HOMEWORK.judge({}, marks={"w9": 1})
    with pytest.raises(ValueError, match="must not be negative"):
        HOMEWORK.judge({}, marks={"w1": -1})
    with pytest.raises(ValueError, match="places must be a whole number from 0 to 12"):
        HOMEWORK.judge({}, places=-1)


def test_the_report_says_where_what_and_where_to_read():
    text = repr(HOMEWORK.judge(rounded(HOMEWORK.answers({("dw1", 1): "sign"}))))
    assert "27 of 28 marks: 11 correct, 16 carried, 1 wrong." in text
    assert "The first line to look at is ∂E/∂w1 in epoch 1, where you wrote 0.500." in text
    assert "The sign is turned: t − o stands in place of o − t." in text
    assert "Read: lesson 01, 'Backwards along the long paths'." in text


def test_the_report_holds_no_right_answer_unless_asked():
    ledger = momentum_homework(student="Kim")
    answers = dict.fromkeys(ledger.keys, "7.77")
    result = ledger.judge(answers)
    shown = "".join(result._repr_mimebundle_().values())
    for key in ledger.keys:
        assert not re.search(rf"(?<![\d.]){re.escape(as_decimal(ledger[key], 3).lstrip('-'))}(?!\d)", shown), key
    asked = "".join(result.show_answers()._repr_mimebundle_().values())
    assert all(as_decimal(ledger[key], 3) in asked for key in ledger.keys)
    assert result.show_answers().total == result.total


def test_what_the_learner_wrote_is_never_markup():
    evil = "<img src=x onerror=alert(1)> | `x` $y$"
    shown = HOMEWORK.judge({("w1", 1): evil, evil: 1})._repr_mimebundle_()
    assert "<img" not in shown["text/html"]
    assert "<img" not in shown["text/markdown"].replace("`` <img", "")
    assert 'class="mathjax_ignore tex2jax_ignore">&lt;img' in shown["text/html"]


def test_every_mistake_is_a_whole_sentence_and_tells_where_to_read(root):
    headings = {}
    for path in (root / "notebooks").glob("[0-9]*.ipynb"):
        headings[path.name[:2]] = path.read_text(encoding="utf-8")
    for recipe in EXERCISES.values():
        for line in recipe.lines:
            names = [mistake.name for mistake in line.mistakes]
            assert len(set(names)) == len(names)
            for mistake in line.mistakes:
                assert re.fullmatch(r"[A-Zβγ].*[^.]\.", mistake.looks_like), mistake.looks_like
                lesson, quoted, named = READ.fullmatch(mistake.read).groups()
                if lesson:
                    assert f'"## {quoted}' in headings[lesson], mistake.read
                else:
                    assert pydoc.locate(named).__doc__, mistake.read


READ = re.compile(r"lesson (\d\d), '(.*)'|help\((downslope[\w.]+)\)(?:, [^\d]+)?")
