"""Checking a gradient against numbers that need no calculus: differences of the function itself.

    forward    (f(x + h) − f(x)) / h              error ≈ h f″/2 + rounding ε f/h
    centred    (f(x + h) − f(x − h)) / 2h         error ≈ h² f‴/6 + rounding ε f/h
    complex    Im f(x + ih) / h                   error ≈ h² f‴/6 and no cancellation, so h may be 1e-20

Source of the complex step: Squire and Trapp (1998), SIAM Review 40, 110-112.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .checks import check_choice, describe
from .parameters import Parameters

Array = NDArray[Any]
Point = Any  # Parameters, a dict of arrays, an array or a number
Function = Callable[[Any], Any]

CAUSES = {
    "gradient": "the gradient itself: the numbers agree with each other at every step, and not with it.",
    "kink": "a kink (as of ReLU or max) lies within one step of this point, where there is no one slope; "
    "a smaller step or another point helps.",
    "float32": "the function is computed in float32, whose rounding is this large; check in float64.",
    "step too small": "rounding: the step is so small that f(x + h) − f(x − h) has lost its digits; take a larger one.",
    "step too large": "curvature: the step is so large that the slope changes along it; take a smaller one.",
    "not complex": "the function does not carry complex numbers (an abs, a real part or a conjugate loses them), "
    "while centred differences agree with the gradient.",
}


def derivative_along(
    function: Function, point: Point, direction: Point, method: str = "centred", step: float | None = None
) -> float:
    """Slope of the function from the point into a direction, by "forward", "centred" or "complex" differences.

    function   point → number
    point      `Parameters`, a dict of arrays, an array or a number
    direction  of the same form as the point
    step       h; left out: ε^½ (forward), ε^⅓ (centred), 1e-20 (complex), with ε of the point's dtype

    >>> round(derivative_along(lambda x: x**3, 2.0, 1.0), 6)
    12.0
    >>> derivative_along(lambda x: x**3, 2.0, 1.0, "complex")
    12.0
    """
    form = _Form(point)
    return _slope(function, form, form.flat(direction, "direction"), method, _step(step, method, form))


def numerical_gradient(function: Function, point: Point, method: str = "centred", step: float | None = None) -> Point:
    """Slope along every axis, in the form of the point. Costs one or two calls of the function for each number.

    >>> numerical_gradient(lambda w: (w * w).sum(), np.array([1.0, -2.0]), "complex")
    array([ 2., -4.])
    """
    form = _Form(point)
    return form.shaped(_slopes(function, form, method, _step(step, method, form)))


@dataclass(frozen=True, repr=False)
class GradientReport:
    """What a gradient check found. True when the gradient agrees.

    ok              whether every number checked is within the tolerance
    name, index     where the worst number is: the array's name (or "point"), and its index there
    analytic        the gradient there (or along the worst direction)
    numeric         what the differences say there
    relative_error  |analytic − numeric| / max(|analytic|, |numeric|)
    cause           a key of `CAUSES` when it does not agree, else ""
    checked         how many numbers or directions were compared
    """

    ok: bool
    name: str
    index: tuple[int, ...]
    analytic: float
    numeric: float
    relative_error: float
    cause: str
    method: str
    step: float
    tolerance: float
    checked: int
    what: str

    def __bool__(self) -> bool:
        return self.ok

    def __repr__(self) -> str:
        verdict = "The gradient agrees" if self.ok else "The gradient does NOT agree"
        where = f"{self.name}{list(self.index)}" if self.index else self.name
        lines = [
            f"{verdict}: {self.checked} {self.what} compared with {self.method} differences, step {self.step:.1e}.",
            f"worst: {where}  gradient {self.analytic:.9g}  numeric {self.numeric:.9g}  "
            f"relative error {self.relative_error:.1e} (allowed {self.tolerance:.0e})",
        ]
        if self.cause:
            lines.append(f"likely cause: {CAUSES[self.cause]}")
        if self.cause == "gradient" and self.analytic:
            lines.append(f"numeric / gradient = {self.numeric / self.analytic:.6g}")
        return "\n".join(lines)


def check_gradient(
    function: Function,
    gradient: Point | Callable[[Any], Point],
    point: Point,
    *,
    method: str = "centred",
    step: float | None = None,
    directions: int | None = None,
    tolerance: float | None = None,
    seed: int = 0,
) -> GradientReport:
    """Compare a gradient with differences of the function and say where it is worst, by how much, and why.

    A number passes when |analytic − numeric| ≤ tolerance · max(|analytic|, |numeric|) + what rounding alone can do.

    function    point → number
    gradient    the gradient at the point, or a function that computes it; of the same form as the point
    point       `Parameters`, a dict of arrays, an array or a number; it is not changed
    method      "centred", "forward" or "complex" (the function must then take complex numbers)
    step        h; left out: as in `derivative_along`
    directions  compare slopes along so many random directions of ±1 instead of along every axis: for large networks.
                When one disagrees, halving it again and again leads to the number at fault
    tolerance   left out: 1e-6 (centred), 1e-4 (forward), 1e-10 (complex), and 1e-2 in float32
    seed        of the directions

    Raises ValueError or TypeError when the forms differ or the function does not return one number.

    >>> report = check_gradient(lambda w: (w**3).sum(), lambda w: 3 * w**2, np.array([1.0, 2.0]), method="complex")
    >>> report.ok, report.relative_error
    (True, 0.0)
    >>> check_gradient(lambda w: (w**2).sum(), lambda w: w, {"w": np.array([1.0, 2.0])}["w"], method="complex")
    The gradient does NOT agree: 2 entries compared with complex differences, step 1.0e-20.
    worst: point[1]  gradient 2  numeric 4  relative error 5.0e-01 (allowed 1e-10)
    likely cause: the gradient itself: the numbers agree with each other at every step, and not with it.
    numeric / gradient = 2
    """
    form = _Form(point)
    h = _step(step, method, form)
    tolerance = _tolerance(tolerance, method, form)
    g = form.flat(gradient(form.shaped(form.vector)) if callable(gradient) else gradient, "gradient")
    noise = _rounding(function, form, g, method, h)
    if directions is None:
        analytic, numeric, scale = g, _slopes(function, form, method, h), 0.0
    else:
        rays = list(_signs(directions, form, seed))
        analytic = np.array([g @ ray for ray in rays])
        numeric = np.array([_slope(function, form, ray, method, h) for ray in rays])
        scale = float(np.linalg.norm(g))
        noise *= math.sqrt(form.vector.size) if method == "complex" else 1.0
    difference = np.abs(analytic - numeric)
    allowed = tolerance * np.maximum(np.maximum(np.abs(analytic), np.abs(numeric)), scale) + noise
    with np.errstate(invalid="ignore", divide="ignore"):
        excess = np.where(difference == 0, 0, difference / allowed)
    worst = int(np.argmax(np.where(np.isnan(excess), np.inf, excess)))
    ok = bool(excess[worst] <= 1)
    a, n = float(analytic[worst]), float(numeric[worst])
    if directions is None:
        name, index = form.locate(worst)
        ray = form.axis(worst)
    elif ok:
        name, index, ray = f"direction {worst}", (), rays[worst]
    else:
        position = _bisect(function, form, g, rays[worst], method, h)
        entry, ray = float(g[position]), form.axis(position)
        measured = _slope(function, form, ray, method, h)
        if abs(entry - measured) > tolerance * max(abs(entry), abs(measured)) + noise:
            name, index = form.locate(position)
            a, n = entry, measured
        else:  # no number is at fault alone: it is the step of all of them together
            name, index, ray = f"direction {worst}", (), rays[worst]
    cause = "" if ok else _cause(function, form, ray, float(g @ ray), method, h, tolerance)
    return GradientReport(
        ok, name, index, a, n, _relative_error(a, n), cause, method, h, tolerance, len(analytic),
        "entries" if directions is None else "directions",
    )  # fmt: skip


class _Form:
    """A point as one vector, and back again."""

    def __init__(self, point: Point) -> None:
        self.params: Parameters | None = None
        self.is_dict = isinstance(point, Mapping) and not isinstance(point, Parameters)
        if isinstance(point, Parameters):
            self.params = point
        elif isinstance(point, Mapping):
            self.params = Parameters.from_arrays(point)
        array = self.params.vector if self.params is not None else np.asarray(point)
        if array.dtype.kind in "iub":
            array = array.astype("float64")
        if array.dtype.kind != "f" or array.size == 0:
            raise TypeError(f"point must hold real numbers, got {describe(point)}.")
        self.shape = array.shape
        self.vector: Array = array.ravel().copy()
        self.eps = float(np.finfo(self.vector.dtype).eps)

    def shaped(self, vector: Array) -> Any:
        """A vector in the form of the point."""
        if self.params is None:
            return vector.reshape(self.shape) if self.shape else vector[0]
        params = self.params.with_vector(vector)
        return dict(params) if self.is_dict else params

    def flat(self, value: Point, name: str) -> Array:
        """A value of the same form as a vector."""
        if self.params is None:
            array = np.asarray(value)
            if array.shape != self.shape:
                raise ValueError(f"{name} must have the point's shape {self.shape}, got {array.shape}.")
            return array.ravel()
        if not isinstance(value, Mapping) or set(value) != set(self.params):
            raise ValueError(f"{name} must have the point's names {', '.join(self.params)}, got {describe(value)}.")
        room = self.params.zeros_like().astype("float64")
        for key in self.params:
            room[key] = value[key]
        return room.vector

    def locate(self, position: int) -> tuple[str, tuple[int, ...]]:
        """Name and index of one number."""
        if self.params is not None:
            return self.params.locate(position)
        return "point", tuple(int(i) for i in np.unravel_index(position, self.shape))

    def axis(self, position: int) -> Array:
        """The direction of one number."""
        direction = np.zeros(self.vector.size)
        direction[position] = 1
        return direction


def _slope(function: Function, form: _Form, direction: Array, method: str, h: float) -> float:
    """Derivative along one direction, given as a vector."""
    x = form.vector
    if method == "complex":
        z = x.astype(complex)
        z.imag = h * direction  # x + ihd
        return _call(function, form, z).imag / h
    ahead = (x + h * direction).astype(x.dtype)
    back = (x - h * direction).astype(x.dtype) if method == "centred" else x
    walked = float((ahead - back).astype("float64") @ direction) / float(direction @ direction)  # 2h or h, as rounded
    return (_call(function, form, ahead).real - _call(function, form, back).real) / walked


def _slopes(function: Function, form: _Form, method: str, h: float) -> Array:
    """Derivative along every axis."""
    return np.array([_slope(function, form, form.axis(i), method, h) for i in range(form.vector.size)])


def _call(function: Function, form: _Form, vector: Array) -> complex:
    """The function's value at a vector, checked to be one number."""
    value = np.asarray(function(form.shaped(vector)))
    if value.size != 1 or value.dtype.kind not in "iufc":
        raise TypeError(f"function must return one number, got {describe(value)}.")
    if np.iscomplexobj(vector) and not np.iscomplexobj(value):
        raise TypeError(
            "function must return a complex number for a complex point, got a real one; it drops the imaginary part, "
            'so use method="centred".'
        )
    return complex(value.item())


def _signs(count: int, form: _Form, seed: int) -> Iterator[Array]:
    """Random directions of ±1."""
    if not isinstance(count, int) or count < 1:
        raise ValueError(f"directions must be a positive integer or None, got {count!r}.")
    generator = np.random.Generator(np.random.PCG64(seed))
    for _ in range(count):
        yield 2.0 * generator.integers(0, 2, form.vector.size, dtype=np.int8) - 1


def _step(step: float | None, method: str, form: _Form) -> float:
    check_choice(method, ("centred", "forward", "complex"), "method")
    if step is None:
        return {"centred": math.cbrt(form.eps), "forward": math.sqrt(form.eps), "complex": 1e-20}[method]
    if not 0 < step < float("inf"):
        raise ValueError(f"step must be a positive number, got {step!r}.")
    return float(step)


def _tolerance(tolerance: float | None, method: str, form: _Form) -> float:
    if tolerance is None:
        return {"centred": 1e-6, "forward": 1e-4, "complex": 1e-10}[method] if form.eps < 1e-10 else 1e-2
    if not 0 < tolerance < float("inf"):
        raise ValueError(f"tolerance must be a positive number, got {tolerance!r}.")
    return float(tolerance)


def _rounding(function: Function, form: _Form, g: Array, method: str, h: float) -> float:
    """About how far rounding alone may move a numeric slope."""
    if method == "complex":
        return 16 * form.eps * float(np.abs(g).max())
    return 4 * form.eps * abs(_call(function, form, form.vector)) / h


def _relative_error(a: float, n: float) -> float:
    return abs(a - n) / max(abs(a), abs(n)) if a != n else 0.0


def _bisect(function: Function, form: _Form, g: Array, direction: Array, method: str, h: float) -> int:
    """The number at fault along a direction: halve the direction and go on with the half that is further off."""

    def mismatch(positions: Array) -> float:
        part = np.zeros_like(direction)
        part[positions] = direction[positions]
        return abs(float(g @ part) - _slope(function, form, part, method, h))

    positions = np.arange(direction.size)
    while len(positions) > 1:
        halves = positions[: len(positions) // 2], positions[len(positions) // 2 :]
        positions = max(halves, key=mismatch)
    return int(positions[0])


def _cause(
    function: Function, form: _Form, ray: Array, analytic: float, method: str, h: float, tolerance: float
) -> str:
    """Why a slope along a direction differs: try other steps and each side, and see what changes."""

    def slope(step: float, method: str = method, ray: Array = ray) -> float:
        try:
            with np.errstate(all="ignore"):
                return _slope(function, form, ray, method, step)
        except (ArithmeticError, ValueError):  # a step out of the function's domain
            return math.nan

    def agrees(steps: Iterable[float]) -> bool:
        good = max(tolerance, 1e-5, _relative_error(analytic, slope(h)) / 50)
        return any(_relative_error(analytic, slope(step)) < good for step in steps)

    def kink() -> bool:
        """Whether the slopes on both sides differ, and by more than curvature explains (that halves with the step)."""
        right, left = (
            np.array([sign * slope(step, "forward", sign * ray) for step in (h, h / 2, h / 4)]) for sign in (1, -1)
        )
        jump = np.abs(right - left)
        halves = 0.4 < jump[1] / jump[0] < 0.6 and 0.4 < jump[2] / jump[1] < 0.6 if jump.all() else False
        return bool(jump[0] > 0.01 * max(abs(right[0]), abs(left[0]))) and not halves

    if method == "complex":
        return "not complex" if _relative_error(analytic, slope(math.cbrt(form.eps), "centred")) < 1e-5 else "gradient"
    larger = [h * k for k in (10, 100, 1000, 1e4)]
    slopes = [slope(h / k) for k in (1, 2, 3, 10)]
    if slopes[0] and max(slopes) - min(slopes) < abs(analytic - slopes[0]) / 5:  # the numbers agree with each other
        return "kink" if kink() else "gradient"
    if agrees(h / k for k in (10, 100, 1000)):
        return "kink" if kink() else "step too large"
    if agrees(larger):
        return "float32" if _is_float32(function, form) else "step too small"
    return "kink" if kink() else "gradient"


def _is_float32(function: Function, form: _Form) -> bool:
    """Whether the function's values have no more digits than float32 holds."""
    if form.eps > 1e-10:
        return True
    values = [_call(function, form, form.vector * (1 + k / 1000)).real for k in range(4)]
    return all(float(np.float32(value)) == value for value in values) and any(value % 1 for value in values)
