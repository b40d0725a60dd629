"""Wrong answers to problem set 1, and words of the message that each must get. Never released."""

MISTAKES = {
    "twice": [
        ('twice = "A"', "The smaller of the two moves the result as well"),
        ('twice = "B"', "Slopes are multiplied along one path"),
        ('twice = "C"', "Each use gets the whole of the value"),
        ('twice = "the sum"', "One letter is asked for"),
    ],
    "gates": [
        ("gates = [-1, -10, -1, 10, -1, 10, -2, 10]", "you kept what came back last"),
        ("gates = [-1, -10, -1, 10, -1, -5, -2, 0]", "you kept what came back over the first wire"),
        ("gates = [-1, -10, 10, -1, 10, 19, 50, -1]", "A multiply gate swaps"),
        ("gates = [-1, -10, -1, 10, -1, 5, -2, 9]", "Yours hands it to both"),
        ("gates = [-1, -10, -1, 10, 0, 10, 0, 9]", "everything to the LARGER input"),
        ("gates = [-1, -10, 10, -1, 10, 2, 5, -3]", "These are the values and not the gradients"),
        (
            "gates = [-1, -10, -1, 10, -1, 5, 2, 10]",
            "1 of 8 entries is wrong, db: you have 2. Which of the four patterns",
        ),
        ("gates = [5, -2, 10]", "The shape must be (8,), and it is (3,)"),
    ],
    "shapes": [
        ("shapes = [[10, 64], [30, 64], [10, 30], [30, 196]]", "All four lie the other way"),
        ("shapes = [[1, 10], [1, 30], [30, 10], [196, 30]]", "Those are the signals of one example"),
        ("shapes = [[64, 10], [64, 30], [10, 30], [30, 196]]", "The weights read (to, from)"),
        ("shapes = [[10, 64], [30, 64], [30, 10], [196, 30]]", "The signals stand up"),
        ("shapes = [[64, 30], [64, 10], [30, 10], [196, 30]]", "The two signals have changed places"),
        ("shapes = [[64, 10], [64, 30], [196, 30], [30, 10]]", "The two gradients have changed places"),
        ("shapes = [[64, 10], [64, 196], [30, 10], [196, 30]]", "as wide as the input"),
        ("shapes = [[64, 10], [64, 30], [64, 10], [64, 30]]", "their number is not in its shape"),
        (
            "shapes = [[64, 10], [64, 30], [30, 10], [784, 30]]",
            "1 of 8 entries is wrong, the gradient of W1: you have 784",
        ),
    ],
    "delta_hidden": [
        (
            "def delta_hidden(delta, W, Z):\n    return (delta @ W.T) * np.tanh(Z) * (1 - np.tanh(Z))",
            "is the slope of a logistic unit",
        ),
        (
            "def delta_hidden(delta, W, Z):\n    return (delta @ W.T) * (1 - np.tanh(Z)) ** 2",
            "Only the inner square counts",
        ),
        (
            "def delta_hidden(delta, W, Z):\n    return (delta @ W.T) * (1 - np.tanh(Z) ** 2) / len(Z)",
            "Divided by the number of examples. A signal",
        ),
        ("def delta_hidden(delta, W, Z):\n    return delta @ W.T", "then the slope of tanh is missing"),
        (
            "def delta_hidden(delta, W, Z):\n    return (delta @ W) * (1 - np.tanh(Z) ** 2)",
            "Which size has to be summed over",
        ),
        (
            "def delta_hidden(delta, W, Z):\n    return 1 - np.tanh(Z) ** 2",
            "The slope of tanh alone",
        ),
        (
            "def delta_hidden(delta, W, Z):\n    return (delta @ W.T) * np.tanh(Z)",
            "multiplied by tanh(Z), the answer of the unit",
        ),
        ("def delta_hidden(delta, W, Z):\n    return (delta @ W.T) * (1 - Z**2)", "The square is that of Z"),
        (
            "def delta_hidden(delta, W, Z):\n    H = np.tanh(Z)\n    return (delta @ W.T) * (1 - np.tanh(H) ** 2)",
            "tanh is taken twice",
        ),
        (
            "def delta_hidden(delta, W, Z):\n    return (delta @ W.T) * (1 - np.tanh(Z))",
            "Is a square missing",
        ),
        ("def delta_hidden(delta, W, Z):\n    return (delta @ W.T) * (Z > 0)", "This is the slope of ReLU"),
        (
            "def delta_hidden(delta, W, Z):\n    return -(delta @ W.T) * (1 - np.tanh(Z) ** 2)",
            "No sign turns here",
        ),
        (
            "def delta_hidden(delta, W, Z):\n    result = (delta @ W.T) * (1 - np.tanh(Z) ** 2)",
            "Is a `return` missing",
        ),
        (
            "def delta_hidden(delta, W, Z):\n    Z *= -Z\n    return (delta @ W.T) * (1 + Z)",
            "the function changes its argument Z",
        ),
        (
            "def delta_hidden(delta, W):\n    return delta @ W.T",
            "must take 3 arguments, delta_hidden(delta, W, Z); yours is delta_hidden(delta, W)",
        ),
    ],
    "layer_gradient": [
        (
            "def layer_gradient(H, delta):\n    return H.T @ delta / H.shape[1], delta.sum(axis=0) / H.shape[1]",
            "Divided by the number of inputs",
        ),
        (
            "def layer_gradient(H, delta):\n    return H.T @ delta, delta.sum(axis=0)",
            "the gradient of the sum of the errors",
        ),
        (
            "def layer_gradient(H, delta):\n    return H.T @ delta, delta.mean(axis=0)",
            "grad_b is a mean and grad_W still a sum",
        ),
        (
            "def layer_gradient(H, delta):\n    return H.T @ delta / len(H), delta.sum(axis=0)",
            "grad_W is a mean and grad_b still a sum",
        ),
        (
            "def layer_gradient(H, delta):\n"
            "    h, d = H.mean(axis=0), delta.mean(axis=0)\n"
            "    return np.outer(h, d), d",
            "A mean of products is not the product of the means",
        ),
        (
            "def layer_gradient(H, delta):\n    n = delta.shape[1]\n    return H.T @ delta / n, delta.sum(axis=0) / n",
            "Divided by the number of units",
        ),
        (
            "def layer_gradient(H, delta):\n    return H.T @ delta / delta.size, delta.sum(axis=0) / delta.size",
            "Divided by all numbers of delta",
        ),
        (
            "def layer_gradient(H, delta):\n"
            "    delta = delta / len(delta)\n"
            "    return H.T @ delta / len(H), delta.mean(axis=0)",
            "Divided by the number of examples twice",
        ),
        (
            "def layer_gradient(H, delta):\n    delta /= len(delta)\n    return H.T @ delta, delta.sum(axis=0)",
            "the function changes its argument delta",
        ),
        (
            "def layer_gradient(H, delta):\n    return H.T @ delta / len(H), delta.mean(axis=0, keepdims=True)",
            "grad_b should have the shape (1,), and it has (1, 1)",
        ),
        (
            "def layer_gradient(H, delta):\n    return delta.T @ H / len(H), delta.mean(axis=0)",
            "grad_W should have the shape (3, 2), and it has (2, 3)",
        ),
        (
            "def layer_gradient(H, delta):\n    return H.T @ delta / len(H), delta.mean(axis=1)",
            "grad_b should have the shape (1,), and it has (2,)",
        ),
        (
            "def layer_gradient(H, delta):\n    return H.T @ delta / len(H)",
            "2 values should be returned, grad_W, grad_b",
        ),
        (
            "def layer_gradient(H, delta):\n    return H @ delta / len(H), delta.mean(axis=0)",
            "it stops with ValueError: matmul",
        ),
        (
            "def layer_gradient(H, delta):\n    return -H.T @ delta / len(H), -delta.mean(axis=0)",
            "Both have the other sign",
        ),
    ],
    "measured_gradient": [
        (
            "def measured_gradient(W1, W2, X, T, h):\n"
            "    slopes = np.zeros(W1.shape)\n"
            "    for place in np.ndindex(W1.shape):\n"
            "        ahead, back = W1.copy(), W1.copy()\n"
            "        ahead[place] += h / 2\n"
            "        back[place] -= h / 2\n"
            "        slopes[place] = (loss(ahead, W2, X, T) - loss(back, W2, X, T)) / (h)\n"
            "    return slopes",
            "Steps of h/2",
        ),
        (
            "def measured_gradient(W1, W2, X, T, h):\n"
            "    slopes = np.zeros(W1.shape)\n"
            "    for place in np.ndindex(W1.shape):\n"
            "        ahead, back = W1.copy(), W1.copy()\n"
            "        ahead[place] += h\n"
            "        back[place] -= h\n"
            "        slopes[place] = (loss(ahead, W2, X, T) - loss(back, W2, X, T)) / (2 * h)\n"
            "        return slopes",
            "Only the first entry is measured",
        ),
        (
            "def measured_gradient(W1, W2, X, T, h):\n"
            "    slopes = np.zeros(W1.shape)\n"
            "    for place in np.ndindex(W1.shape):\n"
            "        ahead = W1.copy()\n"
            "        ahead[place] += h\n"
            "        slopes[place] = (loss(ahead, W2, X, T) - loss(W1, W2, X, T)) / h\n"
            "    return slopes",
            "A forward difference",
        ),
        (
            "def measured_gradient(W1, W2, X, T, h):\n"
            "    slopes = np.zeros(W1.shape)\n"
            "    for place in np.ndindex(W1.shape):\n"
            "        back = W1.copy()\n"
            "        back[place] -= h\n"
            "        slopes[place] = (loss(W1, W2, X, T) - loss(back, W2, X, T)) / h\n"
            "    return slopes",
            "A backward difference",
        ),
        (
            "def measured_gradient(W1, W2, X, T, h):\n"
            "    slopes = np.zeros(W1.shape)\n"
            "    for place in np.ndindex(W1.shape):\n"
            "        ahead, back = W1.copy(), W1.copy()\n"
            "        ahead[place] += h\n"
            "        back[place] -= h\n"
            "        slopes[place] = (loss(ahead, W2, X, T) - loss(back, W2, X, T)) / h\n"
            "    return slopes",
            "Twice too large",
        ),
        (
            "def measured_gradient(W1, W2, X, T, h):\n"
            "    slopes = np.zeros(W1.shape)\n"
            "    for place in np.ndindex(W1.shape):\n"
            "        ahead, back = W1.copy(), W1.copy()\n"
            "        ahead[place] += h\n"
            "        back[place] -= h\n"
            "        slopes[place] = (loss(ahead, W2, X, T) - loss(back, W2, X, T)) / 2 * h\n"
            "    return slopes",
            "A factor h² is off",
        ),
        (
            "def measured_gradient(W1, W2, X, T, h):\n"
            "    slopes = np.zeros(W1.shape)\n"
            "    for place in np.ndindex(W1.shape):\n"
            "        ahead, back = W1.copy(), W1.copy()\n"
            "        ahead[place] += h\n"
            "        back[place] -= h\n"
            "        slopes[place] = loss(ahead, W2, X, T) - loss(back, W2, X, T)\n"
            "    return slopes",
            "A difference of losses is no slope yet",
        ),
        (
            "def measured_gradient(W1, W2, X, T, h):\n"
            "    slopes = np.zeros(W1.shape)\n"
            "    for place in np.ndindex(W1.shape):\n"
            "        ahead, back = W1.copy(), W1.copy()\n"
            "        ahead[place] += h\n"
            "        back[place] -= h\n"
            "        slopes[place] = (loss(back, W2, X, T) - loss(ahead, W2, X, T)) / (2 * h)\n"
            "    return slopes",
            "The sign is turned",
        ),
        (
            "def measured_gradient(W1, W2, X, T, h):\n"
            "    h, slopes = 1e-5, np.zeros(W1.shape)\n"
            "    for place in np.ndindex(W1.shape):\n"
            "        ahead, back = W1.copy(), W1.copy()\n"
            "        ahead[place] += h\n"
            "        back[place] -= h\n"
            "        slopes[place] = (loss(ahead, W2, X, T) - loss(back, W2, X, T)) / (2 * h)\n"
            "    return slopes",
            "written into the function",
        ),
        (
            "def measured_gradient(W1, W2, X, T, h):\n"
            "    H = np.tanh(X @ W1)\n"
            "    delta = ((H @ W2 - T) @ W2.T) * (1 - H**2)\n"
            "    return X.T @ delta / len(X)",
            "This is the slope for a very small step: by a formula",
        ),
        (
            "def measured_gradient(W1, W2, X, T, h):\n"
            "    slopes, ahead, back = np.zeros(W1.shape), W1.copy(), W1.copy()\n"
            "    for place in np.ndindex(W1.shape):\n"
            "        ahead[place] += h\n"
            "        back[place] -= h\n"
            "        slopes[place] = (loss(ahead, W2, X, T) - loss(back, W2, X, T)) / (2 * h)\n"
            "    return slopes",
            "each weight stays moved when its turn is over",
        ),
        (
            "def measured_gradient(W1, W2, X, T, h):\n"
            "    slopes = np.zeros(W1.shape)\n"
            "    for place in np.ndindex(W1.shape):\n"
            "        ahead = W1\n"
            "        back = W1.copy()\n"
            "        ahead[place] += h\n"
            "        back[place] -= h\n"
            "        slopes[place] = (loss(ahead, W2, X, T) - loss(back, W2, X, T)) / (2 * h)\n"
            "    return slopes",
            "the function changes its argument W1",
        ),
        (
            "def measured_gradient(W1, W2, X, T, h):\n"
            "    slopes = np.zeros(W1.shape)\n"
            "    for place in np.ndindex(W1.shape):\n"
            "        W1[place] += h\n"
            "        ahead = loss(W1, W2, X, T)\n"
            "        W1[place] -= 2 * h\n"
            "        slopes[place] = (ahead - loss(W1, W2, X, T)) / (2 * h)\n"
            "        W1[place] += h\n"
            "    return slopes",
            "rounding leaves another number",
        ),
        (
            "def measured_gradient(W1, W2, X, T, h):\n"
            "    return (loss(W1 + h, W2, X, T) - loss(W1 - h, W2, X, T)) / (2 * h)",
            "the result should be a NumPy array",
        ),
        (
            "def measured_gradient(W1, W2, X, T, h):\n"
            "    slope = (loss(W1 + h, W2, X, T) - loss(W1 - h, W2, X, T)) / (2 * h)\n"
            "    return np.full(W1.shape, slope)",
            "All weights are moved at once",
        ),
    ],
    "digits": [
        ("digits = layer_gradient(X, delta_hidden(2 * (O - T), W2, Z1))[0]", "Twice as large as it should be"),
        ("digits = layer_gradient(X, delta_hidden((O - T) ** 2 / 2, W2, Z1))[0]", "The error itself is sent back"),
        (
            "digits = layer_gradient(X, delta_hidden(O - T, W2, np.tanh(Z1)))[0]",
            "tanh is taken twice: delta_hidden wants Z1",
        ),
        ("delta1 = delta_hidden(O - T, W2, Z1)\ndigits = X.T @ delta1", "the gradient of the sum over the 32 digits"),
        (
            "delta1 = delta_hidden(T - O, W2, Z1)\ndigits = layer_gradient(X, delta1)[0]",
            "The sign is that of lesson 04",
        ),
        (
            "digits = layer_gradient(X, (O - T) @ W2.T)[0]",
            "The slope of the hidden units is missing on the way back",
        ),
        (
            "delta2 = (O - T) * (1 - np.tanh(O) ** 2)\ndigits = layer_gradient(X, delta_hidden(delta2, W2, Z1))[0]",
            "The outputs have got a slope of tanh",
        ),
        ('digits = net.gradient(X, t_train[:32])["W1"]', "for another loss"),
        (
            "delta1 = delta_hidden((O - T) / 32, W2, Z1)\ndigits = layer_gradient(X, delta1)[0]",
            "Divided by 32 twice",
        ),
        (
            "delta1 = delta_hidden((O - T) / 10, W2, Z1)\ndigits = layer_gradient(X, delta1)[0]",
            "Divided by the number of outputs as well",
        ),
        ("digits = layer_gradient(np.tanh(Z1), O - T)[0]", "of the weights into the outputs, of W2"),
        (
            "digits = layer_gradient(X, delta_hidden(O - T, W2, Z1))",
            "layer_gradient gives two arrays",
        ),
        (
            "digits = layer_gradient(X, delta_hidden(O - T, W2, Z1))[1]",
            "The shape must be (784, 30), and it is (30,)",
        ),
    ],
    "window_gradient": [
        (
            "def window_gradient(words, delta, rows):\n"
            "    gradient = np.zeros((rows, delta.shape[1] // words.shape[1]))\n"
            "    gradient[words.ravel()] += delta.reshape(words.size, -1)\n"
            "    return gradient",
            "A word that comes twice keeps one piece, the last",
        ),
        (
            "def window_gradient(words, delta, rows):\n"
            "    pieces = delta.reshape(words.size, -1)\n"
            "    gradient = np.zeros((rows, pieces.shape[1]))\n"
            "    used, first = np.unique(words, return_index=True)\n"
            "    gradient[used] = pieces[first]\n"
            "    return gradient",
            "A word that comes twice keeps one piece, the first",
        ),
        (
            "def window_gradient(words, delta, rows):\n"
            "    n, w = words.shape\n"
            "    gradient = np.zeros((rows, delta.shape[1] // w))\n"
            "    for window, row in zip(words, delta):\n"
            "        gradient[window] += row.reshape(w, -1)\n"
            "    return gradient",
            "is twice in ONE window loses a piece",
        ),
        (
            "def window_gradient(words, delta, rows):\n"
            "    n, w = words.shape\n"
            "    gradient = np.zeros((rows, delta.shape[1] // w))\n"
            "    for window, row in zip(words, delta):\n"
            "        own = np.zeros_like(gradient)\n"
            "        np.add.at(own, window, row.reshape(w, -1))\n"
            "        gradient[window] = own[window]\n"
            "    return gradient",
            "keeps those of the last window",
        ),
        (
            "def window_gradient(words, delta, rows):\n"
            "    pieces = delta.reshape(words.size, -1)\n"
            "    gradient = np.zeros((rows, pieces.shape[1]))\n"
            "    for word in np.unique(words):\n"
            "        gradient[word] = pieces[words.ravel() == word].mean(axis=0)\n"
            "    return gradient",
            "gets the mean of its pieces",
        ),
        (
            "def window_gradient(words, delta, rows):\n"
            "    n, w = words.shape\n"
            "    gradient = np.zeros((rows, delta.shape[1] // w))\n"
            "    for window, row in zip(words, delta):\n"
            "        np.add.at(gradient, window, row.reshape(-1, w).T)\n"
            "    return gradient",
            "The window is cut across",
        ),
        (
            "def window_gradient(words, delta, rows):\n"
            "    pieces = delta.reshape(words.size, -1)\n"
            "    gradient = np.zeros((rows, pieces.shape[1]))\n"
            "    np.add.at(gradient, words.ravel(), pieces / len(words))\n"
            "    return gradient",
            "Divided by the number of windows",
        ),
        (
            "def window_gradient(words, delta, rows):\n"
            "    pieces = delta.reshape(words.size, -1)\n"
            "    gradient = np.zeros((words.max() + 1, pieces.shape[1]))\n"
            "    np.add.at(gradient, words.ravel(), pieces)\n"
            "    return gradient",
            "one row for each word of the vocabulary",
        ),
        (
            "def window_gradient(words, delta, rows):\n"
            "    pieces = delta.reshape(words.size, -1)\n"
            "    gradient = np.zeros((rows, pieces.shape[1]), dtype=int)\n"
            "    for word, piece in zip(words.ravel(), pieces):\n"
            "        gradient[word] = gradient[word] + piece\n"
            "    return gradient",
            "holds whole numbers",
        ),
        (
            "def window_gradient(words, delta, rows):\n"
            "    gradient = np.zeros((rows, delta.shape[1] // words.shape[1]))\n"
            "    np.add.at(gradient, words, delta)\n"
            "    return gradient",
            "it stops with ValueError",
        ),
    ],
}
