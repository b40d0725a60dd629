"""The widgets of a live figure."""

from __future__ import annotations

import asyncio
import html
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from .controls import Choice, Control, Slider, Switch
from .glass import Glass
from .motion import SETTLE, Follower, explain
from .naming import NAMED, names
from .words import WORDS

if TYPE_CHECKING:
    from .motion import Live


class Panel:
    """Sliders above, the picture, and the sentence under it.

    A slider comes with a number box, which takes arrow keys and typed numbers, and shows the value.
    """

    def __init__(self, live: Live) -> None:
        self.live = live
        self.follower = Follower(self._draw)
        self.inputs: dict[str, list[Any]] = {}
        self._quiet = False
        self._settling: Any = None
        width, _ = live.figure.css_size
        self.image = widgets.Image(
            value=live.sharp(), format="png", width=str(width),
            layout=widgets.Layout(max_width="100%", object_fit="contain"),
        )  # fmt: skip
        self.caption = widgets.HTML(value=caption(live.alt), layout=widgets.Layout(max_width=f"{width}px"))
        self._style = {
            "description_width": f"{0.62 * max((len(c.label or n) for n, c in live.controls.items()), default=0):.1f}em"
        }
        rows = [self._row(name, c) for name, c in live.controls.items()]
        picture = self.image if live.click is None else Glass(self.image, width, self._clicked).box
        self.box = widgets.VBox([*self._asking(), *rows, picture, self.caption, names(WORDS["live.picture"])])
        self.box.add_class(NAMED).add_class("downslope-live")

    # One row for each control -----------------------------------------------------------------------------------------

    def _row(self, name: str, c: Control) -> Any:
        label = c.label or name
        if isinstance(c, Choice):
            inputs = [self._buttons(c, label)]
        elif isinstance(c, Switch):
            inputs = [widgets.Checkbox(value=c.value, description=label, indent=False)]
        else:
            inputs = [self._number_box(c, label), _slider(c, label), *_player(c)]
        for part in inputs:
            part.observe(lambda change, part=part: self._moved(name, part, change["new"]), "value")
        self.inputs[name] = inputs
        return widgets.HBox(inputs)

    def _buttons(self, c: Choice, label: str) -> Any:
        """A button for each name: Tab and Space reach them all. (JupyterLab takes a drop-down's arrow keys away.)"""
        style = {**self._style, "button_width": "auto"}
        return widgets.ToggleButtons(options=list(c.options), value=c.value, description=label, style=style)

    def _number_box(self, c: Slider, label: str) -> Any:
        common = {"value": c.value, "min": c.low, "max": c.high, "description": label, "style": self._style}
        layout = widgets.Layout(width=f"calc({self._style['description_width']} + 7em)")
        if c.whole:
            return widgets.BoundedIntText(step=c.step, layout=layout, **common)
        return widgets.BoundedFloatText(step=None if c.log else c.step, layout=layout, **common)

    def _asking(self) -> list[Any]:
        if self.live.ask is None:
            return []
        question = self.live.ask
        if not question.answered:
            self._enable(False)
            question.when_answered(lambda: self._enable(True))
        return [question.widget]

    def _enable(self, on: bool) -> None:
        for inputs in self.inputs.values():
            for part in inputs:
                part.disabled = not on

    # Moving -----------------------------------------------------------------------------------------------------------

    def _moved(self, name: str, part: Any, value: Any) -> None:
        """An input has moved; but if only the step to which the handle snaps differs, nobody moved it."""
        c = self.live.controls[name]
        if isinstance(c, Slider) and part is self.inputs[name][1]:
            if c.near(value, self.follower.waiting.get(name, self.live.values[name])):
                return
            value = c.tidy(value)
        if not self._quiet:
            self.follower.moved(name, value)

    def _draw(self, moved: dict[str, Any]) -> None:
        live = self.live
        try:
            live._go({name: live._checked(name, value) for name, value in moved.items()})
            frame = live.frame()
        except Exception as error:
            self.caption.value = explain(error)
            return
        self.image.value = frame
        self.follow(moved)
        self._settle()

    def show(self) -> None:
        """The figure at rest: the sharp picture, and the sentence."""
        self.image.value = self.live.sharp()
        self.caption.value = caption(self.live.alt)

    def follow(self, values: Mapping[str, Any]) -> None:
        """Let every input of a value say the same, without drawing again."""
        self._quiet = True
        try:
            for name, value in values.items():
                c = self.live.controls[name]
                for part in self.inputs[name]:
                    if not (isinstance(c, Slider) and part is self.inputs[name][1] and c.near(part.value, value)):
                        part.value = value
        finally:
            self._quiet = False

    def _settle(self) -> None:
        """Show the figure at rest once the hand rests."""
        if self._settling is not None:
            self._settling.cancel()
        try:
            self._settling = asyncio.get_running_loop().call_later(SETTLE, self.show)
        except RuntimeError:
            self.show()

    def _clicked(self, x: float, y: float) -> None:
        try:
            self.live.clicked(x, y)
        except Exception as error:
            self.caption.value = explain(error)


def _slider(c: Slider, label: str) -> Any:
    common = {"value": c.value, "readout": False, "layout": widgets.Layout(width="22em"), "tooltip": label}
    if c.log:
        return widgets.FloatLogSlider(min=math.log10(c.low), max=math.log10(c.high), step=c.step, **common)
    kind = widgets.IntSlider if c.whole else widgets.FloatSlider
    return kind(min=c.low, max=c.high, step=c.step, **common)


def caption(alt: str) -> str:
    """The sentence under a figure; a screen reader says it when it changes."""
    return f'<div role="status" style="line-height:1.4">{html.escape(alt)}</div>'


def _player(c: Slider) -> list[Any]:
    """Buttons that let a slider run by itself, if it has them."""
    if not c.play:
        return []
    player = widgets.Play(value=c.value, min=c.low, max=c.high, step=c.step, interval=120, show_repeat=False)
    return [player]
