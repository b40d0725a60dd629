"""Starts Python where it can do no harm: bubblewrap, limits, another user; and talks to it with a deadline.

Inside there is a read-only Python with NumPy, the two files worker.py and protocol.py, and a small private /tmp.
There is no network, no /proc, no shell, no home, nothing of the course and nothing of anybody else.

    root      starts bubblewrap as root, and the worker becomes a user of its own before it reads anything; no user
              namespace is needed, and the limit on processes binds, which it never does for root
    others    bubblewrap makes a user namespace
    command   another sandbox, such as a container engine: its words, or the variable DOWNSLOPE_SANDBOX. In place of
              {folder} comes the folder of worker.py, of {config} what worker.py wants to know. It has to pass standard
              input and output through, and it decides who runs the worker: not root
    unsafe    none: Python with limits, and with your rights. Refused to root.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import select
import shlex
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from .protocol import MAX_BYTES, ProtocolError, frame, read_frame
from .syscalls import open_filter

__all__ = ["Died", "Limits", "Line", "Sandbox", "SandboxError", "TimedOut"]

HERE = Path(__file__).resolve().parent
INSIDE = "/grader"
INSTALL = (
    "Grading runs learners' code in a sandbox, and it can't be started.\n{why}\n"
    "On Debian and Ubuntu: apt install bubblewrap. On Fedora: dnf install bubblewrap. In a container that forbids "
    "namespaces, start it with those rights, or name another sandbox in DOWNSLOPE_SANDBOX. macOS and Windows have no "
    "bubblewrap: grade in a Linux machine or container. --unsafe runs without a sandbox, with your rights."
)
FIRST_USER, USERS = 61184, 4335  # numbers that systemd keeps free for users of one service


class SandboxError(RuntimeError):
    """There is no working sandbox, with advice; `why` is what stood in the way, in a line."""

    def __str__(self) -> str:
        return INSTALL.format(why=self.args[0])

    @property
    def why(self) -> str:
        return str(self.args[0]).strip().splitlines()[-1]


class Died(Exception):  # noqa: N818
    """The Python in the sandbox ended, or said what can't be read."""


class TimedOut(Exception):  # noqa: N818
    """The Python in the sandbox did not answer in time."""


@dataclass(frozen=True)
class Limits:
    """What one submission may use.

    cpu_seconds   of one sandboxed Python        memory     bytes of address space, of each process
    processes     and threads, together          tmp_bytes  of the private /tmp
    file_bytes    of one file                    files      open at once
    output        characters kept of what a cell or call prints
    """

    cpu_seconds: int = 60
    memory: int = 2**30
    processes: int = 4
    tmp_bytes: int = 32 * 2**20
    file_bytes: int = 16 * 2**20
    files: int = 64
    output: int = 20_000


@dataclass
class Sandbox:
    """Where learners' code runs. `start()` gives the line to a new sandboxed Python."""

    limits: Limits = field(default_factory=Limits)
    command: Sequence[str] = field(default_factory=lambda: shlex.split(os.environ.get("DOWNSLOPE_SANDBOX", "")))
    unsafe: bool = False
    start_seconds: float = 30.0

    def start(self) -> Line:
        """A new Python, ready; raises `SandboxError` if there is none."""
        started = time.monotonic()
        with _handed_over(open_filter()) as files:
            command = self._command(*files)
            try:
                process = subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    env=ENVIRONMENT,
                    cwd="/",
                    start_new_session=True,
                    bufsize=0,
                    pipesize=PIPE_BYTES,
                    pass_fds=files,
                )
            except OSError as error:
                raise SandboxError(f"{command[0]}: {error.strerror}.") from None
        line = Line(process)
        try:
            hello = line.receive(started + self.start_seconds)
            if type(hello) is not dict or "ready" not in hello:
                raise Died
        except (Died, TimedOut) as error:
            line.kill(reading_errors=True)
            why = line.errors.strip()[-2000:] or f"It did not answer ({type(error).__name__})."
            raise SandboxError(why) from None
        line.started_in = time.monotonic() - started
        line.ready()
        return line

    def check(self) -> None:
        """Start one and stop it; `SandboxError` says what is missing."""
        self.start().kill()

    def _command(self, *filters: int) -> list[str]:
        """What is started. `filters`: open files with a filter of system calls, for bubblewrap."""
        root = hasattr(os, "geteuid") and os.geteuid() == 0
        if self.command:
            config = self._config(None, [])
            return [each.replace("{folder}", str(HERE)).replace("{config}", config) for each in self.command]
        if self.unsafe:
            if root:
                raise SandboxError("Learners' code never runs as root, not even with --unsafe: become another user.")
            return [sys.executable, *PYTHON, str(HERE / "worker.py"), self._config(None, [str(HERE), *_site()])]
        bwrap = shutil.which("bwrap")
        if bwrap is None:
            raise SandboxError("The program bwrap is not there.")
        user = FIRST_USER + (os.getpid() * 61 + next(_count)) % USERS if root else None
        python = str(Path(sys.executable).resolve())
        config = self._config(user, [INSIDE, *_site()])
        walls = [*self._walls(root, python), *(word for number in filters for word in ("--seccomp", str(number)))]
        return [bwrap, *walls, "--", python, *PYTHON, f"{INSIDE}/worker.py", config]

    def _config(self, user: int | None, path: list[str]) -> str:
        grader = os.environ.get("DOWNSLOPE_GRADER", str(os.getpid()))  # shows in `ps` whose it is
        told = {"limits": asdict(self.limits), "output": self.limits.output, "user": user, "path": path}
        return json.dumps({**told, "grader": grader})

    def _walls(self, root: bool, python: str) -> list[str]:
        walls = ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
        walls += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"] if root else ["--unshare-user"]
        walls += ["--die-with-parent", "--new-session", "--clearenv", "--hostname", "sandbox"]
        for name, value in ENVIRONMENT.items():
            walls += ["--setenv", name, value]
        walls += ["--perms", "1777", "--size", str(self.limits.tmp_bytes), "--tmpfs", "/tmp"]
        walls += _open_to_all(_system() + _interpreter(python))  # after /tmp: the interpreter may lie there
        for device in ("/dev/null", "/dev/zero", "/dev/urandom"):
            walls += ["--dev-bind", device, device]
        for name in ("worker.py", "protocol.py"):
            walls += _open_to_all(["--ro-bind", str(HERE / name), f"{INSIDE}/{name}"])
        return [*walls, "--remount-ro", "/", "--chdir", "/tmp"]


PYTHON = ("-s", "-S", "-P", "-B", "-X", "utf8")  # nothing of the user's, no site, no working folder on the path
ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "HOME": "/tmp",
    "TMPDIR": "/tmp",
    "LANG": "C.UTF-8",
    "PYTHONHASHSEED": "0",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}
_count = itertools.count()
PIPE_BYTES = 2**18  # the weights of a small network cross in one piece; any user may have as much


@contextlib.contextmanager
def _handed_over(number: int | None) -> Iterator[list[int]]:
    """An open file for a child, closed here when the child has it."""
    try:
        yield [] if number is None else [number]
    finally:
        if number is not None:
            os.close(number)


def _system() -> list[str]:
    """The loader and the shared libraries of the system; no programs."""
    walls = []
    for name in ("/usr/lib", "/usr/lib64", "/usr/lib32", "/lib", "/lib64"):
        path = Path(name)
        if path.is_symlink():
            walls += ["--symlink", os.readlink(path), name]
        elif path.is_dir():
            walls += ["--ro-bind", name, name]
    if Path("/etc/ld.so.cache").exists():
        walls += ["--ro-bind", "/etc/ld.so.cache", "/etc/ld.so.cache"]
    return walls


def _interpreter(python: str) -> list[str]:
    """Python, its shared libraries and standard library with the installed packages covered up, and NumPy."""
    import numpy

    base = Path(sys.base_prefix).resolve()
    standard = Path(sysconfig.get_path("stdlib")).resolve()
    walls = ["--ro-bind", python, python]
    if (base / "lib").is_dir() and base not in (Path("/usr"), Path("/")):
        walls += ["--ro-bind", str(base / "lib"), str(base / "lib")]
    elif not _within(standard, [Path("/usr/lib"), Path("/usr/lib64"), Path("/lib")]):
        walls += ["--ro-bind", str(standard), str(standard)]
    places = {standard / "site-packages", standard / "dist-packages", Path("/usr/lib/python3/dist-packages")}
    places |= {base / "lib" / standard.name / "site-packages"}
    covered = [str(place) for place in sorted(places) if place.is_dir()]
    for place in covered:
        walls += ["--perms", "0755", "--tmpfs", place]
    package = Path(numpy.__file__).resolve().parent
    for folder in (package, package.parent / "numpy.libs"):
        if folder.is_dir():
            walls += ["--ro-bind", str(folder), str(folder)]
    for place in covered:
        walls += ["--remount-ro", place]
    return walls


def _open_to_all(walls: list[str]) -> list[str]:
    """The same, after the folders above each mounted path: bubblewrap itself makes them for their owner alone."""
    targets = [Path(walls[i + 2]) for i, word in enumerate(walls) if word == "--ro-bind"]
    above = {folder for target in targets for folder in target.parents} - {Path("/"), Path("/tmp")}
    bound = [target for target in targets if target.is_dir()]
    made = [folder for folder in sorted(above) if not _within(folder, bound)]
    return [word for folder in made for word in ("--perms", "0755", "--dir", str(folder))] + walls


def _within(path: Path, folders: Sequence[Path]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)


def _site() -> list[str]:
    """The folder that holds NumPy; in the sandbox it holds nothing else."""
    import numpy

    return [str(Path(numpy.__file__).resolve().parent.parent)]


def _ran_and_waited(task: str) -> tuple[float, float]:
    """Seconds on a processor, and seconds ready to run while others had it; 0, 0 where the system does not tell."""
    try:
        ran, waited, _ = Path(f"/proc/{task}/schedstat").read_bytes().split()
        return int(ran) / 1e9, int(waited) / 1e9
    except (OSError, ValueError):
        return 0.0, 0.0


def _innermost(process: int) -> int:
    """The first child's first child and so on: bubblewrap's own processes stand around the Python."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        while True:
            process = int(Path(f"/proc/{process}/task/{process}/children").read_bytes().split()[0])
    return process


class Line:
    """The line to one sandboxed Python: frames both ways, each with a deadline of this line's own clock.

    now  seconds, without those in which the sandbox or the grader was ready to run and the machine was busy with
         something else: on a machine with too much to do a learner's code has as much time as on an idle one
    """

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        self.process, self.errors, self.started_in = process, "", 0.0
        self._inner, self._start, self.lost = str(process.pid), time.monotonic(), 0.0
        self._waited_before = _ran_and_waited("thread-self")[1]
        self._in, self._out, self._err = process.stdin.fileno(), process.stdout.fileno(), process.stderr.fileno()
        for number in (self._in, self._out, self._err):
            os.set_blocking(number, False)

    def now(self) -> float:
        """The time by this line's clock."""
        wall = time.monotonic() - self._start
        ran, waited = _ran_and_waited(self._inner)
        waited += _ran_and_waited("thread-self")[1] - self._waited_before
        self.lost = wall - max(ran, wall - waited)  # both may wait at once: what ran counts in any case
        return time.monotonic() - self.lost

    def ready(self) -> None:
        """The Python is there, and it is its time that counts."""
        self._inner = str(_innermost(self.process.pid))

    def send(self, value: Any, deadline: float) -> None:
        """Write a frame; never waits longer than the deadline, whether the other side reads or not."""
        view = memoryview(frame(value))
        while view:
            self._wait(self._in, select.POLLOUT, deadline)
            try:
                view = view[os.write(self._in, view) :]
            except BlockingIOError:
                continue
            except OSError:
                raise Died(self._end()) from None

    def receive(self, deadline: float, max_bytes: int = MAX_BYTES) -> Any:
        """Read a frame."""
        try:
            return read_frame(lambda count: self._read(count, deadline), max_bytes)
        except ProtocolError as error:
            raise Died(f"it said what can't be read: {error}") from None
        except EOFError:
            raise Died(self._end()) from None

    def kill(self, reading_errors: bool = False) -> None:
        """End it and everything in it, at once."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.kill()
        self.process.wait()
        if reading_errors:
            with contextlib.suppress(OSError):
                self.errors = os.read(self._err, 2**14).decode("utf-8", "replace")
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()

    def _read(self, count: int, deadline: float) -> bytes:
        parts = []
        while count:
            self._wait(self._out, select.POLLIN, deadline)
            try:
                part = os.read(self._out, min(count, 2**20))
            except BlockingIOError:
                continue
            if not part:
                raise EOFError
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    def _wait(self, number: int, event: int, deadline: float) -> None:
        poll = select.poll()
        poll.register(number, event)
        while True:
            left = deadline - (time.monotonic() - self.lost)
            if left <= 0:
                left = deadline - self.now()
            if left <= 0:
                raise TimedOut
            if poll.poll(min(left, 60.0) * 1000 + 1):
                return

    def _end(self) -> str:
        """How the process ended, in words."""
        try:
            code = self.process.wait(1.0)
        except subprocess.TimeoutExpired:
            return "it hung up"
        number = code - 128 if code > 128 else -code
        if number in (signal.SIGKILL, signal.SIGXCPU):
            return "it used up its processor time or its memory"
        if code > 128 or code < 0:
            with contextlib.suppress(ValueError):
                return f"it was ended by {signal.Signals(number).name}"
        return f"it ended itself with exit code {code}"
