"""One sandbox for the tests of this room, with short times."""

import os
import time
from pathlib import Path

import pytest
from downslope.grading.sandbox import FIRST_USER, USERS, Limits, Sandbox
from downslope.grading.session import Session, Times

QUICK = Limits(cpu_seconds=2, memory=600 * 2**20, tmp_bytes=4 * 2**20, file_bytes=2**20)


@pytest.fixture(scope="session")
def sandbox():
    return Sandbox(QUICK, start_seconds=60)


@pytest.fixture
def session(sandbox):
    with Session(sandbox, Times(cell=5, call=5, submission=60)) as session:
        yield session


def sandboxed():
    """The processes that run our worker, or anything that a worker of ours started."""
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            user = folder.stat().st_uid
        except OSError:
            continue
        ours = any(word.endswith(b"/worker.py") for word in words)
        if ours and (parent == os.getpid() or FIRST_USER <= user < FIRST_USER + USERS or parent == 1):
            found.append((int(folder.name), words[:1]))
    return found


@pytest.fixture
def nothing_left():
    """After the test no process of a sandbox is alive."""
    yield
    end = time.monotonic() + 5
    while sandboxed() and time.monotonic() < end:
        time.sleep(0.02)
    assert sandboxed() == []
