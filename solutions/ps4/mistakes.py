"""Known mistakes of problem set 4: whole wrong answer cells, and words that the check's message must contain.

Kept with the solutions, never released.
"""

ADAGRAD = "def adagrad_step(w, g, h, lr, eps):\n"
RMSPROP = "def rmsprop_step(w, g, r, lr, rho, eps):\n"
ADAM = "def adam_step(w, g, m, v, t, lr, beta1, beta2, eps):\n"
AVERAGES = """    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
"""
HATS = """    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
"""
STEP = "    w = w - lr * m_hat / (np.sqrt(v_hat) + eps)\n"
BACK = "    return w, m, v\n"
TOO_LONG = "def too_long(t, beta1, beta2):\n"
FIRST = "first_steps = {{'principle': {}, 'corrected': {}, 'uncorrected': {}}}"
WORST = "worst = {{'first': {}, 't': {}, 'times': {}}}"
TRAIN = """weights, m, v = start, np.zeros_like(start), np.zeros_like(start)
with np.errstate(all="ignore"):
    for t, batch in enumerate(batches[:{steps}], start=1):
        weights, m, v = adam_step(weights, gradient(weights, batch), m, v, t, {lr}, 0.9, 0.999, {eps})
"""

MISTAKES = {
    "memory": [
        ("memory = 'A'", "Can a sum of squares get smaller?"),
        ("memory = 'C'", "one adds up all squares, the other averages them"),
        ("memory = 'D'", "less weight in every step"),
        ("memory = 'RMSprop'", "One letter is asked for"),
    ],
    "adagrad_step": [
        (
            "def adagrad_step(w, g, h, lr, eps):\n    h = h + g**2\n    return w - lr / (np.sqrt(h) + eps), h",
            "stands nowhere above the fraction line",
        ),
        (
            "def adagrad_step(w, g, h, lr, eps):\n    h = h + g**2\n    return lr * g / (np.sqrt(h) + eps), h",
            "comes back as the step alone",
        ),
        (
            "def adagrad_step(w, g, h, lr, eps):\n"
            "    h = h + g**2\n"
            "    h = h + g**2\n"
            "    return w - lr * g / (np.sqrt(h) + eps), h",
            "g² is added twice",
        ),
        (
            ADAGRAD + "    h = h + g**2\n    w = w - lr * g / np.sqrt(h + eps)\n    return w, h",
            "ε stands under the root",
        ),
        (ADAGRAD + "    h = h + g**2\n    w = w - lr * g / np.sqrt(h) + eps\n    return w, h", "Here w grows by it"),
        (ADAGRAD + "    h = h + g**2\n    w = w - lr * g / (h + eps)\n    return w, h", "divided by squares"),
        (
            ADAGRAD + "    w_new = w - lr * g / (np.sqrt(h) + eps)\n    h = h + g**2\n    return w_new, h",
            "divided by the old squares",
        ),
        (ADAGRAD + "    h = h + np.sum(g**2)\n    w = w - lr * g / (np.sqrt(h) + eps)\n    return w, h", "share one h"),
        (ADAGRAD + "    h = h + g**2\n    return w - lr * g, h", "This is plain descent"),
        (ADAGRAD + "    h = h + g**2\n    w -= lr * g / (np.sqrt(h) + eps)\n    return w, h", "changes its argument w"),
        (
            ADAGRAD + "    h = h + g**2\n    w = w - lr * g / (np.sqrt(h) + eps)\n    return w",
            "2 values should be returned",
        ),
    ],
    "rmsprop_step": [
        (
            RMSPROP + "    r = (1 - rho) * r + rho * g**2\n    w = w - lr * g / (np.sqrt(r) + eps)\n    return w, r",
            "the old average keeps rho of itself",
        ),
        (RMSPROP + "    r = r + g**2\n    w = w - lr * g / (np.sqrt(r) + eps)\n    return w, r", "This is AdaGrad"),
        (
            RMSPROP + "    r = rho * r + g**2\n    w = w - lr * g / (np.sqrt(r) + eps)\n    return w, r",
            "The factor 1 − rho before g² is missing",
        ),
        (
            RMSPROP + "    r = rho * r + (1 - rho) * g\n    w = w - lr * g / (np.sqrt(r) + eps)\n    return w, r",
            "The gradient is not squared",
        ),
        (
            RMSPROP + "    r = rho * r + (1 - rho) * g**2\n    w = w - lr * g / np.sqrt(r + eps)\n    return w, r",
            "ε stands under the root",
        ),
        (
            RMSPROP
            + "    new = rho * r + (1 - rho) * g**2\n    w = w - lr * g / (np.sqrt(new) + eps)\n    return w, r",
            "the old one is returned",
        ),
        (
            RMSPROP + "    r *= rho\n    r += (1 - rho) * g**2\n    return w - lr * g / (np.sqrt(r) + eps), r",
            "changes its argument r",
        ),
    ],
    "first_steps": [
        (
            "first_steps = {'principle': 'C', 'corrected': 0.02, 'uncorrected': 0.006}",
            "There v is corrected and only m is not",
        ),
        (
            "first_steps = {'principle': 'C', 'corrected': 0.02 * 0.05 / (0.05 + 1e-8), 'uncorrected': 0.06}",
            "is there an ε in it",
        ),
        (FIRST.format("'A'", 0.02, 0.06), "That is plain descent. Adam divides"),
        (FIRST.format("'D'", 0.02, 0.06), "Does the correction leave them there?"),
        (FIRST.format("'C'", 0.001, 0.06), "That is plain descent's step"),
        (FIRST.format("'C'", -0.02, -0.06), "The size is right, the sign is not."),
        (FIRST.format("'C'", 0.02, 0.6), "The root of v is missing."),
        (FIRST.format("'C'", 0.02, 0.02), "That is the step with the correction."),
        (FIRST.format("'C'", 0.02, "..."), "'uncorrected': Write a number"),
        (
            "first_steps = ['C', 0.02, 0.06]",
            "A dict with the keys 'principle', 'corrected', 'uncorrected' is asked for",
        ),
    ],
    "adam_step": [
        (
            "def adam_step(w, g, m, v, t, lr, beta1, beta2, eps):\n"
            "    m = beta1 * m + (1 - beta1) * g\n"
            "    v = beta2 * v + (1 - beta2) * g**2\n"
            "    return w - lr * m / (1 - beta1) ** t / (np.sqrt(v / (1 - beta2) ** t) + eps), m, v",
            "and not (1 − β)ᵗ",
        ),
        (
            "def adam_step(w, g, m, v, t, lr, beta1, beta2, eps):\n"
            "    m = beta1 * m + (1 - beta1) * g\n"
            "    v = beta2 * v + (1 - beta2) * g**2\n"
            "    return w - lr * m / (1 - beta1**t) / (np.sqrt(v) / (1 - beta2**t) + eps), m, v",
            "The root is taken of v before the correction",
        ),
        (
            ADAM
            + AVERAGES
            + "    m_hat, v_hat = m / (1 - beta1 ** (t - 1)), v / (1 - beta2 ** (t - 1))\n"
            + STEP
            + BACK,
            "has the power t − 1",
        ),
        (ADAM + AVERAGES + "    m_hat, v_hat = m, v\n" + STEP + BACK, "The correction is left out"),
        (
            ADAM
            + AVERAGES
            + "    m /= 1 - beta1**t\n    v /= 1 - beta2**t\n    w = w - lr * m / (np.sqrt(v) + eps)\n"
            + BACK,
            "The recurrence goes on with the uncorrected ones",
        ),
        (
            ADAM
            + "    m = beta2 * m + (1 - beta2) * g\n    v = beta1 * v + (1 - beta1) * g**2\n"
            + "    m_hat, v_hat = m / (1 - beta2**t), v / (1 - beta1**t)\n"
            + STEP
            + BACK,
            "β₁ and β₂ are exchanged",
        ),
        (
            ADAM + "    m = beta1 * m + (1 - beta1) * g\n    v = beta2 * v + (1 - beta2) * g\n" + HATS + STEP + BACK,
            "It should average g²",
        ),
        (
            ADAM + AVERAGES + HATS + "    w = w - lr * m_hat / np.sqrt(v_hat + eps)\n" + BACK,
            "ε stands under the root",
        ),
        (
            ADAM + AVERAGES + "    m_hat, v_hat = m / (1 - beta2**t), v / (1 - beta1**t)\n" + STEP + BACK,
            "The denominators of the two corrections are crossed",
        ),
        (
            ADAM + AVERAGES + HATS + "    w = w - lr * m_hat / np.sqrt(v_hat) + eps\n" + BACK,
            "ε is added to w",
        ),
        (
            ADAM
            + "    m *= beta1\n    m += (1 - beta1) * g\n    v *= beta2\n    v += (1 - beta2) * g**2\n"
            + HATS
            + STEP
            + BACK,
            "changes its argument m",
        ),
        (
            ADAM + AVERAGES + "    m_hat, v_hat = m / (1 - beta1 * t), v / (1 - beta2 * t)\n" + STEP + BACK,
            "β times t",
        ),
        (
            ADAM + AVERAGES + "    lr = lr * np.sqrt(1 - beta2**t) / (1 - beta1**t)\n"
            "    return w - lr * m / (np.sqrt(v) + eps), m, v\n",
            "the cheaper form of lesson 15",
        ),
        (ADAM + AVERAGES + HATS + STEP, "returns nothing. Is a `return` missing"),
        (ADAM + AVERAGES + HATS + STEP + "    return w\n", "3 values should be returned, w, m, v"),
        (ADAM + AVERAGES + HATS + STEP + "    return m, v, w\n", "their order is not"),
    ],
    "too_long": [
        (
            "def too_long(t, beta1, beta2):\n    return (1 - beta1**t) / np.sqrt(1 - beta2) ** t",
            "The power below belongs to β₂ alone",
        ),
        ("def too_long(t, beta1, beta2):\n    return 1 - beta1**t / np.sqrt(1 - beta2**t)", "Brackets are missing"),
        (TOO_LONG + "    return np.sqrt(1 - beta2**t) / (1 - beta1**t)", "It is upside down"),
        (TOO_LONG + "    return (1 - beta1**t) / (1 - beta2**t)", "The root is missing"),
        (TOO_LONG + "    return (1 - beta2**t) / np.sqrt(1 - beta1**t)", "β₁ and β₂ are exchanged"),
        (TOO_LONG + "    return (1 - beta1) / np.sqrt(1 - beta2) + 0.0 * t", "The power t is missing"),
        (TOO_LONG + "    return (1 - beta1**t) / (1 - np.sqrt(beta2**t))", "The root covers β₂ᵗ only"),
        (TOO_LONG + "    return float((1 - beta1 ** t[0]) / np.sqrt(1 - beta2 ** t[0]))", "should be a NumPy array"),
    ],
    "worst": [
        (WORST.format("'A'", 29, 1.54), "So it is with the usual β's."),
        (WORST.format("'C'", 28, 1.54), "Step numbers begin at 1"),
        (WORST.format("'C'", 12, 6.57), "That is the step for the usual β's"),
        (WORST.format("'C'", 24, 1.54), "lesson 15's short cut gives"),
        (WORST.format("'C'", 29, 0.5), "the factor in the first step"),
        (WORST.format("'C'", 29, 1.5), "Nearly: work with more digits"),
    ],
    "weights": [
        ("weights = (start, start, start)", "as adam_step returns them"),
        ("weights = t_test", "labels or predictions"),
        ("weights = net.params", "This is an object of type Parameters"),
        ("weights = net.params['W1']", "That is W1 alone"),
        ("weights = start", "the weights that the network started with"),
        ("weights = np.zeros_like(start)", "All numbers are 0"),
        (TRAIN.format(steps=3, lr=0.01, eps=0.0), "NaN or infinite"),
        (TRAIN.format(steps=3, lr=0.01, eps=1e-8) + "weights = v", "is that v, the average of the squares?"),
        (TRAIN.format(steps=10, lr=-0.01, eps=1e-8), "is what guessing gives"),
        (
            "weights = start\nfor batch in batches[:150]:\n    weights = weights - 0.01 * gradient(weights, batch)",
            "Not learnt to the end yet",
        ),
        (
            "weights, m, v = start, np.zeros_like(start), np.zeros_like(start)\n"
            "for t, batch in enumerate(minibatches(len(x_test), 128, 100, seed=0), start=1):\n"
            "    net.params.vector = weights\n"
            "    g = net.gradient(x_test[batch], t_test[batch]).vector\n"
            "    weights, m, v = adam_step(weights, g, m, v, t, 0.01, 0.9, 0.999, 1e-8)",
            "was the network trained on them?",
        ),
    ],
}
