"""Names for the parts of a widget that ipywidgets leaves without one, so that a screen reader can say what they are."""

from __future__ import annotations

import html
from typing import Any

import ipywidgets as widgets

from .words import WORDS

NAMED = "downslope-named"
ICONS = {"play": r"\f04b", "pause": r"\f04c", "stop": r"\f04d"}
SCRIPT = f"""
const box = this.closest('.{NAMED}');
for (const picture of box.querySelectorAll('img.widget-image'))
    if (picture.closest('.{NAMED}') === box) picture.alt = this.dataset.alt;
for (const handle of box.querySelectorAll('.noUi-handle'))
    handle.setAttribute('aria-label', handle.closest('.widget-hbox').querySelector('label').textContent);
"""


def names(alt: str) -> Any:
    """An invisible part of a box of the class NAMED: it names the box's pictures, sliders and icons.

    A slider is called as the first label in its row; an icon gets its word in the style sheet.
    """
    style = "".join(
        f'.{NAMED} .fa-{name}::before {{ content: "{icon}" / "{WORDS[f"live.{name}"]}"; }}'
        for name, icon in ICONS.items()
    )
    value = f'<style data-alt="{html.escape(alt)}" onload="{SCRIPT}">{style}</style>'
    return widgets.HTML(value, layout=widgets.Layout(display="none"))
