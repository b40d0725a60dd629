"""The one script inside the sandbox: it runs a learner's cells and calls a learner's functions.

    python worker.py '{"limits": {…}, "user": …, "path": […]}'

It reads requests from its standard input and writes replies to its standard output, in the frames of protocol.py. What
a learner prints goes elsewhere. It imports the standard library, NumPy and protocol.py, which lies beside it.

Learner and worker share this process, so nothing that it says is believed: it can return plain values, and that is all.

    {"do": "set", "values": {name: value}, "functions": [names that the grader answers], "idle": [names]}
    {"do": "cell", "source": text, "name": name}             → {"output", "error"}
    {"do": "get", "name": name}                              → {"found", "value", "function"}
    {"do": "call", "name": name, "args": (…), "keywords": {…}} → {"value", "changed", "output", "error"}
"""

import ast
import builtins
import dis
import importlib.machinery
import io
import json
import linecache
import os
import random
import sys
import traceback
import types
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from typing import Any

Reply = dict[str, Any]


def limit(limits: dict[str, int]) -> None:
    """Bind this process and its children, before anything of a learner runs."""
    import resource

    pairs = {
        "memory": resource.RLIMIT_AS,
        "processes": getattr(resource, "RLIMIT_NPROC", None),
        "file_bytes": resource.RLIMIT_FSIZE,
        "files": resource.RLIMIT_NOFILE,
    }
    for name, what in pairs.items():
        if what is not None and name in limits:
            hard = resource.getrlimit(what)[1]
            value = limits[name] if hard == resource.RLIM_INFINITY else min(limits[name], hard)
            resource.setrlimit(what, (value, value))
    if "cpu_seconds" in limits:  # at the first figure a signal that can be caught, a second later one that can't
        resource.setrlimit(resource.RLIMIT_CPU, (limits["cpu_seconds"], limits["cpu_seconds"] + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def become(user: int) -> None:
    """Another user, for good: limits do not bind root."""
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)


def streams() -> tuple[io.FileIO, io.FileIO]:
    """The two ends of the line to the grader, moved away from where a learner's prints go."""
    incoming, outgoing = io.FileIO(os.dup(0), "rb"), io.FileIO(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1):
        os.dup2(nothing, number)
    return incoming, outgoing


class Capped(io.TextIOBase):
    """Keeps the beginning of what is written and counts the rest."""

    def __init__(self, room: int) -> None:
        self.parts: list[str] = []
        self.room, self.dropped = room, 0

    def write(self, text: str) -> int:
        text = str(text)
        kept = text[: self.room]
        self.room -= len(kept)
        self.dropped += len(text) - len(kept)
        if kept:
            self.parts.append(kept)
        return len(text)

    def writable(self) -> bool:
        return True

    def text(self) -> str:
        end = f"\n… and {self.dropped} more characters" if self.dropped else ""
        return "".join(self.parts) + end


class Worker:
    """One namespace and the requests about it."""

    def __init__(self, incoming: io.FileIO, outgoing: io.FileIO, output: int) -> None:
        import numpy
        import protocol  # type: ignore[import-not-found]

        self.numpy, self.protocol = numpy, protocol
        self.incoming, self.outgoing, self.output = incoming, outgoing, output
        module = types.ModuleType("__main__")
        sys.modules["__main__"] = module
        self.space = vars(module)
        self.space.update(__builtins__=builtins, display=print)

    # The line

    def read(self, count: int) -> bytes:
        parts = []
        while count:
            part = self.incoming.read(min(count, 2**20))
            if not part:
                raise EOFError
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    def receive(self) -> Any:
        return self.protocol.read_frame(self.read)

    def send(self, value: Any) -> None:
        view = memoryview(self.protocol.frame(value, strict=False))
        while view:
            view = view[self.outgoing.write(view) :]

    def serve(self) -> None:
        """Answer until the grader hangs up."""
        answers: dict[str, Callable[..., Reply]] = {
            "set": self.set,
            "cell": self.cell,
            "get": self.get,
            "call": self.call,
        }
        self.send({"ready": [sys.version.split()[0], self.numpy.__version__]})
        while True:
            try:
                request = self.receive()
            except EOFError:
                return
            reply = answers[request.pop("do")](**request)
            try:
                self.send(reply)
            except (self.protocol.ProtocolError, MemoryError) as error:
                self.send({"error": {"type": "ValueError", "message": str(error), "line": ""}, "output": ""})

    # Requests

    def set(self, values: dict[str, Any], functions: list[str], idle: list[str]) -> Reply:
        self.space.update(values)
        self.space.update({name: Idle() for name in idle})
        for name in functions:
            self.space[name] = self.callback(name)
        return {}

    def callback(self, name: str) -> Callable[..., Any]:
        """A function of the course that the grader answers."""

        def asked(*args: Any, **keywords: Any) -> Any:
            self.send({"callback": name, "args": args, "keywords": keywords})
            reply = self.receive()
            error = reply["error"]
            if error is not None:
                raise getattr(builtins, error["type"], RuntimeError)(error["message"])
            return reply["value"]

        asked.__name__ = asked.__qualname__ = name
        return asked

    def cell(self, source: str, name: str) -> Reply:
        def run() -> None:
            body, last = compiled(source, name)
            exec(body, self.space)
            if last is not None:
                value = eval(last, self.space)
                if value is not None:
                    print(repr(value))

        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        return self.watched(run, "")

    def get(self, name: str) -> Reply:
        if name not in self.space:
            return {"found": False, "value": None, "function": None}
        value = self.space[name]
        if callable(value):
            shown = {"name": name_of(value, name), "empty": is_empty(value), "parameters": parameters(value)}
            return {"found": True, "value": None, "function": shown}
        try:
            self.protocol.encode(value, strict=False)
        except self.protocol.ProtocolError as error:
            return {
                "found": True,
                "value": self.protocol.foreign(f"value that can't be read: {error}"),
                "function": None,
            }
        return {"found": True, "value": value, "function": None}

    def call(self, name: str, args: tuple[Any, ...], keywords: dict[str, Any]) -> Reply:
        before = [self.bytes(each) for each in args]
        values: list[Any] = [None]

        def run() -> None:
            with self.numpy.errstate(all="ignore"):
                values[0] = self.space[name](*args, **keywords)

        function = self.space.get(name)
        reply = self.watched(run, name_of(function, name))
        changed = {i: each for i, each in enumerate(args) if self.bytes(each) != before[i]}
        return {**reply, "value": values[0], "changed": changed}

    def bytes(self, value: Any) -> Any:
        try:
            return self.protocol.encode(value, strict=False)
        except self.protocol.ProtocolError as error:
            return str(error)

    def watched(self, run: Callable[[], None], function: str) -> Reply:
        """Run, with what is printed kept, and any end but the process's own reported."""
        out, error = Capped(self.output), None
        try:
            with redirect_stdout(out), redirect_stderr(out):
                run()
        except BaseException as raised:
            error = described(raised, function)
        return {"output": out.text(), "error": error}


# What is not here, and does not matter ------------------------------------------------------------------------------


class Idle:
    """Stands for what shows something and gives nothing: `ps3.ewma.hint()`, `plt.plot(…)`."""

    def __getattr__(self, name: str) -> "Idle":
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *_: Any, **__: Any) -> "Idle":
        return self

    def __iter__(self) -> Any:
        return iter((self, self))  # fig, ax = plt.subplots()

    def __getitem__(self, key: Any) -> "Idle":
        return self

    def __enter__(self) -> "Idle":
        return self

    def __exit__(self, *_: Any) -> None:
        return None

    def __repr__(self) -> str:
        return "…"


class IdleModule(types.ModuleType):
    """A module whose every name is idle."""

    __path__: list[str] = []  # noqa: RUF012

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Idle()


class IdleFinder:
    """Finds the modules that draw and show. (The base classes of importlib.abc would take an eighth of the start.)"""

    ROOTS = ("matplotlib", "IPython", "ipywidgets", "tqdm")
    COURSE = ("downslope", "downslope.exercises", "downslope.figures")  # the rest of the course is not there

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> Any:
        if fullname.split(".")[0] in self.ROOTS or fullname in self.COURSE:
            return importlib.machinery.ModuleSpec(fullname, self, is_package=True)  # type: ignore[arg-type]
        return None

    def create_module(self, spec: Any) -> types.ModuleType:
        return IdleModule(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        pass


# A cell --------------------------------------------------------------------------------------------------------------


def compiled(source: str, name: str) -> tuple[types.CodeType, types.CodeType | None]:
    """A cell as code, and its last line apart if that is an expression."""
    try:
        tree = ast.parse(source, name)
    except SyntaxError:
        tree = ast.parse(without_magics(source), name)
    last = None
    if tree.body and isinstance(tree.body[-1], ast.Expr) and not source.rstrip().endswith(";"):
        last = compile(ast.Expression(tree.body.pop().value), name, "eval", dont_inherit=True)  # type: ignore[attr-defined]
    return compile(tree, name, "exec", dont_inherit=True), last


def without_magics(source: str) -> str:
    """IPython's own lines (%time, !ls) do nothing here."""
    lines = []
    for line in source.splitlines():
        bare = line.lstrip()
        lines.append(line[: len(line) - len(bare)] + "pass" if bare[:1] in ("%", "!") else line)
    return "\n".join(lines)


# What went wrong -----------------------------------------------------------------------------------------------------


def described(error: BaseException, function: str) -> dict[str, str]:
    """An exception: its type, what it says, and the learner's line, of `function` where it is among them."""
    try:
        message = str(error)[:2000]
    except BaseException:
        message = ""
    kind = type.__dict__["__name__"].__get__(type(error))
    return {"type": str(kind)[:100], "message": message, "line": line_of(error, function)[:300]}


def line_of(error: BaseException, function: str) -> str:
    try:
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith("<cell")]
        frames = [frame for frame in frames if frame.name == function] or frames
        return str(frames[-1].line or "") if frames else ""
    except BaseException:
        return ""


def name_of(function: Any, otherwise: str) -> str:
    try:
        name = function.__name__
    except BaseException:
        return otherwise
    return name[:100] if type(name) is str else otherwise


def is_empty(function: Any) -> bool:
    """Whether a function has no body but a docstring, `...` or `pass`: the rule of downslope.exercises."""
    if type(function) is not types.FunctionType:
        return False
    steps = [step for step in dis.get_instructions(function) if step.opname not in ("RESUME", "NOP")]
    names = [step.opname for step in steps]
    return names in (["LOAD_CONST", "RETURN_VALUE"], ["RETURN_CONST"]) and steps[0].argval is None


def parameters(function: Any) -> list[list[Any]] | None:
    """The parameters of a Python function: name, kind as `inspect` counts them, and the default as text."""
    if type(function) is not types.FunctionType:
        return None
    code = function.__code__
    names, count = list(code.co_varnames), code.co_argcount
    kinds = [0] * code.co_posonlyargcount + [1] * (count - code.co_posonlyargcount)
    keywords, rest = names[count : count + code.co_kwonlyargcount], names[count + code.co_kwonlyargcount :]
    result: list[list[Any]] = [[name, kind, None] for name, kind in zip(names, kinds, strict=False)]
    defaults = function.__defaults__ or ()
    for each, default in zip(result[count - len(defaults) :], defaults, strict=False):
        each[2] = shown_default(default)
    if code.co_flags & 4:
        result.append([rest.pop(0), 2, None])
    for name in keywords:
        default = (function.__kwdefaults__ or {}).get(name, parameters)
        result.append([name, 3, None if default is parameters else shown_default(default)])
    if code.co_flags & 8:
        result.append([rest.pop(0), 4, None])
    return result


def shown_default(value: Any) -> str:
    try:
        return repr(value)[:60]
    except BaseException:
        return "…"


def main() -> None:
    config = json.loads(sys.argv[1])
    incoming, outgoing = streams()
    limit(config["limits"])
    if config["user"] is not None:
        become(config["user"])
    sys.path.extend(config["path"])
    sys.argv[1:] = []
    sys.meta_path.append(IdleFinder())
    random.seed(0)
    worker = Worker(incoming, outgoing, config["output"])
    worker.numpy.random.seed(0)
    os.dup2(1, 2)
    worker.serve()
    os._exit(0)


if __name__ == "__main__":
    main()
