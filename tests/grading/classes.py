"""A class that hands in: what each learner wrote, and the points that each question of it deserves.

Nobody's points are found out by grading. A submission is the course's solution with one answer replaced, so it
deserves all points but that answer's; answers that other answers build on are never the ones that are replaced.
"""

# ruff: noqa: E501  (a submission is one long text)

import copy
import functools
import importlib.util
import itertools
import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from downslope import exercises
from downslope.exercises.ps2_momentum import ledger
from handed_in import cell, insert, with_answers

ROOT = Path(__file__).resolve().parents[2]
RIGHT, WRONG, ODD, HOSTILE = "right", "partly wrong", "honest and unusual", "hostile or broken"
KINDS = (RIGHT, WRONG, ODD, HOSTILE)
TARGET = {"ps1": "window_gradient", "ps2": "momentum_step", "ps3": "half_life", "ps4": "adagrad_step"}
"""A function that no other answer builds on, in each set."""


@dataclass(frozen=True)
class HandedIn:
    """One submission.

    deserved  points by question; None: nothing of it can be graded, and a person has to be told
    """

    student: str
    set_name: str
    kind: str
    what: str
    content: str
    deserved: dict[str, float] | None


@functools.cache
def notebook(folder, name):
    return json.loads((ROOT / folder / name / f"{name}.ipynb").read_text(encoding="utf-8"))


@functools.cache
def mistakes(name):
    """(question, wrong cell) of all questions that are right or wrong as a whole, and stand alone."""
    spec = importlib.util.spec_from_file_location(f"mistakes_{name}", ROOT / "solutions" / name / "mistakes.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    answers = {question: source(notebook("solutions", name), question) for question in points(name)}
    alone = [
        q for q in answers if not any(re.search(rf"\b{q}\b", text) for other, text in answers.items() if other != q)
    ]
    lists = [[(q, code) for code, _ in module.MISTAKES[q]] for q in alone if q in module.MISTAKES and q != "epochs"]
    turns = itertools.chain.from_iterable(itertools.zip_longest(*lists))  # of every question one, then the next of each
    return [each for each in turns if each and "net." not in each[1]]


@functools.cache
def points(name):
    return {question.name: question.points for question in getattr(exercises, name).questions.values()}


def source(book, name):
    return "".join(cell(book, name)["source"])


def right_answers(name, student):
    """Cells that are not the same for everybody: the sheet of ps2."""
    if name != "ps2":
        return {}
    lines = {f"{line}[{step}]": round(float(value), 3) for (line, step), value in ledger(student).answers().items()}
    return {"student": f"student = {student!r}", "epochs": f"epochs = {dict(lines, student=student)!r}"}


def solution(name, student, **answers):
    """The released notebook with every answer right but these."""
    return with_answers(
        notebook("exercises", name), notebook("solutions", name), **(right_answers(name, student) | answers)
    )


# Honest, and yet other graders take points away or stop -------------------------------------------------------------


def _before(name, student, lines):
    """Right, with lines of the learner's own at the head of the function's body."""
    text = source(notebook("solutions", name), TARGET[name])
    head, rest = re.match(r'(def .*?:\n    """.*?"""\n)(.*)', text, re.DOTALL).groups()
    return solution(name, student, **{TARGET[name]: f"{head}{lines}{rest}"})


def _changed(change):
    def make(name, student):
        book = solution(name, student)
        change(book, TARGET[name])
        return book

    return make


def _without_metadata(book, target):
    for each in book["cells"]:
        each["metadata"] = {}


def _copied(book, target):
    place = book["cells"].index(cell(book, target))
    book["cells"].insert(place + 1, copy.deepcopy(book["cells"][place]))


def _retyped(book, target):
    cell(book, target)["cell_type"] = "raw"


def _test_deleted(book, target):
    book["cells"].remove(cell(book, f"{target}-points"))


UNUSUAL = {
    "logs to stderr": lambda name, student: _before(name, student, "    import logging; logging.warning('called')\n"),
    "a cell that ends Python": _changed(lambda book, target: insert(book, target, "import sys; sys.exit()\nexit()")),
    "metadata lost": _changed(_without_metadata),
    "an answer copied, with its id": _changed(_copied),
    "an answer turned into raw text": _changed(_retyped),
    "a test cell deleted": _changed(_test_deleted),
    "a progress bar": lambda name, student: _before(
        name, student, "    import sys; print('100% |####|', file=sys.stderr)\n"
    ),
    "a cell that asks for input": _changed(lambda book, target: insert(book, target, "n = input('how many? ')")),
}

# Hostile or broken --------------------------------------------------------------------------------------------------

TRICKS = {
    "displayhook": "def {q}(*a):\n    import sys; sys.displayhook({p})\n    raise SystemExit",
    "the question's own grade": "def {q}(*a): return 0\ntype(ps.{q}).grade = type(ps.{q}).check = lambda *a, **k: {p}",
    "the course's judge": "def {q}(*a): return 0\nfrom downslope.exercises import functions\nfunctions.FunctionJudge.__call__ = lambda *a: ('correct', '', 1.0, '')",
    "reads the solutions": "def {q}(*a): return 0\nimport json\nfor c in json.load(open('../../../solutions/{s}/{s}.ipynb'))['cells']:\n    if c['metadata'].get('nbgrader', {{}}).get('grade_id') == '{q}': exec(''.join(c['source']))",
    "takes the course's own function": "from downslope.exercises import {s} as ps\n{q} = ps.{q}._judge.right",
    "never ends": "def {q}(*a):\n    while True: pass",
    "ends Python": "def {q}(*a):\n    import os; os._exit(0)",
    "kills the grader": "def {q}(*a): return 0\nimport os; os.kill(os.getppid(), 9)",
    "writes the gradebook": "def {q}(*a): return 0\nimport sqlite3\nbook = sqlite3.connect('../../../gradebook.db', 20)\nbook.execute('update grade set manual_score = null, auto_score = 0')\nbook.commit()\nbook.close()",
    "hangs and swallows interrupts": "def {q}(*a):\n    while True:\n        try:\n            while True: pass\n        except BaseException: pass",
    "a name of the test cell": "def {q}(*a): return 0\nclass Question:\n    points = {p}\n    def __getattr__(self, name): return self if name != 'grade' else lambda *a: {p}\n    def __call__(self, *a, **k): return self\n{s} = ps = Question()",
}
ONLY_BEHIND_WALLS = {
    "memory": "def {q}(*a):\n    return [bytearray(10**8) for _ in range(10**4)]",
    "forks": "def {q}(*a):\n    import os\n    while True:\n        try: os.fork()\n        except OSError: pass",
    "shared memory": "def {q}(*a):\n    import ctypes\n    c = ctypes.CDLL(None)\n    return c.shmget(0, 2**20, 0o1600)",
    "100 MB of output": "def {q}(*a):\n    print('x' * 10**8)",
    "a lie": "class Lie(float):\n    __eq__ = lambda *a: True\n    __array__ = lambda *a, **k: np.zeros(1)\ndef {q}(*a): return Lie(0)",
}
CUT_OFF = "a file cut off"


def _trick(name, student, text):
    target = TARGET[name]
    words = text.format(q=target, s=name, p=points(name)[target])
    return solution(name, student, **{target: words.replace("ps.", f"{name}.") if " as ps" not in words else words})


# The class ------------------------------------------------------------------------------------------------------------


def hand_in(name, student, kind, number):
    """The submission of that kind with that number."""
    full, target = points(name), TARGET[name]
    if kind == RIGHT:
        what, book, deserved = "solution", solution(name, student), full
    elif kind == WRONG:
        question, code = mistakes(name)[number % len(mistakes(name))]
        what, book, deserved = f"{question} wrong", solution(name, student, **{question: code}), full | {question: 0}
    elif kind == ODD:
        what, make = list(UNUSUAL.items())[number % len(UNUSUAL)]
        book, deserved = make(name, student), full
    else:
        tricks = [*TRICKS.items(), (CUT_OFF, ""), *ONLY_BEHIND_WALLS.items()]
        what, text = tricks[number % len(tricks)]
        if what == CUT_OFF:
            content = json.dumps(solution(name, student))[:-100]
            return HandedIn(student, name, kind, what, content, None)
        book, deserved = _trick(name, student, text), full | {target: 0}
    return HandedIn(student, name, kind, what, json.dumps(book), deserved)


def forty():
    """Ten submissions to each of the four sets. Nothing in them needs walls to be survived but a throw-away folder."""
    number = dict.fromkeys(KINDS, 0)
    result = []
    for i in range(10):
        for name in exercises.SETS:
            kind = (WRONG, HOSTILE, ODD, RIGHT, WRONG, HOSTILE, WRONG, ODD, HOSTILE, RIGHT)[i]
            result.append(hand_in(name, f"learner{i:02}", kind, number[kind]))
            number[kind] += 1
    return result


def hundreds(name, count, hostile_every=20):
    """A class of one set: every twentieth is hostile, every twentieth unusual, one in three partly wrong."""
    number = dict.fromkeys(KINDS, 0)
    result = []
    for i in range(count):
        if i % hostile_every == hostile_every // 2:
            kind = HOSTILE
        elif i % hostile_every == 0:
            kind = ODD
        else:
            kind = WRONG if i % 3 == 0 else RIGHT
        result.append(hand_in(name, f"learner{i:04}", kind, number[kind]))
        number[kind] += 1
    return result


def make_course(folder, submissions):
    """A course's folder with these submissions in it, as nbgrader lays it out."""
    for name in ("exercises", "solutions"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    for each in submissions:
        place = folder / "submitted" / each.student / each.set_name
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{each.set_name}.ipynb").write_text(each.content, encoding="utf-8")
    return folder
