"""Make what learners get: exercises/ from solutions/, and a zip for each problem set.

    python tools/release.py                     every set
    python tools/release.py ps2                 one
    python tools/release.py --sheets class.csv  also printable sheets and keys of ps2, one for each learner of the list

nbgrader's own generate_assignment does the work, with a gradebook of its own that is thrown away, so that an
instructor's gradebook is not touched. The zips are in build/release/: the notebook, the library as a wheel, the pinned
versions and a page that says how to start.
"""

import argparse
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOLUTIONS, EXERCISES, RELEASE = ROOT / "solutions", ROOT / "exercises", ROOT / "build" / "release"
MOMENT = (2026, 1, 1, 0, 0, 0)  # the same files give the same zip

START = """{title}

You need Python 3.11 or newer. In this folder:

    python3 -m venv .venv
    .venv/bin/python -m pip install -r requirements.lock {wheel}
    .venv/bin/jupyter lab {name}.ipynb

On Windows write .venv\\Scripts\\ in place of .venv/bin/.

The notebook tells you about each answer. Hand in the notebook {name}.ipynb, and nothing else.
"""


def sets() -> list[str]:
    """The names of the problem sets: the folders of solutions/ that hold a notebook of their own name."""
    return sorted(path.stem for path in SOLUTIONS.glob("*/*.ipynb") if path.parent.name == path.stem)


def generate(name: str, into: Path) -> None:
    """Generate one set with nbgrader into the folder `into`."""
    import asyncio

    from nbgrader.apps import NbGraderAPI
    from traitlets.config import PyFileConfigLoader

    # nbgrader starts `alembic` by name: it lies beside this Python.
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    with tempfile.TemporaryDirectory() as scratch:
        config = PyFileConfigLoader("nbgrader_config.py", path=str(ROOT)).load_config()
        config.CourseDirectory.root = str(ROOT)
        config.CourseDirectory.release_directory = str(into)
        config.CourseDirectory.db_url = f"sqlite:///{scratch}/gradebook.db"
        config.Exchange.root = scratch
        asyncio.set_event_loop(asyncio.new_event_loop())
        api = NbGraderAPI(config=config)
        api.log.setLevel(logging.ERROR)
        result = api.generate_assignment(name, force=True, create=True)
    if not result["success"]:
        sys.exit(f"{name} could not be generated:\n{result.get('error', '')}{result.get('log', '')}")


def wheel() -> Path:
    """The library as a wheel, built without a network."""
    RELEASE.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(RELEASE)]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return max(RELEASE.glob("downslope-*.whl"), key=lambda path: path.stat().st_mtime)


def pack(name: str, library: Path) -> Path:
    """A zip with what a learner needs for one set."""
    target = RELEASE / f"{name}.zip"
    files = {path.name: path.read_bytes() for path in sorted((EXERCISES / name).iterdir()) if path.is_file()}
    files["requirements.lock"] = (ROOT / "requirements.lock").read_bytes()
    files[library.name] = library.read_bytes()
    title = f"Problem set {name.removeprefix('ps')}"
    files["README.txt"] = START.format(title=title, name=name, wheel=library.name).encode()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for file, content in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(f"{name}/{file}", MOMENT), content, zipfile.ZIP_DEFLATED)
    return target


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="the sets; all when left out")
    parser.add_argument(
        "--sheets",
        type=Path,
        metavar="CLASS.csv",
        help="a class list (column id): sheets and keys of ps2",
    )
    options = parser.parse_args()
    if unknown := sorted(set(options.names) - set(sets())):
        parser.error(f"there is no set {unknown[0]}; there are {', '.join(sets())}")
    library = wheel()
    for name in options.names or sets():
        shutil.rmtree(EXERCISES / name, ignore_errors=True)
        generate(name, EXERCISES)
        print(f"exercises/{name}, {pack(name, library).relative_to(ROOT)}")
    if options.sheets:
        sheets = RELEASE / "ps2-sheets"
        command = [
            sys.executable,
            "-m",
            "downslope.byhand",
            str(options.sheets),
            "--key",
            "--column",
            "id",
            "--out",
            str(sheets),
        ]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
