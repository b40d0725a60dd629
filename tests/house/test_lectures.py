"""Playlists: what their lectures take, added up from what the parts of lessons say, and what is refused."""

import re
import sys

import nbformat
import pytest


@pytest.fixture(scope="module")
def lectures(root):
    sys.path.append(str(root / "tools"))
    import lectures

    return lectures


@pytest.fixture(scope="module")
def lessons(lectures):
    return lectures.read_lessons()


def cell(source, slide_type="slide", tags=()):
    metadata = {"slideshow": {"slide_type": slide_type}, "tags": list(tags)}
    return nbformat.v4.new_markdown_cell(source, metadata=metadata)


def timed(minutes, words="Ask them first."):
    return cell(f"<details><summary>In a lecture: {minutes}</summary>\n\n{words}\n\n</details>", "notes")


@pytest.fixture
def small(tmp_path, lectures):
    """A lesson of 9 minutes: an opening of 1, two parts of 3 and 5, and a part that says nothing."""
    cells = [
        cell("# 01 Small\n\n**9 minutes**"),
        timed("1 minute"),
        cell("## First", tags=["core"]),
        timed("3 minutes"),
        cell("A sentence: In a lecture: 100 minutes", "fragment"),
        cell("## Second"),
        cell("An aside.", "notes"),
        timed("5 minutes"),
        cell("## Silent"),
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "01-small.ipynb")
    return lectures.read_lesson(tmp_path / "01-small.ipynb")


def playlist(lectures, folder, lessons, parts, minutes=8):
    path = folder / "list.toml"
    path.write_text(f'title = "T"\nminutes = {minutes}\n[[lecture]]\ntitle = "L"\n[lecture.parts]\n{parts}\n')
    return lectures.read_playlist(path, lessons).lectures


def test_every_part_of_a_lesson_says_its_minutes_and_they_add_up_to_the_lessons(lessons):
    timed = [lesson for lesson in lessons if lesson.minutes]
    assert len(timed) >= 18
    assert [(lesson.name, part.heading) for lesson in timed for part in lesson.parts if part.minutes is None] == []
    sums = {lesson.name: sum(part.minutes for part in lesson.parts) for lesson in timed}
    assert sums == {lesson.name: lesson.minutes for lesson in timed}


@pytest.mark.parametrize(("name", "count", "minutes"), [("course", 6, 75), ("momentum", 1, 50)])
def test_the_course_and_the_guest_lecture_are_in_time_and_not_much_too_short(lectures, lessons, name, count, minutes):
    planned = lectures.read_playlist(lectures.LECTURES / f"{name}.toml", lessons).lectures
    assert len(planned) == count
    for lecture in planned:
        lecture.check()
        assert 0.75 * minutes < lecture.minutes <= minutes, lecture.name


def test_a_lesson_is_read_in_parts(small):
    assert small.title == "01 Small"
    assert small.minutes == 9
    assert [(part.heading, part.minutes) for part in small.parts] == [
        ("01 Small", 1),
        ("First", 3),
        ("Second", 5),
        ("Silent", None),
    ]


def test_a_lecture_takes_what_its_parts_take(lectures, small, tmp_path):
    (lecture,) = playlist(lectures, tmp_path, [small], '"01" = ["Second", "#core"]')
    assert [part.heading for _, part in lecture.parts] == ["Second", "First"]
    assert lecture.minutes == 8
    lecture.check()


@pytest.mark.parametrize(
    ("parts", "minutes", "message"),
    [
        ('"01" = ["First", "Second"]', 7, "takes 8 minutes and may take 7"),
        ('"01" = "all"', 50, "part 'Silent': no notes cell begins with 'In a lecture: … minutes'"),
        ('"01" = ["Third"]', 50, "lesson 01 has no part 'Third'"),
        ('"01" = ["#second"]', 50, "lesson 01 has no part '#second'"),
        ('"99" = "all"', 50, "lessons that are not there: ['99']"),
    ],
    ids=["too long", "no minutes", "no such heading", "no such tag", "no such lesson"],
)
def test_what_is_wrong_with_a_playlist_is_said(lectures, small, tmp_path, parts, minutes, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        playlist(lectures, tmp_path, [small], parts, minutes)[0].check()
