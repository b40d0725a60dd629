"""Lesson 17: each number in the running text is built again from the stored runs, the library or what was printed."""

import importlib.util
import json
import re
from functools import cache
from pathlib import Path

import nbformat
import numpy as np
import pytest
import sympy as sp
from downslope import optim
from downslope.optim import paths, surfaces

ROOT = Path(__file__).resolve().parent.parent.parent
(PATH,) = (ROOT / "notebooks").glob("17-*.ipynb")
CELLS = nbformat.read(PATH, as_version=4).cells
TEXT = "\n".join(cell.source for cell in CELLS if cell.cell_type == "markdown")
CODE = [cell for cell in CELLS if cell.cell_type == "code"]
SOURCE = "\n".join(cell.source for cell in CODE)
PRINTED = "\n".join(o.get("text", "") for cell in CODE for o in cell.outputs)
SHOWN = "\n".join(o.data.get("text/plain", "") for cell in CODE for o in cell.outputs if "data" in o)
STORED = json.loads((ROOT / "notebooks" / "data" / "race-on-digits.json").read_text(encoding="utf-8"))
RATES = np.array(STORED["rates"])
LOSS = {name: np.array(rows, dtype=float) for name, rows in STORED["tuning"].items()}
SCRIPT = ROOT / "tools" / "tuning" / "race_digits.py"


def said(*phrases):
    for phrase in phrases:
        assert phrase in TEXT, phrase


def text_of(number):
    (path,) = (ROOT / "notebooks").glob(f"{number:02d}-*.ipynb")
    cells = nbformat.read(path, as_version=4).cells
    outputs = [o.get("text", "") for cell in cells if cell.cell_type == "code" for o in cell.outputs]
    return "\n".join(cell.source for cell in cells if cell.cell_type == "markdown"), "\n".join(outputs)


@cache
def tuning_script():
    spec = importlib.util.spec_from_file_location("race_digits", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# The stored runs -----------------------------------------------------------------------------------------------------


def test_the_script_makes_a_stored_number_again():
    script = tuning_script()
    assert STORED["rates"] == script.RATES
    assert (STORED["network"], STORED["steps"], STORED["batch"]) == (script.SIZES, script.STEPS, script.BATCH)
    assert list(script.RACERS) == list(STORED["tuning"])
    row = script.RATES.index(0.01)
    assert script.trial("AdaGrad", 0.01, seed=1) == pytest.approx(STORED["tuning"]["AdaGrad"][row][1], rel=1e-3)


def test_every_optimizer_had_the_same_trials_and_the_chosen_rate_is_the_best_inside_the_grid():
    shapes = {np.shape(rows) for rows in STORED["tuning"].values()}
    assert shapes == {(len(RATES), len(STORED["tuning seeds"]))}
    assert not set(STORED["tuning seeds"]) & set(STORED["race seeds"])
    for name, rows in LOSS.items():
        best = int(rows.mean(axis=1).argmin())
        assert RATES[best] == STORED["race"][name]["tuned"]["lr"], name
        assert 0 < best < len(RATES) - 1, f"{name}: the best rate lies at the edge"
        assert tuning_script().best(STORED["tuning"][name]) == best
    said("**22 learning rates**, three to a decade, from 0.00001 to 100", "**5 seeds**", "**ten new seeds**")
    assert (len(RATES), RATES[0], RATES[-1], len(STORED["race seeds"])) == (22, 1e-5, 100, 10)
    assert np.allclose(RATES[3:] / RATES[:-3], 10, rtol=1e-3)
    said("784-32-32-10, batches of 64, 400 steps", "1,000 digits which are kept for tuning", "Eleven optimizers")
    assert (STORED["network"], STORED["batch"], STORED["steps"]) == ([784, 32, 32, 10], 64, 400)
    assert STORED["digits"] == {"train": 7000, "tune": 1000, "test": 2000}
    assert len(LOSS) == 11
    assert "1,210 runs, 0 of them nan" in PRINTED


def test_the_other_settings_are_the_published_ones():
    script = tuning_script()
    for name, (make, default) in script.RACERS.items():
        optimizer = make(lr=default)
        if name not in ("SGD", "Momentum", "Nesterov"):
            assert repr(optimizer) == repr(type(optimizer)()), name
    assert "from 1e−05 to 100" in SHOWN


# The surfaces --------------------------------------------------------------------------------------------------------


def test_the_field_and_the_budget_are_as_described():
    said("Ten optimizers.", "Seven surfaces", "up to a budget of 300")
    said("31 learning rates for each, five to a decade, from 0.0001 to 100", "Twelve starts", "nine of its twelve")
    rates = 10.0 ** (np.arange(-20, 11) / 5)
    assert (len(rates), rates[0].round(9), rates[-1].round(6)) == (31, 1e-4, 100)
    assert "rates = 10.0 ** (np.arange(-20, 11) / 5)" in SOURCE
    assert "BUDGET = 300" in SOURCE
    assert "[:, 8]  # the ninth of twelve" in SOURCE
    at_zero = [s for s in (surfaces.ravine(20), surfaces.beale, surfaces.rosenbrock, surfaces.saddle, surfaces.plateau)
               if (0.0, 0.0) in s.minima]  # fmt: skip
    assert [type(s).__name__ for s in at_zero] == ["Ravine", "Plateau"]
    said("0 is where the ravine and the plateau have their minimum", "where two of the surfaces have their minimum")


def test_who_arrives_is_told_as_it_was_seen():
    untuned, tuned = (int(n) for n in re.findall(r"^(\d+) of 70 runs arrive$", PRINTED, re.MULTILINE))
    assert untuned < 20 < tuned
    assert f"It is {untuned}.\n" in SHOWN + "\n"
    assert "It is AdaGrad." in SHOWN
    firsts = dict(re.findall(r"([A-Z][\w+]+) (\d+)", re.search(r"^first: (.*) \(ties", PRINTED, re.MULTILINE)[1]))
    assert max(firsts, key=lambda name: int(firsts[name])) == "AdaGrad"
    assert "Rosenbrock: RMSprop+N 230, Adam 234\n" in PRINTED
    assert "\neverywhere: Adam\n" in PRINTED
    said("only Adam arrives everywhere", "On Rosenbrock's bent valley just two arrive")
    ravine = [alt for alt in SHOWN.split("\n") if alt.startswith("A small picture")][-1].split("ravine: ")[1]
    steps = {name: int(n) for name, n in re.findall(r"([A-Z][\w+]+) (\d+)", ravine.split(";")[0])}
    few = {name: steps[name] for name in ("SGD", "Momentum", "Nesterov", "AdaGrad", "RMSprop", "Adam")}
    assert max(few, key=few.get) == "RMSprop"
    said("so it needs a small rate and arrives last of these six")
    assert few["Momentum"] > few["SGD"]
    said("Momentum lost to SGD in the ravine.")


def test_adagrads_first_step_covers_the_way():
    assert "AdaGrad 10, RMSprop" in PRINTED
    ravine = surfaces.ravine(20)
    path = optim.trajectory(optim.AdaGrad(lr=10.0), ravine.gradient, ravine.start, 1)
    assert np.allclose(abs(path[1] - path[0]), 10)
    assert np.allclose(path[1], (0, -9), atol=1e-4)
    said("AdaGrad's rate is 10 and its first step is 10 long in each direction", "the way is as long as 10")


def test_the_second_dial():
    ravine = surfaces.ravine(20)
    gammas = [0.0, 0.6, 0.9]
    ends = paths.grid(
        optim.Momentum, ravine.gradient, ravine.start, 60, lr=10.0 ** (np.arange(-20, 11) / 5), momentum=gammas
    )
    with np.errstate(all="ignore"):
        none, best, usual = np.nanmin(ravine.value(ends[..., 0], ends[..., 1]), axis=0)
    assert [round(np.log10(other / best)) for other in (none, usual)] == [10, 10]
    said("it is ten orders of magnitude below $\\gamma = 0$", f"this Momentum had {6 * 31} trials and SGD 31")


def test_one_rate_for_many_surfaces():
    lines = re.findall(r"^ *([A-Z][\w+]+): (\d) of 7, with \d+ of the rates", PRINTED, re.MULTILINE)
    served = {name: int(count) for name, count in lines}
    assert len(served) == 10
    six = {name for name, count in served.items() if count == 6}
    assert six == {"AdaGrad", "RMSprop+N", "Adam", "Adamax"}
    assert max(served[name] for name in ("SGD", "Momentum", "Nesterov")) == 4
    assert served["SGD"] == 3
    assert max(served["RMSprop"], served["Adadelta"]) <= 4
    said("The four that serve six surfaces", "none serves more than four", "SGD's best rate of this kind serves 3")
    said("RMSprop and Adadelta serve few", "one rate served six surfaces")


def test_cents():
    g = sp.Symbol("g", positive=True)
    assert sp.simplify(100 * g / sp.sqrt((100 * g) ** 2) - g / sp.sqrt(g**2)) == 0
    said("$100g/\\sqrt{(100g)^2}$", "SGD at 0.1 is lost in cents and needs 0.001")
    rows = {name + lr: (float(a), float(b)) for name, lr, a, b in
            re.findall(r"^ *(\w+), lr ([\d.]+) +([\d.]+) +([\d.]+)$", PRINTED, re.MULTILINE)}  # fmt: skip
    assert rows["SGD0.1"][1] > 2
    assert rows["SGD0.1"][0] == rows["SGD0.001"][1]
    for name in ("AdaGrad0.05", "Adam0.005"):
        assert abs(rows[name][0] / rows[name][1] - 1) < 0.06
    assert "It is 0.01." in SHOWN


# The digits ----------------------------------------------------------------------------------------------------------


def interval(values, t):
    return np.mean(values), t * np.std(values, ddof=1) / len(values) ** 0.5


def test_students_numbers_belong_to_five_and_ten_seeds():
    """The tails beyond ±t of Student's distribution hold 5 %."""
    x = sp.symbols("x")
    for n, t in ((5, 2.776), (10, 2.262)):
        nu = n - 1
        density = sp.gamma(sp.Rational(nu + 1, 2)) / (sp.sqrt(nu * sp.pi) * sp.gamma(sp.Rational(nu, 2)))
        inside = sp.Integral(density * (1 + x**2 / nu) ** (-sp.Rational(nu + 1, 2)), (x, -t, t)).evalf(8)
        assert abs(inside - 0.95) < 1e-4


def test_only_sgd_is_worse_than_adam_beyond_doubt():
    final = {name: np.array(each["tuned"]["loss"], dtype=float) for name, each in STORED["race"].items()}
    gaps = {name: interval(values - final["Adam"], 2.262) for name, values in final.items()}
    assert [name for name, (mean, half) in gaps.items() if mean - half > 0] == ["SGD"]
    assert not [name for name, (mean, half) in gaps.items() if mean + half < 0]
    said("nine of the ten cannot be told from Adam here. Only SGD falls behind.")
    said("nine of ten optimizers cannot be told from Adam; SGD falls behind.")
    assert len(gaps) - 1 - 1 == 9
    ratio = {
        name: np.mean(each["default"]["loss"]) / np.mean(each["tuned"]["loss"]) for name, each in STORED["race"].items()
    }
    assert 2 < ratio["SGD"] < 3
    assert all(abs(ratio[name] - 1) < 0.01 for name in ("Adadelta", "Nadam"))
    assert min(value for name, value in ratio.items() if name not in ("Adadelta", "Nadam")) > 1.05
    said("SGD has more than twice its tuned loss; Adadelta and Nadam lose nothing")


def region(losses, factor=1.5):
    """Where log E, straight between the rates, is at most log(factor · least): by crossings, not by counting."""
    x, y = np.log10(RATES), np.log(np.minimum(losses, 10))
    level, best = y.min() + np.log(factor), int(y.argmin())
    ends = []
    for way in (-1, 1):
        i = best
        while y[i + way] <= level:
            i += way
        ends.append(x[i] + (level - y[i]) / (y[i + way] - y[i]) * (x[i + way] - x[i]))
        beyond = y[: i + way + 1] if way < 0 else y[i + way :]
        assert (beyond > level).all(), "one region, without gaps"
    return ends


def test_the_widths_are_those_of_the_regions():
    widths = {name: np.array([np.ptp(region(seed)) for seed in rows.T]) for name, rows in LOSS.items()}
    means = {name: values.mean() for name, values in widths.items()}
    for name, mean in means.items():
        assert f"{name:>9}  {mean:.2f} ± {interval(widths[name], 2.776)[1]:.2f}" in PRINTED
    adam, sgd = means["Adam"], means["SGD"]
    assert max(means, key=means.get) == "Adam"
    assert min(means, key=means.get) == "SGD"
    said(f"SGD's region is {sgd:.2f} decades wide: its highest good rate is some {10**sgd:.0f} times its lowest")
    said(f"The good region of the learning rate: Adam {adam:.2f} decades, SGD {sgd:.2f}, the others between")
    said(f"| {adam:.2f} decades, SGD {sgd:.2f};", f"{adam:.2f} decades are {adam - sgd:.1f} decades more than SGD's")
    more = {f"{adam - means[name]:.1f}" for name in ("Momentum", "AdaGrad")}
    assert more == {"0.3"}
    said("and 0.3 more than Momentum's and AdaGrad's")
    longer = np.ptp(region(LOSS["SGD"].mean(axis=1))) - sgd
    said(f"SGD's by {longer:.1f} decades")
    apart = {n for n, w in widths.items() if np.subtract(*interval(widths["Adam"] - w, 2.776)) > 1e-9}
    assert apart == {"SGD", "Momentum", "AdaGrad"}
    said("Against SGD, Momentum and AdaGrad the interval of the difference stays above 0. Against the other seven")
    said("From the seven others it cannot be told apart")
    assert len(LOSS) - 1 - len(apart) == 7


def test_the_published_rates_stand_inside_their_regions_but_for_sgds():
    outside = []
    for name, rows in LOSS.items():
        low, high = region(rows.mean(axis=1))
        if not low <= np.log10(STORED["race"][name]["default"]["lr"]) <= high:
            outside.append(name)
    assert outside == ["SGD"]
    said("SGD at 0.01 stands outside its own: its lowest good rate is twice that.")
    said("All published rates stand inside theirs.")
    assert round(10 ** region(LOSS["SGD"].mean(axis=1))[0] / 0.01, 1) == 2.0


def test_other_factors_give_the_same_order_at_the_ends():
    few, gaps = ("SGD", "Momentum", "Nesterov", "AdaGrad", "RMSprop", "Adam"), []
    for factor in (1.25, 1.5, 2.0, 3.0):
        row = {name: np.mean([np.ptp(region(seed, factor)) for seed in LOSS[name].T]) for name in few}
        assert max(row, key=row.get) == "Adam"
        assert min(row, key=row.get) == "SGD"
        gaps.append(row["Adam"] - row["SGD"])
    said(f"the gap between them is {min(gaps):.1f} to {max(gaps):.1f} decades")


def test_a_line_between_two_points_and_the_known_width():
    said("a straight line on logarithmic axes")
    assert f"a test whose answer is known: {2 * np.log(1.5):.3f}, by hand 2 ln 1.5 = {2 * np.log(1.5):.3f}" in PRINTED


def test_the_other_dials():
    ratio = {}
    for title, dial in STORED["dials"].items():
        means = np.mean(dial["loss"], axis=1)
        ratio[title] = dict(zip(dial["values"], means / means.min(), strict=True))
    b1, b2, eps = (ratio[f"Adam, {dial}"] for dial in ("beta1", "beta2", "eps"))
    inside = [*(v for k, v in b1.items() if k >= 0.5), *(v for k, v in b2.items() if k >= 0.9)]
    inside += [v for k, v in eps.items() if k <= 1e-2]
    worst = max(inside) - 1
    said(f"{100 * worst:.0f} per cent at most", f"within {100 * worst:.0f} %")
    said("$\\beta_1$ from 0.5 to 0.99, $\\beta_2$ from 0.9 to 0.99999 and $\\varepsilon$ from $10^{-12}$ to $10^{-2}$")
    said(f"Without momentum, $\\beta_1 = 0$, it loses {100 * (b1[0] - 1):.0f} per cent")
    assert b2[0.5] > 1000
    assert eps[1.0] > 3
    said(f"$\\sqrt{{0.5}} = {0.5**0.5:.2f}$ is below $\\beta_1 = 0.9$")
    assert 0.9 < 0.9**0.5, "the next value keeps the condition"
    velocity, average = ratio["Momentum, momentum"], ratio["Momentum as an average, momentum"]
    cost = {which[0.9]: round(100 * (which[0.99] / which[0.9] - 1)) for which in (average, velocity)}
    assert list(cost) == [1.0], "0.9 is the best of both"
    grown = [round(100 * (which[0.99] / which[0.9] - 1)) for which in (average, velocity)]
    said(f"costs {grown[0]} per cent in place of {grown[1]}", "from 0.9 to 0.99 it grows tenfold")
    lr = [STORED["dials"][title]["lr"] for title in ("Momentum, momentum", "Momentum as an average, momentum")]
    assert optim.convert(lr[0], 0.9, "velocity", "average")[0] == pytest.approx(lr[1])


def test_adam_too_learns_nothing_with_a_rate_far_off():
    adam = LOSS["Adam"].mean(axis=1)
    for lr in (1e-5, 1.0):
        assert abs(adam[list(RATES).index(lr)] - np.log(10)) < 0.1
    said("With a rate of 0.00001 or of 1 Adam learns next to nothing", f"A loss of {np.log(10):.1f}, $\\ln 10$")


# The twelve claims ---------------------------------------------------------------------------------------------------


def rows_of_the_table():
    return [line for line in TEXT.splitlines() if re.match(r"\| .* \| \*\*.*\*\* \| .* \| [\d, ]+ \|$", line)]


def test_there_are_twelve_claims_and_two_hold():
    rows = rows_of_the_table()
    assert len(rows) == 12
    assert sum("**holds**" in row for row in rows) == 2
    told = re.findall(r"^(holds |does not) (.*)$", PRINTED, re.MULTILINE)
    assert len(told) == 12
    assert [name for answer, name in told if answer == "holds "] == [
        "backward costs as much as forward, up to a constant",
        "correction is rarely needed for momentum",
    ]
    said("Two. That does not make the sources bad", "Of twelve claims two hold as they stand.")


def test_evidence_part_one():
    text, printed = text_of(2)
    ratio = re.findall(r"weights: forward.*ratio ([\d.]+)", printed)[-1]
    said(f"at most 4 times the operations; {ratio} counted | 02 |")
    assert "| multiply | 2 | 2 | 4 |" in text
    assert "more than 4 times as many operations" in text
    text, printed = text_of(7)
    assert "more than 3 times: True" in printed
    assert "the gain falls as the products grow" in text
    said("more than 3 times at the claim's sizes; the gain falls as the products grow | 07 |")


def test_evidence_part_two():
    assert "normal to the contour" in text_of(8)[0]
    w = sp.symbols("w1 w2")
    f, (dx, dy) = sp.Function("f")(*w), sp.symbols("dx dy")
    gradient = [sp.diff(f, each) for each in w]
    along = sp.solve(gradient[0] * dx + gradient[1] * dy, dx)[0]  # f does not change along the contour
    assert sp.simplify(gradient[0] * along + gradient[1] * dy) == 0
    said("normal to it: 90 degrees | 08 |")
    assert "angle 90.00 degrees; Momentum arrives sooner on 4 of 7 surfaces" in PRINTED
    kappa = next(k for k in range(2, 100) if (k - 1) / (k + 1) > 0.9**0.5)
    said(f"on 4 of 7 surfaces; 0.9 loses below a condition number of {kappa} | 11, 12, 17 |")
    assert "With both tuned it holds on these digits" in text_of(12)[0]
    above = [t for t in range(1, 2001) if 1 / (1 - 0.9**t) > 1.1]
    assert above == list(range(1, 23))
    said(f"above 10 per cent in the first {len(above)} steps only | 10, 11 |")
    said(
        f"they hold {100 * (1 - 0.9**10):.1f} % of the weight; the other convention says {2 / (1 - 0.9) - 1:.0f} | 10 |"
    )
    starts = np.stack([np.linspace(0.3, 2.0, 18), np.ones(18)], axis=1)
    ends = paths.endpoint(optim.Momentum(0.01, 0.9), surfaces.two_basins.gradient, starts, 2000)
    assert np.allclose(abs(ends[:, 0]), 1)
    said(f"{(ends[:, 0] < 0).sum()} of 18 starts; out of the deep one, too (lesson 11) | 11, 17 |")
    assert "it leaves the **deep** one" in text_of(11)[0]


def test_evidence_part_three():
    t = np.arange(1, 1001)
    ratio = (1 - 0.9**t) / np.sqrt(1 - 0.999**t)
    said(f"first step is {ratio[0]:.2f} times too long;")
    said(f"at $t = {t[ratio.argmax()]}$, {ratio.max():.2f} times (constant gradient) | 15 |")
    adam, w = optim.Adam(), np.zeros(1)
    adam.update(w, np.array([0.1]))
    state = adam.state
    m_hat, v_hat = state["m"][0] / 0.1, state["v"][0] / 0.001
    assert np.allclose([m_hat, v_hat], [0.1, 0.01])
    said("while all gradients are 0.1 it goes to 0.01, a tenth of $m$ | 15 |")
    beside, under = (abs(step(optim.AdaGrad(lr=1.0, **eps))) for eps in ({"eps": 1e-7}, {"eps": 0.0, "eps_root": 1e-7}))
    said(f"{beside / under:.0f} times at $g = 10^{{-5}}$ | 14 |")
    said("5 or 500; the step is ⅘ both times | 14 |")
    assert (np.hypot(3, 4), np.hypot(300, 400), 4 / np.hypot(3, 4), 400 / np.hypot(300, 400)) == (5, 500, 0.8, 0.8)


def step(optimizer, g=1e-5):
    w = np.zeros(1)
    optimizer.update(w, np.array([g]))
    return w[0]


def test_the_answers():
    said(f"SGD's region moves down by the factor {64}", "the mean over a batch of 64")
    said("from 0.002 to 0.2", f"{np.log10(0.2 / 0.002):.0f} decades: a factor of {0.2 / 0.002:.0f}")
    w, optimizer = np.zeros(2), optim.Adam(lr=0.3)
    optimizer.update(w, np.array([250.0, -0.004]))
    assert np.allclose(abs(w), 0.3, rtol=1e-5)
    said("As long as the learning rate, for every weight")


# The check of the exercise -------------------------------------------------------------------------------------------

ANSWERS = {
    "Correct.": lambda rates, losses: rates[np.nan_to_num(losses, nan=np.inf).mean(axis=1).argmin()],
    "luckiest run": lambda rates, losses: rates[np.nan_to_num(losses, nan=np.inf).min(axis=1).argmin()],
    "first seed": lambda rates, losses: rates[np.nan_to_num(losses, nan=np.inf)[:, 0].argmin()],
    "last seed": lambda rates, losses: rates[np.nan_to_num(losses, nan=np.inf)[:, -1].argmin()],
    "median": lambda rates, losses: rates[np.median(np.nan_to_num(losses, nan=np.inf), axis=1).argmin()],
    "best worst seed": lambda rates, losses: rates[np.nan_to_num(losses, nan=np.inf).max(axis=1).argmin()],
    "a rate at which a run diverged is out": lambda rates, losses: rates[losses.mean(axis=1).argmin()],
    "nan is not 0": lambda rates, losses: rates[np.nan_to_num(losses).mean(axis=1).argmin()],
    "worst rate": lambda rates, losses: rates[np.nan_to_num(losses).mean(axis=1).argmax()],
    "best worst seed; take": lambda rates, losses: rates[(np.nan_to_num(losses, nan=99.0) ** 2).mean(axis=1).argmin()],
    "none of the rates": lambda rates, losses: 2,
    "not the shape (9,)": lambda rates, losses: rates,
    "not the shape (1,)": lambda rates, losses: rates[:1],
    "not a number": lambda rates, losses: [[1, 2], [3]],
    "changes what it was given": lambda rates, losses: losses.sort() or rates[0],
    "Not attempted yet.": lambda rates, losses: None,
}


@pytest.mark.parametrize("told", ANSWERS)
def test_the_judge_says_what_is_wrong(told):
    space = {"np": np}
    for name in ("verdicts = {", "def asked", "def judge"):
        exec(next(cell.source for cell in CODE if cell.source.startswith(name)), space)
    space["choose"] = ANSWERS[told]
    assert told in space["judge"]()
