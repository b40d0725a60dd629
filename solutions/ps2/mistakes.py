"""Real mistakes in problem set 2: for each question whole answer cells, and words that the check must say to them."""

STEP = "def momentum_step(w, g, m, lr, momentum):\n    "
SUM = "def sum_step(w, g, v, lr, momentum):\n    "


def program(
    begin="    m = np.zeros(3)\n    errors = np.zeros(epochs)\n",
    forward="        o = np.maximum(0, w[2] * h)\n",
    error="        errors[epoch] = (o - t) ** 2 / 2\n",
    delta="        delta = (o - t) * (o > 0)\n",
    hidden="        delta_hidden = delta * w[2] * (h > 0)\n",
    update="        m = momentum * m + lr * g\n        w = w - m\n",
    end="    return w, errors\n",
):
    """The program with some of its lines replaced."""
    return (
        "def mended(x, t, w, lr, momentum, epochs):\n"
        + begin
        + "    for epoch in range(epochs):\n        h = np.maximum(0, w[0] * x[0] + w[1] * x[1])\n"
        + forward
        + error
        + delta
        + hidden
        + "        g = np.array([delta_hidden * x[0], delta_hidden * x[1], delta * h])\n"
        + update
        + end
    )


LOGISTIC = "    logistic = lambda net: 1 / (1 + np.exp(-net))\n"
ZEROS = "    m = np.zeros(3)\n    errors = np.zeros(epochs)\n"

MISTAKES = {
    "which_w3": [
        ('which_w3 = "A"', "the forward pass of epoch 2 never saw it"),
        ('which_w3 = "C"', "stands further up on the sheet"),
        ('which_w3 = "D"', "a factor for each wire"),
        ("which_w3 = 1.25", "One letter is asked for"),
    ],
    "friction": [
        ("friction = [-0.1289, 0.8789, 0.332, 0.918]", "The numbers are rounded"),
        ("friction = [F(-1, 256), F(193, 256), F(53, 256), F(267, 256)]", "These are the numbers for γ = 1"),
        ("friction = [-65 / 256, 257 / 256, 117 / 256, 203 / 256]", "started again from 0"),
        ("friction = [F(-1, 512), F(385, 512), F(53, 512), F(587, 512)]", "The new gradient was halved too"),
        ("friction = [F(-33, 256), F(159, 256), F(85, 256), F(405, 256)]", "here they were added"),
        ("friction = [-0.129, 0.879, 0.332, 0.918]", "Rounded to three places"),
        ("friction = [F(-33, 256), F(85, 256), F(225, 256), F(235, 256)]", "2 of 4 entries are wrong. The first is w2"),
        ('friction = ["-33/256", "225/256", "85/256", "five"]', "An array of numbers is asked for"),
        ("friction = [F(-33, 256), F(225, 256)]", "The shape must be (4,)"),
    ],
    "epochs": [
        ('epochs = {**epochs, "dw3[1]": 0.280}', "t − o stands in place of o − t"),
        ('epochs = {**epochs, "E[1]": 0.225}', "The ½ in front of the square was left out"),
        ('epochs = {**epochs, "h[1]": 1}', "The slope of ReLU was written in place of ReLU itself"),
        ('epochs = {**epochs, "dw1[2]": 0.836}', "The already updated w3 was used"),
        ('epochs = {**epochs, "m3[2]": 0.871}', "The velocity was started again from 0"),
        ('epochs = {**epochs, "m1[2]": 0.137}', "A factor (1 − γ) slipped in"),
        ('epochs = {**epochs, "w1[2]": 0.703}', "Momentum was dropped"),
        ('epochs = {**epochs, "o[2]": "2,202"}', "A comma can part decimals"),
        ('epochs = {**epochs, "w2[2]": ...}', "1 missing"),
        ('epochs = {**epochs, "student": "Somebody Else"}', "Is this another sheet than yours?"),
        ("epochs = [0.59, 0.59]", "A dict from line to number is asked for"),
    ],
    "turn": [
        ('turn = "A"', "wrong in 76 of them"),
        ('turn = "B"', "wrong in 35 of them"),
        ('turn = "D"', "wrong in 55 of them"),
    ],
    "momentum_step": [
        (
            "def momentum_step(w, g, m, lr, momentum):\n    m = momentum * m - lr * g\n    return w + m, m",
            "the convention 'velocity'",
        ),
        (
            "def momentum_step(w, g, m, lr, momentum):\n    m = momentum * m + g\n    return w - lr * m, m",
            "the convention 'sum'",
        ),
        (
            "def momentum_step(w, g, m, lr, momentum):\n    return w - momentum * m - lr * g, m",
            "m comes back as it was: the new velocity",
        ),
        (STEP + "m = momentum * m + lr * g\n    w = w - m", "Is a `return` missing"),
        (STEP + "m *= momentum\n    m += lr * g\n    return w - m, m", "changes its argument m"),
        (STEP + "m = momentum * m + lr * g\n    w -= m\n    return w, m", "changes its argument w"),
        (STEP + "m = momentum * m + lr * g\n    return w + m, m", "it is subtracted"),
        (STEP + "w = w - m\n    m = momentum * m + lr * g\n    return w, m", "The weights move by the old velocity"),
        (STEP + "m = momentum * m + lr * g\n    return w - lr * m, m", "lr is used twice"),
        (STEP + "m = momentum * m + g\n    return w - m, m", "lr is missing in the velocity"),
        (STEP + "m = momentum * m + (1 - momentum) * lr * g\n    return w - m, m", "A factor (1 - momentum)"),
        (STEP + "m = momentum * (m + lr * g)\n    return w - m, m", "multiplied by the momentum too"),
        (STEP + "m = lr * (momentum * m + g)\n    return w - m, m", "multiplied by lr too"),
        (STEP + "m = lr * g\n    return w - m, m", "plain descent"),
        (STEP + "m = m + lr * g\n    return w - m, m", "The momentum is missing"),
        (STEP + "m = momentum * m - lr * g\n    return w - m, m", "the two signs cancel"),
        (STEP + "m = momentum * m + lr * g\n    return w - lr * g, m", "m is made and then not used"),
        (STEP + "m = momentum * m + lr * g\n    return m, w - m", "changed places"),
        (STEP + "m = momentum * m + lr * g\n    return w - m", "2 values should be returned"),
        ("def momentum_step(w, g, lr, momentum):\n    return w - lr * g, g", "must take 5 arguments"),
        (STEP + "m = sum(momentum * m + lr * g)\n    return w - m, m", "m should be a NumPy array"),
    ],
    "sum_step": [
        (
            "def sum_step(w, g, v, lr, momentum):\n    v = momentum * v - g\n    return w + lr * v, v",
            "this v has the other sign",
        ),
        ("def sum_step(w, g, v, lr, momentum):\n    return w - lr * (momentum * v + g), v", "v comes back as it was"),
        (SUM + "v = momentum * v + lr * g\n    return w - v, v", "that is the sheet's convention"),
        (SUM + "v = momentum * v + g\n    return w - v, v", "lr is used nowhere"),
        (SUM + "v = momentum * v + lr * g\n    return w - lr * v, v", "lr is used twice"),
        (SUM + "v = momentum * v + (1 - momentum) * g\n    return w - lr * v, v", "the convention 'average'"),
        (SUM + "v = momentum * v + g\n    return w + lr * v, v", "it is subtracted"),
        (SUM + "return w - lr * v, momentum * v + g", "move by the old v"),
        (SUM + "v = momentum * (v + g)\n    return w - lr * v, v", "multiplied by the momentum too"),
        (SUM + "v = v + g\n    return w - lr * v, v", "The momentum is missing"),
        (SUM + "return w - lr * g, g", "plain descent"),
        (SUM + "v = momentum * v + g\n    return v, w - lr * v", "changed places"),
    ],
    "mended": [
        (program(end=""), "Is a `return` missing"),
        (program(forward="        o = logistic(w[2] * h)\n"), "NameError"),
        (program(begin=ZEROS + "    w = np.array([0.3, 0.3, 0.3])\n"), "It begins with weights of its own"),
        (program(begin=LOGISTIC + ZEROS, forward="        o = logistic(w[2] * h)\n"), "The output unit is a logistic"),
        (program(delta="        delta = (o - t) * o * (1 - o)\n"), "o(1 - o) is the slope of a logistic unit"),
        (program(hidden="        delta_hidden = delta * w[2] * h * (1 - h)\n"), "h(1 - h) is the slope of a logistic"),
        (program(update="        w = w - lr * g\n"), "momentum is used nowhere"),
        (
            program(
                delta="        delta = (o - t) * o * (1 - o)\n",
                hidden="        delta_hidden = delta * w[2] * h * (1 - h)\n",
                update="        w = w - lr * g\n",
            ),
            "3 of its faults are left. Look at: the slope of the output unit; the slope of the hidden unit; the vel",
        ),
        (
            program(
                begin=ZEROS + "    new = w\n",
                update="        m = momentum * m + lr * g\n        new = new - m\n",
                end="    return new, errors\n",
            ),
            "every epoch sees the weights of the start",
        ),
        (
            program(begin=ZEROS + "    new = w\n", update="        m = momentum * m + lr * g\n        new = new - m\n"),
            "those that came in",
        ),
        (
            program(
                begin=LOGISTIC + ZEROS + "    w = np.array([0.3, 0.3, 0.3])\n",
                forward="        o = logistic(w[2] * h)\n",
                delta="        delta = (o - t) * o * (1 - o)\n",
                hidden="        delta_hidden = delta * w[2] * h * (1 - h)\n",
                update="        w = w - lr * g\n",
            ),
            "5 of its faults are left",
        ),
        (
            program(
                update="        m = momentum * m + lr * g\n        w = w + m\n",
            ),
            "walk uphill",
        ),
        (
            program(
                hidden="        delta_hidden = delta * (w[2] - momentum * m[2] - lr * delta * h) * (h > 0)\n",
            ),
            "The updated w3 is used",
        ),
        (program(error="        errors[epoch] = (o - t) ** 2\n"), "The ½ of the error"),
        (
            program(update="        m = momentum * m + lr * g\n        w -= m\n"),
            "changes its argument w",
        ),
        (
            program(begin="    m = np.zeros(3)\n    errors = []\n", error="        errors.append((o - t) ** 2 / 2)\n"),
            "errors should be",
        ),
    ],
    "settled": [
        ("settled = [33, 13, 24]", "for the first time"),
        ("settled = [32, 12, 66]", "NumPy counts from 0"),
        ("settled = [31, 11, 65]", "the last index at which the error is still too large"),
        ("settled = 13", "The shape must be (3,)"),
        ("settled = [33, 14, 67]", "1 of 3 entries is wrong, momentum 0.5"),
    ],
}
