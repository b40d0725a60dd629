"""Downslope beside its peers: the same work in the same run, one thread, CPU seconds, medians, ratios.

    make bench            installs the peers into build/bench, runs this, writes benchmarks/RESULTS.md
    python benchmarks/speed.py [--rounds 15] [--only graph]

Two pieces of work alternate, so that a machine whose speed drifts slows both. A ratio is the median of the pairs.
Nothing here is a test: times belong to a machine, ratios to a pair of versions, which the table names.
"""

import os
import sys

ONE_THREAD = dict.fromkeys(
    ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"
)
ONE_THREAD["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
LOSES_INSTRUCTIONS = (
    "OPENBLAS_CORETYPE",
    "OPENBLAS_L2_SIZE",
)  # set in some containers; numpy then loses its widest loops

if any(os.environ.get(name) != value for name, value in ONE_THREAD.items()) or set(LOSES_INSTRUCTIONS) & set(
    os.environ
):
    kept = {name: value for name, value in os.environ.items() if name not in LOSES_INSTRUCTIONS}
    os.execve(sys.executable, [sys.executable, *sys.argv], {**kept, **ONE_THREAD})

import argparse
import gc
import importlib.metadata
import platform
import resource
import statistics
import subprocess
import time
import warnings
from itertools import pairwise
from pathlib import Path

import numpy as np
from downslope import optim
from downslope.backprop import Network, Value
from downslope.backprop.gradcheck import derivative_along
from downslope.optim import SGD, Momentum, surfaces, trajectory
from downslope.optim.paths import grid

RESULTS = Path(__file__).resolve().parent / "RESULTS.md"
SIZES = [784, 100, 100, 100, 100, 10]
BATCH = 128
rng = np.random.default_rng(0)
ROUNDS = 15


# Measuring -----------------------------------------------------------------------------------------------------------


def seconds(work, repeat):
    """CPU seconds of one call of `work`, averaged over `repeat` calls; nobody pays for another's garbage."""
    gc.collect()
    start = time.process_time()
    for _ in range(repeat):
        work()
    return (time.process_time() - start) / repeat


def repeats(work, target=0.05):
    """How many calls take about `target` seconds."""
    work()
    once = seconds(work, 1)
    return max(1, int(target / max(once, 1e-7)))


def ratio(ours, theirs):
    """Median over rounds of our time / their time, and both median times."""
    a, b = repeats(ours), repeats(theirs)
    pairs = []
    for _ in range(ROUNDS):
        for work in (ours, theirs):
            getattr(work, "start_again", lambda: None)()
        pairs.append((seconds(ours, a), seconds(theirs, b)))
    mine, other = (statistics.median(column) for column in zip(*pairs, strict=True))
    return statistics.median(x / y for x, y in pairs), mine, other


def micro(value):
    return f"{value * 1e6:,.1f} µs" if value < 1e-3 else f"{value * 1e3:,.2f} ms" if value < 1 else f"{value:.2f} s"


# The step of lesson 12 -----------------------------------------------------------------------------------------------


def our_step():
    net, optimizer = Network(SIZES, seed=0, dtype="float32"), Momentum(lr=0.01, momentum=0.9)
    x, labels = rng.random((BATCH, 784), dtype="float32"), rng.integers(0, 10, BATCH)
    weights, memory = net.params.vector.copy(), optimizer.state

    def step():
        _, gradient = net.loss_and_gradient(x, labels)
        optimizer.update(net.params, gradient)

    def start_again():  # one batch learned for ever leaves dead units with velocities too small to be normal numbers
        net.params.vector = weights
        optimizer.state = memory

    step.start_again = start_again
    return step


def bare_products():
    """The matrix products of one step and nothing else: forward, weight gradients, signals."""
    W = [rng.random(shape, dtype="float32") for shape in pairwise(SIZES)]
    H = [rng.random((BATCH, n), dtype="float32") for n in SIZES]

    def products():
        for l in range(len(W)):
            H[l] @ W[l]
            H[l].T @ H[l + 1]
            if l:
                H[l + 1] @ W[l].T

    return products


def torch_step():
    import torch

    torch.set_num_threads(1)
    layers = []
    for n_in, n_out in pairwise(SIZES):
        layers += [torch.nn.Linear(n_in, n_out), torch.nn.ReLU()]
    net = torch.nn.Sequential(*layers[:-1])
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
    x, labels = torch.rand(BATCH, 784), torch.randint(0, 10, (BATCH,))

    def step():
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(net(x), labels).backward()
        optimizer.step()

    return step


JAX_NETWORK = """
import jax, jax.numpy as jnp, numpy as np
SIZES = [784, 100, 100, 100, 100, 10]
def forward(params, x):
    for W, b in params[:-1]:
        x = jnp.maximum(x @ W + b, 0)
    W, b = params[-1]
    return x @ W + b
def loss(params, x, labels):
    return -jnp.take_along_axis(jax.nn.log_softmax(forward(params, x)), labels[:, None], axis=1).mean()
def step(params, velocity, x, labels):
    gradient = jax.grad(loss)(params, x, labels)
    velocity = jax.tree.map(lambda v, g: 0.9 * v - 0.01 * g, velocity, gradient)
    return jax.tree.map(lambda p, v: p + v, params, velocity), velocity
step = jax.jit(step, donate_argnums=(0, 1))
rng = np.random.default_rng(0)
def fresh():
    pairs = list(zip(SIZES[:-1], SIZES[1:]))
    he = lambda p: jnp.asarray(rng.normal(size=p, scale=(2 / p[0]) ** 0.5).astype("float32"))
    params = [(he(p), jnp.zeros(p[1])) for p in pairs]
    return params, jax.tree.map(jnp.zeros_like, params)
"""


def jax_step():
    space = {}
    exec(JAX_NETWORK, space)
    state = [space["fresh"]()]
    x, labels = space["jnp"].asarray(rng.random((BATCH, 784), dtype="float32")), rng.integers(0, 10, BATCH)

    def step():
        state[0] = space["step"](*state[0], x, labels)
        state[0][0][0][0].block_until_ready()

    return step


def sklearn_step():
    from sklearn.neural_network import MLPClassifier

    warnings.filterwarnings("ignore")
    net = MLPClassifier(
        (100,) * 4,
        solver="sgd",
        learning_rate_init=0.01,
        momentum=0.9,
        nesterovs_momentum=False,
        alpha=0,
        batch_size=BATCH,
    )
    x, labels = rng.random((BATCH, 784), dtype="float32"), np.r_[np.arange(10), rng.integers(0, 10, BATCH - 10)]
    net.partial_fit(x, labels, classes=np.arange(10))
    return lambda: net.partial_fit(x, labels)


def rows_step():
    value, products, step = ratio(bare_products(), our_step())
    yield (
        "784-100⁴-10 step, float32: speed beside its own bare matrix products",
        f"{value:.2f}",
        "≥ 0.75",
        products,
        step,
    )
    for name, peer, goal in (
        ("PyTorch eager", torch_step, 2.3),
        ("JAX jit", jax_step, 0.95),
        ("scikit-learn", sklearn_step, 4),
    ):
        value, theirs, mine = ratio(peer(), our_step())
        yield f"the same step beside {name}", f"{value:.2f}×", f"≥ {goal}×", theirs, mine
        value, theirs, mine = ratio(peer(), bare_products())
        yield f"numpy's limit: the bare products alone beside {name}", f"{value:.2f}×", "–", theirs, mine


# From the start of a process to 2,000 steps --------------------------------------------------------------------------

START = {
    "ours": """
import numpy as np
from downslope.backprop import Network
from downslope.optim import Momentum
net, optimizer = Network([784, 100, 100, 100, 100, 10], seed=0, dtype="float32"), Momentum(lr=0.01, momentum=0.9)
rng = np.random.default_rng(0)
x, labels = rng.random((128, 784), dtype="float32"), rng.integers(0, 10, 128)
for _ in range(2000):
    optimizer.update(net.params, net.gradient(x, labels))
""",
    "PyTorch": """
import torch
torch.set_num_threads(1)
sizes = [784, 100, 100, 100, 100, 10]
layers = []
for n_in, n_out in zip(sizes[:-1], sizes[1:]):
    layers += [torch.nn.Linear(n_in, n_out), torch.nn.ReLU()]
net = torch.nn.Sequential(*layers[:-1])
optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
x, labels = torch.rand(128, 784), torch.randint(0, 10, (128,))
for _ in range(2000):
    optimizer.zero_grad()
    torch.nn.functional.cross_entropy(net(x), labels).backward()
    optimizer.step()
""",
    "JAX": JAX_NETWORK
    + """
state = fresh()
x, labels = jnp.asarray(rng.random((128, 784), dtype="float32")), rng.integers(0, 10, 128)
for _ in range(2000):
    state = step(*state, x, labels)
state[0][0][0].block_until_ready()
""",
}


def process_seconds(code):
    """CPU seconds of a whole process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def rows_start():
    for peer, goal in (("PyTorch", 0.30), ("JAX", 0.55)):
        pairs = [(process_seconds(START["ours"]), process_seconds(START[peer])) for _ in range(4)][1:]
        mine, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
        value = statistics.median(a / b for a, b in pairs)
        yield f"process start to 2,000 steps, share of {peer}'s time", f"{value:.2f}", f"≤ {goal:.2f}", theirs, mine


# One step of an optimizer --------------------------------------------------------------------------------------------


def bare_sgd(w, g, v):
    w -= 0.01 * g


def bare_momentum(w, g, v):
    v *= 0.9
    v -= 0.01 * g
    w += v


def rows_optimizer():
    import torch

    torch.set_num_threads(1)
    for name, ours, bare, momentum in (
        ("SGD", lambda: SGD(lr=0.01), bare_sgd, 0.0),
        ("Momentum", lambda: Momentum(lr=0.01, momentum=0.9), bare_momentum, 0.9),
    ):
        for n, goal in ((1_000, 0.10), (100_000, 0.70)):
            w, g, v = (rng.random(n, dtype="float32") for _ in range(3))
            optimizer = ours()
            parameter = torch.nn.Parameter(torch.rand(n))
            parameter.grad = torch.rand(n)
            peer = torch.optim.SGD([parameter], lr=0.01, momentum=momentum, fused=True)
            value, mine, theirs = ratio(lambda o=optimizer, w=w, g=g: o.update(w, g), peer.step)
            yield (
                f"{name} step, {n:,} parameters, share of PyTorch fused",
                f"{value:.2f}",
                f"≤ {goal:.2f}",
                theirs,
                mine,
            )
            value, mine, theirs = ratio(lambda f=bare, w=w, g=g, v=v: f(w, g, v), peer.step)
            yield f"numpy's limit: the formula alone, {n:,} parameters", f"{value:.2f}", "–", theirs, mine


NINE = (
    lambda: optim.SGD(lr=0.01),
    lambda: optim.Momentum(lr=0.01, momentum=0.9),
    lambda: optim.Nesterov(lr=0.01, momentum=0.9),
    lambda: optim.AdaGrad(lr=0.1),
    lambda: optim.Adadelta(),
    lambda: optim.RMSprop(lr=0.01),
    lambda: optim.Adam(lr=0.01),
    lambda: optim.Adamax(lr=0.01),
    lambda: optim.Nadam(lr=0.01),
)


def rows_paths():
    ravine = surfaces.ravine(20)

    def race():
        for method in NINE:
            trajectory(method(), ravine.gradient, (-10.0, 1.0), 200)

    _, mine, _ = ratio(race, race)
    yield "nine optimizers, 200 steps in 2-D", micro(mine), "≤ 12 ms", None, mine
    axes = {"lr": np.linspace(0.001, 0.1, 100), "momentum": np.linspace(0, 0.99, 100)}
    _, mine, _ = ratio(*(2 * [lambda: grid(Momentum, ravine.gradient, (-10.0, 1.0), 200, **axes)]))
    yield "100 × 100 grid of momentum, 200 steps", micro(mine), "about 16 ms", None, mine


# The graph -----------------------------------------------------------------------------------------------------------


def build(value, gates):
    """A wide graph of `gates` additions and multiplications, at a depth that micrograd's recursion survives."""
    row = [value(0.1 + 0.001 * i) for i in range(max(2, gates // 100))]
    made = 0
    while made < gates:
        pairs = zip(row, row[1:] + row[:1], strict=True)
        row = [a * b if (made + i) % 2 else a + b for i, (a, b) in enumerate(pairs)][: gates - made]
        made += len(row)
    total = row[0]
    for node in row[1:]:
        total = total + node
    return total


def rows_graph():
    from micrograd.engine import Value as Peer

    sys.setrecursionlimit(20_000)
    for gates, goal in ((500, 0.65), (10_000, 0.4)):
        value, mine, theirs = ratio(
            lambda n=gates: build(Value, n).backward(), lambda n=gates: build(Peer, n).backward()
        )
        yield (
            f"graph forward and backward, {gates:,} gates, share of micrograd's time",
            f"{value:.2f}",
            f"≤ {goal}",
            theirs,
            mine,
        )
    gc.disable()
    value, mine, theirs = ratio(lambda: build(Value, 100_000).backward(), lambda: build(Value, 10_000).backward())
    gc.enable()
    yield "time per gate, 100,000 against 10,000 gates", f"{value / 10:.2f}×", "≤ 1.3×", theirs / 10_000, mine / 100_000


# Complex steps -------------------------------------------------------------------------------------------------------


def rows_complex():
    net = Network(SIZES, activation="tanh", initializer="xavier", seed=0, dtype="float64")
    x, labels = rng.random((1, 784)), np.array([3])
    gradient = net.gradient(x, labels)
    directions = [net.params.copy() for _ in range(10)]
    for direction in directions:
        direction.vector[:] = rng.choice([-1.0, 1.0], direction.vector.size)

    def check():
        function = lambda params: net.loss(x, labels, params)  # noqa: E731
        slopes = [derivative_along(function, net.params, direction, method="complex") for direction in directions]
        exact = np.array([direction.vector @ gradient.vector for direction in directions])
        return np.max(np.abs(slopes - exact) / np.abs(exact))

    error = check()
    _, mine, _ = ratio(check, check)
    size = net.params.vector.size
    yield (
        f"ten complex-step directions, {size:,} parameters (error {error:.0e})",
        micro(mine),
        "≤ 20 ms, ≤ 1e-10",
        None,
        mine,
    )


# The table -----------------------------------------------------------------------------------------------------------

PARTS = {
    "step": rows_step,
    "start": rows_start,
    "optimizer": rows_optimizer,
    "paths": rows_paths,
    "graph": rows_graph,
    "complex": rows_complex,
}


def versions():
    names = ("numpy", "torch", "jax", "scikit-learn", "micrograd")
    return ", ".join(f"{name} {importlib.metadata.version(name)}" for name in names)


def main():
    global ROUNDS
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="pairs of measurements for each ratio")
    parser.add_argument("--only", choices=PARTS, help="one part; the table is printed and not written")
    options = parser.parse_args()
    ROUNDS = options.rounds
    lines = ["| work | measured | goal | peer | ours |", "|---|---|---|---|---|"]
    print("\n".join(lines), flush=True)
    for name, rows in PARTS.items():
        if options.only in (None, name):
            for work, measured, goal, theirs, mine in rows():
                lines.append(f"| {work} | {measured} | {goal} | {micro(theirs) if theirs else '–'} | {micro(mine)} |")
                print(lines[-1], flush=True)
    if not options.only:
        head = (
            f"# Speed\n\nOne thread, CPU seconds, medians of {ROUNDS} pairs measured in turn (`make bench`). "
            f"{platform.machine()}, Python {platform.python_version()}, {versions()}.\n\n"
        )
        RESULTS.write_text(head + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
