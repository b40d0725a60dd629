"""What the course gives to a notebook, carried into the sandbox, where the course itself is not.

The given cells are the course's own code. A statement of them that needs the course's library runs here, once for
each set: its plain values go into the sandbox, and a function that it defines is answered from here. All other
statements run in the sandbox, between the learner's cells.

    given  imports, data, functions of the notebook
    idle   names that only show something there: ps3, figures, plt
    kept   names of other things (a network, a class of the library), which do not cross

An answer that uses what is kept goes to a person. These are `net` in digits of ps1, `momentum_homework` in ps2, `net`,
`rule` and `train` in below of ps3, `net`, `Network` and `minibatches` in weights of ps4. A stand-in would have to hold
the course's own solutions. And nobody needs one: each question gives its data as arrays and asks for functions of the
learner's own. Who takes the library's instead took a detour, or copied the answer, and a person can tell which.
"""

from __future__ import annotations

import ast
import contextlib
import io
import symtable
import types
import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .protocol import ProtocolError, encode
from .submission import Json, grade_id, kind_of, names_defined, text_of

__all__ = ["Given", "Parcel"]

MAX_ENTRIES = 200_000  # of the arrays that a given function gets
MAX_INDICES = 10_000  # of those that are no floats, and may pick rows of the data
IDLE = ("downslope.exercises", "downslope.figures", "matplotlib")


@dataclass
class Parcel:
    """What one given cell brings: code for the sandbox, values, functions, idle names."""

    inside: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    functions: list[str] = field(default_factory=list)
    idle: list[str] = field(default_factory=list)


class Given:
    """The given cells of one notebook, in parcels by grade_id; and the functions that are answered here."""

    def __init__(self, notebook: Json) -> None:
        self.space: dict[str, Any] = {"__name__": "given"}
        self.parcels: dict[str, Parcel] = {}
        self.kept: set[str] = set()
        self.functions: set[str] = set()
        cells = [cell for cell in notebook["cells"] if cell.get("cell_type") == "code"]
        learners = {name for cell in cells if kind_of(cell) == "answer" for name in names_defined(text_of(cell))}
        self._theirs, self._ours = learners, set[str]()
        for cell in cells:
            if kind_of(cell) == "given" and grade_id(cell):
                self.parcels[grade_id(cell)] = self._parcel(text_of(cell))

    def answer(self, name: str, args: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """Call a given function for a learner, on modest plain values only."""
        if name not in self.functions:
            raise NameError(f"name {name!r} is not defined")
        _modest([*args, *keywords.values()])
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            return self.space[name](*args, **keywords)

    def _parcel(self, source: str) -> Parcel:
        parcel, inside = Parcel(), []
        for statement in ast.parse(source).body:
            used, bound = _names_used(ast.unparse(statement)), names_defined(ast.unparse(statement))
            if _course_import(statement):
                self._run(statement)
                self._ours |= bound
                if _idle_import(statement):
                    parcel.idle += sorted(bound)
                else:
                    self.kept |= bound
            elif used & self._theirs or (
                not used & self._ours and not isinstance(statement, (ast.Import, ast.ImportFrom))
            ):
                inside.append(statement)
                self._theirs |= bound - self._ours
            elif used & self._ours:
                if not isinstance(statement, ast.Expr):  # those only show something
                    self._run(statement)
                    self._ours |= bound
                    self._carry(bound, parcel)
            else:
                self._run(statement)
                inside.append(statement)
        parcel.inside = ast.unparse(ast.Module(inside, [])) if inside else ""
        return parcel

    def _run(self, statement: ast.stmt) -> None:
        code = compile(ast.Module([statement], []), "<given>", "exec")
        with contextlib.redirect_stdout(io.StringIO()):
            exec(code, self.space)

    def _carry(self, names: set[str], parcel: Parcel) -> None:
        for name in sorted(names):
            value = self.space[name]
            if type(value) is types.FunctionType and value.__module__ == "given":
                parcel.functions.append(name)
                self.functions.add(name)
                continue
            try:
                encode(value)
            except ProtocolError:
                self.kept.add(name)
            else:
                parcel.values[name] = value


def _names_used(source: str) -> set[str]:
    """The names that a piece of code takes from the notebook, inside its functions too."""

    def beneath(table: symtable.SymbolTable) -> set[str]:
        names = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_global()}
        return names.union(*map(beneath, table.get_children()))

    top = symtable.symtable(source, "cell", "exec")
    names = {symbol.get_name() for symbol in top.get_symbols() if symbol.is_referenced()}
    return names.union(*map(beneath, top.get_children()))


def _course_import(statement: ast.stmt) -> bool:
    return any(name.split(".")[0] in ("downslope", "matplotlib") for name in _modules(statement))


def _idle_import(statement: ast.stmt) -> bool:
    return any(name.startswith(IDLE) for name in _modules(statement))


def _modules(statement: ast.stmt) -> list[str]:
    if isinstance(statement, ast.Import):
        return [alias.name for alias in statement.names]
    if isinstance(statement, ast.ImportFrom) and statement.module:
        return [f"{statement.module}.{alias.name}" for alias in statement.names]
    return []


def _modest(values: list[Any]) -> None:
    """Refuse what would make a given function use much memory or time.

    Indices have one dimension: two arrays of 10,000, one lying and one standing, would pick 100 million entries.
    """
    for value in values:
        if type(value) is list:
            value = np.asarray(value) if all(type(each) in (int, float) for each in value) else None
        if type(value) is np.ndarray:
            flat = value.ndim == 1 or value.dtype.kind == "f"
            if value.size > (MAX_ENTRIES if value.dtype.kind == "f" else MAX_INDICES) or not flat:
                raise ValueError(f"an array of shape {value.shape} is too large for this function")
        elif type(value) not in (bool, int, float) and not isinstance(value, np.generic):
            raise TypeError("this function takes arrays and numbers")
