"""One sandbox for the tests of this room, with short times."""

import functools
import os
import time
from contextlib import suppress
from pathlib import Path

import pytest
from downslope.grading.sandbox import Sandbox, SandboxError
from downslope.grading.session import Session, Times
from quick import QUICK


@pytest.fixture(scope="session")
def sandbox():
    return Sandbox(QUICK, start_seconds=60)


@pytest.fixture
def session(sandbox):
    with Session(sandbox, Times(cell=5, call=5, submission=60)) as session:
        yield session


MARK = f"{os.getpid()}-{time.time_ns()}"
os.environ["DOWNSLOPE_GRADER"] = MARK  # the graders that the tests start have it too


def sandboxed():
    """The sandboxed processes of this test process, and whatever they have forked."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError):
                words = (folder / "cmdline").read_bytes()
                if b"worker.py" in words and MARK.encode() in words:
                    found.append((int(folder.name), words[:40]))
    return found


@pytest.fixture
def nothing_left():
    """After the test no process of a sandbox is alive."""
    yield
    end = time.monotonic() + 5
    while sandboxed() and time.monotonic() < end:
        time.sleep(0.02)
    assert sandboxed() == []


@functools.cache
def walls_missing():
    """Why no sandbox can be started here, or ''."""
    try:
        Sandbox(QUICK, start_seconds=60).check()
    except SandboxError as error:
        return str(error)
    return ""


def pytest_collection_modifyitems(config, items):
    """Where the machine forbids namespaces, only what needs no sandbox is tested, and the run says so. Never in CI."""
    if os.environ.get("DOWNSLOPE_NOTHING_SKIPPED"):
        return
    here = [item for item in items if Path(item.path).parent == Path(__file__).parent]
    behind_walls = [item for item in here if item.path.name != "test_grading_protocol.py"]
    if behind_walls and walls_missing():
        config.hook.pytest_deselected(items=behind_walls)
        items[:] = [item for item in items if item not in set(behind_walls)]


def pytest_terminal_summary(terminalreporter):
    if walls_missing():
        terminalreporter.write_line(f"No test of the sandbox ran: {walls_missing().splitlines()[1]}", red=True)
