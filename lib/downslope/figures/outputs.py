"""What a cell shows and a notebook stores: one or more outputs, each a dict of forms from which a page picks one.

A widget is there only while its kernel runs: in a notebook that is opened again JupyterLab puts an error in its place,
whatever else the same output carries. So what is to be read then comes first, in outputs of its own, and the widget
hides these as long as it lives.
"""

from __future__ import annotations

import base64
import html
from typing import Any

from .words import WORDS

VIEW = "application/vnd.jupyter.widget-view+json"
Output = tuple[dict[str, Any], dict[str, Any]]
"""Data by form, and metadata by form."""


class Shown:
    """Something that shows itself as the last line of a cell: what stays in the notebook, then its widget, if any."""

    def stored(self) -> list[Output]:
        """What stays: the same whatever the reader did."""
        raise NotImplementedError

    @property
    def widget(self) -> Any:
        """The widget, or None."""
        return None

    def outputs(self) -> list[Output]:
        """Everything that the cell shows."""
        stored, widget = self.stored(), self.widget
        return stored if widget is None else [*stored, stand_in(widget, len(stored))]

    def _ipython_display_(self) -> None:
        from IPython.display import display

        for data, metadata in self.outputs():
            display(data, metadata=metadata, raw=True)  # type: ignore[no-untyped-call]


def picture(png: bytes, alt: str, css_size: tuple[int, int], smallest_text: float) -> Output:
    """A picture of fixed size (CSS pixels) with its alternative, as text and as its metadata.

    smallest_text  the height of its smallest letters (em) in CSS pixels: who shows the picture larger or smaller can
                   tell whether it can be read
    """
    width, height = css_size
    data = {"image/png": base64.b64encode(png).decode("ascii"), "text/plain": alt}
    return data, {"image/png": {"alt": alt, "height": height, "smallest_text": smallest_text, "width": width}}


def in_words(alt: str, summary: str = "") -> Output:
    """The alternative, folded away under a line of its own.

    JupyterLab and nbconvert's default page drop the alternative of a stored picture (JupyterLab 4.6 reads only its
    width and height), so it also stands in the page itself.
    """
    title = html.escape(summary or WORDS["alt.summary"])
    return {"text/html": f"<details><summary><small>{title}</small></summary>{html.escape(alt)}</details>"}, {}


def text(plain: str, page: str) -> Output:
    """A text, plain and for a page."""
    return {"text/plain": plain, "text/html": page}, {}


def stand_in(widget: Any, count: int) -> Output:
    """A widget that hides the `count` outputs before it. The rule that does so is a part of it, and goes with it."""
    import ipywidgets as widgets

    name, child = f"downslope-stands-in-for-{count}", ".jp-OutputArea-child"
    hidden = ", ".join(f"{child}:has({f'+ {child} ' * k}.{name})" for k in range(1, count + 1))
    rule = widgets.HTML(f"<style>{hidden} {{ display: none; }}</style>", layout=widgets.Layout(display="none"))
    box = widgets.VBox([rule, widget])
    box.add_class(name)
    return {VIEW: {"version_major": 2, "version_minor": 0, "model_id": box.model_id}}, {}
