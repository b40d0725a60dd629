"""The npm packages that decks and web pages are shown with: installed by lock file into build/packages, once.

    python tools/packages.py

No script of a package runs. What decks and pages need of them is copied beside them, so that they ask nobody.
"""

import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "build" / "packages"
FILES = ("package.json", "package-lock.json", ".npmrc")


def wanted() -> str:
    """A digest of what should be installed."""
    return hashlib.sha256(b"\0".join((ROOT / name).read_bytes() for name in FILES)).hexdigest()


def packages() -> Path:
    """The folder of the installed packages. Raises RuntimeError when npm is not there or fails."""
    stamp = FOLDER / "installed"
    if stamp.is_file() and stamp.read_text() == wanted():
        return FOLDER / "node_modules"
    npm = shutil.which("npm")
    if npm is None:
        raise RuntimeError("decks and the web edition need Node.js with npm, once: apt install npm")
    FOLDER.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=FOLDER.parent) as beside:  # decks and pages may be made at the same time
        for name in FILES:
            shutil.copy(ROOT / name, beside)
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        done = subprocess.run(command, cwd=beside, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"npm could not install the packages:\n{done.stderr.strip()}")
        (Path(beside) / "installed").write_text(wanted())
        if not (stamp.is_file() and stamp.read_text() == wanted()):
            shutil.rmtree(FOLDER, ignore_errors=True)
            Path(beside).chmod(0o755)
            Path(beside).rename(FOLDER)
    return FOLDER / "node_modules"


if __name__ == "__main__":
    try:
        print(packages().relative_to(ROOT))
    except RuntimeError as error:
        sys.exit(str(error))
