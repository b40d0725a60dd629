"""JupyterLab and a real browser for the tests. The server listens on loopback, with a token; it keeps to itself."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from served import jupyterlab

sys.path.append(str(Path(__file__).resolve().parents[2] / "tools"))

from chromium import chromium, find_chromium

NO_CHROMIUM = "needs Chromium: apt-get install chromium"


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Path], str]]:
    """`lab(folder)` serves a folder with JupyterLab until the tests end and returns the address, token included."""
    if find_chromium() is None:
        pytest.skip(NO_CHROMIUM)
    running: list[Any] = []
    addresses: dict[Path, str] = {}

    def start(folder: Path) -> str:
        if folder not in addresses:
            server = jupyterlab(folder, tmp_path_factory.mktemp("jupyter"))
            addresses[folder] = server.__enter__()
            running.append(server)
        return addresses[folder]

    yield start
    for server in running:
        server.__exit__(None, None, None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """The system's Chromium, driven by Playwright."""
    if find_chromium() is None:
        pytest.skip(NO_CHROMIUM)
    with chromium() as running:
        yield running


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """An empty page of its own session, 1200 × 900."""
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    yield context.new_page()
    context.close()
