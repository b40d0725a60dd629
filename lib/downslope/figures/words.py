"""Every word that a figure shows or says, in one place, so that a translation is one dictionary of whole sentences.

Curly brackets hold values; a translation keeps them and may move them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

WORDS: dict[str, str] = {
    "alt.summary": "This figure in words",
    "and": "{first} and {last}",
    "list": ", ",
    "then": "; ",
    # losses
    "losses.step": "step",
    "losses.loss": "loss on the batch",
    "losses.start": "The loss on each batch over {steps} steps, smoothed with β = {beta}.",
    "losses.start.raw": "The loss on each batch over {steps} steps.",
    "losses.curve": "{name} goes from {first} to {last}",
    "losses.at": "At step {step}: {values}.",
    "losses.value": "{name} {value}",
    # series
    "series.start": "{y} over {x}, from {first} to {last}.",
    "series.curve": "{name} goes from {first} to {last}",
    "series.low": "{name} goes from {first} to {last}, lowest {low} at {x} {where}",
    "series.high": "{name} goes from {first} to {last}, highest {high} at {x} {where}",
    "series.flat": "{name} stays at {first}",
    "series.x": "step",
    # digits
    "digits.start": "{n} handwritten digits in rows: {labels}.",
    "digits.plain": "{n} handwritten digits in rows.",
    "digits.wrong": "{wrong} of {n} are read wrongly: {list}.",
    "digits.right": "All are read correctly.",
    "digits.mistake": "{label} read as {guess}",
    # contour
    "contour.start": "Contours of {name} for {x} from {left} to {right} and {y} from {bottom} to {top}.",
    "contour.minimum": "The minimum is at {place}.",
    "contour.minima": "The minima are at {places}.",
    "contour.path": "The path",
    "contour.goes": "{name} goes in {steps} steps from {start}, height {high}, to {end}, height {low}.",
    "contour.lost": "{name} starts at {start}, height {high}, and leaves the picture at step {step}.",
    # live
    "live.summary": "This figure, as it is at first, in words",
    "live.at": "The figure at {values}.",
    "live.on": "on",
    "live.off": "off",
    "live.picture": "What this figure shows is said under it.",
    "live.play": "play",
    "live.pause": "pause",
    "live.stop": "back to the start",
    "live.error": "The figure could not follow:",
    # predict
    "predict.question": "Predict: {question}",
    "predict.choices": "({choices})",
    "predict.number": "Your prediction",
    "predict.choice": "Your prediction",
    "predict.hint": "a number, such as 0.5 or 1/2",
    "predict.commit": "Commit",
    "predict.again": "Predict again",
    "predict.missing": "Commit to a prediction first: a rough one is enough.",
    "predict.unit": "{number} {unit}",
    "predict.kept": "You predicted {given}. It stands; read on.",
    "predict.truth": "It is {truth}.",
    "predict.exact": "You predicted {given}, and that is what it is.",
    "predict.right": "You predicted {given}, and that is what it is.",
    "predict.other": "You predicted {given}. It is {truth}.",
    "predict.away": "You predicted {given}. It is {truth}, at a distance of {distance}.",
    "predict.high": "You predicted {given}. It is {truth}: you were {gap} too high.",
    "predict.low": "You predicted {given}. It is {truth}: you were {gap} too low.",
    "predict.high.factor": "You predicted {given}. It is {truth}: you were {gap} too high, by a factor of {factor}.",
    "predict.low.factor": "You predicted {given}. It is {truth}: you were {gap} too low, by a factor of {factor}.",
    # weights of an average
    "weights.lag": "lag k (steps ago)",
    "weights.weight": "weight (1 − β)βᵏ",
    "weights.beta": "β = {beta}",
    "weights.share": "the last {last} hold {share}",
    "weights.start": "Weights of an exponentially weighted average at lags 0 to {n}.",
    "weights.told": "With β = {beta} the newest weighs {first}, and what is {last} steps old {lagged}, which is "
    "{ratio} of that; the last {last} hold {share} of the weight.",
    # graphs
    "gates.inputs": "A computation graph with the inputs {inputs}.",
    "gates.gradients": "Gradients of {name}: {gradients}.",
    "gates.none": "Its gradients are not known before backward has run.",
    "gates.array": "array {shape}",
    "network.start": "A network of {n} layers.",
    "network.wire": "{name} from {start} to {end} = {value}",
    "network.gradient": "{text}, gradient {gradient}",
    # curves
    "steps.h": "step h",
    "steps.error": "relative error of the derivative",
    "steps.rounding": "← rounding",
    "steps.truncation": "truncation →",
    "steps.start": "The error of a numerical derivative against the step h, in {dtype}, on logarithmic axes: rounding "
    "on the left, truncation on the right.",
    "steps.complex": "{name} differences have no rounding side: their error falls to about {error} and stays there",
    "steps.exact": "{name} differences show no truncation up to h = {h}, so that no h is best: their error, about "
    "{error} at h = {h}, is rounding alone",
    "steps.best": "{name} differences are best, with an error of about {error}, near h = {h}",
    # convergence map
    "convergence.lr": "learning rate × largest curvature, ηλ",
    "convergence.momentum": "momentum γ",
    "convergence.title": "Factor by which the error shrinks per step, condition number {kappa}",
    "convergence.diverges": "diverges",
    "convergence.best": "best: {rate}",
    "convergence.start": "The rate of momentum on a quadratic with condition number {kappa}, for each learning rate "
    "(times the largest curvature) from 0 to 4 and each momentum from 0 to 1. It converges left of the line ηλ = 2(1 "
    "+ γ), which is 2 without momentum. Best is ηλ = {lr} with γ = {momentum}: the error shrinks to {rate} of itself "
    "in each step; without momentum the best is {plain}.",
    # race
    "race.panel": "{name}: {height}",
    "race.start": "The race on {name} from {start}, height {high}, {steps} steps, a panel for each optimizer.",
    "race.end": "{name} ends at height {height}",
    "race.lost": "{name} leaves the picture at step {step}",
    # live figures: labels of sliders
    "live.lr": "learning rate η",
    "live.lr.times": "learning rate × curvature ηλ",
    "live.momentum": "momentum γ",
    "live.convention": "convention",
    "live.friction": "friction 1 − γ",
    "live.step": "step",
    "live.steps": "steps",
    "live.times": "all learning rates ×",
    "live.surface": "surface",
    "live.beta": "β",
    "live.correct": "bias correction",
    "live.h": "step h",
    "live.method": "method",
    "live.dtype": "dtype",
    "live.optimizer": "optimizer",
    # live figures: what they show
    "live.ravine": "Learning rate {lr}, momentum {momentum}, convention '{convention}'.",
    "live.map.left": "Click: ηλ and γ",
    "live.map.right": "The path they take",
    "live.map.path": "The path",
    "live.map.converges": "With ηλ = {lr} and γ = {momentum} the error shrinks to {rate} of itself in each step.",
    "live.map.diverges": "With ηλ = {lr} and γ = {momentum} the error does not shrink: its rate is {rate}.",
    "live.ball": "A ball in a bowl with learning rate {lr} and friction {friction}: at step {step} it is at x = {x}. "
    "In {steps} steps it passes the bottom {crossings} times and ends {last} from it.",
    "live.adam.title": "Adam (dashed: with all its parts)",
    "live.adam.momentum": "momentum",
    "live.adam.scaling": "scaling by the root of v",
    "live.adam.correction": "bias correction",
    "live.adam.whole": "Adam",
    "live.adam.off": "Adam without {parts}",
    "live.adam.first": "The first step is {first} long, {times} times the learning rate.",
    "live.nesterov.look-ahead": "look-ahead: θ",
    "live.nesterov.shifted": "shifted: w = θ + μv",
    "live.nesterov": "Nesterov with learning rate {lr} and momentum {momentum}. After 5 steps the look-ahead form "
    "stands at θ = {theta}, the shifted form at w = {shifted}, which is θ + μv.",
    "live.race": "The race on {name}, with {times} times the usual learning rates.",
    "live.averages.day": "day",
    "live.averages.temperature": "highest temperature of the day, °C",
    "live.averages.note": "β = {beta}: about {window} days",
    "live.averages.on": "The corrected average of {days} daily temperatures with β = {beta}, about the last {window} "
    "days: {first} °C on the first day, {fifth} on the fifth, {last} on the last. From day to day it changes by "
    "{rough} °C, the temperature itself by {raw}.",
    "live.averages.off": "The average of {days} daily temperatures with β = {beta}, about the last {window} days, not "
    "corrected, so that it starts near 0: {first} °C on the first day, {fifth} on the fifth, {last} on the last. From "
    "day to day it changes by {rough} °C, the temperature itself by {raw}.",
    "live.steps.alt": "The derivative of eˣ at 1 by {method} differences in {dtype}: with h near {h} its relative "
    "error is near {error}.",
    "live.network.weights": "Weights into 16 hidden units",
    "live.network.accuracy": "{accuracy} of test digits",
    "live.network": "A 784-16-10 network trained with {optimizer} at learning rate {lr}: after {step} steps its loss "
    "is about {loss}, and it reads {accuracy} of 500 test digits.",
    # the map of lessons
    "course.start": "The lessons and what each needs.",
    "course.needs": "{number} {title}, {minutes} minutes, needs {needs}",
    "course.first": "{number} {title}, {minutes} minutes",
    "course.minutes": "{minutes} min",
    "course.after": ", after {needs}",
    # a network in layers
    "layers.start": "A network of layers of {sizes} units, drawn from left to right.",
    "layers.values": "The units {names} hold {numbers}.",
    "layers.signals": "The error signals below {names} are {numbers}.",
    "layers.weights": "The wires from {name} carry {numbers}.",
    "layers.focus": "The wires that leave {name} are drawn strongly.",
    # equations of matrices
    "equation.matrix": "{name}, {rows} by {columns}, is {numbers}.",
    "equation.row": "; ",
    "equation.start": "The equation {equation} with its numbers, rows separated by semicolons.",
    "equation.mark": (
        "Outlined: row {i} of {left}, column {j} of {right}, and the number in row {i} and column {j} of {result}."
    ),
    "equation.entry": "Outlined: the number in row {i} and column {j} of {names}.",
    # what lets a signal through
    "activations.z": "z",
    "activations.function": "f(z)",
    "activations.derivative": "its derivative f′(z)",
    "activations.start": "Activations on the left and their derivatives on the right, for z from {first} to {last}.",
    "activations.curve": "{name} goes from {low} to {high}, and its derivative lies between {least} and {most}",
    "through.layer": "layer",
    "through.start": "{y} over the layers from {first} to {last}.",
    "through.panel": "{panel}: {curves}.",
    "through.curve": "{name} goes from {first} to {last}",
    "stems.start": "{y} over {x}, from {first} to {last}, as one vertical line each.",
    "stems.panel": "{name}: the largest is {largest} at {where}; {small} of {n} are smaller than {level} in size",
    # words as points
    "map.start": "Vectors of {n} words as points in the plane, drawn to one scale.",
    "map.panel": "{title}: nine words in ten lie within {reach} of the origin.",
    "map.word": "{word} at {place}",
    "map.group": "The {n} words of '{group}' have their middle at {place}",
    "map.named": "{title}: {words}.",
    "moves.start": "Words as points, across: {x}, up: {y}. An arrow leads to where training took the word.",
    "moves.goes": "{word} goes from {first} to {last}",
    "moves.stays": "{word} stays at {first}",
    "moves.line": "The line '{name}' crosses the height 0 at {where}",
    "place": "({x}, {y})",
    # what an optimizer remembers of past gradients
    "memory.step": "step t",
    "memory.length": "length of the step ÷ η",
    "memory.gradient": "gradient",
    "memory.after": "gradient after step {change}",
    "memory.rho": "ρ of RMSprop",
    "memory.start": "The gradient is 1 for {change} steps and {after} from then on; ρ is {rho}. Steps are told as "
    "multiples of η.",
    "memory.told": "{name}: {first} at step 1, {before} at step {change}, {next} at step {next_step}, {last} at step "
    "{steps}.",
    "memory.back": "RMSprop comes back to within a tenth of 1, to stay, at step {step}.",
    "memory.away": "RMSprop has not come back to within a tenth of 1 by step {steps}.",
    # contests of all optimizers
    "every.never": "–",
    "every.start": "A small picture for each of {optimizers} optimizers on each of {surfaces} surfaces, with the "
    "number of steps to the finish.",
    "every.row": "{surface}: {arrived}",
    "every.arrived": "{name} {steps}",
    "every.none": "none arrives",
    "every.not": "{arrived}; not in time: {names}",
    "ranges.start": "{x}, from where to where, as one bar each, with a dot at the chosen value.",
    "ranges.bar": "{name}: from {low} to {high}, dot at {dot}",
    "ranges.mark": "{bar}, {mark} at {at}",
    # daily temperatures
    "daily.points": "Points: the highest temperature of each of {days} days, from {low} to {high} °C.",
    "daily.lines": "Lines: averages of them.",
    "daily.curve": "{name} is at {first} on day 1, at {middle} on day {half} and at {last} on day {days}",
    # directions of descent
    "directions.down": "against the gradient",
    "directions.minimum": "to the minimum",
    "directions.contour": "the contour's tangent",
    "directions.alt": "From {place} three directions: the tangent of the contour through that point, the way against "
    "the gradient at a right angle to it, and the way to the minimum, {angle} degrees away from the one against the "
    "gradient.",
    # one step of Nesterov
    "onestep.title": "One step, from the same place with the same velocity",
    "onestep.here": "θ",
    "onestep.ahead": "θ + μv",
    "onestep.decided": "μv",
    "onestep.velocity": "v",
    "onestep.momentum": "Momentum",
    "onestep.nesterov": "Nesterov",
    "onestep.start": "The weights stand at θ = {theta} with the velocity v = {v}.",
    "onestep.alt": "With μ = {momentum} the velocity leads to θ + μv = {ahead}. From there momentum goes on by the "
    "slope at θ and lands at {heavy}; a thin arrow shows the same piece at θ, where its slope was asked. Nesterov goes "
    "on by the slope at θ + μv and lands at {nesterov}.",
    # schedules
    "rates.step": "step t",
    "rates.lr": "learning rate η",
    "rates.start": "Learning rates over {steps} steps, a panel for each schedule.",
    "rates.constant": "{name} stays at {first}",
    "rates.falls": "{name} falls from {first} to {last}, and is half as large as at first from step {half} on",
    "rates.swings": "{name} goes from {first} to {last}, highest {high} at step {where}, with {peaks} in all",
    "rates.peak": "one peak",
    "rates.peaks": "{n} peaks",
    # roots in the complex plane
    "roots.real": "real part of z",
    "roots.imaginary": "imaginary part of z",
    "roots.title": "roots for γ = {momentum}, labelled with ηλ",
    "roots.unit": "|z| = 1",
    "roots.circle": "|z| = √γ = {radius}",
    "roots.start": (
        "The two roots z for γ = {momentum} as ηλ grows. They start at {momentum} and 1, meet at {radius} when ηλ is "
        "{first}, run round the circle of radius {radius}, meet again at −{radius} when ηλ is {second}, and one of "
        "them leaves the unit circle at −1 when ηλ is {last}."
    ),
    "roots.marks": "Marked are ηλ = {marks}.",
    # results over learning rates
    "tuned.lr": "learning rate η",
    "tuned.start": "{y} for {n} learning rates from {first} to {last}, the mean of the runs with its interval.",
    "tuned.curve": "{name} is best at {best} with {low} ± {half} and has {at_first} at {first} and {at_last} at {last}",
}


def say(key: str, **values: object) -> str:
    """The sentence called `key` with its values filled in."""
    return WORDS[key].format(**values)


def translate(words: Mapping[str, str]) -> None:
    """Use other words from now on; a key that does not exist is an error, a missing one stays English."""
    unknown = sorted(set(words) - set(WORDS))
    if unknown:
        raise ValueError(f"words holds keys that no figure uses: {', '.join(unknown)}")
    WORDS.update(words)


def number(value: object, digits: int = 3) -> str:
    """A number as it is said: three significant digits, a real minus sign, thousands with commas.

    >>> number(0.37949), number(-2.0), number(12345), number(1e-7)
    ('0.379', '−2', '12,345', '1e−07')
    """
    real = float(value)  # type: ignore[arg-type]
    if abs(real) < 1e6 and real == int(real):
        text = f"{int(real):,}"
    else:
        text = f"{real:.{digits}g}"
        if "e" not in text and abs(real) >= 10**digits:
            text = f"{round(real):,}"
        elif "e+" in text and abs(real) < 1e7:
            text = f"{float(text):,.0f}"
    return text.replace("-", "−")


def percent(share: float) -> str:
    """A part of a whole.

    >>> percent(0.6513)
    '65.1 %'
    """
    return f"{100 * share:.1f} %"


def power_of_ten(value: float) -> str:
    """The nearest power of ten.

    >>> power_of_ten(3.2e-9), power_of_ten(0.7)
    ('10⁻⁸', '1')
    """
    exponent = round(math.log10(value))
    return "1" if exponent == 0 else "10" + str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def listing(parts: Iterable[str]) -> str:
    """Items with commas and an 'and' before the last.

    >>> listing(["a", "b", "c"])
    'a, b and c'
    """
    items = list(parts)
    if len(items) < 2:
        return "".join(items)
    return say("and", first=WORDS["list"].join(items[:-1]), last=items[-1])


def clauses(parts: Iterable[str]) -> str:
    """Clauses as one sentence: first letter as it is, semicolons between, a full stop at the end."""
    text = WORDS["then"].join(parts)
    return text + "." if text and not text.endswith(".") else text
