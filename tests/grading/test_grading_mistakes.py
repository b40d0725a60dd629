"""Through the sandbox a check says what it says in the notebook, for every mistake in the catalogue."""

import importlib.util
import itertools
import json
import linecache
import re
from functools import cache
from pathlib import Path

import pytest
from downslope import exercises
from downslope.exercises import graded
from downslope.grading.given import Given
from downslope.grading.session import Session, Times

ROOT = Path(__file__).resolve().parents[2]
HIDDEN = "a hidden seed"
COUNT = itertools.count()


@cache
def catalogue(name):
    spec = importlib.util.spec_from_file_location(f"mistakes_{name}", ROOT / "solutions" / name / "mistakes.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.MISTAKES


def cells(name, folder="solutions"):
    notebook = json.loads((ROOT / folder / name / f"{name}.ipynb").read_text(encoding="utf-8"))
    return [each for each in notebook["cells"] if each["cell_type"] == "code"], notebook


def said(question, answer):
    outcomes = [question.judge(answer, seed) for seed in ("what a learner sees", HIDDEN)]
    return [(each.status, each.message, each.points, each.mistake) for each in outcomes]


def run(code, space):
    """Run a cell as a notebook does: its lines are known to tracebacks."""
    name = f"<cell {next(COUNT)}>"
    linecache.cache[name] = (len(code), None, code.splitlines(keepends=True), name)
    exec(compile(code, name, "exec"), space)


@pytest.mark.parametrize("name", exercises.SETS)
def test_the_sandbox_says_what_the_notebook_says(name, sandbox, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    here = {}
    source, _ = cells(name)
    for cell in source:
        run("".join(cell["source"]), here)
    given = Given(cells(name, "exercises")[1])
    questions = getattr(exercises, name).questions
    with Session(sandbox, Times(20, 20, 240), given.answer) as session, graded(HIDDEN):
        for cell in source:
            mark = cell["metadata"].get("nbgrader", {})
            parcel = given.parcels.get(mark.get("grade_id", ""))
            if parcel is not None:
                session.give(parcel.values, parcel.functions, parcel.idle)
                assert session.run(parcel.inside).error is None
            elif not mark.get("grade"):
                assert session.run("".join(cell["source"])).error is None
        for question, mistakes in catalogue(name).items():
            assert said(questions[question], session.get(question))[1][0] == "correct"
            for code, _ in mistakes:
                if given.kept & set(re.findall(r"\w+", code)):
                    continue  # uses the course's own objects: such an answer goes to a person
                space = dict(here)
                run(code, space)
                session.run(f"{question}_kept = {question}")
                session.run(code)
                assert said(questions[question], session.get(question)) == said(questions[question], space[question]), (
                    code
                )
                session.run(f"{question} = {question}_kept")
