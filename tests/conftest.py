"""What every test shares.

One BLAS thread, so that two workers on two cores do not fight. With DOWNSLOPE_NOTHING_SKIPPED set, as in CI, a
skipped test fails the run: there everything that a test needs is installed.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
    os.environ.setdefault(name, "1")


@pytest.fixture(scope="session")
def root() -> Path:
    """The root of the repository."""
    return Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session", autouse=True)
def printed_by_default() -> dict[str, Any]:
    """How numpy prints before any test."""
    import numpy as np  # only now: the variables above have to be set before

    return dict(np.get_printoptions())


@pytest.fixture(autouse=True)
def numbers_print_as_ever(printed_by_default: dict[str, Any]) -> Iterator[None]:
    """A lesson's code that a test runs may change how numpy prints; the doctests after it count on the default."""
    import numpy as np

    yield
    np.set_printoptions(**printed_by_default)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    if os.environ.get("DOWNSLOPE_NOTHING_SKIPPED") and skipped and not hasattr(session.config, "workerinput"):
        reporter.write_line(f"{len(skipped)} tests were skipped, and here none may be.", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
