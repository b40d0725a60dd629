"""The widgets of a prediction: one field, one button, and a line that says what came of it."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from .glass import Glass
from .naming import NAMED, names
from .words import WORDS

if TYPE_CHECKING:
    from .question import Prediction

AUTO = {"description_width": "auto"}


class Asking:
    """Everything is a native field with a label, so Tab, arrows, Enter and a screen reader work."""

    def __init__(self, prediction: Prediction) -> None:
        self.prediction = prediction
        self.commit = widgets.Button(description=WORDS["predict.commit"], button_style="primary")
        self.again = widgets.Button(description=WORDS["predict.again"])
        self.commit.on_click(self._commit)
        self.again.on_click(lambda _: prediction.forget())
        self.status = widgets.HTML()
        self.reveals: list[Any] = []
        self.fields = self._fields()
        self.image: Any = None
        question = widgets.HTML(f"<strong>{html.escape(prediction.question)}</strong>")
        buttons = widgets.HBox([*self.fields, self.commit, self.again], layout=widgets.Layout(flex_flow="row wrap"))
        self.box = widgets.VBox([question, *self._picture(), buttons, self.status])
        self.box.add_class(NAMED).add_class("downslope-predict")
        self.refresh()

    def _fields(self) -> list[Any]:
        if self.prediction.choices is not None:
            label, choices = WORDS["predict.choice"], self.prediction.choices
            return [widgets.RadioButtons(options=choices, value=None, description=label, style=AUTO)]
        labels = [WORDS["predict.number"]] if self.prediction.on is None else [self._axis(0), self._axis(1)]
        hint = WORDS["predict.hint"]
        layout = widgets.Layout(width="auto", max_width="20em")
        return [widgets.Text(description=label, placeholder=hint, style=AUTO, layout=layout) for label in labels]

    def _axis(self, which: int) -> str:
        figure = self.prediction.on
        if figure is None:
            return ""
        axes = figure.axes[0]
        return (axes.get_xlabel() if which == 0 else axes.get_ylabel()) or "xy"[which]

    def _picture(self) -> list[Any]:
        if self.prediction.on is None:
            return []
        width = self.prediction.on.css_size[0]
        self.image = widgets.Image(value=b"", format="png", width=str(width))
        self.glass = Glass(self.image, width, self._clicked)
        return [self.glass.box, names(self.prediction.on.alt)]

    def _clicked(self, x: float, y: float) -> None:
        stage = self.prediction.stage()
        for field, value in zip(self.fields, stage.to_data(x, y), strict=True):
            field.value = f"{value:.4g}"
        self._commit(None)

    def _commit(self, _: Any) -> None:
        values = [field.value for field in self.fields]
        if any(value in (None, "") for value in values):
            self._say(WORDS["predict.missing"], "alert")
            return
        try:
            self.prediction.answer(values[0] if len(values) == 1 else tuple(values))
        except ValueError as error:
            self._say(str(error), "alert")

    def refresh(self) -> None:
        """Show the state of the prediction."""
        prediction = self.prediction
        self.commit.layout.display = "none" if prediction.answered else ""
        self.again.layout.display = "" if prediction.answered else "none"
        for field in self.fields:
            field.disabled = prediction.answered
        self._fill()
        if self.image is not None:
            self.image.value = prediction.stage().sharp(prediction.shown())
        self._say(prediction.gap if prediction.answered else "")
        for line in self.reveals:
            line.value = sentence(prediction.gap)

    def _fill(self) -> None:
        given = self.prediction.given
        if self.prediction.choices is not None:
            self.fields[0].value = given
        else:
            parts = ("",) * len(self.fields) if given is None else given if isinstance(given, tuple) else (given,)
            for field, part in zip(self.fields, parts, strict=True):
                field.value = part if isinstance(part, str) else f"{part:.6g}"

    def _say(self, text: str, role: str = "status") -> None:
        self.status.value = sentence(text, role)

    def reveal(self) -> Any:
        """One more line that says the truth, for the cell that reveals it."""
        line = widgets.HTML(sentence(self.prediction.gap))
        self.reveals.append(line)
        return line


def sentence(text: str, role: str = "status") -> str:
    return f'<div role="{role}">{html.escape(text)}</div>' if text else ""
