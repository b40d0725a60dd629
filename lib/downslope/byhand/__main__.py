"""Print the sheets of a class: python -m downslope.byhand class.csv --out build/sheets --key"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from downslope.byhand.ledger import Ledger
from downslope.byhand.recipes import EXERCISES
from downslope.byhand.sheets import class_sheets, read_class


def main(arguments: Sequence[str] | None = None) -> int:
    """Read a class list, write one PDF of sheets and, with --key, one of keys. Returns the exit status."""
    choices = [name for name, recipe in EXERCISES.items() if recipe.draw]
    parser = argparse.ArgumentParser(prog="python -m downslope.byhand", description=__doc__.splitlines()[0])
    parser.add_argument("list", type=Path, help="CSV file with one name or number a line")
    parser.add_argument("--out", type=Path, default=Path("build/sheets"), help="folder to write to (build/sheets)")
    parser.add_argument("--key", action="store_true", help="write the worked keys too")
    parser.add_argument("--exercise", choices=choices, default="momentum", help="momentum")
    parser.add_argument("--steps", type=int, help="epochs, steps or days (as the exercise has them)")
    parser.add_argument("--column", default="1", help="column of the CSV file: its number or heading (1)")
    parser.add_argument("--markdown", action="store_true", help="write Markdown in place of PDF")
    options = parser.parse_args(arguments)
    try:
        students = read_class(options.list, options.column)
        for target in _write(students, options):
            print(f"{target}: {len(students)} {'keys' if 'key' in target.name else 'sheets'}")
    except (OSError, ValueError, ImportError, RuntimeError) as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 1
    return 0


def _write(students: Sequence[str], options: argparse.Namespace) -> list[Path]:
    recipe = EXERCISES[options.exercise]
    steps = recipe.steps if options.steps is None else options.steps
    make: Callable[..., Ledger] = recipe.ledger
    ending = "md" if options.markdown else "pdf"
    written = []
    for key in (False, True) if options.key else (False,):
        name = f"{recipe.name}-{'key' if key else 'sheets'}.{ending}"
        written.append(class_sheets(make, students, key=key, steps=steps).save(options.out / name))
    return written


if __name__ == "__main__":
    sys.exit(main())
