"""One learner's notebook, alive in a sandbox: cells run, values are read, functions are called as if they were here.

A call that hangs or kills its Python costs that call. The session starts a new sandbox, runs the cells again (without
one that hung or died itself), and goes on with the next question. `Proxy` is such a function seen from here.
"""

from __future__ import annotations

import builtins
import contextlib
import inspect
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .protocol import ProtocolError
from .sandbox import Died, Line, Sandbox, SandboxError, TimedOut

__all__ = ["Cell", "Halt", "Missing", "NoSandbox", "OutOfTime", "Proxy", "Session", "Stopped", "Times"]

Reply = dict[str, Any]
Service = Callable[[str, tuple[Any, ...], dict[str, Any]], Any]


class Stopped(Exception):  # noqa: N818
    """A call had no end: it took too long, or ended its Python. Shown to the learner."""


class Halt(BaseException):
    """The session can't go on, and that is no learner's mistake in this question. No check catches it."""


class OutOfTime(Halt):
    """The time of the whole submission is used up."""


class NoSandbox(Halt):
    """The machine gives no new sandbox."""


class Missing(LookupError):  # noqa: N818
    """The notebook defines no such name."""


@dataclass(frozen=True)
class Times:
    """Seconds of one cell, of one call, of one submission with everything that it starts.

    By the clock, without those in which the machine had no processor to spare (see `sandbox.Line`).
    """

    cell: float = 20.0
    call: float = 10.0
    submission: float = 180.0


@dataclass
class Cell:
    """A cell that was run: what it printed, and how it failed, if it did ('ValueError: …')."""

    name: str
    source: str
    output: str = ""
    error: dict[str, str] | None = None
    given: dict[str, Any] | None = None

    @property
    def stopped(self) -> bool:
        """Whether it hung or ended its Python."""
        return self.error is not None and self.error["type"] == "Stopped"

    @property
    def trouble(self) -> str:
        """'ZeroDivisionError: division by zero (in the line `1/0`)', or ''."""
        return "" if self.error is None else f"{self.error['type']}: {_words(self.error)}"


@dataclass
class Session:
    """One submission's namespace. Use it in a `with`: nothing is left running after it.

    service  answers the functions that the course gives to the notebook (see `give`)
    """

    sandbox: Sandbox
    times: Times = field(default_factory=Times)
    service: Service | None = None
    cells: list[Cell] = field(default_factory=list)
    starts: int = 0
    _line: Line | None = None
    _bad: dict[str, str] = field(default_factory=dict)
    _end: float = 0.0

    def __enter__(self) -> Session:
        self._end = time.monotonic() + self.times.submission
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the sandbox."""
        if self._line is not None:
            self._line.kill()
            self._end += self._line.lost
            self._line = None

    # What the notebook does

    def give(self, values: Mapping[str, Any], functions: Iterable[str] = (), idle: Iterable[str] = ()) -> None:
        """Put into the namespace plain values, functions that `service` answers, and idle stand-ins for `ps3`."""
        given = {"do": "set", "values": dict(values), "functions": list(functions), "idle": list(idle)}
        cell = Cell("given", "", given=given)
        self._alive()
        self._replay(cell)
        self.cells.append(cell)

    def run(self, source: str, name: str = "") -> Cell:
        """Run a cell. It never raises for what the cell does; `OutOfTime` if the submission has no time left."""
        cell = Cell(f"<cell {name or len(self.cells) + 1}>", source)
        request = {"do": "cell", "source": source, "name": cell.name}
        try:
            reply = self._ask(request, self.times.cell)
            room = self.sandbox.limits.output + 100  # and a word on how much was left out
            cell.output, cell.error = _text(reply.get("output"), room), _error(reply.get("error"))
        except Stopped as stop:
            cell.error = {"type": "Stopped", "message": str(stop), "line": ""}
        self.cells.append(cell)
        return cell

    def get(self, name: str) -> Any:
        """The value of a name: a plain value, a `Proxy` for a function, `Foreign` for anything else."""
        reply = self._ask({"do": "get", "name": name}, self.times.call)
        if reply.get("found") is not True:
            raise Missing(f"The notebook defines no {name}.")
        function = reply.get("function")
        if function is None:
            return reply.get("value")
        if type(function) is not dict:
            raise Stopped("the sandbox gave an answer that can't be read")
        proxy = Proxy(self, name, _text(function.get("name")) or name, function.get("empty") is True)
        signature = _signature(function.get("parameters"))
        return proxy if proxy.empty_body or signature is None else as_function(proxy, signature)

    def call(self, name: str, args: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """Call the function of that name; changes to its arguments are made here too."""
        if name in self._bad:
            raise Stopped(self._bad[name])
        try:
            reply = self._ask({"do": "call", "name": name, "args": args, "keywords": keywords}, self.times.call)
        except Stopped as stop:
            self._bad[name] = str(stop)
            raise
        changed = reply.get("changed")
        if type(changed) is dict:
            for place, value in changed.items():
                if type(place) is int and 0 <= place < len(args):
                    put_back(args[place], value)
        error = _error(reply.get("error"))
        if error is not None:
            raise as_exception(error)
        return reply.get("value")

    # The sandbox

    def _ask(self, request: Reply, seconds: float) -> Reply:
        """The reply to one request; `Stopped` when there is none, and then the sandbox is gone."""
        line = self._alive()
        deadline = min(line.now() + seconds, self._end)
        try:
            line.send(request, deadline)
            while True:
                reply = line.receive(deadline)
                if type(reply) is not dict:
                    raise Died("it gave an answer that can't be read")
                if "callback" not in reply:
                    return reply
                line.send(self._served(reply), deadline)
        except TimedOut:
            self.close()
            if self._over():
                raise OutOfTime(f"The submission took longer than {self.times.submission:g} s in all.") from None
            raise Stopped(f"it took longer than {seconds:g} s") from None
        except Died as death:
            self.close()
            raise Stopped(str(death)) from None

    def _served(self, question: Reply) -> Reply:
        """The course's answer to a function that it gave."""
        name, args, keywords = question.get("callback"), question.get("args"), question.get("keywords")
        try:
            if self.service is None or type(name) is not str or type(args) is not tuple or type(keywords) is not dict:
                raise TypeError("no such function")
            return {"value": self.service(name, args, keywords), "error": None}
        except (Died, TimedOut, ProtocolError) as error:
            return {"value": None, "error": {"type": "RuntimeError", "message": str(error)}}
        except Exception as error:
            return {"value": None, "error": {"type": type(error).__name__, "message": str(error)[:2000]}}

    def _alive(self) -> Line:
        """The sandbox; a new one with the cells run again, if there is none."""
        if self._over():
            self.close()
            raise OutOfTime(f"The submission took longer than {self.times.submission:g} s in all.")
        while self._line is None:
            self._line = self._started()
            self.starts += 1
            for cell in self.cells:
                if not cell.stopped and not self._replay(cell):
                    break  # the sandbox is gone again, and this cell is left out from now on
        return self._line

    def _over(self) -> bool:
        """Whether the submission's time is used up."""
        return (time.monotonic() if self._line is None else self._line.now()) >= self._end

    def _started(self) -> Line:
        for _ in range(2):
            with contextlib.suppress(SandboxError):
                return self.sandbox.start()
        try:
            return self.sandbox.start()
        except SandboxError as error:
            raise NoSandbox(f"The sandbox could not be started: {error.why}") from None

    def _replay(self, cell: Cell) -> bool:
        """Run a cell in the living sandbox, and say whether that still lives."""
        request = cell.given or {"do": "cell", "source": cell.source, "name": cell.name}
        try:
            self._ask(request, self.times.cell)
        except Stopped as stop:
            cell.error = {"type": "Stopped", "message": str(stop), "line": ""}
        return not cell.stopped


class Proxy:
    """A learner's function, called in the sandbox.

    empty_body  whether it is the untouched starter
    Its errors come as exceptions with the learner's type and words; arguments that it changes in place change here.
    """

    def __init__(self, session: Session, name: str, shown: str, empty: bool) -> None:
        self._session, self._name = session, name
        self.__name__, self.empty_body = shown, empty

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        return self._session.call(self._name, args, keywords)

    def __deepcopy__(self, memo: object) -> Proxy:
        return self

    def __repr__(self) -> str:
        return f"<function {self.__name__} in the sandbox>"


class _Default:
    """The default of a parameter, as it was shown."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


def as_function(proxy: Proxy, signature: inspect.Signature) -> Callable[..., Any]:
    """A proxy as a function, with the parameters that the learner's has."""

    def in_the_sandbox(*args: Any, **keywords: Any) -> Any:
        return proxy(*args, **keywords)

    in_the_sandbox.__name__ = proxy.__name__
    in_the_sandbox.__signature__ = signature  # type: ignore[attr-defined]
    in_the_sandbox.empty_body = False  # type: ignore[attr-defined]
    return in_the_sandbox


def _signature(parameters: Any) -> inspect.Signature | None:
    """The signature that the sandbox speaks of, if it is one."""
    try:
        kinds = list(inspect._ParameterKind)
        return inspect.Signature(
            [
                inspect.Parameter(
                    name, kinds[kind], default=inspect.Parameter.empty if shown is None else _Default(_text(shown))
                )
                for name, kind, shown in parameters
            ]
        )
    except (TypeError, ValueError, IndexError):
        return None


# What comes out of the sandbox ---------------------------------------------------------------------------------------


def _text(value: Any, longest: int = 2000) -> str:
    """A text, no longer than it may be: the worker cuts too, but the learner's code shares its process."""
    return value[:longest] if type(value) is str else ""


def _error(value: Any) -> dict[str, str] | None:
    if type(value) is not dict:
        return None
    return {key: _text(value.get(key)) for key in ("type", "message", "line")}


def _words(error: Mapping[str, str]) -> str:
    line = f" (in the line `{error['line']}`)" if error["line"] else ""
    return f"{error['message']}{line}"


def as_exception(error: Mapping[str, str]) -> Exception:
    """An exception of the learner's type by name: of a built-in one its kind too, of any other just the name."""
    base = getattr(builtins, error["type"], Exception)
    if not (isinstance(base, type) and issubclass(base, Exception)):
        base = Exception  # SystemExit, KeyboardInterrupt: the grader goes on
    words = _words(error)
    name = "".join(letter for letter in error["type"] if letter.isprintable())[:100] or "Exception"
    kind = type(name, (base,), {"__init__": lambda self: None, "__str__": lambda self: words})
    try:
        return kind()  # type: ignore[no-any-return]
    except Exception:  # a kind that is not made without arguments
        return as_exception({**error, "type": "Exception"})


def put_back(here: Any, there: Any) -> None:
    """Make a change of an argument in the sandbox here too, in place."""
    if type(here) is np.ndarray:
        if type(there) is np.ndarray:
            if here.dtype != there.dtype and here.dtype.itemsize == there.dtype.itemsize:
                here.dtype = there.dtype  # type: ignore[misc]
            if here.shape != there.shape:
                here.resize(there.shape, refcheck=False)
            here[...] = there
    elif type(here) is list and type(there) is list:
        here[:] = there
    elif type(here) is dict and type(there) is dict:
        here.clear()
        here.update(there)
    elif type(here) is tuple and type(there) is tuple and len(here) == len(there):
        for one, other in zip(here, there, strict=True):
            put_back(one, other)
