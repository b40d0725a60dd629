"""Submissions that a learner could hand in: each gets exactly the points that it deserves, and nothing is left running.

All are problem set 3 with the course's solutions (26 points) and one thing changed.
"""

# ruff: noqa: E501  (a submission is one long text)

import copy
import json
import os
import socket
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from downslope.exercises import ps3
from downslope.exercises.seeds import generator
from downslope.grading.grade import OTHERS, Settings, grade_submission
from downslope.grading.session import Times
from handed_in import cell, insert, with_answers, write

pytestmark = pytest.mark.usefixtures("nothing_left")
ROOT = Path(__file__).resolve().parents[2]
RELEASED = ROOT / "exercises" / "ps3" / "ps3.ipynb"
FULL = 26
POINTS = {
    "ewma": 4,
    "repair": 2,
    "ewma_corrected": 5,
    "meaning": 2,
    "window": 3,
    "half_life": 3,
    "convert_to_sum": 4,
    "below": 3,
}
RIGHT = "def half_life(beta):\n    return np.log(1 / 2) / np.log(beta)\n"


@pytest.fixture(scope="module")
def released():
    return json.loads(RELEASED.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def solved():
    return json.loads((ROOT / "solutions" / "ps3" / "ps3.ipynb").read_text(encoding="utf-8"))


@pytest.fixture
def make(released, solved):
    return lambda **answers: with_answers(released, solved, **answers)


@pytest.fixture
def graded(sandbox, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def grade(notebook, name="ps3.ipynb", call=0.5, submission=60):
        path = notebook if isinstance(notebook, Path) else write(tmp_path / name, notebook)
        settings = Settings("secret", sandbox, Times(cell=3, call=call, submission=submission))
        before = sorted(os.listdir(tmp_path)), path.stat().st_mtime_ns
        report = grade_submission(path, "ps3", "hana", released=RELEASED, settings=settings)
        assert (sorted(os.listdir(tmp_path)), path.stat().st_mtime_ns) == before
        return report

    return grade


def lost(report):
    """What was lost, by question."""
    assert {name: each.out_of for name, each in report.results.items()} == POINTS
    return {name: each.out_of - each.points for name, each in report.results.items() if each.points != each.out_of}


# As it should be


def test_the_solution_gets_all_and_the_starter_nothing(graded, make, released):
    report = graded(make())
    assert (report.points, report.status, report.notes, report.sandboxes) == (FULL, "graded", [], 1)
    report = graded(released)
    assert (report.points, report.status) == (0, "graded")
    assert {each.status for each in report.results.values()} == {"not attempted"}


def test_a_regrade_gives_the_same_report(graded, make):
    wrong = make(half_life="def half_life(beta):\n    return beta", window="window = [1, 2]")
    one, other = graded(wrong).as_dict(), graded(wrong).as_dict()
    assert one.pop("seconds") > 0
    assert other.pop("seconds") > 0
    assert one == other


HONEST = {
    "a print left in": "def half_life(beta):\n    print('beta', beta)\n    return np.log(1 / 2) / np.log(beta)",
    "a numpy warning": "def half_life(beta):\n    np.float64(1) / np.float64(0)\n    return np.log(1 / 2) / np.log(beta)",
    "slow but right": "import time\ndef half_life(beta):\n    time.sleep(0.05)\n    return np.log(1 / 2) / np.log(beta)",
    "a check left in": "ps3.half_life.hint()\n" + RIGHT + "ps3.half_life.check(half_life)",
    "imports again": "import numpy as np\nfrom downslope.exercises import ps3\nimport matplotlib.pyplot as plt\n"
    + RIGHT,
    "a plot": RIGHT + "import matplotlib.pyplot as plt\nfig, ax = plt.subplots()\nax.plot([1], [2])\nplt.show()",
    "a magic": "%matplotlib inline\n" + RIGHT,
    "an error after it": RIGHT + "half_life(0.5, 1)",
    "letters of another script": "def 반감기(β):\n    return np.log(1 / 2) / np.log(β)\nhalf_life = 반감기",
    "an object that can be called": "import functools\nhalf_life = functools.partial(lambda half, beta: np.log(half) / np.log(beta), 1 / 2)",
    "threads that end": "import concurrent.futures as c\ndef half_life(beta):\n    with c.ThreadPoolExecutor(1) as pool: return pool.submit(lambda: np.log(1 / 2) / np.log(beta)).result()",
    "a lambda": "half_life = lambda beta: np.log(1 / 2) / np.log(beta)",
    "helper functions": "import math\ndef log(x):\n    return math.log(x)\ndef half_life(beta):\n    return log(0.5) / log(beta)",
}


@pytest.mark.parametrize("answer", HONEST.values(), ids=HONEST)
def test_an_honest_answer_gets_its_points(graded, make, answer):
    report = graded(make(half_life=answer), call=5)
    assert (lost(report), report.status) == ({}, "graded")


@pytest.mark.parametrize(
    "source", ["1 / 0", "print('x' * 10)\nx_train.shape", "ewma([1, 2], 0.5)", "for", "ps3.progress()"]
)
def test_a_debug_cell_changes_nothing(graded, make, source):
    report = graded(insert(make(), "half_life", source))
    assert (lost(report), report.status) == ({}, "graded")


# Without end, or too much

ENDLESS = {
    "loop": "while True: pass",
    "loop that swallows interrupts": "while True:\n        try:\n            while True: pass\n        except BaseException: pass",
    "signals ignored": "import signal\n    for s in (signal.SIGXCPU, signal.SIGTERM, signal.SIGALRM):\n        signal.signal(s, signal.SIG_IGN)\n    while True: pass",
    "os._exit": "import os; os._exit(0)",
    "kills itself": "import os; os.kill(os.getpid(), 9)",
    "kills everybody": "import os; os.kill(-1, 9)",
    "memory": "x = [bytearray(10**8)]\n    while True: x.append(bytearray(10**8))",
    "memory in NumPy": "return np.ones(10**11)",
    "recursion": "return half_life(beta)",
    "stack": "import sys; sys.setrecursionlimit(10**9)\n    return half_life(beta)",
    "forks": "import os\n    while True:\n        try: os.fork()\n        except OSError: pass",
    "forks in a namespace of its own": "import os, ctypes\n    ctypes.CDLL(None).unshare(0x10000000)\n    while True:\n        try: os.fork()\n        except OSError: pass",
    "threads": "import threading\n    while True: threading.Thread(target=lambda: half_life(beta)).start()",
    "crash": "import ctypes; ctypes.string_at(0)",
    "sleep": "import time; time.sleep(1000)",
    "sys.exit": "import sys; sys.exit()",
    "frame of a wrong length": "import os\n    for n in range(3, 20):\n        try: os.write(n, b'\\xff' * 8)\n        except OSError: pass\n    while True: pass",
    "a reply of its own": "import os\n    for n in range(3, 20):\n        try: os.write(n, b'\\0' * 7 + b'\\1N')\n        except OSError: pass",
    "line closed": "import os; os.closerange(0, 100)\n    while True: pass",
}


@pytest.mark.parametrize("body", ENDLESS.values(), ids=ENDLESS)
def test_what_never_ends_or_takes_too_much_costs_its_own_question(graded, make, body):
    report = graded(make(half_life=f"def half_life(beta):\n    {body}"))
    assert (lost(report), report.status) == ({"half_life": 3}, "graded")
    assert "it stops with" in report.results["half_life"].message


@pytest.mark.parametrize("body", ["while True: pass", "import os; os._exit(0)", "import sys; sys.exit()"])
def test_a_cell_without_end_costs_nothing_but_itself(graded, make, body):
    report = graded(insert(make(), "ewma", f"if True:\n    {body}"))
    assert (lost(report), report.status) == ({}, "graded")


def test_output_of_100_mb_is_cut(graded, make):
    loud = "def half_life(beta):\n    print('x' * 10**7)\n    return np.log(1 / 2) / np.log(beta)\nfor _ in range(10): print('x' * 10**7)"
    report = graded(make(half_life=loud), call=5)
    assert lost(report) == {}
    assert 15_000 < len(report.results["half_life"].output) < 25_000
    raw = insert(make(), "ewma", "import os\nfor n in (1, 2):\n    for _ in range(100): os.write(n, b'x' * 10**6)")
    assert lost(graded(raw)) == {}


def test_files_are_limited_private_and_gone(graded, make):
    source = "for i in range(100):\n    with open(f'/tmp/{i}', 'wb') as file: file.write(b'x' * 900_000)"
    report = graded(insert(insert(make(), "ewma", source), "meaning", "open('/tmp/big', 'wb').write(b'x' * 2 * 10**6)"))
    assert lost(report) == {}


# Where it has no business


def test_nothing_of_the_course_of_others_or_of_the_machine_is_there(graded, make, tmp_path):
    neighbour = tmp_path / "neighbour.ipynb"
    neighbour.write_text("secret of a neighbour", encoding="utf-8")
    places = [
        neighbour,
        tmp_path,
        ROOT / "solutions",
        ROOT / "lib",
        Path.home(),
        Path("/etc/passwd"),
        Path("/proc/self/environ"),
        Path("/sys"),
        RELEASED,
        Path(os.__file__).parent / "site-packages" / "pip",
    ]
    own = str(Path(sys.base_prefix).resolve())  # Python itself may lie in a home
    look = (
        f"import os\nfor place in {[str(each) for each in places]!r}:\n"
        "    if os.path.isfile(place): print('FOUND', place)\n"
        "    for folder, _, files in os.walk(place):\n"
        f"        if files and not folder.startswith({own!r}): print('FOUND', folder)\n"
        "print('looked')"
    )
    report = graded(insert(make(), "ewma", look))
    assert lost(report) == {}
    assert [text for text in report.outputs.values() if "looked" in text] == ["looked\n"]
    assert not any(os.environ[key] in "".join(report.outputs.values()) for key in ("PATH",))


@pytest.mark.parametrize("module", ["downslope.optim", "downslope.backprop", "downslope.exercises.ps3_averages"])
def test_an_answer_that_takes_the_courses_own_code_goes_to_a_person(graded, make, module):
    report = graded(make(half_life=f"import {module}\n{RIGHT}"))
    assert lost(report) == {"half_life": 3}
    assert report.status == "needs a person"
    assert report.why == [f"The answer to half_life uses {module}, which the grader does not have."]


def test_written_files_do_not_reach_this_machine(graded, make, tmp_path):
    targets = [tmp_path / "written", ROOT / "gradebook.db", Path.home() / "written"]
    source = f"for path in {[str(each) for each in targets]!r}:\n    try:\n        open(path, 'w').write('x')\n    except OSError: pass"
    assert lost(graded(insert(make(), "ewma", source))) == {}
    assert not any(each.exists() for each in targets)


def test_what_lies_beside_the_notebook_is_not_read_and_nothing_is_deleted(graded, make, tmp_path):
    (tmp_path / "numpy.py").write_text("raise SystemExit('of a learner')", encoding="utf-8")
    (tmp_path / "protocol.py").write_text("raise SystemExit('of a learner')", encoding="utf-8")
    source = (
        "import os, shutil\n"
        f"for place in {[str(tmp_path), str(ROOT / 'tests'), '/grader']!r}:\n"
        "    shutil.rmtree(place, ignore_errors=True)\n"
        "print(sorted(os.listdir('/grader')))"
    )
    report = graded(insert(make(), "ewma", source))
    assert lost(report) == {}
    assert "['protocol.py', 'worker.py']\n" in report.outputs.values()
    assert Path(__file__).exists()


@pytest.mark.parametrize(
    "turn", ["[::-1][::-1]", ".astype('>f8')", "[:, None][:, 0]"], ids=["strides", "bytes", "view"]
)
def test_an_array_may_lie_in_memory_as_it_likes(graded, make, solved, turn):
    answer = "".join(cell(solved, "ewma")["source"]).replace("np.array(history)", f"np.array(history){turn}")
    assert lost(graded(make(ewma=answer))) == {}


def test_there_is_no_network(graded, make):
    came = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)

        def listen():
            while not came:
                try:
                    came.append(server.accept())
                except TimeoutError:
                    came.append(None) if done.is_set() else None

        done = threading.Event()
        thread = threading.Thread(target=listen)
        thread.start()
        port = server.getsockname()[1]
        source = f"import socket\ntry:\n    socket.create_connection(('127.0.0.1', {port}), 1)\nexcept OSError as error:\n    print('no', type(error).__name__)"
        report = graded(insert(make(), "ewma", source))
        done.set()
        thread.join()
    assert came == [None]
    assert lost(report) == {}
    assert any(text.startswith("no ") for text in report.outputs.values())


# Lies

WRONG = "def half_life(beta):\n    return beta\n"
LIES = {
    "patched asserts": "import numpy.testing as t\nt.assert_allclose = t.assert_array_equal = lambda *a, **k: None",
    "patched numpy": "np.allclose = np.array_equal = np.all = lambda *a, **k: True\nnp.abs = lambda x: 0\nnp.ndarray = object",
    "patched builtins": "import builtins\nbuiltins.all = builtins.bool = lambda *a: True\nbuiltins.min = builtins.abs = max\nbuiltins.type = lambda *a: float",
    "displayhook": "import sys\nsys.displayhook = lambda value: None\nsys.displayhook('3')",
    "excepthook": "import sys\nsys.excepthook = lambda *a: None",
    "frames": "import sys\nframe = sys._getframe()\nwhile frame:\n    frame.f_globals.update(described=lambda *a: None)\n    for key in list(frame.f_locals):\n        if key in ('points', 'reply', 'error'): frame.f_locals[key] = 3\n    frame = frame.f_back",
    "garbage": "import gc\nfor each in gc.get_objects():\n    if type(each) is dict and 'points' in each: each['points'] = 3",
    "worker rewritten": "import __main__, sys\nfor module in list(sys.modules.values()):\n    if hasattr(module, 'ProtocolError'): module.encode = lambda *a, **k: b'T'",
    "the question itself": "ps3.half_life.check = ps3.half_life.grade = lambda *a: 3",
    "a numpy.py beside": "open('/tmp/numpy.py', 'w').write('pi = 4')\nopen('numpy.py', 'w').write('pi = 4')",
    "modules": "import sys, types\nsys.modules['downslope'] = types.ModuleType('downslope')",
    "another name": "class Question:\n    points = 3\n    def __call__(self, *a): return self\nps3 = Question()",
    "atexit": "import atexit\natexit.register(print, 3)",
    "IPython": "from IPython.core.interactiveshell import InteractiveShell\nInteractiveShell.run_cell = InteractiveShell.showtraceback = lambda *a, **k: 3\nimport IPython\nIPython.get_ipython().events.register('post_run_cell', print)",
    "tracing": "import sys, threading\ndef trace(frame, event, value):\n    frame.f_locals.update(points=3, reply={'value': 3.0}, error=None)\n    return trace\nsys.settrace(trace); sys.setprofile(trace); threading.settrace(trace)",
    "a thread that goes on": "import threading, time\ndef go_on():\n    while True:\n        globals()['half_life'] = lambda beta: 3.0\n        time.sleep(0.001)\nthreading.Thread(target=go_on, daemon=True).start()",
    "a timer": "import signal\nsignal.signal(signal.SIGALRM, lambda *a: exec('half_life = lambda beta: 3.0', globals()))\nsignal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)",
    "constants changed": "import ctypes\nctypes.memset(id(3.5) + 16, 0, 8)\nctypes.memset(id(True) + 24, 0, 4)",
    "code of the library": "import numpy.linalg\nfor module in (np, numpy.linalg):\n    for name, value in list(vars(module).items()):\n        if callable(value) and not isinstance(value, type): setattr(module, name, lambda *a, **k: 1.0)",
}


@pytest.mark.parametrize("trick", LIES.values(), ids=LIES)
def test_a_trick_earns_nothing_and_harms_nothing_else_of_the_graders(graded, make, trick):
    report = graded(make(half_life=f"{WRONG}{trick}"))
    assert report.results["half_life"].points == 0
    assert report.points <= FULL - 3


def test_after_all_these_tricks_the_next_learner_gets_all(graded, make):
    assert lost(graded(make())) == {}


LIARS = {
    "equal to everything": "class Liar:\n    def __eq__(self, other): return True\n    __hash__ = None\n    def __array__(self, *a, **k): raise SystemExit\ndef half_life(beta): return Liar()",
    "an array that lies": "class Liar(np.ndarray):\n    def __eq__(self, other): return np.True_\n    def __array_function__(self, *a, **k): return True\n    def __array_ufunc__(self, *a, **k): return True\ndef half_life(beta): return np.zeros(1).view(Liar)",
    "a number that lies": "class Liar(float):\n    def __eq__(self, other): return True\n    def __sub__(self, other): return 0.0\n    __rsub__ = __sub__\ndef half_life(beta): return Liar(0)",
    "a type that lies": "class Meta(type):\n    def __instancecheck__(cls, x): return True\n    __name__ = 'float'\nclass Liar(metaclass=Meta):\n    @property\n    def __class__(self): return float\n    def __float__(self): return 1.0\ndef half_life(beta): return Liar()",
    "nan": "def half_life(beta): return float('nan')",
    "infinity": "def half_life(beta): return float('inf')",
    "everything": "def half_life(beta): return np.array([1.0, 2.0, 3.0])",
    "inputs changed so that the test agrees": "def half_life(beta):\n    beta = np.asarray(beta)\n    beta[...] = 0.5\n    return 1.0",
    "right in the notebook only": "def half_life(beta):\n    return {0.5: 1.0}.get(beta, 2.0)",
    "different each time": "n = [0]\ndef half_life(beta):\n    n[0] += 1\n    return n[0]",
    "says that it is empty": "def half_life(beta): return 1\nhalf_life.empty_body = True",
    "a generator": "def half_life(beta):\n    yield np.log(1 / 2) / np.log(beta)",
    "a coroutine": "async def half_life(beta):\n    return np.log(1 / 2) / np.log(beta)",
    "a memory of earlier calls": "seen = {}\ndef half_life(beta):\n    return seen.setdefault(beta, len(seen))",
    "a name that changes": "def half_life(beta):\n    global half_life\n    half_life = lambda beta: 1.0\n    return 0.0",
    "NaN with something in it": "def half_life(beta): return np.array([0x7ff8000000000bad], dtype=np.uint64).view(float)[0]",
    "a huge number": "def half_life(beta): return 10**1000",
    "a number too long to cross": "def half_life(beta): return 1 << 10**7",
    "a text that is a number": "def half_life(beta): return '1e999999999'",
    "nothing in it": "def half_life(beta): return np.zeros((0, 3))",
    "odd keys": "def half_life(beta): return {(1, 2): 1.0, None: 2.0, 3.5: 3.0}",
    "an array that holds itself": "def half_life(beta):\n    x = np.empty(1, dtype=object)\n    x[0] = x\n    return x",
    "records and dates": "def half_life(beta): return np.zeros(1, dtype=[('a', float)])",
    "types without end": "def half_life(beta): return [type(f'T{i}', (), {})() for i in range(10**4)]",
    "deep": "def half_life(beta):\n    x = []\n    for _ in range(10**5): x = [x]\n    return x",
    "a name that breaks": "class Liar:\n    @property\n    def __name__(self): raise SystemExit\n    def __call__(self, beta): return 0\nhalf_life = Liar()",
}


@pytest.mark.parametrize("answer", LIARS.values(), ids=LIARS)
def test_a_liar_gets_no_points_for_it(graded, make, answer):
    report = graded(make(half_life=answer))
    assert (lost(report), report.status) == ({"half_life": 3}, "graded")


@pytest.mark.parametrize("name", ["below", "window", "repair"])
def test_a_value_that_lies_gets_no_points(graded, make, name):
    liar = "class Liar:\n    def __eq__(self, other): return True\n    def __len__(self): return 1\n    def strip(self): return 'C'\n"
    report = graded(make(**{name: f"{liar}{name} = Liar()"}))
    assert (lost(report), report.status) == ({name: POINTS[name]}, "graded")


def test_an_answer_that_knows_the_notebooks_inputs_by_heart_fails_on_others(graded, make):
    seen = [case[0] for case in ps3.half_life._cases(generator("ps3", "half_life", "what a learner sees"))]
    table = {float(beta): float(np.log(0.5) / np.log(beta)) for beta in seen}
    report = graded(make(half_life=f"def half_life(beta):\n    return {table!r}.get(float(beta), 1.0)"))
    assert (lost(report), report.status) == ({"half_life": 3}, "graded")
    assert report.results["half_life"].message == OTHERS
    assert "it should give" in report.results["half_life"].detail


def test_an_input_changed_so_that_the_test_agrees_is_told(graded, make):
    sly = "def ewma_corrected(x, beta):\n    x[...] = 0\n    return np.zeros(len(x))"
    report = graded(make(ewma_corrected=sly, below="below = 137"))
    assert lost(report)["ewma_corrected"] == 5


def test_a_function_that_overwrites_its_input_loses_its_points_and_is_told_why(graded, make):
    careless = "def ewma(x, beta):\n    x = np.asarray(x, dtype=float)\n    x *= 1 - beta\n    for i in range(1, len(x)):\n        x[i] += beta * x[i - 1]\n    return x"
    report = graded(
        make(
            ewma=careless,
            ewma_corrected="def ewma_corrected(x, beta):\n    return ewma(x.copy(), beta) / (1 - beta ** np.arange(1, len(x) + 1))",
        )
    )
    assert "changes its argument x" in report.results["ewma"].message
    assert lost(report)["ewma"] == 4


# The notebook itself


def test_raised_points_and_rewritten_tests_are_put_back(graded, make):
    notebook = make(half_life=WRONG)
    test = cell(notebook, "half_life-points")
    test["metadata"]["nbgrader"]["points"] = 1000
    test["source"] = "1000"
    report = graded(notebook)
    assert (lost(report), report.status) == ({"half_life": 3}, "graded")
    assert report.notes == ["The cell half_life-points was changed, and is put back."]


def test_stripped_metadata_are_found_again(graded, make):
    notebook = make()
    for each in notebook["cells"]:
        each["metadata"] = {}
    report = graded(notebook)
    assert (lost(report), report.status) == ({}, "graded")
    for each in notebook["cells"]:
        each.pop("id")
    report = graded(notebook)
    assert (lost(report), report.status) == ({}, "graded")


def test_a_retyped_answer_a_renamed_kernel_and_lists_of_lines_are_read(graded, make):
    notebook = make()
    cell(notebook, "half_life")["cell_type"] = "markdown"
    cell(notebook, "ewma")["source"] = cell(notebook, "ewma")["source"].splitlines(keepends=True)
    notebook["metadata"] = {"kernelspec": {"name": "my-env", "language": "R"}}
    report = graded(notebook)
    assert (lost(report), report.status) == ({}, "graded")


def test_moved_cells_are_put_in_order(graded, make):
    notebook = make()
    notebook["cells"].reverse()
    assert lost(graded(notebook)) == {}


def test_a_deleted_answer_goes_to_a_person_and_the_others_are_graded(graded, make):
    notebook = make()
    notebook["cells"].remove(cell(notebook, "half_life"))
    report = graded(notebook)
    assert (lost(report), report.status) == ({"half_life": 3}, "needs a person")
    assert report.why == ["The cell half_life was deleted."]


def test_a_deleted_test_or_given_cell_is_there_again(graded, make):
    notebook = make()
    for name in ("half_life-points", "ps3-imports", "ps3-train"):
        notebook["cells"].remove(cell(notebook, name))
    assert lost(graded(notebook)) == {}


def test_a_copied_answer_counts_once_and_two_different_ones_go_to_a_person(graded, make):
    notebook = make()
    answer = cell(notebook, "half_life")
    notebook["cells"].insert(3, copy.deepcopy(answer))
    report = graded(notebook)
    assert (lost(report), report.status) == ({}, "graded")
    notebook["cells"].append({**copy.deepcopy(answer), "source": WRONG})
    report = graded(notebook)
    assert (lost(report), report.status) == ({"half_life": 3}, "needs a person")
    assert "2 different answers to half_life" in report.why[0]


def test_an_answer_in_another_cell_is_taken(graded, make):
    notebook = make()
    place = notebook["cells"].index(cell(notebook, "half_life"))
    del notebook["cells"][place]
    insert(notebook, "meaning", RIGHT)
    report = graded(notebook)
    assert (lost(report), report.status) == ({}, "graded")


BROKEN = {
    "no JSON": (b'{"cells": [', "no valid JSON"),
    "empty": (b"", "no valid JSON"),
    "binary": (b"\xff\xfe\x00" * 10, "UTF-8"),
    "no notebook": (b"[1, 2]", "no notebook"),
    "an old format": (b'{"nbformat": 3, "worksheets": []}', "format 4"),
    "no cells": (b'{"nbformat": 4, "cells": 3}', "no list of cells"),
    "odd cells": (b'{"nbformat": 4, "cells": [3]}', "no list of cells"),
    "nested": (b"[" * 10**5, "nested too deep"),
    "100,000 cells": (b'{"nbformat": 4, "cells": [' + b"{}," * 99_999 + b"{}]}", "100000 cells"),
}


@pytest.mark.parametrize(("content", "says"), BROKEN.values(), ids=BROKEN)
def test_a_broken_file_waits_for_a_person(graded, tmp_path, content, says):
    path = tmp_path / "broken.ipynb"
    path.write_bytes(content)
    report = graded(path)
    assert report.status == "needs a person"
    assert says in report.why[0]


def test_a_file_of_200_mb_is_not_opened(graded, tmp_path):
    path = tmp_path / "large.ipynb"
    with path.open("wb") as file:
        file.truncate(200 * 2**20)
    report = graded(path)
    assert (report.status, report.seconds) == ("needs a person", 0)
    assert "200 MB" in report.why[0]


def test_cells_that_hold_anything_are_survived(graded, make):
    notebook = make()
    for odd in (
        {"cell_type": "code"},
        {"source": 3, "metadata": []},
        {"source": ["a", 1], "metadata": {"nbgrader": 7}, "id": 4},
    ):
        notebook["cells"].append(odd)
    assert lost(graded(notebook)) == {}


def test_time_that_runs_out_in_a_check_is_for_a_person_too(graded, make):
    report = graded(make(half_life="def half_life(beta):\n    while True: pass"), call=100, submission=1)
    assert report.status == "needs a person"
    assert report.results["half_life"].points is None


def test_time_that_runs_out_is_for_a_person(graded, make):
    notebook = insert(make(), "meaning", "import time; time.sleep(100)")
    report = graded(notebook, submission=1.5)
    assert report.status == "needs a person"
    assert "1.5 s in all" in report.why[0]
    assert report.results["half_life"].points is None
    assert report.results["ewma"].points == 4
