"""Downslope: how neural networks learn, from one gradient by hand to Adam.

The rooms are `downslope.optim`, `downslope.backprop`, `downslope.data`, `downslope.training`, `downslope.byhand` and
`downslope.figures`. Importing this package loads none of them.
"""

__version__ = "0.1.0"
