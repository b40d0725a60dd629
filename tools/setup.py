"""Create .venv and install the pinned versions of requirements.lock. Does nothing when nothing changed.

    python3 tools/setup.py

Needs Python 3.11 or newer and nothing else. Uses uv when it is there, pip otherwise. The stamp .venv/installed holds a
digest of what was asked for and is written last, so an installation that was cut off is done again. Whichever Python
starts this script later, the one that .venv was made with stays.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
STAMP = VENV / "installed"


def wanted() -> str:
    """A digest of everything that decides what gets installed."""
    import tomllib  # Python 3.11 has it; `main` has seen to that

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    parts = [str(ROOT), lock, json.dumps([project["build-system"], project["project"]])]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def run(*command: object) -> None:
    subprocess.run([str(part) for part in command], check=True, cwd=ROOT)


def create_with_uv(uv: str) -> None:
    run(uv, "venv", "--quiet", "--clear", "--python", sys.executable, VENV)
    install = [uv, "pip", "install", "--quiet", "--python", PYTHON]
    run(*install, "--compile-bytecode", "-r", "requirements.lock")
    run(*install, "--no-deps", "--no-build-isolation", "--editable", ".")


def create_with_pip() -> None:
    try:
        run(sys.executable, "-m", "venv", "--clear", VENV)
    except subprocess.CalledProcessError:
        sys.exit("This Python cannot create an environment. On Debian and Ubuntu: apt-get install python3-venv")
    install = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    run(*install, "-r", "requirements.lock")
    run(*install, "--no-deps", "--no-build-isolation", "--editable", ".")


def main() -> None:
    if sys.version_info < (3, 11):
        sys.exit(f"Downslope needs Python 3.11 or newer; {sys.executable} is {sys.version.split()[0]}.")
    if STAMP.exists() and PYTHON.exists() and STAMP.read_text() == wanted():
        return
    uv = shutil.which("uv")
    print(f"Installing the course into .venv with {'uv' if uv else 'pip'} (once, one to three minutes) …", flush=True)
    start = time.monotonic()
    try:
        create_with_uv(uv) if uv else create_with_pip()
    except subprocess.CalledProcessError as error:
        sys.exit(f"Installation stopped: {error}. What it printed above says why; run the same command to try again.")
    STAMP.write_text(wanted())
    print(f"Installed in {time.monotonic() - start:.0f} s.", flush=True)


if __name__ == "__main__":
    main()
