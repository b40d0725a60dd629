"""Worked examples by hand: exact ledgers, a variant for each learner, and a judge that follows the method.

A `Ledger` holds ordered lines, each one formula of the lines before it, evaluated on fractions. From that one formula
come its value, the line as symbol = formula = numbers = value, the printed sheet and key, and the judge.

>>> from downslope.byhand import momentum_homework
>>> ledger = momentum_homework(epochs=2)
>>> ledger["w1", 2]
Fraction(191, 128)
>>> ledger.judge({("net1", 1): "0.5", ("h", 1): "1"}).first_fault.mistake
'slope'

A new exercise
--------------
is a `Recipe`: lines with their formulas, the ways they are got wrong, and the numbers to start from. A formula is
Python text; a bare name is a given number or a line of the same step, `x[-1]` is line x one step earlier. What is
needed before step 1 is given by the line's own name. Here is gradient descent on ½ax², whole:

>>> from downslope.byhand import Line, Mistake, Recipe
>>> descent = Recipe(
...     name="descent",
...     title="Gradient descent by hand, on ½ax²",
...     task="The slope of ½ax² at x is ax. Take two steps downhill.",
...     steps=2,
...     numbers={"a": "2", "lr": "0.1", "x": "3"},
...     lines=(
...         Line("g", "a*x[-1]", mistakes=(
...             Mistake("height", "1/2*a*x[-1]**2", "The height was taken in place of the slope.", "chapter 2"),
...             Mistake("old x", "a*x[-2]", "The slope was taken at the point before.", "chapter 2", since=2),
...         )),
...         Line("x", "x[-1] - lr*g", mistakes=(
...             Mistake("uphill", "x[-1] + lr*g", "The step was added; it is subtracted.", "chapter 2"),
...             Mistake("no lr", "x[-1] - g", "The learning rate is missing.", "chapter 2"),
...         )),
...     ),
...     draw={"a": ("0.4", "0.6", "0.8", "1.2"), "lr": ("0.2", "0.3"), "x": ("1.5", "2.5", "3.5", "4.5")},
... )
>>> descent.ledger().line("x", 2)
x[2] = x[1] - η·g[2] = 12/5 - 1/10·(24/5) = 48/25 = 1.920
>>> result = descent.ledger().judge({"g[1]": 6, "x[1]": "3.6", "g[2]": "7.2", "x[2]": "2.88"})
>>> [outcome.status for outcome in result.outcomes], result.first_fault.mistake
(['correct', 'wrong', 'carried', 'carried'], 'uphill')
>>> sorted(descent.ledger(student="Kim Minjun").numbers)
['a', 'lr', 'x']

Printing, variants and the judge then work as for any other exercise: `descent.ledger().sheet().save("sheet.pdf")`,
`descent.ledger(student="Kim Minjun")`, `class_sheets(descent.ledger, ["Kim Minjun", "Lee Seoyeon"], key=True)`.
"""

from downslope.byhand.judging import Finding, Judgement, Outcome
from downslope.byhand.ledger import Ledger, Line, Mistake, Recipe, Worked
from downslope.byhand.momentum import first_path, momentum_homework
from downslope.byhand.picture import Picture
from downslope.byhand.recipes import (
    EXERCISES,
    adagrad_steps,
    adam_steps,
    ewma_steps,
    nesterov_steps,
    rmsprop_steps,
)
from downslope.byhand.sheets import Sheet, class_sheets, read_class

__all__ = [
    "EXERCISES",
    "Finding",
    "Judgement",
    "Ledger",
    "Line",
    "Mistake",
    "Outcome",
    "Picture",
    "Recipe",
    "Sheet",
    "Worked",
    "adagrad_steps",
    "adam_steps",
    "class_sheets",
    "ewma_steps",
    "first_path",
    "momentum_homework",
    "nesterov_steps",
    "read_class",
    "rmsprop_steps",
]
