"""Grade a class: one submission is one task, on a process pool or on a Dask cluster; started again, it goes on.

Each report is a file of its own, reports/ps2/hana.json, written in one step when its submission is done. A run that
finds a report for the same submission, set and secret leaves it as it is, and so nothing is graded twice.
"""

from __future__ import annotations

import faulthandler
import hashlib
import importlib
import json
import multiprocessing
import os
import re
import secrets
import threading
import zipfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import Any

from .grade import GRADED, NOT_GRADED, PERSON, Report, Settings, grade_submission
from .ready import RELEASED
from .submission import MAX_FILE

__all__ = [
    "Summary",
    "Task",
    "course_secret",
    "find_submissions",
    "get_ready",
    "grade_class",
    "grade_task",
    "load_report",
    "passed_over",
    "unpack",
    "write_text",
]

NAMED = re.compile(r"(?:^|.*[/\\])(?P<student>[\w.@-]+)_(?P<set>ps\d)\.ipynb$")
STUDENT = re.compile(r"[\w@-][\w.@-]{0,127}")  # as long as nbgrader's gradebook takes
VERSION = 1  # of the reports
PATIENCE = 10  # times as long as a submission may take: the grader hangs itself


@dataclass(frozen=True)
class Task:
    """One submission to grade, and where its report goes. Plain and small: it travels to other processes."""

    path: Path
    set_name: str
    student: str
    released: Path
    report: Path


@dataclass
class Summary:
    """What became of a class: students by status, each with its reasons."""

    by_status: dict[str, dict[str, list[str]]] = field(default_factory=lambda: {GRADED: {}, PERSON: {}, NOT_GRADED: {}})
    fresh: int = 0

    def add(self, student: str, status: str, why: list[str]) -> None:
        """Count one."""
        self.by_status[status][student] = why

    def __str__(self) -> str:
        graded, person, not_graded = (self.by_status[each] for each in (GRADED, PERSON, NOT_GRADED))
        lines = [
            f"{len(graded)} graded, {len(person)} waiting for a person, {len(not_graded)} not graded "
            f"({self.fresh} in this run)."
        ]
        for title, group in (("Waiting for a person:", person), ("Not graded:", not_graded)):
            lines += [title] if group else []
            lines += [f"  {student}: {' '.join(why)}" for student, why in sorted(group.items())]
        return "\n".join(lines)


def course_secret(folder: Path) -> str:
    """The course's secret, which decides the hidden inputs: made once, kept in a file that only its owner reads."""
    path = folder / ".grading-secret"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(16))
    return path.read_text(encoding="ascii").strip()


def find_submissions(source: Path, set_name: str, released: Path, reports: Path) -> list[Task]:
    """The submissions in nbgrader's folder: submitted/hana/ps2/ps2.ipynb. Raises `ValueError` if it is no folder."""
    if not source.is_dir():
        raise ValueError(f"source must be a folder, got {source}")
    found = {path.parts[-3]: path for path in sorted(source.glob(f"*/{set_name}/{set_name}.ipynb"))}
    folder = reports / set_name
    return [
        Task(path, set_name, student, released, folder / f"{student}.json")
        for student, path in found.items()
        if STUDENT.fullmatch(student)
    ]


def passed_over(source: Path, set_name: str) -> dict[str, str]:
    """Learners' folders that `find_submissions` takes nothing from, each with the reason."""
    reasons = {}
    for folder in sorted(source.glob(f"*/{set_name}")):
        if not STUDENT.fullmatch(folder.parent.name):
            reasons[folder.parent.name] = "The folder's name can't be a learner's: letters, digits and . _ - @ can."
        elif not (folder / f"{set_name}.ipynb").exists():
            others = ", ".join(sorted(path.name for path in folder.iterdir())) or "nothing"
            reasons[folder.parent.name] = f"There is no {set_name}.ipynb, but {others}."
    return reasons


def unpack(source: Path, set_name: str, submitted: Path) -> list[str]:
    """Put a zip's notebooks (…/hana_ps2.ipynb) into nbgrader's folder; returns the names of the other files.

    One that is as it was is not touched. Of one that is too large only the size is written. Raises `BadZipFile`.
    """
    others = []
    with zipfile.ZipFile(source) as archive:
        for member in archive.infolist():
            match = NAMED.match(member.filename)
            if match is None or match["set"] != set_name or not STUDENT.fullmatch(match["student"]):
                others += [] if member.is_dir() else [member.filename]
                continue
            path = submitted / match["student"] / set_name / f"{set_name}.ipynb"
            if member.file_size > MAX_FILE:
                path.parent.mkdir(parents=True, exist_ok=True)
                with path.open("wb") as outside:
                    outside.truncate(member.file_size)
                continue
            with archive.open(member) as inside:
                content = inside.read(MAX_FILE + 1)
            if not path.is_file() or path.read_bytes() != content:
                _write(path, content)
    return others


def load_report(path: Path) -> dict[str, Any] | None:
    """A report that was written before, or None."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return kept if isinstance(kept, dict) and kept["report"]["status"] in (GRADED, PERSON, NOT_GRADED) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _key(task: Task, settings: Settings) -> str:
    """What a report depends on."""
    digest = hashlib.sha256(f"{VERSION}/{task.set_name}/{task.student}/{settings.secret}".encode())
    for path in (task.path, task.released):
        with path.open("rb") as file:
            digest.update(file.read(MAX_FILE + 1))
    return digest.hexdigest()


def grade_task(task: Task, settings: Settings) -> tuple[str, str, list[str], bool]:
    """Grade one submission and write its report; returns student, status, reasons, and whether it was graded now.

    It is the one task function, of the process pool and of a cluster.
    """
    key = _key(task, settings)
    kept = load_report(task.report)
    if kept is not None and kept.get("key") == key and kept["report"]["status"] != NOT_GRADED:
        return task.student, kept["report"]["status"], kept["report"]["why"], False
    try:
        report = grade_submission(task.path, task.set_name, task.student, released=task.released, settings=settings)
    except Exception as error:  # a mistake of ours must not stop the class
        report = Report(task.set_name, task.student, NOT_GRADED, [f"{type(error).__name__}: {error}"])
    write_text(task.report, json.dumps({"key": key, "report": report.as_dict()}, ensure_ascii=False, indent=1))
    return task.student, report.status, report.why, True


def write_text(path: Path, text: str) -> None:
    """Write a file in one step: a kill leaves the old one or the new one."""
    _write(path, text.encode("utf-8", "backslashreplace"))


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(f".{os.getpid()}.tmp")
    beside.write_bytes(content)
    beside.replace(path)


def grade_class(
    tasks: list[Task],
    settings: Settings,
    workers: int = 1,
    scheduler: str | None = None,
    progress: Callable[[Iterable[Any], int], Iterable[Any]] | None = None,
    keep: Callable[[Task], object] | None = None,
) -> Summary:
    """Grade what is not graded yet. `progress(iterable, total)` may wrap the results in a bar.

    `keep(task)` is called in this process whenever a submission has its report, such as `Records.keep`.
    """
    settings.sandbox.check()
    results = _on_cluster(tasks, settings, scheduler) if scheduler else _on_pool(tasks, settings, workers)
    summary, by_student = Summary(), {task.student: task for task in tasks}
    for student, status, why, fresh in progress(results, len(tasks)) if progress else results:
        summary.add(student, status, why)
        summary.fresh += fresh
        if keep is not None:
            keep(by_student[student])
    return summary


def _on_pool(tasks: list[Task], settings: Settings, workers: int) -> Iterator[Any]:
    """On processes of their own, be it one: what ends such a process costs one submission, and not the run."""
    waiting = deque(tasks)
    while waiting:
        suspects: list[Task] = []
        yield from _pooled(waiting, settings, workers, suspects)
        for task in suspects:  # one of them has ended a process of ours: each alone now
            guilty: list[Task] = []
            yield from _pooled(deque([task]), settings, 1, guilty)
            if guilty:
                yield task.student, NOT_GRADED, ["Grading it ended the grader's own process."], True


def _pooled(waiting: deque[Task], settings: Settings, workers: int, suspects: list[Task]) -> Iterator[Any]:
    """Results as they come, until a process of ours ends; what was at work then is added to `suspects`.

    Only a few tasks are handed over at a time, so that memory stays flat.
    """
    context = get_ready(waiting[0].released)
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_follow_the_parent) as pool:
        running: dict[Future[Any], Task] = {}
        while running or (waiting and not suspects):
            while waiting and not suspects and len(running) < 2 * workers:
                task = waiting.popleft()
                try:
                    running[pool.submit(_watched, task, settings)] = task
                except BrokenProcessPool:
                    suspects.append(task)
            if running:
                yield from _finished(running, suspects)


def get_ready(released: Path) -> BaseContext:
    """Start the process that the workers are copies of; it makes what they need while this one goes on."""
    os.environ[RELEASED] = str(released)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["downslope.grading.ready"])
    importlib.import_module("multiprocessing.forkserver").ensure_running()  # there is none on Windows
    return context


def _follow_the_parent() -> None:
    """In a worker: end when the run has ended, be it killed. A worker left behind would wait for tasks for ever."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def follow() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=follow, daemon=True).start()


def _watched(task: Task, settings: Settings) -> Any:
    """`grade_task`; should it be stuck in our own code, the process ends itself, and that is told of the task."""
    faulthandler.dump_traceback_later(PATIENCE * settings.times.submission, exit=True)
    try:
        return grade_task(task, settings)
    finally:
        faulthandler.cancel_dump_traceback_later()


def _finished(running: dict[Future[Any], Task], suspects: list[Task]) -> Iterator[Any]:
    done, _ = wait(running, return_when=FIRST_COMPLETED)
    for future in done:
        task = running.pop(future)
        try:
            yield future.result()
        except BrokenProcessPool:
            suspects.append(task)


def _on_cluster(tasks: list[Task], settings: Settings, scheduler: str) -> Iterator[Any]:
    distributed: Any = importlib.import_module("distributed")
    with distributed.Client(scheduler) as client:
        futures = client.map(grade_task, tasks, settings=settings, pure=False)
        for future in distributed.as_completed(futures):
            yield future.result()
