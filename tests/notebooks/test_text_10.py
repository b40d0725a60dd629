"""Lesson 10: each number and formula in the running text is built again from what is computed, or proved."""

import re
from fractions import Fraction as F
from math import log
from pathlib import Path

import nbformat
import numpy as np
import pytest
import sympy as sp
from downslope.byhand import ewma_steps
from downslope.data import load_temperatures
from downslope.optim import Momentum, ewma
from downslope.optim.averages import (
    beta_of_half_life,
    beta_of_mean_age,
    beta_of_span,
    half_life,
    mean_age,
    span,
    weights,
)
from lesson_text import reader

ROOT = Path(__file__).resolve().parent.parent.parent
(PATH,) = (ROOT / "notebooks").glob("10-*.ipynb")
CELLS = nbformat.read(PATH, as_version=4).cells
TEXT = "\n".join(cell.source for cell in CELLS if cell.cell_type == "markdown")
CODE = [cell for cell in CELLS if cell.cell_type == "code"]
SOURCE = "\n".join(cell.source for cell in CODE)
FOUR_YEARS = load_temperatures().max
X = FOUR_YEARS[:365]
BETA = F(9, 10)

b, t, N, c = sp.symbols("beta t N c", positive=True)


def numbers(text):
    return [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", text)]


output, row, said = reader(CODE, TEXT, numbers)


def test_the_guesses_are_answered_by_what_is_computed():
    told = [
        o.data.get("text/plain", "")
        for cell in CODE
        for o in cell.outputs
        if "guess.reveal" in cell.source and "data" in o
    ]
    closest = min(range(1, 41), key=lambda n: distance(n))
    assert [text for text in told if text.startswith("It is")] == [
        f"It is {X[0] * 0.1:.2f} °C.",
        f"It is {int(np.ceil(half_life(0.9)))} days.",
        f"It is {100 * (1 - 0.9**10):.2f} %.",
        f"It is {closest} days.",
        f"It is {mean_age(BETA)} °C.",
        "It is the paper's.",
        f"It is {np.argmax(ewma(X, 0.98)) + 1}.",
        f"It is {1 - 0.9**5:.4f}.",
        f"It is {X[0]} °C.",
        f"It is {100 * 0.9**9:.2f} %.",
        "It is 44.",
        f"It is {mean_age(BETA)} steps.",
    ]
    said("Seventeen, and 19 is nearly as close.")
    assert closest == 17


# The recurrence and its weights --------------------------------------------------------------------------------------


def test_the_cells_average_is_the_librarys():
    space = {"np": np}
    (cell,) = [cell for cell in CODE if cell.source.startswith("def average")]
    exec(cell.source, space)
    assert np.allclose(space["average"](X, 0.9), ewma(X, 0.9))
    said(r"$$v_t = \beta\, v_{t-1} + (1-\beta)\, x_t, \qquad v_0 = 0 \tag{1}$$")


def test_unrolled_it_has_the_printed_weights():
    x = sp.symbols("x1:7")
    v = 0
    for n, today in enumerate(x, start=1):
        v = b * v + (1 - b) * today
        assert sp.expand(v - sum((1 - b) * b**k * x[n - 1 - k] for k in range(n))) == 0
        if n == 3:
            assert sp.expand(v - (1 - b) * (x[2] + b * x[1] + b**2 * x[0])) == 0
    said(r"p_k = (1-\beta)\,\beta^k \tag{2}", r"(1-\beta)\,(x_3 + \beta x_2 + \beta^2 x_1)")
    assert [float(f"{p:.4f}") for p in weights(0.9, 8)] == row("p_0 to p_7:")


def test_the_start_is_as_cold_as_the_lesson_says():
    v = ewma(X, 0.9)
    said(f"had {X[0]} °C", f"$v_1$ was {v[0]:.2f}", "A tenth of the first day. The other nine tenths")
    assert v[4] < X[:5].min()
    said("On day 5 the average is still colder than each of the five days.")
    assert (v[:5] < np.minimum.accumulate(X)[:5]).all(), "the question: less than the coldest of them"
    assert np.isclose(row("from one day to the next")[0], np.abs(np.diff(X)).mean(), atol=0.05)
    said("the first days, less than the coldest of them")


def test_a_mean_of_ten_would_need_a_million():
    said(f"The mean of the last ten days needs ten numbers kept. For each of {10**6 // 10:,} weights of a network")


# Four lengths --------------------------------------------------------------------------------------------------------


def test_the_half_life():
    h = half_life(0.9)
    said(f"its memory is **{h:.1f}** long", f"The laboratory's {h:.1f}", f"half-life {h:.1f}, mean age 9")
    said("Somewhere between 6 and 7 days")
    assert row("half-life of β = 0.9:") == [round(h, 2)]
    assert weights(0.9, 8)[7] < weights(0.9, 1)[0] / 2 < weights(0.9, 7)[6]
    assert sp.simplify(b ** (sp.log(sp.Rational(1, 2)) / sp.log(b)) - sp.Rational(1, 2)) == 0
    for days in (7, 14):
        said(f"{beta_of_half_life(days):.3f}")
    said(f'"A week ago counts half": {0.5 ** (1 / 7):.3f}. "A fortnight ago": {0.5 ** (1 / 14):.3f}.')


def test_the_last_ten():
    share = float(sum(weights(BETA, 10)))
    said(f"The last ten hold {share:.1%}".replace("%", " %"), f"(the last ten hold {share:.1%})".replace("%", " %"))
    said("About two thirds.", f"$p_{{10}}/p_0 = \\beta^{{10}} = {0.9**10:.3f}$", f"$1/e = {np.exp(-1):.3f}$")
    assert abs(share - 2 / 3) < 0.02
    shares = [1 - beta ** round(1 / (1 - beta)) for beta in (0.9, 0.98, 0.99, 0.999)]
    said(f"hold {100 * min(shares):.0f} to {100 * max(shares):.0f} % for every $\\beta$ from 0.9 on")
    eps = sp.Symbol("epsilon", positive=True)
    assert sp.limit((1 - eps) ** (1 / eps), eps, 0) == sp.exp(-1)
    assert sp.limit(sp.log(1 - eps) / eps, eps, 0) == -1
    said(r"\ln(1-\varepsilon)\approx-\varepsilon")


def distance(n):
    plain = np.convolve(FOUR_YEARS, np.full(n, 1 / n), mode="valid")[100 - n :]
    return np.abs(plain - ewma(FOUR_YEARS, 0.9)[99:]).mean()


def test_the_plain_mean_that_is_closest():
    for n in (1, 5, 10, 15, 17, 19, 25, 40):
        assert row(f"plain mean of {n:2d} days:", "plain mean of  1 days:") == [round(distance(n), 2)]
    assert 1.4 < distance(10) / distance(17) < 1.65
    assert distance(19) / distance(17) < 1.06
    said("Ten is half as far again.")


def test_the_mean_age_and_the_span():
    a, alpha = sp.symbols("a alpha", positive=True)
    (solved,) = sp.solve(sp.Eq(a, (1 - b) * 0 + b * (a + 1)), a)
    assert sp.simplify(solved - b / (1 - b)) == 0
    (n,) = sp.solve(sp.Eq((N - 1) / 2, b / (1 - b)), N)
    assert sp.simplify(n - (1 + b) / (1 - b)) == 0
    assert sp.simplify(sp.solve(sp.Eq(N, n.subs(b, 1 - alpha)), alpha)[0] - 2 / (N + 1)) == 0
    assert sum(F(k, 19) for k in range(19)) == F(19 - 1, 2)
    said(
        r"a = \frac{\beta}{1-\beta} \tag{3}", r"N = \frac{1+\beta}{1-\beta} \tag{4}", r"\alpha = \frac{2}{N+1} \tag{5}"
    )
    said(f"With $\\beta = 0.9$ it is {mean_age(BETA)} days.", f"For $\\beta = 0.9$: $N = {span(BETA)}$.")
    assert row("β = 0.9:            ") == [9.0]
    assert row("plain mean of 10:", "β = 0.9:            ") == [4.5]
    assert row("plain mean of 19:", "β = 0.9:            ") == [9.0]
    said("9 days old, 9 degrees behind", f'its $N$ is **{span(BETA)}**";')


def test_the_noise_that_is_left():
    k = sp.Symbol("k", integer=True, nonnegative=True)
    half = sp.Rational(9, 10)
    assert sp.summation(((1 - half) * half**k) ** 2, (k, 0, sp.oo)) == sp.Rational(1, 19)
    assert sp.simplify((1 - b) ** 2 / (1 - b**2) - (1 - b) / (1 + b)) == 0
    said(r"\frac{(1-\beta)^2}{1-\beta^2} = \frac{1-\beta}{1+\beta} = \frac1N")
    printed = "1 / variance, β = 0.9:"
    assert abs(row(printed)[0] - 19) < 0.2
    assert abs(row("plain mean of 19 values:", printed)[0] - 19) < 0.2
    assert abs(row("plain mean of 10 values:", printed)[0] - 10) < 0.2


def test_the_table_of_lengths_and_the_way_back():
    beta = 0.9
    lengths = {
        r"| $1/(1-\beta)$ | 10 | $1 - 1/n$ |": (1 / (1 - beta), lambda n: 1 - 1 / n, 10),
        r"| $(1+\beta)/(1-\beta)$ | 19 | $(N-1)/(N+1)$ |": (span(beta), beta_of_span, 19),
        r"| $\ln\frac12/\ln\beta$ | 6.6 | $2^{-1/h}$ |": (half_life(beta), beta_of_half_life, 6.6),
        r"| $\beta/(1-\beta)$ | 9 | $a/(1+a)$ |": (mean_age(beta), beta_of_mean_age, 9),
    }
    for phrase, (length, back, printed) in lengths.items():
        said(phrase)
        assert round(length, 1) == printed
        assert np.isclose(back(length), beta)
    assert beta_of_span(F(20)) == F(19, 21) == 1 - F(2, 20 + 1)
    assert mean_age(F(19, 20)) == 2 * mean_age(F(19, 21))
    assert 1.9 < half_life(0.95) / half_life(19 / 21) < 2.1
    said("The paper's looks back twice as far, in age and in half-life.", "our 6.6, 9 and 19", "about twice as far")


def test_beta_by_hand():
    assert np.argmax(X) + 1 == 229
    said("the warmest day of the year is day 229".capitalize())
    quiet = [np.abs(np.diff(ewma(X, beta))).mean() for beta in (0.5, 0.9, 0.98)]
    assert quiet == sorted(quiet, reverse=True)
    peaks = [int(np.argmax(ewma(X, beta))) + 1 for beta in (0.5, 0.9, 0.98)]
    assert [row(f"{f'β = {beta}':>11}:", "temperature:")[0] for beta in (0.5, 0.9, 0.98)] == peaks
    assert peaks[0] == peaks[1] == 230
    said("0.5 and 0.9 share day 230")
    gap = ewma(X, 0.98, correct=True) - ewma(X, 0.98)
    assert gap[60] > 1, "months"
    days = int(np.argmax(gap < 0.5)) + 1
    said(f"For about {round(days, -1)} days it is more than half a degree.")
    assert abs(days - 170) < 5
    said(f"We took 0.96, with a half-life of {half_life(0.96):.0f} days.")


# The start -----------------------------------------------------------------------------------------------------------


def test_the_sum_of_the_weights():
    for n in range(1, 8):
        S = sum(b**k for k in range(n))
        assert sp.expand((1 - b) * S - (1 - b**n)) == 0
        assert sp.expand(S - b * S - (1 - b**n)) == 0
    said(r"(1-\beta)\,S &= 1 - \beta^{t} \end{aligned} \tag{6}")
    held = 1 - BETA**5
    assert output("sum:").splitlines() == [f"sum:      {held} = {float(held)}", f"1 - β^5:  {held}"]
    said(
        f"Only {float(held):.0%} of the average".replace("%", " %"),
        f"The other {float(1 - held):.0%} are".replace("%", " %"),
    )


def test_the_four_lines_of_the_correction():
    for n in range(1, 8):
        v = 0
        for _ in range(n):
            v = b * v + (1 - b) * c
        S = sum(b**k for k in range(n))
        lines = [(1 - b) * sum(b**k * c for k in range(n)), (1 - b) * S * c, (1 - b**n) * c]
        assert all(sp.expand(v - line) == 0 for line in lines)
        assert sp.cancel(v / (1 - b**n)) == c
    (block,) = re.findall(r"\\begin\{aligned\} v_t.*?\\end\{aligned\} \\tag\{7\}", TEXT, re.DOTALL)
    assert [line.split("&")[1].removesuffix(r"\end{aligned} \tag{7}").strip() for line in block.split(r"\\")] == [
        r"= (1-\beta)\,(c + \beta c + \dots + \beta^{t-1} c)",
        r"= (1-\beta)\,S\,c",
        r"= (1-\beta^t)\,c",
        r"= \frac{v_t}{1-\beta^t} = c",
    ]


def test_the_corrected_average_is_a_mean_of_the_days_so_far():
    v, v_hat = ewma(X, 0.9), ewma(X, 0.9, correct=True)
    assert (v_hat >= np.minimum.accumulate(X) - 1e-12).all()
    assert (v_hat <= np.maximum.accumulate(X) + 1e-12).all()
    assert np.isclose(v_hat[0], X[0])
    for day in (1, 2, 3, 4, 5, 10, 20, 40):
        printed = row(f"{day:3d}  ", "day  temperature")
        assert np.allclose(printed, [X[day - 1], v[day - 1], v_hat[day - 1]], atol=0.0051)
    assert 0 < (v_hat - v)[29] < 0.5
    said("After a month or so the two are hard to tell apart.")


def test_the_other_start():
    impulse = np.zeros(10)
    impulse[0] = 1
    corrected = ewma(impulse, 0.9, correct=True)[-1]
    newest = 0.1 / (1 - 0.9**10)
    printed = {name: row(name, "in the average of day 10") for name in ("started at day 1 ", "corrected ")}
    assert printed["started at day 1 "] == [round(100 * 0.9**9, 1), 10.0]
    assert printed["corrected "] == [round(100 * corrected, 1), round(100 * newest, 1)]
    assert 3.5 < 0.9**9 / 0.1 < 4
    said("Day 1 counts nearly four times as much as day 10")


def test_from_where_on_the_correction_does_not_matter():
    def first_day(beta, share):
        return int(log(share) / log(beta)) + 1

    left = []
    for beta in (0.9, 0.98, 0.99, 0.999):
        n = round(2 / (1 - beta))
        left.append(100 * beta**n)
        printed = row(f"{beta:5}", "    β  2/(1-β)")
        assert printed == [n, round(100 * beta**n, 1), first_day(beta, 0.1), first_day(beta, 0.01)]
        assert 4.3 < first_day(beta, 0.01) * (1 - beta) < 4.62
    assert np.isclose(-log(0.01), 4.6, atol=0.01)
    day = first_day(0.9, 0.01)
    assert 0.9**day < 0.01 < 0.9 ** (day - 1)
    said(
        f"Day {day}. As a rule",
        f"short by {left[0]:.0f} to 14 %, after $4.6/(1-\\beta)$ by 1 %",
        "That is 90 % on day 1",
    )
    assert max(left) < 14
    said(f"{left[0]:.0f} % at $t = 2/(1-\\beta) = {round(2 / (1 - 0.9))}$, below 1 % from {day} on")


# Momentum ------------------------------------------------------------------------------------------------------------


def test_lesson_09s_velocity_is_the_average():
    g = [F(3), F(-1), F(4), F(2)]
    step = np.array([F(0)])
    optimizer = Momentum(lr=1 - BETA, momentum=BETA, convention="step")
    for gradient in g:
        optimizer.update(step, np.array([gradient]))
    assert optimizer.state["m"][0] == ewma(np.array(g, dtype=object), BETA)[-1]
    said(r"with $\gamma = \beta$ and $\eta = 1-\beta$ is equation (1)")


def test_what_is_lost_is_the_mean_age():
    k = sp.Symbol("k", integer=True, positive=True)
    for beta in (sp.Rational(9, 10), sp.Rational(999, 1000)):
        assert sp.summation(beta**k, (k, 1, sp.oo)) == beta / (1 - beta)
    said("Nine steps, once and for all", r"$\beta + \beta^2 + \dots = \beta/(1-\beta)$", "0.999 costs 999 steps")
    for beta in (0.9, 0.98, 0.99):
        short = beta ** np.arange(1, 1001)
        printed = row(f"β = {beta:<4}  behind after", "β = 0.9   behind after")
        assert printed == [20, round(short[:20].sum(), 2), 1000, round(short.sum(), 2)]
    assert (0.9 ** np.arange(1, 21)).sum() > 0.8 * 9
    said("Most of it is lost in the first $2/(1-\\beta) = 20$ steps", "leaving it out costs nine steps")


def test_on_digits_it_stays_behind_by_about_the_mean_age():
    table = [numbers(line) for line in output("   β  seed").splitlines()[1:]]
    assert len(table) == 6
    for _, _, late, early, behind, age in table:
        assert 0 < early < late < 300
        assert late - early == behind
        assert abs(behind - age) <= 0.25 * age
    said("Behind by about the mean age, in each of the six pairs.", "smoothed loss falls below 1.")
    assert "level=1.0" in SOURCE


# Recall --------------------------------------------------------------------------------------------------------------


def test_the_answers():
    v = ewma([10.0, 20.0], 0.8)
    said(f"$v_1 = {v[0]:.0f}$, $v_2 = 1.6 + 4 = {v[1]:.1f}$; $\\hat v_2 = {v[1]:.1f}/(1-0.64) = {v[1] / 0.36:.2f}$")
    assert np.isclose(ewma([10.0, 20.0], 0.8, correct=True)[1], v[1] / 0.36)
    beta = 1 - F("0.02")
    said(f"$\\beta = {float(beta)}$, {1 / (1 - beta)}, {mean_age(beta)} and {span(beta)}.")
    said(f"That of {span(beta)} days: $({span(beta)}-1)/2 = {mean_age(beta)}$ days late.")
    fahrenheit = 1.8 * X + 32
    assert abs(ewma(fahrenheit, 0.9)[4] - (1.8 * ewma(X, 0.9)[4] + 32)) > 10
    assert np.isclose(ewma(fahrenheit, 0.9, correct=True)[4], 1.8 * ewma(X, 0.9, correct=True)[4] + 32)
    said("$v_5$ is not", r"$\hat v_5$ is: its weights add up to 1.")


# What the parts above leave over: every formula and setting in the text, letter for letter ---------------------------


def test_the_formulas_stand_as_they_were_proved():
    said(
        r"v_3 = (1-\beta)\,x_3 + \beta v_2 = (1-\beta)\,(x_3",
        r"v_t = \sum_{k=0}^{t-1} p_k\, x_{t-k}",
        r"$k$ days old has the weight $(1-\beta)\beta^k$",
        r"$$\beta^{h} = \tfrac12 \quad\Longrightarrow\quad h = \frac{\ln\frac12}{\ln\beta}$$",
        r"with $n = 1/(1-\beta)$",
        r"$$\ln \beta^{n} = \frac{\ln\bigl(1-(1-\beta)\bigr)}{1-\beta} \approx -1, \qquad",
        r'"about $1/(1-\beta)$ days" means: the time in which a weight falls to about $1/e$ of itself',
        r"In a plain mean of $N$ days: $0, 1, \dots, N-1$, in the mean $(N-1)/2$.",
        r"The share $1-\beta$ is today's: age 0.",
        r"a = (1-\beta)\cdot 0 + \beta\,(a+1) \quad\Longrightarrow\quad a =",
        r"\frac{N-1}{2} = \frac{\beta}{1-\beta} \quad\Longrightarrow\quad N =",
        r"the share of today's number, $\alpha = 1-\beta$",
        r"leaves $\sum_k p_k^2$ of it",
        r"that is $N\cdot\frac1{N^2} = \frac1N$",
        r"$$(1-\beta)^2\sum_k \beta^{2k} = \frac{(1-\beta)^2}{1-\beta^2}",
        r'| "about $n$ days" | a weight falls to about $1/e$ | $1/(1-\beta)$ | 10 |',
        r"| half-life $h$ | a weight falls to ½ |",
        r"solve $\beta^h = \tfrac12$ for $\beta$",
        r"S &= 1 + \beta + \dots + \beta^{t-1} \\ \beta S &= ",
        r"\phantom{1 + {}} \beta + \dots + \beta^{t-1} + \beta^{t} \\",
        r"It starts at $1-\beta$ and grows to 1.",
        r"From (7), $v_t = (1-\beta^t)\,\hat v_t$",
        r"v \leftarrow \beta v + (1-\beta)\,g, \qquad w \leftarrow w - \eta v",
        r"step $t$ is $\eta\,(1-\beta^t)$",
        r"- $v_t = \beta v_{t-1} + (1-\beta)x_t$: one number of memory; a day $k$ days old weighs $(1-\beta)\beta^k$.",
        r"- Weights add up to $1-\beta^t$; so $\hat v_t = v_t/(1-\beta^t)$.",
        r"- $1/(1-\beta)$ and $\alpha = 2/(N+1)$ are two meanings",
        r"It costs momentum $\beta/(1-\beta)$ steps.",
        r"on day $t$ the weights add up to $1-\beta^t$ only",
    )


def test_the_settings_are_those_of_the_code():
    assert "for today in x:" in SOURCE
    assert re.search(r"average\(x, beta=0\.9\)", SOURCE)
    assert SOURCE.count("0.9**t") == 1
    for question in ("What is $v_1$?", "the average with $\\beta = 0.9$ behind?", "add up to, with $\\beta = 0.9$?"):
        said(question)
    said(
        "speak of one setting of one average, $\\beta = 0.9$",
        "averages the last **10** values",
        "With $\\beta = 0.9$: after how many days does it first weigh less than half",
        "those with $k = 0$ to $9$?",
        "beside the average with $\\beta = 0.9$",
        "The plain mean with the same lag is that of 19 days.",
        "Same lag and same noise as a plain mean of 19.",
        "in lag and noise the average behaves as a plain mean of 19.",
        '"20-day average" is meant by equation (5).',
        '"about 20 steps" is meant as $1/(1-\\beta)$.',
        "On which day is the average with $\\beta = 0.98$ at its highest?",
        "with 0.98 the cold start takes months",
        "On day 5 only five days have been seen.",
        "are $\\beta^5$ times the $v_0 = 0$",
        "1. $\\beta = 0$.\n2. For about",
        "With this start and $\\beta = 0.9$: what is the weight of day 1 in the average of day 10",
        "With $\\beta = 0.9$: from which day on is it short by less than 1 %?",
        "Let the gradient be 1 all the time.",
        "$\\beta = 0.9$. In the long run, by how many full steps",
        "With $\\beta = 0.9$ it changes the first 20 steps or so, $2/(1-\\beta)$, and leaving it out costs nine steps",
        "Ten, 19 and 6.6 are three true sentences",
        "For momentum with $\\beta = 0.9$ leaving it out costs nine steps.",
        "- $\\beta = 0.9$: half-life 6.6, mean age 9, $1/e$ at about 10 (the last ten hold 65.1 %), span 19.",
        "1. $\\beta = 0.8$ and $x = 10, 20$.",
        "smooths with $\\alpha = 0.02$",
        "which plain mean is as late as the average with $\\beta = 0.98$?",
        "$1.8\\,x + 32$",
        "its weights add up to $1-\\beta^5$, so 32 is added only in that share. It began at 0 °F",
        "`x`: (365,) |",
        "| `v`: (365,) |",
        "| `v_hat`: (365,) |",
        "| `p`: (40,) |",
        "days count from 1, Python from 0",
    )
    assert "one_day = np.zeros(40)" in SOURCE
    assert ewma([5.0, 7.0], 0.0).tolist() == [5.0, 7.0]
    dates = load_temperatures().date
    said(f"{dates[0].astype(object).year} to {dates[-1].astype(object).year}", "a day of 2012 in Seattle")
    assert {day.year for day in dates[:365].astype(object)} == {2012}


def test_the_sheet_that_the_lesson_names_is_there():
    (call,) = re.findall(r"`downslope\.byhand\.(ewma_steps\(.*?\)\.sheet\(\))`", TEXT)
    assert "day" in str(eval(call, {"ewma_steps": ewma_steps}))


def test_other_lessons_draw_this_average():
    sources = {}
    for number in ("04", "12"):
        (path,) = (ROOT / "notebooks").glob(f"{number}-*.ipynb")
        sources[number] = "\n".join(cell.source for cell in nbformat.read(path, as_version=4).cells)
        assert re.search(r"figures\.losses\(.*beta=", sources[number])
    assert set(re.findall(r"beta=(0\.\d+)", sources["12"])) == {"0.95"}
    said("in front of the pale losses, since lesson 04, is this average, corrected. Lesson 12 reads", r"$\beta = 0.95$")


# Your turn -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def judge():
    space = {"np": np}
    for cell in CODE:
        if re.match(r"def (my_ewma|run|slips|asked|numbers|judge)\(", cell.source):
            exec(cell.source, space)
    assert space["judge"](space["my_ewma"]) == "not attempted yet"
    return space["judge"]


def loop(keep=None, take=None, divide=True, first=1, start=False, feed_back=False):
    """The average with one thing done otherwise."""

    def mine(x, beta):
        a, z = (beta if keep is None else keep(beta)), (1 - beta if take is None else take(beta))
        v, shown = (x[0] if start else 0.0), []
        for n, today in enumerate(x, start=first):
            v = a * v + z * today
            shown.append(v / (1 - beta**n) if divide else v)
            v = shown[-1] if feed_back else v
        return np.array(shown)

    return mine


@pytest.mark.parametrize(
    "right",
    [
        loop(),
        lambda x, beta: ewma(x, beta, correct=True),
        lambda x, beta: list(loop()(x.tolist(), beta)),
        lambda x, beta: tuple(np.average(x[: n + 1], weights=beta ** np.arange(n, -1, -1)) for n in range(len(x))),
        lambda x, beta: loop()(x, beta).astype("float32"),
    ],
)  # fmt: skip
def test_the_judge_accepts_what_is_right(judge, right):
    assert judge(right) == "correct"


def exchanged(beta):
    return 1 - beta


def same(beta):
    return beta


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (loop(first=0), "t counts from 1"),
        (lambda x, beta: loop(first=0)(x.tolist(), beta), "Is t = 0 on the first day?"),
        (lambda x, beta: np.append(x[0], loop(divide=False)(x, beta)[1:] / (1 - beta ** np.arange(1, len(x)))),
         "t counts from 1"),
        (loop(keep=exchanged, take=same), "β and 1 − β are exchanged"),
        (lambda x, beta: loop()(x, 1 - beta), "β and 1 − β are exchanged"),
        (loop(start=True, divide=False), "v starts at x[0]; it starts at 0"),
        (loop(start=True), "v starts at x[0] and is corrected too"),
        (loop(feed_back=True), "the corrected value goes back"),
        (loop(divide=False), "the correction is missing"),
        (loop(take=lambda beta: 1), "the factor 1 − β is missing"),
        (lambda x, beta: loop(divide=False)(x, beta) * (1 - beta ** np.arange(1, len(x) + 1)), "it divides"),
        (lambda x, beta: loop(divide=False)(x, beta) / (1 - beta), "the power t is missing"),
        (lambda x, beta: [[1.0], [1.0, 2.0], *x[2:]], "no row of numbers"),
        (lambda x, beta: ["a"] * len(x), "no row of numbers"),
        (lambda x, beta: loop()(x, beta)[1:], "for x of shape (7,) it gives back the shape (6,)"),
        (lambda x, beta: loop()(x, beta)[:, None], "it gives back the shape (7, 1)"),
        (lambda x, beta: loop()(x, beta)[-1], "it gives back the shape ()"),
        (lambda x, beta: loop()(x, beta).astype(int), "wrong is that of day 1"),
        (lambda x, beta: np.append(0.0, loop()(x, beta)[1:]), "wrong is that of day 1"),
        (lambda x, beta: np.full(len(x), x[0]), "wrong is that of day 2"),
        (lambda x, beta: [None] * len(x), "wrong is that of day 1"),
        (lambda x, beta: loop()(x, 0.9), "wrong is that of day 2"),
    ],
)  # fmt: skip
def test_the_judge_says_what_is_wrong(judge, wrong, told):
    verdict = judge(wrong)
    assert verdict.startswith("not yet: ")
    assert told in verdict


def test_the_judge_sees_a_changed_x(judge):
    def in_place(x, beta):
        x[:] = loop()(x.copy(), beta)
        return x

    assert judge(in_place) == "not yet: it changes x itself"
    assert judge(lambda x, beta: None) == "not attempted yet"


def test_the_printed_solution_is_right(judge):
    (solution,) = re.findall(r"A solution</summary>\n\n```python\n(.*?)\n```\n\n</details>", TEXT, re.DOTALL)
    space = {"np": np}
    exec(solution, space)
    assert judge(space["my_ewma"]) == "correct"
