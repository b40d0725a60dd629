"""What learners get wrong in ps3: for each problem the code of a wrong answer, and words that the check must say."""

EWMA = """
def ewma(x, beta):
    v, history = {start}, []
    for today in x:
        {line}
        history.append(v)
    return {result}
"""


def loop(line, start="0.0", result="np.array(history)"):
    return EWMA.format(line=line, start=start, result=result)


RIGHT = "v = beta * v + (1 - beta) * today"

CORRECTED = """
def ewma_corrected(x, beta):
    v, shown = {start}, []
    for t, today in enumerate(x, start={first}):
        v = {line}
        shown.append({show})
        {after}
    return np.array(shown)
"""


def fixed(line="beta * v + (1 - beta) * today", show="v / (1 - beta**t)", start="0.0", first=1, after="t += 1"):
    return CORRECTED.format(line=line, show=show, start=start, first=first, after=after)


def half_life(result):
    return f"def half_life(beta):\n    return {result}\n"


def convert(result):
    return f"def convert_to_sum(lr, momentum):\n    return {result}\n"


SWAPPED = "(1 - beta) * v + beta * today"

MISTAKES = {
    "ewma": [
        (loop("v = (1 - beta) * v + beta * today"), "have changed places: β is the share of the old average"),
        (loop(RIGHT, start="x[0]"), "starts at x[0]. It starts at 0"),
        (loop("v = beta * v + today"), "factor of today's number is missing"),
        (loop("history.append(v); v = beta * v + (1 - beta) * today; continue"), "average of the day before"),
        (loop("v = (1 - beta) * today"), "The old average is lost"),
        (
            "def ewma(x, beta):\n    return np.array([np.mean(x[: t + 1]) for t in range(len(x))])\n",
            "plain mean of the days so far",
        ),
        (loop(RIGHT, result="history"), "should be a NumPy array, and it is a list"),
        (loop(RIGHT, result="v"), "and it is the number"),
        (
            "def ewma(x, beta):\n    v, history = 0.0, np.zeros_like(x)\n    for t in range(len(x)):\n"
            "        v = beta * v + (1 - beta) * x[t]\n        history[t] = v\n    return history\n",
            "holds whole numbers",
        ),
        (
            "def ewma(x, beta):\n    x[0] = (1 - beta) * x[0]\n    for t in range(1, len(x)):\n"
            "        x[t] = beta * x[t - 1] + (1 - beta) * x[t]\n    return x.astype(float)\n",
            "changes its argument x",
        ),
        (
            "def ewma(x, beta):\n    history = [0.0]\n    for today in x:\n"
            "        history.append(beta * history[-1] + (1 - beta) * today)\n    return np.array(history)\n",
            "should have the shape (1,), and it has (2,)",
        ),
    ],
    "repair": [
        ("repair = 'A'", "On day 2 the weights of the days add up to 1.90"),
        ("repair = 'B'", "the oldest number weighs 0.90 and the newest 0.10"),
        ("repair = 'D'", "On day 11 the weights of the days add up to 0.69"),
    ],
    "ewma_corrected": [
        (
            "def ewma_corrected(x, beta):\n    v = ewma(x, beta)\n    v[0] = x[0]\n    return v",
            "Only the first day is repaired",
        ),
        (
            "def ewma_corrected(x, beta):\n"
            "    v = ewma(x, beta)\n"
            "    return v / (1 - beta) ** np.arange(1, len(x) + 1)",
            "and not (1 − β)ᵗ",
        ),
        (fixed(first=0), "the t counts from 0. On the first day t is 1"),
        (
            "def ewma_corrected(x, beta):\n    v, shown = 0.0, []\n    for t, today in enumerate(x.tolist()):\n"
            "        v = beta * v + (1 - beta) * today\n        shown.append(v / (1 - beta**t))\n"
            "    return np.array(shown)\n",
            "1 − βᵗ is 0 where t is 0",
        ),
        (fixed(SWAPPED, "v / (1 - (1 - beta) ** t)"), "changed places everywhere"),
        (fixed(SWAPPED), "changed places in the recurrence; the correction is right"),
        (fixed(show="v / (1 - (1 - beta) ** t)"), "changed places in the correction; the recurrence is right"),
        (fixed(show="v", start="x[0]"), "starts at x[0] and nothing is corrected"),
        (fixed(start="x[0]"), "starts at x[0] and is corrected too"),
        (fixed(after="v = shown[-1]"), "corrected value goes back into the recurrence"),
        (fixed(show="v"), "The correction is missing"),
        (fixed(show="v * (1 - beta**t)"), "The correction multiplies"),
        (fixed(show="v / (1 - beta)"), "The power t is missing"),
        (fixed(show="v / (1 - beta * t)"), "That is β times t"),
        (fixed(show="v / (1 - beta ** len(x))"), "Each day has a t of its own"),
        (fixed(show="v / beta**t"), "divided by βᵗ, the weight that is missing"),
        (fixed("beta * v + today"), "The factor 1 − β of today's number is missing in the recurrence"),
        (
            "def ewma_corrected(x, beta):\n    t = np.arange(1, len(x) + 1)\n    ewma(x, beta) / (1 - beta**t)\n",
            "returns nothing",
        ),
    ],
    "meaning": [
        ("meaning = 'A'", "weight of the newest number is 0.111 in the plain mean of 9 days and 0.2"),
        ("meaning = 'B'", "share of the weight that the last 9 days hold is 1 in"),
        ("meaning = 'C'", "have any weight is 9 in the plain mean of 9 days and 400"),
    ],
    "window": [
        ("window = [0.08, 0.8648]", "The share is right. The first number is α"),
        ("window = [1 - 1 / 24, 1 - (1 - 1 / 24) ** 24]", "'about N steps'"),
        ("window = [2 / 25, 1 - (2 / 25) ** 24]", "The first number is α"),
        ("window = [0.92, 0.92**24]", "everything older than the last 24"),
        ("window = [0.92, 0.08 * 0.92**23]", "the weight of one value"),
        ("window = [0.92, 1 - 0.92**25]", "One value too many"),
        ("window = [0.92, 1 - 0.92**23]", "One value too few"),
        ("window = [0.92, 86.5]", "not per cent"),
        ("window = [1 - 0.92**24, 0.92]", "changed places"),
        ("window = [0.92, 1.0]", "1 of 2 entries is wrong, the share: you have 1. Add up"),
        ("window = [0.92, ...]", "One of the two numbers is still"),
        ("window = 0.92", "The shape must be (2,)"),
    ],
    "half_life": [
        ("def half_life(beta):\n    return np.log(2) / (1 - beta)", "takes 1 − β for −ln β"),
        (half_life("1 / (1 - beta)"), "falls to about 1/e"),
        (half_life("beta / (1 - beta)"), "That is the mean age"),
        (half_life("(1 + beta) / (1 - beta)"), "That is the span"),
        (half_life("2 ** (-1 / beta)"), "That goes the other way"),
        (half_life("np.log(beta) / np.log(0.5)"), "Upside down"),
        (half_life("np.log(2) / np.log(beta)"), "The size is right, the sign is not"),
        (half_life("np.log(0.5) / np.log(1 - beta)"), "That is when 1 − β to a power"),
        (half_life("int(np.ceil(np.log(0.5) / np.log(beta)))"), "rounded up to whole steps"),
        ("def half_life(beta):\n    print(np.log(0.5) / np.log(beta))\n", "returns nothing"),
        (half_life("np.array([np.log(0.5) / np.log(beta)])"), "should be one number"),
    ],
    "convert_to_sum": [
        (convert("lr / (1 - momentum), momentum"), "That is the way back"),
        (convert("lr, momentum"), "Nothing is converted"),
        (convert("lr * momentum, momentum"), "The learning rate is multiplied by β"),
        (convert("lr * (1 - momentum), momentum * (1 - momentum)"), "it says what survives a step"),
        (convert("lr * (1 - momentum), 1 - momentum"), "The momentum became 1 − β"),
        (convert("momentum, lr * (1 - momentum)"), "The two have changed places"),
        (convert("lr * (1 - momentum)"), "2 values should be returned"),
    ],
    "below": [
        (
            "smoothed = ewma_corrected(losses, 0.95)\nbelow = smoothed[np.argmax(smoothed < 0.5)]",
            "how high the average is on that step",
        ),
        ("below = int(np.argmax(ewma(losses, 0.95) < 0.5))", "below 0.5 at once"),
        ("below = int(np.argmax(losses < 0.5))", "first single batch"),
        ("below = int(np.argmax(ewma_corrected(losses, 0.95) < 0.5)) + 1", "One too many"),
        ("below = int(np.argmax(ewma_corrected(losses, 0.95) < 0.5)) - 1", "still above 0.5, for the last time"),
        ("below = int(np.argmax(ewma_corrected(losses, 0.9) < 0.5))", "with β = 0.9 gets below"),
        ("below = int(np.argmax(ewma_corrected(losses, 0.05) < 0.5))", "hardly anything is smoothed"),
        (
            "v, curve = losses[0], []\nfor loss in losses:\n    v = 0.95 * v + 0.05 * loss\n    curve.append(v)\n"
            "below = int(np.argmax(np.array(curve) < 0.5))",
            "starts at the first loss",
        ),
        ("below = ewma_corrected(losses, 0.95)", "One number is asked for"),
    ],
}
