"""Data that the lessons learn from: digits, daily temperatures, words. `files/` says where each came from."""

from downslope.data.corpus import (
    Corpus,
    Review,
    Reviews,
    Sentence,
    encode,
    load_corpus,
    load_reviews,
    make_vocabulary,
    windows,
)
from downslope.data.digits import Digits, load_digits_mnist
from downslope.data.download import DownloadError
from downslope.data.temperatures import Temperatures, load_temperatures

__all__ = [
    "Corpus",
    "Digits",
    "DownloadError",
    "Review",
    "Reviews",
    "Sentence",
    "Temperatures",
    "encode",
    "load_corpus",
    "load_digits_mnist",
    "load_reviews",
    "load_temperatures",
    "make_vocabulary",
    "windows",
]
