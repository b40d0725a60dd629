"""Optimizers that read like their formulas, averages, conventions, schedules, test surfaces, and paths over them."""

from . import averages, conventions, paths, schedules, surfaces
from .averages import ewma
from .base import Optimizer
from .conventions import convert
from .optimizers import (
    SGD,
    Adadelta,
    AdaGrad,
    Adam,
    Adamax,
    AdamW,
    Momentum,
    Nadam,
    Nesterov,
    RMSprop,
    RMSpropNesterov,
    SparseAdam,
    SparseRows,
)
from .paths import trajectory

__all__ = [
    "SGD",
    "AdaGrad",
    "Adadelta",
    "Adam",
    "AdamW",
    "Adamax",
    "Momentum",
    "Nadam",
    "Nesterov",
    "Optimizer",
    "RMSprop",
    "RMSpropNesterov",
    "SparseAdam",
    "SparseRows",
    "averages",
    "conventions",
    "convert",
    "ewma",
    "paths",
    "schedules",
    "surfaces",
    "trajectory",
]
