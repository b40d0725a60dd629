"""Grade a class.

    python -m downslope.grading ps2                          every submission in submitted/
    python -m downslope.grading ps2 --from handed-in.zip     and those in a zip, named after learners: hana_ps2.ipynb
    python -m downslope.grading ps2 --workers 4              on four processes
    python -m downslope.grading ps2 --scheduler ADDRESS      on a Dask cluster that sees the same folders

Points go into nbgrader's gradebook, reports to reports/ps2/. Killed and started again, it grades what is left.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

from downslope.exercises import SETS

if TYPE_CHECKING:
    from .records import Records


def bar(results: Iterable[Any], total: int) -> Iterable[Any]:
    """A progress bar."""
    from tqdm import tqdm

    shown: Iterable[Any] = tqdm(results, total=total, unit=" submissions", disable=None)
    return shown


def _records(course: Path, set_name: str, released: Path) -> Records:
    # Of jsonschema's checkers this one builds 35 parsers when it is loaded, for web addresses that no notebook holds:
    # half the time of loading nbgrader (jsonschema's issue 1428).
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
    try:
        from .records import Records
    except ModuleNotFoundError as error:
        raise ValueError(
            f"{error.name} is not installed, which the gradebook needs; --reports-only does without."
        ) from None
    return Records(course, set_name, released)


def main(words: list[str] | None = None) -> int:
    """0 if the run went through, whatever became of the submissions."""
    parser = argparse.ArgumentParser(
        prog="python -m downslope.grading",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("set", choices=list(SETS))
    parser.add_argument(
        "--from", dest="source", type=Path, help="a folder like submitted/, or a zip that is put into it"
    )
    parser.add_argument("--course", type=Path, default=Path.cwd(), help="the folder of the course (here)")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--scheduler", metavar="ADDRESS")
    parser.add_argument("--reports-only", action="store_true", help="leave nbgrader's gradebook alone")
    parser.add_argument("--unsafe", action="store_true", help="no sandbox: learners' code runs with your rights")
    options = parser.parse_args(words)

    from .grade import NOT_GRADED, Settings
    from .runner import course_secret, find_submissions, get_ready, grade_class, passed_over, unpack
    from .sandbox import Sandbox, SandboxError

    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # for the workers: one processor each
    if options.workers < 1:
        parser.error(f"--workers must be at least 1, got {options.workers}")
    course: Path = options.course
    released = course / "exercises" / options.set / f"{options.set}.ipynb"
    if not released.is_file():
        parser.error(f"{released} is not there; --course names the folder of the course")
    try:
        source: Path = options.source or course / "submitted"
        if source.is_file():
            for name in unpack(source, options.set, course / "submitted"):
                print(f"Not taken from the zip, for it is not named like hana_{options.set}.ipynb: {name}")
            source = course / "submitted"
        tasks = find_submissions(source, options.set, released, course / "reports")
        if tasks and not options.scheduler:
            get_ready(released)  # nbgrader takes a second to load
        settings = Settings(course_secret(course), Sandbox(unsafe=options.unsafe))
        with nullcontext() if options.reports_only else _records(course, options.set, released) as records:
            keep = None if records is None else records.keep
            summary = grade_class(tasks, settings, options.workers, options.scheduler, bar, keep)
            for student, why in passed_over(source, options.set).items():
                summary.add(student, NOT_GRADED, [why])
            print(summary)
            if records is not None and (waiting := records.waiting()):
                print(f"In the gradebook {waiting} submissions wait for points by hand: formgrader, Manual Grading.")
    except (SandboxError, ValueError, OSError, BadZipFile) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
