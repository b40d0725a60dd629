"""Every problem set: what is released, what a solution earns, what each known mistake is told."""

import ast
import copy
import importlib.util
import re
import sys
from functools import cache
from pathlib import Path

import nbformat
import pytest
from downslope import exercises
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[2]
SETS = tuple(exercises.SETS)
TEST = "{set}.{q}.check({q}).points\n### BEGIN HIDDEN TESTS\n{set}.{q}.grade({q})\n### END HIDDEN TESTS"
REGION = re.compile(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", re.DOTALL)


@cache
def notebook(folder, name):
    return nbformat.read(ROOT / folder / name / f"{name}.ipynb", as_version=4)


def grader(cell):
    return cell.metadata.get("nbgrader", {})


@cache
def catalogue(name):
    spec = importlib.util.spec_from_file_location(f"mistakes_{name}", ROOT / "solutions" / name / "mistakes.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.MISTAKES


def run(cells, space):
    for cell in cells:
        if cell.cell_type == "code":
            exec(compile(cell.source, f"<{grader(cell).get('grade_id', 'cell')}>", "exec"), space)
    return space


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", SETS)
def test_the_starter_runs_from_top_to_bottom_and_nothing_is_attempted(name, elsewhere, capsys):
    run(notebook("exercises", name).cells, {})
    problem_set = getattr(exercises, name)
    kept = problem_set.record.read()
    assert {question: entry["status"] for question, entry in kept.items()} == dict.fromkeys(
        problem_set.questions, "not attempted"
    )
    assert problem_set.progress().points == 0


@pytest.mark.parametrize("name", SETS)
def test_run_all_comes_to_the_end_although_the_learners_functions_raise(name, elsewhere):
    """Cells that are neither a question nor its check, but call the learner's function, carry the tag for it."""
    begun = copy.deepcopy(notebook("exercises", name))
    for cell in begun.cells:
        if grader(cell).get("solution") and (function := re.match(r"def (\w+)", cell.source)):
            cell.source = f"def {function[1]}(*given, **named):\n    raise ZeroDivisionError('not finished')"
    NotebookClient(
        begun, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(elsewhere)}}
    ).execute()
    assert [cell for cell in begun.cells if cell.cell_type == "code"][-1].execution_count


@pytest.mark.parametrize("name", SETS)
def test_the_solution_earns_all_points_on_hidden_inputs_too(name, elsewhere, capsys):
    space = run(notebook("solutions", name).cells, {})
    problem_set = getattr(exercises, name)
    kept = problem_set.record.read()
    assert {question: entry["status"] for question, entry in kept.items()} == dict.fromkeys(
        problem_set.questions, "correct"
    )
    for question in problem_set.questions.values():
        for seed in ("one seed", "another"):
            with exercises.graded(seed):
                assert question.grade(space[question.name]) == question.points


def known_mistakes():
    for name in SETS:
        for question, entries in catalogue(name).items():
            for index, (code, says) in enumerate(entries):
                yield pytest.param(name, question, code, says, id=f"{name}-{question}-{index}")


@cache
def solved(name):
    return run(notebook("solutions", name).cells, {})


@pytest.mark.parametrize(("name", "question", "code", "says"), list(known_mistakes()))
def test_a_known_mistake_is_told_apart_and_earns_nothing(name, question, code, says, elsewhere, capsys):
    space = dict(solved(name))
    exec(compile(code, "<mistake>", "exec"), space)
    asked = getattr(exercises, name).questions[question]
    outcome = asked.check(space[question], show=False)
    assert outcome.status == "not yet"
    assert says in outcome.message
    if isinstance(asked, exercises.LedgerQuestion):
        assert outcome.points < asked.points
    else:
        assert outcome.points == 0
        assert asked.grade(space[question]) == 0


@pytest.mark.parametrize("name", SETS)
def test_each_mistake_has_words_of_its_own(name):
    for question, entries in catalogue(name).items():
        words = [says for _, says in entries]
        assert len(words) == len(set(words)) >= 3, question


@pytest.mark.parametrize("name", SETS)
def test_every_question_has_an_answer_cell_a_test_cell_and_its_points(name):
    problem_set = getattr(exercises, name)
    cells = {grader(cell)["grade_id"]: cell for cell in notebook("solutions", name).cells if grader(cell)}
    for question in problem_set.questions.values():
        answer, test = cells[question.name], cells[f"{question.name}-points"]
        assert (grader(answer)["solution"], grader(answer)["grade"]) == (True, False)
        assert (grader(test)["solution"], grader(test)["grade"], grader(test)["locked"]) == (False, True, True)
        assert grader(test)["points"] == question.points
        assert test.source == TEST.format(set=name, q=question.name)
        assert len(question.hints) >= 2
    tests = [each for each in cells if each.endswith("-points")]
    assert sorted(tests) == sorted(f"{question}-points" for question in problem_set.questions)
    by_a_person = [each for each, cell in cells.items() if grader(cell)["grade"] and grader(cell)["solution"]]
    assert len(problem_set.questions) + len(by_a_person) >= 5
    assert set(catalogue(name)) == set(problem_set.questions)


def lines(text):
    return {re.sub(r"\s+", "", line) for line in text.splitlines()}


@pytest.mark.parametrize("name", SETS)
def test_no_solution_and_no_mistake_leaks_into_what_is_released(name):
    source = notebook("solutions", name).cells
    secret, shown = set(), set()
    for cell in source:
        for region in REGION.findall(cell.source):
            secret |= lines(region)
        if grader(cell).get("grade") and grader(cell).get("solution"):  # for a person: all of it is replaced
            secret |= lines(cell.source)
        else:
            shown |= lines(REGION.sub("", cell.source))
    for entries in catalogue(name).values():
        for code, _ in entries:
            secret |= lines(code)
    secret = {line for line in secret - shown if len(line) >= 12}
    assert len(secret) > 5
    released = set()
    for path in (ROOT / "exercises" / name).rglob("*"):
        assert path.name != "mistakes.py"
        if path.suffix == ".ipynb":
            book = nbformat.read(path, as_version=4)
            assert all(not cell.get("outputs") for cell in book.cells)
            released |= {line for cell in book.cells for line in lines(cell.source)}
        elif path.is_file():
            released |= lines(path.read_text(encoding="utf-8"))
    assert not secret & released
    assert not any("HIDDEN" in line or ".grade(" in line for line in released)


def test_exercises_are_what_generation_gives_to_the_byte(tmp_path):
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        import release
    finally:
        sys.path.remove(str(ROOT / "tools"))
    assert release.sets() == sorted(SETS)
    for name in SETS:
        release.generate(name, tmp_path)
    made = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    kept = ROOT / "exercises"
    here = {
        path.relative_to(kept): path.read_bytes()
        for path in kept.rglob("*")
        if path.is_file() and ".ipynb_checkpoints" not in path.parts and not path.name.endswith(".json")
    }
    assert made.keys() == here.keys()
    assert [name for name in made if made[name] != here[name]] == []


@pytest.mark.parametrize("name", SETS)
def test_no_question_gives_its_answer_in_an_attribute(name):
    problem_set = getattr(exercises, name)
    answers = solved(name)
    for question in problem_set.questions.values():
        public = {key: value for key, value in vars(question).items() if not key.startswith("_")}
        assert public.keys() <= {"name", "points", "hints", "hints_shown", "set", "places", "tolerance", "letters"}
        if isinstance(question, exercises.ChoiceQuestion):
            assert answers[question.name] not in question.hints[0]


@pytest.mark.parametrize("name", SETS)
def test_the_set_s_module_holds_no_number_that_is_asked_for(name):
    """The right answers are computed: none of them stands there as a constant."""
    source = (ROOT / "lib" / "downslope" / "exercises" / f"{exercises.SETS[name]}.py").read_text(encoding="utf-8")
    constants = {node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)}
    for question in getattr(exercises, name).questions.values():
        if isinstance(question, exercises.NumberQuestion):
            answer = solved(name)[question.name]
            assert answer in (0, 1, 2) or answer not in constants, question
