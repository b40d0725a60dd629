"""Backpropagation: networks in matrix form, computation graphs, and what they are made of."""

from .gradcheck import check_gradient
from .graph import Value, maximum, topological_order
from .network import Network
from .parameters import Parameters
from .penalties import L1, L2

__all__ = ["L1", "L2", "Network", "Parameters", "Value", "check_gradient", "maximum", "topological_order"]
