"""Words: sentences with place names marked, and short film reviews; both written for this course."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

PAD = "<pad>"
UNKNOWN = "<unk>"
TEST_EVERY = 5

# A word may hold hyphens and apostrophes; anything else that is not a space is a token of its own.
TOKEN = re.compile(r"\w+(?:['’-]\w+)*|[^\w\s]")


class Sentence(NamedTuple):
    """A sentence in tokens, as written; `tags[i]` is 1 where token i is part of the name of a place, otherwise 0."""

    tokens: tuple[str, ...]
    tags: tuple[int, ...]


class Corpus(NamedTuple):
    """Tagged sentences to train on and to test with, and the number of each word that the training sentences hold."""

    train: tuple[Sentence, ...]
    test: tuple[Sentence, ...]
    vocabulary: Mapping[str, int]


class Review(NamedTuple):
    """A phrase about a film in tokens; `label` is 1 where the film was liked, otherwise 0."""

    tokens: tuple[str, ...]
    label: int


class Reviews(NamedTuple):
    """Film reviews: "TV" and "telly" occur only in those to train on, "television" only in those to test with."""

    train: tuple[Review, ...]
    test: tuple[Review, ...]


@cache
def load_corpus() -> Corpus:
    """Sentences about people, places, food, weather …, in which every name of a place is tagged.

    Many words occur in both roles (Paris the city and Paris the painter, Turkey and turkey), so that the words around
    decide. Every fifth sentence of data/files/corpus.txt is for testing. Read once in a process; nothing in the result
    can be changed.

    Returns
    -------
    `Corpus(train, test, vocabulary)`; a sentence is `Sentence(tokens, tags)`.

    >>> corpus = load_corpus()
    >>> corpus.train[0].tokens
    ('Museums', 'in', 'Paris', 'are', 'amazing', '.')
    >>> corpus.train[0].tags
    (0, 0, 1, 0, 0, 0)
    >>> corpus.vocabulary["paris"]
    4
    """
    sentences = [_sentence(line) for line in _lines("corpus.txt")]
    test = sentences[TEST_EVERY - 1 :: TEST_EVERY]
    train = [sentence for i, sentence in enumerate(sentences) if i % TEST_EVERY != TEST_EVERY - 1]
    return Corpus(tuple(train), tuple(test), MappingProxyType(make_vocabulary(s.tokens for s in train)))


@cache
def load_reviews() -> Reviews:
    """Short film reviews, for the pitfall of retraining word vectors: what was learned of "TV" is not of "television".

    Read once in a process; nothing in the result can be changed.

    >>> load_reviews().train[0]
    Review(tokens=('The', 'whole', 'story', 'belongs', 'on', 'TV', '.'), label=0)
    """
    parts: dict[str, list[Review]] = {}
    for line in _lines("reviews.txt"):
        if line.startswith("=="):
            part = parts.setdefault(line.strip("= "), [])
        else:
            part.append(Review(_tokens(line[1:]), {"+": 1, "-": 0}[line[0]]))
    return Reviews(tuple(parts["train"]), tuple(parts["test"]))


def make_vocabulary(texts: Iterable[Sequence[str]]) -> dict[str, int]:
    """Word → integer, in order of first appearance, all in lower case; 0 is the padding, 1 any unknown word.

    >>> make_vocabulary([("A", "cat"), ("a", "dog")])
    {'<pad>': 0, '<unk>': 1, 'a': 2, 'cat': 3, 'dog': 4}
    """
    words = dict.fromkeys(token.lower() for tokens in texts for token in tokens)
    return {word: i for i, word in enumerate([PAD, UNKNOWN, *words])}


def encode(tokens: Iterable[str], vocabulary: Mapping[str, int]) -> list[int]:
    """The integers of these words.

    >>> encode(("A", "bird"), {"<pad>": 0, "<unk>": 1, "a": 2})
    [2, 1]
    """
    return [vocabulary.get(token.lower(), vocabulary[UNKNOWN]) for token in tokens]


def windows(
    sentences: Iterable[Sentence], vocabulary: Mapping[str, int], size: int = 5
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """One window of words around every token: integers of shape (n, size), and the n tags of the words in the middle.

    Where a window reaches over the end of its sentence it holds the padding, 0.

    Raises
    ------
    ValueError : for a size that is not an odd number of at least 1.

    >>> x, labels = windows([Sentence(("In", "Rome"), (0, 1))], {"<pad>": 0, "<unk>": 1, "in": 2, "rome": 3}, size=3)
    >>> x
    array([[0, 2, 3],
           [2, 3, 0]])
    >>> labels
    array([0, 1])
    """
    if not isinstance(size, int) or size < 1 or size % 2 == 0:
        raise ValueError(f"size must be an odd number of words, 1, 3, 5 …, got {size!r}")
    half = [vocabulary[PAD]] * (size // 2)
    rows: list[list[int]] = []
    tags: list[int] = []
    for sentence in sentences:
        padded = [*half, *encode(sentence.tokens, vocabulary), *half]
        rows += [padded[i : i + size] for i in range(len(sentence.tokens))]
        tags += sentence.tags
    return np.array(rows, dtype=np.int64).reshape(-1, size), np.array(tags, dtype=np.int64)


def _lines(name: str) -> list[str]:
    """The lines of a text file of ours without empty ones and comments."""
    text = (files("downslope.data") / "files" / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


def _tokens(text: str) -> tuple[str, ...]:
    """Words and punctuation marks of a text."""
    return tuple(TOKEN.findall(text))


def _sentence(line: str) -> Sentence:
    """A line with [brackets] around names of places, as tokens and tags."""
    tokens: list[str] = []
    tags: list[int] = []
    inside = 0
    for token in _tokens(line):
        if token in "[]":
            if inside == (token == "["):
                raise ValueError(f"square brackets must come in pairs, got {line!r}")
            inside = 1 - inside
        else:
            tokens.append(token)
            tags.append(inside)
    if inside:
        raise ValueError(f"square brackets must come in pairs, got {line!r}")
    return Sentence(tuple(tokens), tuple(tags))
