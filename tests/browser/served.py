"""The JupyterLab of `make lab`, served to a browser, and what a user does there."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

LAB = Path(__file__).resolve().parents[2] / "tools" / "lab.py"
NO_AUTOSAVE = ("@jupyterlab/docmanager-extension/plugin.jupyterlab-settings", {"autosave": False})


@contextmanager
def jupyterlab(folder: Path, private: Path, *, seconds: float = 60) -> Iterator[str]:
    """Serve a folder as `make lab` does; what a user changes goes to `private`. Gives the address, token included."""
    token, port = secrets.token_hex(16), free_port()
    name, content = NO_AUTOSAVE
    file = private / "settings" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content))
    command = [sys.executable, str(LAB), "--no-browser", f"--ServerApp.root_dir={folder}"]
    command += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={token}"]
    command += ["--LabApp.expose_app_in_browser=True"]  # so that tests can call JupyterLab's own commands
    homes = {
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "IPYTHONDIR": "ipython",
        "HOME": "home",
    }
    (private / "home").mkdir(parents=True, exist_ok=True)
    environment = os.environ | {name: str(private / part) for name, part in homes.items()}
    with (private / "server.log").open("wb") as log:
        server = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        wait_until_it_answers(f"http://127.0.0.1:{port}/api/status?token={token}", server, private, seconds)
        yield f"http://127.0.0.1:{port}/lab?token={token}"
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until_it_answers(url: str, server: subprocess.Popen[bytes], private: Path, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise RuntimeError(f"JupyterLab did not start:\n{(private / 'server.log').read_text()[-3000:]}")


READY = """async () => {
    const panel = jupyterapp.shell.currentWidget;
    await panel.context.ready;
    await panel.sessionContext.ready;
    if (!panel.sessionContext.session) throw new Error('the notebook has no kernel: does its metadata name one?');
    await panel.sessionContext.session.kernel.info;
}"""

IN_TIME = """async (action) => {
    const late = new Promise((_, fail) => setTimeout(() => fail(new Error('JupyterLab took too long')), SECONDS * 1e3));
    return await Promise.race([(ACTION)(), late]);
}"""


def in_time(page: Any, action: str, seconds: float) -> Any:
    """Evaluate a JavaScript function in the page; an error if it takes longer; Playwright would wait for ever."""
    return page.evaluate(IN_TIME.replace("SECONDS", str(seconds)).replace("ACTION", action))


def open_notebook(page: Any, url: str, name: str) -> None:
    """Open a notebook in JupyterLab and wait until it and its kernel are ready."""
    page.goto(url.replace("/lab?", f"/lab/tree/{name}?") + "&reset")
    page.wait_for_selector(".jp-NotebookPanel .jp-Cell", state="attached", timeout=60_000)
    in_time(page, READY, 60)


def run_all(page: Any, seconds: float = 180) -> None:
    """Run all cells of the open notebook and wait until the last one has finished."""
    in_time(page, "() => jupyterapp.commands.execute('notebook:run-all-cells')", seconds)


def write_notebook(path: Path, cells: list[Any]) -> None:
    """Write a notebook of code cells (sources, or cells with outputs) for the kernel of this environment."""
    import nbformat

    made = [nbformat.v4.new_code_cell(cell.strip()) if isinstance(cell, str) else cell for cell in cells]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(nbformat.v4.new_notebook(cells=made, metadata={"kernelspec": kernel}), path)
