"""Lesson 18: tables, numbers and formulas in its text against the file that the frameworks themselves wrote."""

import inspect
import json
import re
from pathlib import Path

import nbformat
import numpy as np
import pytest
import sympy as sp
from downslope import optim
from downslope.optim.conventions import convert, convert_eps, eps_beside_at

ROOT = Path(__file__).resolve().parent.parent.parent
(PATH,) = (ROOT / "notebooks").glob("18-*.ipynb")
CELLS = nbformat.read(PATH, as_version=4).cells
TEXT = "\n".join(cell.source for cell in CELLS if cell.cell_type == "markdown")
CODE = [cell for cell in CELLS if cell.cell_type == "code"]
PRINTED = "\n".join(o.get("text", "") for cell in CODE for o in cell.outputs)
SHOWN = "\n".join(o.data.get("text/plain", "") for cell in CODE for o in cell.outputs if "data" in o)
SEEN = json.loads((ROOT / "notebooks" / "data" / "frameworks.json").read_text(encoding="utf-8"))
TORCH, OPTAX, KERAS = (SEEN["defaults"][name] for name in ("torch", "optax", "keras"))
ROUTES = {name: np.array(each["path"]) for name, each in SEEN["paths"].items()}
GRADS, START = np.array(SEEN["gradients"]), np.array(SEEN["start"])


def said(*phrases):
    for phrase in phrases:
        assert phrase in TEXT, phrase


def ours(name):
    return {dial: p.default for dial, p in inspect.signature(getattr(optim, name).__init__).parameters.items()}


def told(value):
    """A default as the tables write it."""
    if value in ("required", inspect.Parameter.empty):
        return "–"
    return (
        np.format_float_positional(value, trim="-")
        if value == 0 or value >= 1e-4
        else f"{value:.0e}".replace("e-0", "e-")
    )


def rates(name):
    return [told(which) for which in (ours(name)["lr"], TORCH[name]["lr"], OPTAX[name]["learning_rate"],
                                      KERAS[name]["learning_rate"])]  # fmt: skip


def small(name, places):
    """ε of the four, each with its place."""
    here = ours(name)
    eps = [here["eps"] or here.get("eps_root"), TORCH[name]["eps"], OPTAX[name]["eps"], KERAS[name]["epsilon"]]
    return [f"{told(value)} {place}" for value, place in zip(eps, places, strict=True)]


def row(setting, cells):
    return f"| {setting} | {' | '.join(cells)} |"


# The tables ----------------------------------------------------------------------------------------------------------


def test_the_versions_are_those_looked_at():
    v = SEEN["versions"]
    said(f"PyTorch {v['torch']}, optax {v['optax']}, Keras {v['keras']} (TensorFlow's")
    said(f"PyTorch {v['torch']}, optax {v['optax']} with JAX {v['jax']}, and Keras {v['keras']} on its PyTorch backend")
    said(f"optax {v['optax']} leaves out the minus sign")
    assert f"torch {v['torch']}, optax {v['optax']}, jax {v['jax']}, keras {v['keras']}" in PRINTED
    meta = json.loads(str(np.load(ROOT / "tests" / "optim" / "oracles" / "optimizers.npz")["meta"]))
    long = json.loads(str(np.load(ROOT / "tests" / "optim" / "oracles" / "keras.npz")["meta"]))
    assert {name: version.split("+")[0] for name, version in meta["versions"].items()}.items() <= v.items()
    assert long["versions"] == v


@pytest.mark.parametrize("name", SEEN["names"])
def test_the_names_are_theirs(name):
    theirs = SEEN["names"][name]
    said(row(f"`{name}`", [f"`{theirs[framework]}`" for framework in ("torch", "optax", "keras")]))


@pytest.mark.parametrize(
    ("line", "dials"),
    [
        ("| `lr` | `lr` | `learning_rate` | `learning_rate` |", ("lr", "learning_rate", "learning_rate")),
        ("| `rho` of RMSprop | `alpha` | `decay` | `rho` |", ("alpha", "decay", "rho")),
        ("| `eps` | `eps` | `eps` | `epsilon` |", ("eps", "eps", "epsilon")),
    ],
)
def test_the_dials_have_these_names(line, dials):
    said(line)
    for defaults, dial in zip((TORCH, OPTAX, KERAS), dials, strict=True):
        assert dial in defaults["RMSprop"]


def test_the_betas_and_the_decay_have_these_names():
    said("| `beta1`, `beta2` | `betas=(…, …)` | `b1`, `b2` | `beta_1`, `beta_2` |")
    said("| `weight_decay` | `weight_decay` | `weight_decay` | `weight_decay` |")
    for name in ("Adam", "AdamW", "Adamax", "Nadam"):
        assert TORCH[name]["betas"] == [0.9, 0.999]
        assert (OPTAX[name]["b1"], OPTAX[name]["b2"]) == (KERAS[name]["beta_1"], KERAS[name]["beta_2"]) == (0.9, 0.999)
        assert (ours(name)["beta1"], ours(name)["beta2"]) == (0.9, 0.999)
    assert all("weight_decay" in each["AdamW"] for each in (TORCH, OPTAX, KERAS))
    said("$\\beta_1 = 0.9$ and $\\beta_2 = 0.999$ are the same everywhere.")


def test_the_table_of_defaults_is_what_the_signatures_say():
    said(row("SGD, rate", rates("SGD")), row("AdaGrad, rate", rates("AdaGrad")), row("RMSprop, rate", rates("RMSprop")))
    said(
        row("Adam and AdamW, rate", rates("Adam")),
        row("Adamax, rate", rates("Adamax")),
        row("Nadam, rate", rates("Nadam")),
    )
    assert rates("Adam") == rates("AdamW")
    h = [TORCH["AdaGrad"], OPTAX["AdaGrad"], KERAS["AdaGrad"]]
    said(row("AdaGrad, sum at the start", ["0", *(told(each["initial_accumulator_value"]) for each in h)]))
    assert OPTAX["Adadelta"]["learning_rate"] is None
    delta = ours("Adadelta"), TORCH["Adadelta"], OPTAX["Adadelta"], KERAS["Adadelta"]
    said(
        row(
            "Adadelta, rate", [told(delta[0]["lr"]), told(delta[1]["lr"]), "see below", told(delta[3]["learning_rate"])]
        )
    )
    said(row("Adadelta, ρ", [told(each["rho"]) for each in delta]))
    rms = ours("RMSprop")["rho"], TORCH["RMSprop"]["alpha"], OPTAX["RMSprop"]["decay"], KERAS["RMSprop"]["rho"]
    said(row("RMSprop, ρ", [told(each) for each in rms]))
    decay = [told(each["AdamW"]["weight_decay"]) for each in (TORCH, OPTAX, KERAS)]
    said(row("AdamW, decay", [told(ours("AdamW")["weight_decay"]), *decay]))


def test_the_places_of_eps_are_those_that_reproduce_the_paths():
    assert OPTAX["RMSprop"]["eps_in_sqrt"] is True
    said(row("AdaGrad, ε", small("AdaGrad", ("beside", "beside", "under", "under"))))
    said(row("Adadelta, ε", small("Adadelta", ("under",) * 4)))
    said(row("RMSprop, ε", small("RMSprop", ("beside", "beside", "under", "under"))))
    corrected = r"beside $\sqrt{\hat v}$"
    said(row("Adam and AdamW, ε", small("Adam", (corrected, corrected, corrected, r"beside $\sqrt v$"))))
    assert small("Adam", " " * 4) == small("AdamW", " " * 4)
    said(row("Adamax, ε", small("Adamax", ("in $u$", "in $u$", "in $u$", "beside $u$"))))
    said(row("Nadam, ε", small("Nadam", ("beside",) * 4)))


def test_the_momentum_of_nadam():
    psi = [ours("Nadam")["momentum_decay"], TORCH["Nadam"]["momentum_decay"]]
    assert agrees(optim.Nadam(0.001, eps=1e-7, momentum_decay=1.0), "keras Nadam")
    assert agrees(optim.Nadam(0.1, convention="constant"), "optax Nadam")
    said(row("Nadam, momentum", [*(f"rises, ψ = {told(each)}" for each in psi), "constant", "rises, ψ = 1"]))
    left = [0.96 ** (decay * t) for decay, t in ((1, 100), (0.004, 100), (0.004, 30_000))]
    assert left[0] < 0.02 < left[1] > 0.9 > 0.02 > left[2]
    said("warms its momentum up in about a hundred steps, PyTorch's in tens of thousands")


def test_no_class_has_the_same_defaults_in_pytorch_and_keras():
    assert "It is 0." in SHOWN
    said("For none.", "for none of eight classes")
    assert len(SEEN["names"]) == 8


# The paths -----------------------------------------------------------------------------------------------------------


def agrees(optimizer, name, before_step=None):
    w, path = START.copy(), [START.copy()]
    for t, g in enumerate(GRADS):
        if before_step:
            before_step(optimizer, t)
        optimizer.update(w, g)
        path.append(w.copy())
    return bool(np.allclose(path, ROUTES[name], rtol=0, atol=1e-12))


def test_what_was_found_to_agree():
    lines = re.findall(r"^(torch|optax|keras): (\d+) of (\d+) paths agree; not: (.*)$", PRINTED, re.MULTILINE)
    assert lines == [
        ("torch", "10", "10", "none"),
        ("optax", "10", "10", "none"),
        ("keras", "7", "10", "Adam AdamW Adamax"),
    ]
    said("All ten, to twelve places.", "Seven of ten. Three do not agree: Adam, AdamW and Adamax")


def test_the_question_and_its_answer():
    torch, keras = (ROUTES[f"{name} Adam"][-1] - START for name in ("torch", "keras"))
    ratios = torch / keras
    said(f"goes {ratios[1]:.1f} times as far in PyTorch")
    assert np.allclose(np.delete(ratios, 1), 1, atol=1e-3)
    tiny = np.abs(GRADS[:, 1])
    assert 1e-7 < np.exp(np.log(tiny).mean()) < 1e-5
    at_first = convert_eps(1e-7, "beside uncorrected", "beside", beta2=0.999, t=1)
    assert tiny.max() < at_first
    said(f"{1e6 * at_first:.2f} millionths: {at_first / 1e-8:.0f} times PyTorch's $10^{{-8}}$")
    said(f"like ${1e6 * at_first:.2f}\\cdot 10^{{-6}}$", "Its ε is ten times as large")
    assert KERAS["Adam"]["epsilon"] / TORCH["Adam"]["eps"] == pytest.approx(10)


def test_equation_1():
    m, v, eps, eta, b1, b2, t = sp.symbols("m v varepsilon eta beta1 beta2 t", positive=True)
    left = eta * sp.sqrt(1 - b2**t) / (1 - b1**t) * m / (sp.sqrt(v) + eps)
    m_hat, root = m / (1 - b1**t), sp.sqrt(v) / sp.sqrt(1 - b2**t)
    right = eta * m_hat / (root + eps / sp.sqrt(1 - b2**t))
    values = {m: 0.3, v: 0.2, eps: 0.1, eta: 0.7, b1: 0.9, b2: 0.99, t: 3}
    assert abs((left - right).subs(values).evalf()) < 1e-12
    assert sp.simplify(sp.sqrt(v / (1 - b2**t)) / root).subs(values).evalf() == pytest.approx(1)
    said(
        r"= -\eta\,\frac{\sqrt{1-\beta_2^t}}{1-\beta_1^t}\cdot\frac{m}{\sqrt v + \hat\varepsilon} = "
        r"-\eta\,\frac{\hat m}{\sqrt{\hat v} + \hat\varepsilon/\sqrt{1-\beta_2^t}}"
    )


def test_which_gradients_notice_kerases_eps():
    shorter = [1e-5 / (1e-5 + convert_eps(1e-7, "beside uncorrected", "beside", beta2=0.999, t=t)) for t in (1, 10_000)]
    assert shorter[0] < 0.8 < 0.98 < shorter[1]
    said("In the first steps the difference concerns gradients of about $10^{-5}$ and below, later only smaller ones.")
    assert "Adam:  True\nAdamW: True" in PRINTED
    assert "Adamax: True" in PRINTED


def test_eps_under_at_zero():
    beside = eps_beside_at(1e-7, 0.0)
    said(f"$\\sqrt{{10^{{-7}}}} = {1e4 * beside:.1f}\\cdot 10^{{-4}}$")
    assert f"mean square 0: 1e-7 under the root acts like {beside:.1e} beside it" in PRINTED


def test_momentum_between_conventions():
    b, v, g, eta = sp.symbols("beta v g eta")
    assert sp.expand(eta * (b * v + (1 - b) * g) - (b * (eta * v) + eta * (1 - b) * g)) == 0
    assert convert(1.0, 0.9, "average", "sum")[0] == pytest.approx(0.1)
    assert "PyTorch, optax: lr = 0.1, momentum = 0.9   the same path: True" in PRINTED
    assert "and it is theirs: True" in PRINTED
    assert "from PyTorch, optax: lr = 1, beta = 0.9" in PRINTED
    said("$0.5\\cdot(1-0.98) = 0.01$")
    assert convert(0.5, 0.98, "average", "sum")[0] == pytest.approx(0.01)


def test_dampening():
    g, gamma, d, eta, v = sp.symbols("g gamma d eta v")
    assert sp.expand(gamma * g + (1 - gamma) * g - g) == 0
    u = -eta * v
    assert sp.expand(gamma * u - eta * (1 - d) * g + eta * (gamma * v + (1 - d) * g)) == 0
    said("$\\gamma g_1 + (1-\\gamma) g_1 = g_1$", "$u \\leftarrow \\gamma u - \\eta(1-d)\\,g$")
    said(f"$1/(1-\\gamma) = {1 / (1 - 0.9):.0f}$ times as strong")
    assert "from 0:   False\nfrom g1:  True" in PRINTED
    assert TORCH["SGD"]["dampening"] == 0
    assert "dampening" not in OPTAX["SGD"] | KERAS["SGD"]


def test_after_the_cut():
    way = {
        key: np.abs(np.diff(ROUTES[f"{key} momentum, cut"][[6, -1]], axis=0)).sum()
        for key in ("torch", "optax", "keras")
    }
    assert max(way, key=way.get) == "keras"
    assert way["torch"] == pytest.approx(way["optax"])
    assert "sum, memory plain: the path of torch, optax\nsum, memory scaled: the path of keras" in PRINTED
    assert SEEN["cut"] == 6
    said("After six steps the rate is cut to a tenth", "in the six steps that follow")
    assert len(GRADS) == 12
    said("the same twelve gradients of three weights")


def test_nesterov_is_shifted_in_all_three():
    assert all(agrees(optim.Nesterov(0.1, 0.9), f"{key} nesterov") for key in ("torch", "optax", "keras"))
    assert "into a framework:  w = θ + μv is its weight: True" in PRINTED
    assert "out of a framework: θ = w − μv is the paper's: True" in PRINTED


def test_decay_and_the_traps():
    end = ROUTES["torch Adam, decay"][-1]
    assert f"[ {end[0]:.3f} {end[1]:.3f}" in PRINTED
    assert np.diff(ROUTES["torch Adam, decay"][:, 1]).mean() == pytest.approx(-0.1, rel=0.2)
    said("the weight walks down by about $\\eta$ a step")
    assert "PyTorch's is L2 inside Adam: True" in PRINTED
    assert "Keras' is AdamW:             True" in PRINTED
    assert "optax.adadelta() is Adadelta with its sign turned: True" in PRINTED
    assert SEEN["paths"]["optax Adadelta, no rate"]["call"] == "adadelta()"
    said("with gradients well below 0.3")
    assert round(KERAS["AdaGrad"]["initial_accumulator_value"] ** 0.5, 1) == 0.3
    assert "Nesterov momentum requires a momentum" in SEEN["torch nesterov, no momentum"]
    assert PRINTED.count("it is SGD: True") == 2


# The check of the exercise -------------------------------------------------------------------------------------------

ANSWERS = {
    "Correct.": lambda lr, gamma, d: [lr * (1 - d), gamma],
    "dampening is missing": lambda lr, gamma, d: (lr, gamma),
    "1 − d goes in": lambda lr, gamma, d: (lr * d, gamma),
    "a smaller rate": lambda lr, gamma, d: (lr / (1 - d), gamma),
    "not γ": lambda lr, gamma, d: (lr * (1 - gamma), gamma),
    "the order is": lambda lr, gamma, d: (gamma, lr * (1 - d)),
    "effective rate": lambda lr, gamma, d: (lr * (1 - d) / (1 - gamma), gamma),
    "other ones": lambda lr, gamma, d: (0, 1),
    "the shape (3,)": lambda lr, gamma, d: (1, 2, 3),
    "the shape ()": lambda lr, gamma, d: lr * (1 - d),
    "return two numbers.": lambda lr, gamma, d: [[1, 2], [3]],
    "Not attempted yet.": lambda lr, gamma, d: None,
}


@pytest.mark.parametrize("told", ANSWERS)
def test_the_judge_says_what_is_wrong(told):
    space = {"np": np}
    for name in ("slips = {", "def pair", "def judge"):
        exec(next(cell.source for cell in CODE if cell.source.startswith(name)), space)
    space["to_keras"] = ANSWERS[told]
    assert told in space["judge"]()
