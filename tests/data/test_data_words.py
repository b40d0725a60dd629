"""The tagged sentences and the film reviews: read right, of use, and not too easy."""

from collections import Counter
from importlib.resources import files

import numpy as np
import pytest
from downslope.data import Sentence, corpus, encode, load_corpus, load_reviews, make_vocabulary, windows

ALL = load_corpus().train + load_corpus().test
TEXT = (files("downslope.data") / "files" / "corpus.txt").read_text(encoding="utf-8")


def roles():
    """How often each word, in lower case, is not a place and is one."""
    counts = Counter((token.lower(), tag) for sentence in ALL for token, tag in zip(*sentence, strict=True))
    return {word: (counts[word, 0], counts[word, 1]) for word, _ in counts}


# Reading


def test_brackets_become_tags_and_leave_the_tokens():
    sentence = corpus._sentence("It's 5 km from [New York] to [Stratford-upon-Avon], isn’t it?")
    assert sentence.tokens == (
        "It's", "5", "km", "from", "New", "York", "to", "Stratford-upon-Avon", ",", "isn’t", "it", "?",
    )  # fmt: skip
    assert sentence.tags == (0, 0, 0, 0, 1, 1, 0, 1, 0, 0, 0, 0)


@pytest.mark.parametrize("line", ["We went to [Rome.", "We went to Rome].", "We [went [to]] Rome.", "]Rome["])
def test_brackets_that_do_not_pair_are_refused(line):
    with pytest.raises(ValueError, match="square brackets must come in pairs, got "):
        corpus._sentence(line)


def test_the_sentences_are_the_lines_of_the_file_without_the_marks():
    lines = [line for line in TEXT.splitlines() if line and line[0] != "#"]
    assert len(lines) == len(ALL)
    letters = "".join(line for line in lines).replace("[", "").replace("]", "").replace(" ", "")
    loaded = load_corpus()
    train, test = iter(loaded.train), iter(loaded.test)
    in_order = [next(test) if i % 5 == 4 else next(train) for i in range(len(lines))]
    assert "".join(token for sentence in in_order for token in sentence.tokens) == letters


def test_every_sentence_ends_as_sentences_do_and_starts_with_a_capital():
    for sentence in ALL:
        assert sentence.tokens[-1] in ".?!"
        assert sentence.tokens[0][0].isupper()


def test_nothing_of_the_corpus_can_be_changed_and_it_is_read_once():
    loaded = load_corpus()
    assert loaded is load_corpus()
    with pytest.raises(TypeError):
        loaded.vocabulary["new"] = 1
    assert all(isinstance(part, tuple) for sentence in loaded.train for part in (sentence, *sentence))


# What is in it


def test_there_are_300_to_400_different_sentences_and_one_in_five_is_held_out():
    assert 300 <= len(ALL) <= 400
    assert len({sentence.tokens for sentence in ALL}) == len(ALL)
    assert len(load_corpus().test) == len(ALL) // 5
    provenance = files("downslope.data") / "files" / "words.md"
    assert f"{len(ALL)} sentences." in provenance.read_text(encoding="utf-8")


def test_no_pattern_of_tags_and_small_words_makes_up_much_of_it():
    # A corpus made from templates repeats its frames: the sentence with every rarer word replaced by its tag.
    common = {word for word, count in Counter(t.lower() for s in ALL for t in s.tokens).most_common(40)}
    frames = Counter(
        tuple(token.lower() if token.lower() in common else tag for token, tag in zip(*sentence, strict=True))
        for sentence in ALL
    )
    assert max(frames.values()) <= 4
    assert len(frames) > 0.9 * len(ALL)


def test_places_are_a_minority_and_many_words_are_places_only_sometimes():
    tags = [tag for sentence in ALL for tag in sentence.tags]
    assert 0.05 < np.mean(tags) < 0.10
    both = {word for word, counts in roles().items() if min(counts)}
    assert len(both) >= 35
    assert {"paris", "turkey", "china", "nice", "reading", "bath", "georgia", "amazon"} <= both


def test_tv_telly_and_television_are_there_in_number_and_are_no_places():
    counts = roles()
    for word in ("tv", "telly", "television"):
        assert counts[word][0] >= 12
        assert counts[word][1] == 0


# Words as numbers


def test_the_vocabulary_numbers_the_words_of_the_training_sentences():
    vocabulary = load_corpus().vocabulary
    words = {token.lower() for sentence in load_corpus().train for token in sentence.tokens}
    assert set(vocabulary) == words | {"<pad>", "<unk>"}
    assert sorted(vocabulary.values()) == list(range(len(vocabulary)))
    assert vocabulary["<pad>"] == 0
    assert vocabulary["<unk>"] == 1
    assert list(make_vocabulary([("b", "A"), ("a", "c")])) == ["<pad>", "<unk>", "b", "a", "c"]


def test_some_held_out_words_are_unknown():
    vocabulary = load_corpus().vocabulary
    ids = [i for sentence in load_corpus().test for i in encode(sentence.tokens, vocabulary)]
    assert 0.1 < np.mean(np.array(ids) == 1) < 0.35


@pytest.mark.parametrize("size", [1, 3, 5, 7])
def test_a_window_is_the_words_around_each_word(size):
    loaded = load_corpus()
    x, labels = windows(loaded.test, loaded.vocabulary, size)
    rows = iter(zip(x, labels, strict=True))
    half = size // 2
    for sentence in loaded.test:
        for i, tag in enumerate(sentence.tags):
            row, label = next(rows)
            around = [
                sentence.tokens[j] if 0 <= j < len(sentence.tokens) else None for j in range(i - half, i + half + 1)
            ]
            assert row.tolist() == [0 if word is None else loaded.vocabulary.get(word.lower(), 1) for word in around]
            assert label == tag
    assert next(rows, None) is None
    assert x.dtype == labels.dtype == np.int64


def test_no_sentences_make_no_windows():
    x, labels = windows([], load_corpus().vocabulary)
    assert (x.shape, labels.shape) == ((0, 5), (0,))


@pytest.mark.parametrize("size", [0, 2, -1, 5.0, "5"])
def test_a_window_of_another_size_is_refused(size):
    with pytest.raises(ValueError, match=r"^size must be an odd number of words"):
        windows([Sentence(("Yes",), (0,))], load_corpus().vocabulary, size)


# It can be learned, and not by heart


def train_window_model(x, labels, size, dims=10, hidden=20, steps=1000, seed=0):
    """A window classifier written out: embedding, tanh layer, logistic output; Adam. Returns a predictor."""
    rng = np.random.default_rng(seed)
    P = {
        "E": rng.normal(0, 0.1, (size, dims)), "W": rng.normal(0, 0.14, (5 * dims, hidden)), "b": np.zeros(hidden),
        "u": rng.normal(0, 0.3, hidden), "c": np.zeros(1),
    }  # fmt: skip
    m, v = ({name: np.zeros_like(p) for name, p in P.items()} for _ in range(2))

    def forward(x):
        e = P["E"][x].reshape(len(x), -1)
        h = np.tanh(e @ P["W"] + P["b"])
        return e, h, 1 / (1 + np.exp(-(h @ P["u"] + P["c"])))

    for t in range(1, steps + 1):
        batch = rng.integers(len(x), size=64)
        e, h, o = forward(x[batch])
        d = (o - labels[batch]) / 64
        dz = np.outer(d, P["u"]) * (1 - h**2)
        g = {"u": h.T @ d, "c": d.sum(keepdims=True), "W": e.T @ dz, "b": dz.sum(axis=0), "E": np.zeros_like(P["E"])}
        np.add.at(g["E"], x[batch], (dz @ P["W"].T).reshape(64, 5, dims))
        for name, p in P.items():
            m[name] = 0.9 * m[name] + 0.1 * g[name]
            v[name] = 0.999 * v[name] + 0.001 * g[name] ** 2
            p -= 0.005 * m[name] / (1 - 0.9**t) / (np.sqrt(v[name] / (1 - 0.999**t)) + 1e-8)
    return lambda x: (forward(x)[2] > 0.5).astype(int)


def test_a_window_model_beats_the_majority_and_the_single_word_on_held_out_sentences_and_is_not_perfect():
    loaded = load_corpus()
    x, labels = windows(loaded.train, loaded.vocabulary)
    x_test, t_test = windows(loaded.test, loaded.vocabulary)
    predicted = train_window_model(x, labels, len(loaded.vocabulary))(x_test)
    right = (predicted == t_test).mean()
    found = predicted[t_test == 1].mean()
    majority = (t_test == 0).mean()
    places = np.bincount(x[:, 2], labels, len(loaded.vocabulary)) > 0.5 * np.bincount(
        x[:, 2], minlength=len(loaded.vocabulary)
    )
    single_word = (places[x_test[:, 2]] == t_test).mean()
    assert majority < single_word < right
    assert right - majority > 0.025
    assert 0.5 < found < 0.95
    assert right < 0.99


# Film reviews


def test_reviews_are_balanced_and_say_what_they_should():
    train, test = load_reviews()
    assert (len(train), len(test)) == (48, 24)
    assert sum(review.label for review in train) == 24
    assert sum(review.label for review in test) == 12
    assert train[0] == (("The", "whole", "story", "belongs", "on", "TV", "."), 0)
    assert not {review.tokens for review in train} & {review.tokens for review in test}


def test_tv_and_telly_are_only_in_training_and_television_is_only_in_testing_always_against_the_film():
    train, test = load_reviews()
    for review in train:
        assert (("TV" in review.tokens) or ("telly" in review.tokens)) == (review.label == 0)
        assert "television" not in review.tokens
    for review in test:
        assert ("television" in review.tokens) == (review.label == 0)
        assert not {"TV", "telly"} & set(review.tokens)


def neighbour_vectors(dims):
    """Word vectors from the company words keep, two to each side: the positive part of log p(a,b)/p(a)p(b), by SVD."""
    texts = [sentence.tokens for sentence in ALL]
    vocabulary = make_vocabulary([*texts, *(review.tokens for part in load_reviews() for review in part)])
    counts = np.zeros((len(vocabulary), len(vocabulary)))
    for text in texts:
        ids = encode(text, vocabulary)
        for distance in (1, 2):
            for a, b in zip(ids, ids[distance:], strict=False):
                counts[a, b] += 1 / distance
                counts[b, a] += 1 / distance
    share = counts.sum(axis=1, keepdims=True) / counts.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        surprise = np.nan_to_num(np.maximum(0, np.log(counts / counts.sum() / (share * share.T))))
    U, S, _ = np.linalg.svd(surprise)
    return vocabulary, U[:, :dims] * np.sqrt(S[:dims])


def test_retraining_word_vectors_moves_tv_and_telly_and_leaves_television_behind():
    vocabulary, before = neighbour_vectors(dims=20)
    before = before / before.std()
    tv, telly, television = (vocabulary[word] for word in ("tv", "telly", "television"))

    def cosine(a, b):
        return before[a] @ before[b] / np.linalg.norm(before[a]) / np.linalg.norm(before[b])

    assert min(cosine(tv, telly), cosine(tv, television), cosine(telly, television)) > 0.8
    (x, labels), (x_test, t_test) = (
        (np.array([np.bincount(encode(r.tokens, vocabulary), minlength=len(before)) / len(r.tokens) for r in part]),
         np.array([r.label for r in part]))
        for part in load_reviews()
    )  # fmt: skip

    def accuracy_on_television(retrain):
        # A review is the mean x @ E of its words' vectors; logistic regression on it, with E learned too or not.
        E, w, c = before.copy(), np.zeros(20), 0.0
        for _ in range(300):
            d = (1 / (1 + np.exp(-(x @ E @ w + c))) - labels) / len(labels)
            gE, gw = x.T @ np.outer(d, w), (x @ E).T @ d
            w, c = w - 0.5 * gw, c - 0.5 * d.sum()
            E -= 24 * gE if retrain else 0
        moved = np.linalg.norm(E - before, axis=1)
        assert moved[television] == 0
        assert (moved[[tv, telly]].min() > 1) == retrain
        right = (x_test @ E @ w + c > 0) == t_test
        return right[x_test[:, television] > 0].mean()

    assert accuracy_on_television(retrain=False) > accuracy_on_television(retrain=True)
