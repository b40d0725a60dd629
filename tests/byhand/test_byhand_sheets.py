"""Sheets and keys on paper: for one and for a class, names of every kind, and the command line."""

import json
import re
import subprocess
import sys

import pytest
from downslope.byhand import EXERCISES, class_sheets, first_path, momentum_homework, read_class
from downslope.byhand import sheets as room
from downslope.byhand.__main__ import main

NAMES = ["김민준", 'a "quoted" \\ name', "#[$x$] *b* _i_ `c` <d> @e // f", "O'Neil; -- /* x */", "Ж. Иванов", "山田"]
typst = pytest.importorskip("typst", reason="printing needs typst: python -m pip install 'downslope[print]'")


def has_eastern_font():
    return any(family in typst.Fonts().families() for family in room.EAST_ASIAN)


needs_font = pytest.mark.skipif(not has_eastern_font(), reason="no Hangul font: apt-get install fonts-noto-cjk")


def test_the_sheet_asks_for_every_line_and_gives_no_answer():
    ledger = momentum_homework(student="Kim")
    text = ledger.sheet().markdown()
    assert text.startswith("# Momentum by hand")
    assert "**Name:** Kim" in text
    for worked in ledger:
        assert f"${worked.pieces(room.LATEX)[0]} =$" in text
    assert "\\approx" not in text
    assert "<svg" in text
    assert "Forward:" not in text
    assert text.count("| / 1 |") == 28


def test_shown_in_a_notebook_the_sheet_has_no_headings_of_its_own():
    shown = momentum_homework().sheet()._repr_markdown_()
    assert not re.search(r"(?m)^#", shown)
    assert "**epoch 2**" in shown


@pytest.mark.parametrize("made", [momentum_homework(student="Kim").sheet(), momentum_homework().key()])
def test_shown_in_a_notebook_a_sheet_holds_no_svg(made):
    shown = made._repr_mimebundle_()
    assert set(shown) == {"text/plain", "text/markdown"}
    assert "<svg" not in "".join(shown.values())
    assert shown["text/markdown"].replace("**", "").startswith("Momentum by hand")
    assert "<svg" in made.markdown()


def test_the_sheet_in_plain_text_can_be_read_and_filled_in():
    ledger = momentum_homework(student="Kim")
    shown = ledger.sheet()._repr_mimebundle_()["text/plain"]
    assert shown == momentum_homework(student="Kim").sheet()._repr_mimebundle_()["text/plain"]
    lines = shown.splitlines()
    assert lines[:2] == ["Momentum by hand: a 2-1-1 net with ReLU", "Name: Kim"]
    assert f"Your numbers: x1 = {float(ledger['x1', 0])}, " in shown
    assert "    ∂E/∂w3[2] = ________________________________________  / 1" in lines
    assert sum(line.endswith("__  / 1") for line in lines) == 28
    for worked in ledger:
        assert not re.search(rf"(?<![\d.]){re.escape(worked.text().split()[-1])}(?!\d)", shown), worked
    assert "w1[2] = w1[1] - m1[2] = 3/2 - 1/128 = 191/128 ≈ 1.492" in str(momentum_homework().key())
    assert repr(ledger.sheet()) == "sheet for 1: Momentum by hand: a 2-1-1 net with ReLU"


def test_the_key_works_every_line():
    ledger = momentum_homework()
    text = ledger.key().markdown()
    for worked in ledger:
        assert all(piece in text for piece in worked.pieces(room.LATEX))
    assert r"$= \tfrac{191}{128}$ | $\approx 1.492$ |" in text


@needs_font
@pytest.mark.parametrize("key", [False, True])
def test_names_of_every_kind_survive(key):
    made = class_sheets(momentum_homework, NAMES, key=key)
    found = json.loads(typst.query(made.typst().encode(), "<learner>", field="value"))
    assert found == NAMES
    assert made.pdf().startswith(b"%PDF")


def test_every_learner_has_two_pages_of_their_own():
    assert len(class_sheets(momentum_homework, ["Kim", "Lee"]).pages(30)) == 4
    assert len(class_sheets(momentum_homework, ["Kim"], key=True).pages(30)) == 2
    one_page_each_and_an_empty_back = class_sheets(first_path, ["Kim", "Lee"]).pages(30)
    assert len(one_page_each_and_an_empty_back) == 3


@pytest.mark.parametrize("name", EXERCISES)
def test_every_exercise_can_be_printed(name, tmp_path):
    ledger = EXERCISES[name].ledger()
    for made in (ledger.sheet(), ledger.key()):
        assert made.save(tmp_path / "new" / "paper.pdf").read_bytes().startswith(b"%PDF")


def test_a_pdf_is_the_same_every_time():
    assert momentum_homework().sheet().pdf() == momentum_homework().sheet().pdf()


def test_without_typst_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(ImportError, match=r"pip install 'downslope\[print\]'"):
        momentum_homework().sheet().pdf()
    assert momentum_homework().sheet().markdown()


def test_without_a_font_for_the_names_the_error_says_so(monkeypatch):
    monkeypatch.setattr(room, "EAST_ASIAN", ())
    with pytest.raises(RuntimeError, match=r"no font with the letters of '김민준' was found; install one"):
        class_sheets(momentum_homework, ["김민준"]).pdf()
    assert class_sheets(momentum_homework, ["Kim"]).pdf()


def test_save_knows_three_endings(tmp_path):
    for ending in ("pdf", "md", "typ"):
        assert momentum_homework().sheet().save(tmp_path / f"sheet.{ending}").stat().st_size > 1000
    with pytest.raises(ValueError, match=r"path must end in \.pdf, \.md or \.typ, got 'sheet\.doc'"):
        momentum_homework().sheet().save("sheet.doc")


def test_two_students_of_one_name_are_refused():
    with pytest.raises(ValueError, match="students must differ, got 'Kim' and 'KIM'"):
        class_sheets(momentum_homework, ["Kim", "Lee", "KIM"])


# the class list


@pytest.mark.parametrize(
    ("content", "column", "names"),
    [
        ("Kim\nLee\n\nPark\n", 1, ["Kim", "Lee", "Park"]),
        ("학번,이름\n2024001,김민준\n2024002,이서연\n", 1, ["2024001", "2024002"]),
        ("학번,이름\n2024001,김민준\n2024002,이서연\n", "이름", ["김민준", "이서연"]),
        ('\ufeffname\r\n"Kim, Minjun"\r\n', 1, ["Kim, Minjun"]),
        ("no;name\n1;Kim\n", 2, ["Kim"]),
        ("1\tKim\n2\tLee\n", "2", ["Kim", "Lee"]),
    ],
)
def test_class_lists_as_spreadsheets_write_them(content, column, names, tmp_path):
    path = tmp_path / "class.csv"
    for encoding in ("utf-8", "cp949") if "\ufeff" not in content else ("utf-8",):
        path.write_bytes(content.encode(encoding))
        assert read_class(path, column) == names


def test_a_class_list_that_cannot_be_read_is_refused(tmp_path):
    path = tmp_path / "class.csv"
    for content, column, message in [
        (b"", 1, "holds no names"),
        (b"\xff\xff\xff", 1, "neither UTF-8 nor CP949"),
        (b"a,b\n1,2\n", "c", "has no column 'c'"),
        (b"a,b\n1,2\n", 3, "column must be from 1 to 2, got 3"),
        (b"name,no\nKim,1\nLee\n", 2, "line 2 of the names has nothing in column 2"),
    ]:
        path.write_bytes(content)
        with pytest.raises(ValueError, match=message):
            read_class(path, column)


def test_the_command_line_prints_a_class(tmp_path, capsys):
    path = tmp_path / "class.csv"
    path.write_text("name\nKim\nLee\n", encoding="utf-8")
    assert main([str(path), "--out", str(tmp_path / "out"), "--key"]) == 0
    assert {file.name for file in (tmp_path / "out").iterdir()} == {"momentum-sheets.pdf", "momentum-key.pdf"}
    assert "momentum-key.pdf: 2 keys" in capsys.readouterr().out
    assert main([str(path), "--out", str(tmp_path / "md"), "--markdown", "--exercise", "adam", "--steps", "3"]) == 1
    assert "g must hold 3 numbers" in capsys.readouterr().err
    assert main([str(path), "--out", str(tmp_path / "md"), "--markdown", "--exercise", "adam"]) == 0
    assert "Kim" in (tmp_path / "md" / "adam-sheets.md").read_text(encoding="utf-8")
    assert main([str(tmp_path / "none.csv")]) == 1


def test_the_command_runs_as_a_module(tmp_path):
    path = tmp_path / "class.csv"
    path.write_text("Kim\n", encoding="utf-8")
    command = [sys.executable, "-m", "downslope.byhand", str(path), "--out", str(tmp_path), "--markdown"]
    assert "1 sheets" in subprocess.run(command, capture_output=True, text=True, check=True).stdout
