"""Execute lessons and solutions and store them in normal form, so that a diff shows what changed and nothing else.

    python tools/notebooks.py            every lesson and every set
    python tools/notebooks.py 09 12      those whose names start so
    python tools/notebooks.py ps3        the source of a problem set, solutions/ps3
    python tools/notebooks.py --form 09  normal form only, nothing is executed

Normal form: nbformat 4.5; cell ids made from the cell's text; counts 1, 2, 3, …; only the metadata that means something
(tags, slides, alt text, nbgrader); streams joined; no widget state and no model ids (a stored live figure is its
default picture).
"""

import argparse
import copy
import hashlib
import os
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = ROOT / "notebooks"
SOLUTIONS = ROOT / "solutions"
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
LANGUAGE = {
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "nbconvert_exporter": "python",
    "pygments_lexer": "ipython3",
}
NOTEBOOK_KEYS = ("downslope",)
CELL_KEYS = ("deletable", "editable", "mystnb", "nbgrader", "slideshow", "tags")
SAME_SLIDE = {"slide_type": "-"}
"""The cell joins the slide before it, as does one without a type; jupyterlab-slideshow shows only the latter."""
EXEMPT = "nbval-ignore-output"
WIDGET = "application/vnd.jupyter.widget-view+json"


def normal_form(notebook: NotebookNode) -> NotebookNode:
    """A copy of `notebook` in normal form."""
    notebook = copy.deepcopy(notebook)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    kept = {key: notebook.metadata[key] for key in NOTEBOOK_KEYS if key in notebook.metadata}
    notebook.metadata = nbformat.from_dict({**kept, "kernelspec": KERNEL, "language_info": LANGUAGE})
    count = 0
    taken: set[str] = set()
    for cell in notebook.cells:
        cell.source = cell.source.rstrip()
        cell.id = cell_id(cell, taken)
        cell.metadata = nbformat.from_dict({key: cell.metadata[key] for key in CELL_KEYS if key in cell.metadata})
        if cell.metadata.get("slideshow") == SAME_SLIDE:
            del cell.metadata["slideshow"]
        cell.pop("attachments", None)
        if cell.cell_type == "code":
            count += 1
            normalise_outputs(cell, count)
    return notebook


def cell_id(cell: NotebookNode, taken: set[str]) -> str:
    """An id made from the cell's text: the same text keeps its id wherever it moves."""
    digest = hashlib.sha256(cell.source.encode()).hexdigest()[:8]
    name, number = f"{cell.cell_type}-{digest}", 2
    while name in taken:
        name, number = f"{cell.cell_type}-{digest}-{number}", number + 1
    taken.add(name)
    return name


def normalise_outputs(cell: NotebookNode, count: int) -> None:
    """Join the streams, count, drop model ids, and put the figure's alt text where the web edition reads it."""
    if cell.execution_count is not None:
        cell.execution_count = count
    outputs: list[NotebookNode] = []
    for output in cell.outputs:
        joins = outputs and output.output_type == "stream" and outputs[-1].get("name") == output.name
        if joins:
            outputs[-1].text += output.text
            continue
        if WIDGET in output.get("data", {}):
            if EXEMPT in cell.metadata.get("tags", []):
                continue  # a progress bar: its stored fallback would say 0 % for ever
            output.data.pop(WIDGET)
            if not output.data:
                continue  # what it stands in for is an output of its own
        if output.output_type == "execute_result":
            output.execution_count = count
        alt = output.get("metadata", {}).get("image/png", {}).get("alt")
        if alt:
            cell.metadata["mystnb"] = nbformat.from_dict({"image": {"alt": alt}})
        outputs.append(output)
    cell.outputs = outputs


def execute(notebook: NotebookNode, directory: Path) -> NotebookNode:
    """Run every cell in a new kernel, from the top, with one BLAS thread: quicker while something else is running."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    client = NotebookClient(
        notebook,
        timeout=300,
        kernel_name="python3",
        resources={"metadata": {"path": str(directory)}},
        store_widget_state=False,
        record_timing=False,
    )
    client.execute()
    return notebook


def write(path: Path, notebook: NotebookNode) -> None:
    nbformat.validate(notebook)
    path.write_text(nbformat.writes(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="the beginnings of file names; all lessons when left out")
    parser.add_argument("--form", action="store_true", help="normal form only; nothing is executed")
    options = parser.parse_args()
    every = [*sorted(NOTEBOOKS.glob("*.ipynb")), *sorted(SOLUTIONS.glob("*/*.ipynb"))]
    paths = [path for path in every if path.name.startswith(tuple(options.names or [""]))]
    if not paths:
        sys.exit(f"no notebook in notebooks/ or solutions/ starts with {' or '.join(options.names)}")
    for path in paths:
        print(path.name, flush=True)
        notebook = nbformat.read(path, as_version=4)
        if not options.form:
            notebook = execute(notebook, path.parent)
        write(path, normal_form(notebook))


if __name__ == "__main__":
    main()
