"""Grading: make grade beside plain `nbgrader autograde`, and a thousand submissions in one run.

    make bench-grading          or: python benchmarks/grading.py [--rounds 3] [--only forty]
                                writes benchmarks/GRADING.md (--only: that part of it)

forty     the same forty submissions, ten to each set: ours with one worker and with two, and nbgrader with its defaults
workers   one class of a hundred with one worker and with two
thousand  one class of a thousand, one in twenty of them hostile: points, memory, what is left running

What each submission deserves is known from how it was made (tests/grading/classes.py). Times are by the clock and hold
everything that an instructor waits for, start-up included. Plain autograding runs what learners wrote with the rights
of whoever calls it; here it is put behind bubblewrap as a whole, in a copy of the course, without network.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "grading"))

import classes
from classes import HandedIn, make_course

RESULTS = ROOT / "benchmarks" / "GRADING.md"
PLAIN = """c = get_config()
c.CourseDirectory.course_id = "plain"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"
c.CourseDirectory.ignore = ["mistakes.py", "__pycache__"]
c.ClearSolutions.code_stub = {"python": "# your code here"}
"""
Points = dict[tuple[str, str], dict[str, float | None]]  # (learner, set) → question → points; None: a person is told


# Two ways to grade ---------------------------------------------------------------------------------------------------


def nbgrader(course: Path, *words: str, walls: bool = False) -> None:
    """One of nbgrader's commands. Behind walls it writes to the course only."""
    beside = Path(sys.executable).parent
    command = [str(beside / "python"), "-m", "nbgrader", *words]
    if walls:
        inside = ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp", "--tmpfs", "/run"]
        inside += ["--ro-bind", str(ROOT), str(ROOT), "--ro-bind", sys.prefix, sys.prefix]  # they may lie in /tmp
        inside += ["--bind", str(course), str(course), "--chdir", str(course)]
        command = [
            "bwrap",
            "--unshare-all",
            "--die-with-parent",
            "--new-session",
            "--cap-drop",
            "ALL",
            *inside,
            *command,
        ]
    environment = os.environ | {
        "PATH": f"{beside}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT / "lib"),
        "HOME": str(course),
        "JUPYTER_CONFIG_DIR": str(course / "config"),
    }
    subprocess.run(command, cwd=course, env=environment, capture_output=True, check=not walls)


def prepare(course: Path, submissions: list[HandedIn], config: str | None = None) -> Path:
    """The course with its gradebook, as it is on the day before the grading."""
    make_course(course, submissions)
    if config is not None:
        (course / "nbgrader_config.py").write_text(config, encoding="utf-8")
    for name in sorted({each.set_name for each in submissions}):
        nbgrader(course, "generate_assignment", name, "--create", "--force")
    return course


def plain(course: Path, names: list[str]) -> Points:
    """nbgrader's own autograde."""
    for name in names:
        nbgrader(course, "autograde", name, "--create", walls=True)
    from nbgrader.api import Gradebook

    found: Points = {}
    with Gradebook(f"sqlite:///{course}/gradebook.db", "plain") as gradebook:
        for name in names:
            for submission in gradebook.assignment_submissions(name):
                grades = submission.notebooks[0].grades
                scores = {g.name: None if g.needs_manual_grade else float(g.auto_score or 0) for g in grades}
                found[submission.student.id, name] = {q.removesuffix("-points"): p for q, p in scores.items()}
    return found


def ours(workers: int, *words: str) -> Callable[[Path, list[str]], Points]:
    """python -m downslope.grading"""

    def run(course: Path, names: list[str]) -> Points:
        for name in names:
            subprocess.run([*grader(course, name, workers), *words], cwd=course, capture_output=True, check=True)
        return reported(course, names)

    return run


def grader(course: Path, name: str, workers: int) -> list[str]:
    return [sys.executable, "-m", "downslope.grading", name, "--course", str(course), "--workers", str(workers)]


def reported(course: Path, names: list[str]) -> Points:
    """The points in the reports. What a person is told of has none yet."""
    found: Points = {}
    for name in names:
        for path in (course / "reports" / name).glob("*.json"):
            report = json.loads(path.read_text(encoding="utf-8"))["report"]
            waits = report["status"] != "graded"
            results = report["results"].items()
            found[report["student"], name] = {
                q: None if waits and each["points"] != each["out_of"] else each["points"] for q, each in results
            }
    return found


# Points ---------------------------------------------------------------------------------------------------------------


@dataclass
class Score:
    """Points beyond what is deserved, points short of it, and how many submissions have an open grade or none."""

    given: float = 0.0
    withheld: float = 0.0
    open: int = 0
    wrong: list[str] = field(default_factory=list)


def scored(submissions: list[HandedIn], found: Points) -> Score:
    """Every submission, question by question, beside what it deserves."""
    score = Score()
    for each in submissions:
        got = found.get((each.student, each.set_name)) or {}
        deserved = each.deserved or {}
        differences = {q: got[q] - deserved[q] for q in deserved if got.get(q) is not None}
        score.open += len(differences) < max(1, len(deserved))
        score.given += sum(d for d in differences.values() if d > 0)
        score.withheld -= sum(d for d in differences.values() if d < 0)
        if any(differences.values()):
            score.wrong.append(f"{each.set_name} {each.kind} ({each.what})")
    return score


# Forty ----------------------------------------------------------------------------------------------------------------


def forty(rounds: int) -> Iterator[str]:
    submissions = classes.forty()
    names = sorted({each.set_name for each in submissions})
    ways = {"nbgrader autograde": plain, "ours, 1 worker": ours(1), "ours, 2 workers": ours(2)}
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    scores: dict[str, Score] = {}
    with tempfile.TemporaryDirectory() as folder:
        courses = {
            config: prepare(Path(folder) / f"course{i}", submissions, config) for i, config in enumerate((PLAIN, None))
        }
        for i in range(rounds):
            for name, grade in ways.items():
                before = courses[PLAIN if grade is plain else None]
                course = shutil.copytree(before, Path(folder) / "now")
                start = time.perf_counter()
                found = grade(course, names)
                seconds[name].append(time.perf_counter() - start)
                scores[name] = scored(submissions, found)
                shutil.rmtree(course)
                print(f"round {i + 1}: {name}: {seconds[name][-1]:.1f} s", scores[name], flush=True)
    kinds = [f"{sum(each.kind == kind for each in submissions)} {kind}" for kind in classes.KINDS]
    yield f"Ten to each of the four sets: {', '.join(kinds)}. Medians of {rounds} rounds.\n"
    yield "| | points given undeserved | points withheld | without grade, or open | submissions a second | speed |"
    yield "|---|---|---|---|---|---|"
    for name in ways:
        times = [one / other for one, other in zip(seconds["nbgrader autograde"], seconds[name], strict=True)]
        score, speed = scores[name], len(submissions) / statistics.median(seconds[name])
        cells = (
            f"{score.given:g}",
            f"{score.withheld:g}",
            score.open,
            f"{speed:.2f}",
            f"{statistics.median(times):.1f}×",
        )
        yield f"| {name} | {' | '.join(map(str, cells))} |"
    yield "\nGoals: none undeserved; 3× with one worker, 5× with two.\n"
    yield "What plain autograding got wrong:\n"
    yield from (f"- {what}" for what in sorted(set(scores["nbgrader autograde"].wrong)))
    for each in submissions:
        if each.what == "writes the gradebook":
            yield f"\nOne hand-in to {each.set_name} writes the gradebook: those graded before it have 0 points there."


# One worker and two ---------------------------------------------------------------------------------------------------


def workers(rounds: int, count: int = 100, name: str = "ps3") -> Iterator[str]:
    submissions = classes.hundreds(name, count)
    seconds: dict[tuple[int, str], list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        before = prepare(Path(folder) / "course", submissions)
        for _ in range(rounds):
            for what, words in (("reports", ["--reports-only"]), ("reports and gradebook", [])):
                for number in (1, 2):
                    course = shutil.copytree(before, Path(folder) / "now")
                    start = time.perf_counter()
                    ours(number, *words)(course, [name])
                    seconds.setdefault((number, what), []).append(time.perf_counter() - start)
                    shutil.rmtree(course)
            print({key: f"{times[-1]:.1f} s" for key, times in seconds.items()}, flush=True)
    yield f"A class of {count}, to {name}. Medians of {rounds} rounds. The gradebook is written by one process.\n"
    yield "| what | submissions a second, 1 worker | 2 workers | gain (goal 1.7×) |\n|---|---|---|---|"
    for what in ("reports", "reports and gradebook"):
        alone, together = seconds[1, what], seconds[2, what]
        gain = statistics.median(one / two for one, two in zip(alone, together, strict=True))
        speeds = (f"{count / statistics.median(times):.2f}" for times in (alone, together))
        yield f"| {what} | {' | '.join(speeds)} | {gain:.2f}× |"


# A thousand -----------------------------------------------------------------------------------------------------------


@dataclass
class Watch:
    """Memory of the grader's own processes, sampled while it runs: (reports written, MB in all)."""

    process: psutil.Process
    reports: Path
    samples: list[tuple[int, float]] = field(default_factory=list)

    def __call__(self) -> None:
        while self.process.is_running() and self.process.status() != psutil.STATUS_ZOMBIE:
            done = len(list(self.reports.glob("*.json")))
            self.samples.append((done, sum(map(self._own, [self.process, *self._children()])) / 2**20))
            time.sleep(0.5)

    def _children(self) -> list[psutil.Process]:
        try:
            return self.process.children(recursive=True)
        except psutil.NoSuchProcess:
            return []

    def _own(self, process: psutil.Process) -> float:
        """Its resident bytes, 0 for a sandbox."""
        try:
            return 0.0 if "worker.py" in " ".join(process.cmdline()) else float(process.memory_info().rss)
        except psutil.NoSuchProcess:
            return 0.0


def thousand(count: int = 1000, name: str = "ps3", workers: int = 2) -> Iterator[str]:
    submissions = classes.hundreds(name, count)
    os.environ["DOWNSLOPE_GRADER"] = f"benchmark-{os.getpid()}"
    with tempfile.TemporaryDirectory() as folder:
        course = prepare(Path(folder) / "course", submissions)
        temporary = Path(folder) / "tmp"
        temporary.mkdir()
        environment = os.environ | {"TMPDIR": str(temporary)}
        start = time.perf_counter()
        silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        with subprocess.Popen(grader(course, name, workers), cwd=course, env=environment, **silent) as run:
            watch = Watch(psutil.Process(run.pid), course / "reports" / name)
            thread = threading.Thread(target=watch)
            thread.start()
            run.wait()
            thread.join()
        seconds = time.perf_counter() - start
        left = [p for p in psutil.process_iter() if os.environ["DOWNSLOPE_GRADER"] in " ".join(_words(p))]
        score = scored(submissions, reported(course, [name]))
        new = os.listdir(temporary)
    kinds = [f"{sum(each.kind == kind for each in submissions)} {kind}" for kind in classes.KINDS]
    yield f"{count} submissions to {name}: {', '.join(kinds)}. {workers} workers.\n"
    yield "| | |\n|---|---|"
    yield f"| points given undeserved, withheld | {score.given:g}, {score.withheld:g} |"
    yield f"| waiting for a person | {score.open} |"
    yield f"| submissions a second | {count / seconds:.1f} |"
    for share in (0.1, 0.5, 0.99):
        memory = [mb for done, mb in watch.samples if done >= share * count]
        yield f"| memory of the grader's processes after {share * count:g} | {memory[0]:.0f} MB |"
    yield f"| highest | {max(mb for _, mb in watch.samples):.0f} MB |"
    yield f"| left running, left in the temporary folder | {len(left)}, {len(new)} |"
    for each in score.wrong:
        yield f"| wrong | {each} |"


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


# The page -------------------------------------------------------------------------------------------------------------

PARTS: dict[str, tuple[str, Callable[[int], Iterator[str]]]] = {
    "forty": ("The same forty submissions", forty),
    "workers": ("One worker and two", workers),
    "thousand": ("A thousand in one run", lambda rounds: thousand()),
}


def measured_before() -> dict[str, str]:
    """The parts of the page as they stand there."""
    text = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else ""
    sections = (section.partition("\n") for section in text.split("\n## ")[1:])
    return {title: body.strip() for title, _, body in sections}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=PARTS)
    options = parser.parse_args()
    versions = ", ".join(f"{name} {version(name)}" for name in ("nbgrader", "nbclient", "numpy"))
    page = (
        "# Grading\n\nBy the clock, start-up and gradebook included, in turn (`make bench-grading`). "
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {versions}.\n"
    )
    sections = measured_before()
    for name, (title, part) in PARTS.items():
        if options.only in (None, name):
            print(f"## {title}", flush=True)
            lines = [f"(Load of the machine before it began: {os.getloadavg()[0]:.1f}.)\n"]
            for line in part(options.rounds):
                print(line, flush=True)
                lines.append(line)
            sections[title] = "\n".join(lines)
        if title in sections:
            page += f"\n## {title}\n\n{sections[title]}\n"
    RESULTS.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
