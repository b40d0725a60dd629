"""`Glass`: a picture that can be clicked, out of ipywidgets' own parts and one line of JavaScript."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets as widgets

HERE = "1 / 1 / 2 / 2"


class Glass:
    """A picture under an invisible pane. A click writes its place into a hidden text field, which the kernel sees.

    clicked  called with x and y, as parts of the picture's width and height from its top left corner

    Where a page forbids such scripts a click does nothing; whoever uses a Glass offers number fields as well.
    """

    def __init__(self, image: Any, width: int, clicked: Callable[[float, float], None]) -> None:
        self.clicked = clicked
        self.place = widgets.Text(layout=widgets.Layout(display="none"))
        name = f"downslope-click-{self.place.model_id}"
        self.place.add_class(name)
        self.place.observe(self._placed, "value")
        pane = widgets.HTML(value=pane_html(name), layout=widgets.Layout(grid_area=HERE, margin="0"))
        pane.add_class("downslope-glass")
        image.layout.grid_area = HERE
        layout = widgets.Layout(display="grid", width=f"{width}px", max_width="100%")
        self.box = widgets.Box([image, pane, self.place], layout=layout)

    def _placed(self, change: Mapping[str, Any]) -> None:
        try:
            x, y = (float(part) for part in change["new"].split()[:2])
        except ValueError:
            return
        self.clicked(x, y)


def pane_html(name: str) -> str:
    """The pane: it reports where it is clicked, and when, so that a second click on one place counts too."""
    report = (
        "var r=this.getBoundingClientRect(),i=document.querySelector('." + name + " input');"
        "i.value=[(event.clientX-r.left)/r.width,(event.clientY-r.top)/r.height,Date.now()].join(' ');"
        "i.dispatchEvent(new Event('input',{bubbles:true}))"
    )
    style = ".downslope-glass,.downslope-glass>.widget-html-content{height:100%;width:100%;align-self:stretch}"
    return f'<style>{style}</style><div style="width:100%;height:100%;cursor:crosshair" onclick="{report}"></div>'
