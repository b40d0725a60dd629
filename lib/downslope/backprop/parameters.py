"""`Parameters`: every weight of a network in one vector, and each array a named view of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import prod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

Array = NDArray[Any]


class Parameters(Mapping[str, Array]):
    """Named arrays that live in ONE contiguous vector θ.

        θ = (W1 | b1 | W2 | b2 | …)        params["W1"] is a view of its piece, params.vector is the whole

    What is written into a view is written into the vector, and the other way round. So an optimizer needs one line on
    `params.vector`, and a lesson can still say `params["W1"]`. The names and shapes are fixed; the numbers are not:
    `params["W1"] = array` and `params["W1"] -= step` copy into the view.

    shapes  name → shape, in the order in which the arrays lie in the vector
    vector  the 1-D array to use (not copied); left out: zeros of `dtype`
    dtype   of the zeros; any float, complex, or object for exact fractions

    Raises ValueError for a vector that is not 1-D and contiguous or whose length is not the sum of the sizes.

    >>> params = Parameters({"W": (2, 2), "b": (2,)})
    >>> params["W"][...] = [[1, 2], [3, 4]]
    >>> params["b"] = [5, 6]
    >>> params.vector
    array([1., 2., 3., 4., 5., 6.])
    >>> params.vector -= 1
    >>> params["b"]
    array([4., 5.])
    >>> params
    Parameters(6 numbers, float64: W (2, 2), b (2,))
    """

    __slots__ = ("_vector", "_views", "shapes")

    def __init__(
        self, shapes: Mapping[str, tuple[int, ...]], vector: Array | None = None, dtype: DTypeLike = "float64"
    ) -> None:
        self.shapes: dict[str, tuple[int, ...]] = {name: tuple(shape) for name, shape in shapes.items()}
        sizes = [prod(shape) for shape in self.shapes.values()]
        if vector is None:
            vector = np.zeros(sum(sizes), dtype)
        if not isinstance(vector, np.ndarray) or vector.shape != (sum(sizes),) or not vector.flags.c_contiguous:
            raise ValueError(
                f"vector must be a contiguous array of shape ({sum(sizes)},), the sum of the sizes of all shapes, "
                f"got {_describe(vector)}."
            )
        self._vector: Array = vector
        self._views: dict[str, Array] = {}
        start = 0
        for (name, shape), size in zip(self.shapes.items(), sizes, strict=True):
            self._views[name] = vector[start : start + size].reshape(shape)
            start += size

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, ArrayLike], dtype: DTypeLike | None = None) -> Parameters:
        """Copy named arrays into one new vector, of their common dtype (at least a float) or of `dtype`.

        >>> Parameters.from_arrays({"W1": [[1.0, 2.0]], "b1": [3.0]}).vector
        array([1., 2., 3.])
        """
        copies = {name: np.asarray(array) for name, array in arrays.items()}
        if dtype is None:
            dtype = np.result_type(*copies.values()) if copies else np.dtype("float64")
            dtype = np.result_type(dtype, "float64") if dtype.kind in "iub" else dtype
        params = cls({name: array.shape for name, array in copies.items()}, dtype=dtype)
        for name, array in copies.items():
            params._views[name][...] = array
        return params

    @property
    def vector(self) -> Array:
        """All numbers as one 1-D array; no copy. `params.vector = array` copies the numbers in."""
        return self._vector

    @vector.setter
    def vector(self, numbers: ArrayLike) -> None:
        _copy_into(self._vector, numbers, "vector")

    @property
    def dtype(self) -> np.dtype[Any]:
        """The one dtype that all arrays have."""
        return self._vector.dtype

    def __getitem__(self, name: str) -> Array:
        return self._views[name]

    def __setitem__(self, name: str, numbers: ArrayLike) -> None:
        if name not in self._views:
            raise KeyError(f"{name!r} is not one of the names {', '.join(self._views)}; names are fixed.")
        _copy_into(self._views[name], numbers, name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._views)

    def __len__(self) -> int:
        return len(self._views)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Parameters):
            return NotImplemented
        return self.shapes == other.shapes and bool(np.array_equal(self._vector, other._vector))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        arrays = ", ".join(f"{name} {shape}" for name, shape in self.shapes.items())
        return f"Parameters({self._vector.size:,} numbers, {self.dtype}: {arrays})"

    def __reduce__(self) -> tuple[Any, ...]:
        return Parameters, (self.shapes, self._vector)  # pickling each view would cut it loose from the vector

    def with_vector(self, vector: Array) -> Parameters:
        """The same names and shapes over another vector (used as it is, not copied).

        >>> params = Parameters({"w": (2,)})
        >>> params.with_vector(np.array([3.0, 4.0]))["w"]
        array([3., 4.])
        """
        return Parameters(self.shapes, vector)

    def copy(self) -> Parameters:
        """An independent copy."""
        return self.with_vector(self._vector.copy())

    def zeros_like(self) -> Parameters:
        """Zeros with the same names, shapes and dtype."""
        return self.with_vector(np.zeros_like(self._vector))

    def empty_like(self) -> Parameters:
        """Room with the same names, shapes and dtype, for numbers that are about to be written."""
        return self.with_vector(np.empty_like(self._vector))

    def astype(self, dtype: DTypeLike) -> Parameters:
        """A copy in another dtype."""
        return self.with_vector(self._vector.astype(dtype))

    def locate(self, position: int) -> tuple[str, tuple[int, ...]]:
        """Name and index of the number at one position of the vector.

        >>> Parameters({"W": (2, 3), "b": (3,)}).locate(4)
        ('W', (1, 1))
        """
        if not 0 <= position < self._vector.size:
            raise IndexError(f"position must be from 0 to {self._vector.size - 1}, got {position}.")
        for name, shape in self.shapes.items():
            if position < prod(shape):
                return name, tuple(int(i) for i in np.unravel_index(position, shape))
            position -= prod(shape)
        raise AssertionError


def _copy_into(view: Array, numbers: ArrayLike, name: str) -> None:
    """Copy numbers of the same shape into a view, after checking them."""
    if numbers is view:  # what `params["W1"] -= …` hands back
        return
    array = np.asarray(numbers)
    if array.shape != view.shape:
        raise ValueError(f"{name} must have shape {view.shape}, got {_describe(array)}.")
    if not np.can_cast(array.dtype, view.dtype, "same_kind"):
        raise TypeError(f"{name} must hold numbers that fit in {view.dtype}, got dtype {array.dtype}.")
    view[...] = array


def _describe(value: object) -> str:
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    return f"{type(value).__name__} {value!r:.60}"
