"""Each learner's own numbers: the same everywhere, of equal effort, with every mistake recognisable."""

import json
import unicodedata
from fractions import Fraction as F
from itertools import pairwise
from pathlib import Path

import pytest
from downslope.byhand import EXERCISES, first_path, momentum_homework
from downslope.byhand.momentum import MOMENTUM
from downslope.byhand.variants import draw, fits, normal_name

STORED = json.loads(Path(__file__).with_name("variants_50.json").read_text(encoding="utf-8"))
MANY = [draw(MOMENTUM, f"student {number}") for number in range(500)]


def test_fifty_variants_are_as_they_were_stored():
    assert len(STORED) == 50
    for student, numbers in STORED.items():
        assert draw(MOMENTUM, student) == numbers


def test_the_numbers_are_short_decimals_from_a_few_choices():
    for numbers in MANY:
        for text in numbers.values():
            assert len(text.replace(".", "").lstrip("-0")) <= 3
            assert F(text).denominator > 1
        assert numbers["gamma"] in ("0.6", "0.7", "0.8", "0.9")
        assert numbers["lr"] in ("0.3", "0.4", "0.6", "0.7")


def test_all_units_live_in_both_epochs_and_every_answer_is_told_apart():
    for numbers in MANY[:200]:
        ledger = MOMENTUM.ledger(**numbers)
        for name, epoch in ledger.keys:
            if name in ("net1", "net2"):
                assert ledger[name, epoch] >= F(1, 10)
            values = sorted([ledger[name, epoch], *ledger.mistakes(name, epoch).values()])
            assert all(high - low > F(1, 200) for low, high in pairwise(values))


def test_no_two_gradients_and_no_two_velocities_of_an_epoch_have_the_same_size():
    ledgers = [MOMENTUM.ledger(**numbers) for numbers in MANY[:200]]
    ledgers += [momentum_homework(student="Ada Lovelace")] + [first_path(student=student) for student in range(100)]
    for ledger in ledgers:
        for epoch in range(1, ledger.steps + 1):
            for kind in ("dw", "m") if ledger.recipe is MOMENTUM else ("dw",):
                sizes = sorted(abs(ledger[f"{kind}{i}", epoch]) for i in (1, 2, 3))
                assert all(high - low > F(1, 200) for low, high in pairwise(sizes)), (ledger.student, kind, epoch)


def test_exchanging_two_gradients_is_noticed():
    for student in [*STORED, *range(50)]:
        ledger = momentum_homework(student=student)
        right = ledger.answers()
        for a, b in (("dw1", "dw3"), ("dw1", "dw2"), ("m1", "m3")):
            result = ledger.judge(right | {(a, 1): right[b, 1], (b, 1): right[a, 1]})
            assert result[a, 1].status == result[b, 1].status == "wrong"


def test_few_students_share_their_numbers():
    assert len({tuple(numbers.values()) for numbers in MANY}) >= 499


@pytest.mark.parametrize("name", [name for name, recipe in EXERCISES.items() if recipe.draw])
def test_every_exercise_gives_variants_that_work(name):
    recipe = EXERCISES[name]
    for student in range(25):
        ledger = recipe.ledger(student=student)
        assert ledger.recipe is recipe
        for line, step in ledger.keys:
            values = sorted([ledger[line, step], *ledger.mistakes(line, step).values()])
            assert all(high > low for low, high in pairwise(values)), (line, step)


def test_floats_never_decide_what_is_close():
    numbers = dict(draw(MOMENTUM, "Kim"))
    assert fits(MOMENTUM, numbers)
    assert not fits(MOMENTUM, numbers | {"lr": "1"})  # η twice is then the right answer
    assert not fits(MOMENTUM, numbers | {"w1": "-3"})  # the unit is dead


def test_the_same_name_written_otherwise_is_the_same_student():
    name = "김민준 Kim"
    for other in (unicodedata.normalize("NFD", name), "  김민준   kim\n", "김민준 KIM", "김민준 Ｋｉｍ", "김민준 𝐊im"):
        assert normal_name(other) == normal_name(name)
    assert normal_name("２０２４") == normal_name(2024)
    assert normal_name("Kim") != normal_name("Kym")


@pytest.mark.parametrize("student", ["", "  ", "\n"])
def test_a_student_needs_a_name(student):
    with pytest.raises(ValueError, match="student must not be empty"):
        momentum_homework(student=student)


@pytest.mark.parametrize("student", [True, 1.5, ["Kim"], b"Kim"])
def test_a_student_is_a_text_or_a_number(student):
    with pytest.raises(TypeError, match="student must be a name or a number"):
        momentum_homework(student=student)


def test_more_epochs_keep_the_numbers():
    assert momentum_homework(5, student="Kim").numbers == momentum_homework(2, student="Kim").numbers
