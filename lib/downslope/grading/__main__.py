"""Grade a class.

    python -m downslope.grading ps2                          every submission in submitted/
    python -m downslope.grading ps2 --from handed-in.zip     or in a zip, each named after its learner: hana_ps2.ipynb
    python -m downslope.grading ps2 --workers 4              on four processes
    python -m downslope.grading ps2 --scheduler ADDRESS      on a Dask cluster that sees the same folders

Reports go to reports/ps2/. Killed and started again, it grades what is left.
"""

import argparse
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from downslope.exercises import SETS


def bar(results: Iterable[Any], total: int) -> Iterable[Any]:
    """A progress bar."""
    from tqdm import tqdm

    shown: Iterable[Any] = tqdm(results, total=total, unit=" submissions", disable=None)
    return shown


def main(words: list[str] | None = None) -> int:
    """0 if the run went through, whatever became of the submissions."""
    parser = argparse.ArgumentParser(
        prog="python -m downslope.grading",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("set", choices=list(SETS))
    parser.add_argument("--from", dest="source", type=Path, help="a folder like submitted/, or a zip")
    parser.add_argument("--course", type=Path, default=Path.cwd(), help="the folder of the course (here)")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--scheduler", metavar="ADDRESS")
    parser.add_argument("--unsafe", action="store_true", help="no sandbox: learners' code runs with your rights")
    options = parser.parse_args(words)

    from .grade import Settings
    from .runner import course_secret, find_submissions, grade_class
    from .sandbox import Sandbox, SandboxError

    if options.workers < 1:
        parser.error(f"--workers must be at least 1, got {options.workers}")
    course: Path = options.course
    released = course / "exercises" / options.set / f"{options.set}.ipynb"
    if not released.is_file():
        parser.error(f"{released} is not there; --course names the folder of the course")
    try:
        tasks = find_submissions(options.source or course / "submitted", options.set, released, course / "reports")
        settings = Settings(course_secret(course), Sandbox(unsafe=options.unsafe))
        print(grade_class(tasks, settings, options.workers, options.scheduler, bar))
    except (SandboxError, ValueError, OSError, BadZipFile) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
