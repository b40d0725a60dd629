"""Open the course in JupyterLab: on loopback, with a token, and without a single request to the outside.

    .venv/bin/python tools/lab.py [options of jupyter lab]

A port that is taken is passed over. Without a browser that can open, the address is printed. JupyterLab keeps its
settings for the course in .jupyter in this folder, so that a configuration of your own cannot switch the token off.
"""

import os
import shutil
import sys
import webbrowser
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONFIG = ROOT / ".jupyter"
SETTINGS = ROOT / "tools" / "lab"
FIRST = "/lab/tree/notebooks/00-start-here.ipynb"


def is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def browser_can_open() -> bool:
    """A graphical browser that this user can start. (Browsers refuse to run as root.)"""
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return False
    if is_root():
        return False
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return True


def command(given: list[str]) -> list[str]:
    """How JupyterLab is started; an option that is given replaces the course's own."""
    own = [
        "--ServerApp.ip=127.0.0.1",
        f"--LabApp.default_url={FIRST}",
        f"--ServerApp.root_dir={ROOT}",
        f"--ServerApp.allow_root={is_root()}",
        f"--ServerApp.open_browser={browser_can_open()}",
        f"--LabApp.app_settings_dir={SETTINGS}",
        "--LabApp.custom_css=True",
        "--LabApp.extension_manager=readonly",
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]
    replaced = {option.partition("=")[0] for option in given}
    kept = [option for option in own if option.partition("=")[0] not in replaced]
    return [sys.executable, "-m", "jupyterlab", *kept, *given]


def served(given: list[str]) -> str:
    """The folder that JupyterLab opens: the course, unless an option names another."""
    option = "--ServerApp.root_dir="
    return next((each.removeprefix(option) for each in reversed(given) if each.startswith(option)), str(ROOT))


def main() -> None:
    os.chdir(served(sys.argv[1:]))  # nbgrader's panels take the course of this folder
    os.environ["JUPYTER_CONFIG_DIR"] = str(CONFIG)
    # JupyterLab looks for style sheets in this folder.
    shutil.copytree(SETTINGS / "custom", CONFIG / "custom", dirs_exist_ok=True)
    # nbgrader's panels start `alembic` by name: it lies beside this Python.
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    if not browser_can_open():
        print("No browser can be opened from here. Open the address that is printed below in one.", flush=True)
    os.execv(sys.executable, command(sys.argv[1:]))


if __name__ == "__main__":
    main()
