"""What crosses between the grader and the sandbox: plain values in frames with their length, and nothing else.

    frame = length (8 bytes, big-endian), then one value
    value = one letter, then what that letter asks for

The side that reads trusts nothing: every length is compared with what is there, dtypes come from a list, and sizes,
depth and the number of values are capped. Nothing is ever unpickled, evaluated or looked up by name.

This file runs on both sides. It imports the standard library and NumPy, and nothing of this package.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

__all__ = [
    "MAX_BYTES",
    "MAX_DEPTH",
    "MAX_VALUES",
    "Foreign",
    "ProtocolError",
    "decode",
    "encode",
    "foreign",
    "frame",
    "read_frame",
]

MAX_BYTES = 64 * 2**20  # of one message
MAX_VALUES = 500_000  # in one message; an array counts as one
STRANGER = 500  # what counts for as many: on the other side each gets a type of its own
MAX_DEPTH = 24
MAX_INT = 512  # bytes: whole numbers of up to 1233 digits
MAX_DIMENSIONS = 16

DTYPES = ("|b1", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f2", "<f4", "<f8", "<c8", "<c16")
LENGTH = struct.Struct(">Q")
FLOAT = struct.Struct(">d")
SINGLETONS: dict[bytes, Any] = {b"N": None, b"T": True, b"F": False, b"E": Ellipsis}
SCALARS = (type(None), type(Ellipsis), bool, int, float, str, Fraction)


class ProtocolError(ValueError):
    """A message that is not well formed, too large, or holds what must not cross."""


class Foreign:
    """Stands for a value that does not cross. Its type carries the name of the type that the value had."""

    def __repr__(self) -> str:
        return f"<an object of type {type(self).__name__}>"


def foreign(name: str) -> Foreign:
    """A stand-in for a value of the type `name`."""
    shown = "".join(letter for letter in name if letter.isprintable())[:60] or "object"
    return type(shown, (Foreign,), {})()  # type: ignore[no-any-return]


def type_name(value: Any) -> str:
    """The name of a value's type, whatever a metaclass says."""
    name = type.__dict__["__name__"].__get__(type(value))
    return name if type(name) is str else "object"


# Writing -------------------------------------------------------------------------------------------------------------


def encode(value: Any, *, strict: bool = True, max_bytes: int = MAX_BYTES) -> bytes:
    """A value as bytes.

    strict  True: what is not plain raises `ProtocolError`; False: it becomes a `Foreign` on the other side

    >>> decode(encode([1, 2.5, "a", None]))
    [1, 2.5, 'a', None]
    >>> encode({1, 2})
    Traceback (most recent call last):
    ...
    downslope.grading.protocol.ProtocolError: a value of type set does not cross; plain values and arrays do
    """
    writer = _Writer(strict, max_bytes)
    writer.value(value, 0)
    return b"".join(writer.parts)


class _Writer:
    def __init__(self, strict: bool, max_bytes: int) -> None:
        self.strict, self.room, self.values = strict, max_bytes, MAX_VALUES
        self.parts: list[bytes] = []

    def put(self, *parts: bytes) -> None:
        self.room -= sum(map(len, parts))
        if self.room < 0:
            raise ProtocolError("the value is too large to cross")
        self.parts.extend(parts)

    def count(self, values: int) -> None:
        self.values -= values
        if self.values < 0:
            raise ProtocolError(f"more than {MAX_VALUES} values in one message")

    def value(self, value: Any, depth: int) -> None:
        self.count(1)
        if depth > MAX_DEPTH:
            raise ProtocolError(f"values nested deeper than {MAX_DEPTH}")
        kind = type(value)
        if kind in SCALARS:
            self.scalar(value, kind)
        elif kind is list or kind is tuple:
            self.put(b"l" if kind is list else b"t", LENGTH.pack(len(value)))
            for each in value:
                self.value(each, depth + 1)
        elif kind is dict:
            self.put(b"d", LENGTH.pack(len(value)))
            for key, each in value.items():
                self.key(key)
                self.value(key, depth + 1)
                self.value(each, depth + 1)
        elif kind is np.ndarray:
            self.array(value, depth)
        elif issubclass(kind, np.generic) and _code(value.dtype) in DTYPES and kind is value.dtype.type:
            code = _code(value.dtype)
            self.put(b"g", bytes([DTYPES.index(code)]), np.asarray(value).astype(code).tobytes())
        else:
            self.stranger(type_name(value))

    def scalar(self, value: Any, kind: type) -> None:
        if value is None or value is Ellipsis or kind is bool:
            self.put({None: b"N", Ellipsis: b"E", True: b"T", False: b"F"}[value])
        elif kind is int:
            self.put(b"i", *_int(value))
        elif kind is float:
            self.put(b"f", FLOAT.pack(value))
        elif kind is Fraction:
            self.put(b"q", *_int(value.numerator), *_int(value.denominator))
        else:
            self.put(b"s", *_text(value))

    def key(self, key: Any) -> None:
        """Keys are scalars, or tuples of scalars such as ("w1", 2)."""
        if type(key) not in SCALARS and not (type(key) is tuple and all(type(each) in SCALARS for each in key)):
            raise ProtocolError(f"a dict key of type {type_name(key)} does not cross; a text or a number does")

    def array(self, array: np.ndarray[Any, Any], depth: int) -> None:
        if array.ndim > MAX_DIMENSIONS:
            raise ProtocolError(f"an array of {array.ndim} dimensions does not cross")
        shape = b"".join(LENGTH.pack(n) for n in array.shape)
        head = bytes([array.ndim]) + shape
        code = _code(array.dtype)
        if code in DTYPES:
            if array.nbytes > self.room:
                raise ProtocolError("the array is too large to cross")
            self.put(b"a", bytes([DTYPES.index(code)]), head, array.astype(code, copy=False).tobytes())
        elif array.dtype == object and array.size <= MAX_VALUES and all(type(each) in SCALARS for each in array.flat):
            self.put(b"O", head)
            for each in array.flat:
                self.value(each, depth + 1)
        else:
            self.stranger(f"array of dtype {array.dtype}")

    def stranger(self, name: str) -> None:
        if self.strict:
            raise ProtocolError(f"a value of type {name} does not cross; plain values and arrays do")
        self.count(STRANGER)
        self.put(b"o", *_text(name[:200]))


def _code(dtype: np.dtype[Any]) -> str:
    """The dtype in little-endian form."""
    return dtype.newbyteorder("<").str


def _int(value: int) -> tuple[bytes, bytes]:
    size = value.bit_length() // 8 + 1
    if size > MAX_INT:
        raise ProtocolError("a whole number of more than 1200 digits does not cross")
    return LENGTH.pack(size), value.to_bytes(size, "big", signed=True)


def _text(value: str) -> tuple[bytes, bytes]:
    data = value.encode("utf-8", "backslashreplace")
    return LENGTH.pack(len(data)), data


# Reading -------------------------------------------------------------------------------------------------------------


def decode(data: bytes) -> Any:
    """The value in `data`; `ProtocolError` if it is anything but one well-formed value."""
    if len(data) > MAX_BYTES:
        raise ProtocolError(f"a message of {len(data)} bytes is longer than {MAX_BYTES}")
    reader = _Reader(data)
    value = reader.value(0)
    if reader.at != len(data):
        raise ProtocolError("something follows the value")
    return value


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data, self.at, self.values = data, 0, MAX_VALUES

    def take(self, count: int) -> bytes:
        if count > len(self.data) - self.at:
            raise ProtocolError("the message ends too early")
        self.at += count
        return self.data[self.at - count : self.at]

    def length(self) -> int:
        return int(LENGTH.unpack(self.take(8))[0])

    def count(self) -> int:
        """The number of values that follow; each takes a byte at least."""
        count = self.length()
        if count > len(self.data) - self.at or count > self.values:
            raise ProtocolError("the message announces more values than it may hold")
        return count

    def value(self, depth: int) -> Any:
        self.values -= 1
        if self.values < 0 or depth > MAX_DEPTH + 1:
            raise ProtocolError("too many values, or nested too deep")
        letter = self.take(1)
        if letter in SINGLETONS:
            return SINGLETONS[letter]
        read = self.READERS.get(letter)
        if read is None:
            raise ProtocolError(f"no kind of value is written {letter!r}")
        return read(self, depth)

    def read_integer(self, depth: int = 0) -> int:
        size = self.length()
        if size > MAX_INT:
            raise ProtocolError("a whole number that is too long")
        return int.from_bytes(self.take(size), "big", signed=True)

    def read_float(self, depth: int) -> Any:
        return FLOAT.unpack(self.take(8))[0]

    def read_fraction(self, depth: int) -> Fraction:
        top, bottom = self.read_integer(), self.read_integer()
        if bottom <= 0:
            raise ProtocolError("a fraction needs a denominator above 0")
        return Fraction(top, bottom)

    def read_text(self, depth: int = 0) -> str:
        try:
            return self.take(self.length()).decode("utf-8")
        except UnicodeDecodeError:
            raise ProtocolError("a text that is not UTF-8") from None

    def read_list(self, depth: int) -> Any:
        return [self.value(depth + 1) for _ in range(self.count())]

    def read_tuple(self, depth: int) -> Any:
        return tuple(self.value(depth + 1) for _ in range(self.count()))

    def read_dict(self, depth: int) -> Any:
        count = self.count()
        result = {}
        for _ in range(count):
            key = self.value(depth + 1)
            if type(key) not in SCALARS and not (type(key) is tuple and all(type(each) in SCALARS for each in key)):
                raise ProtocolError("a dict key that is neither text nor number")
            result[key] = self.value(depth + 1)
        if len(result) != count:
            raise ProtocolError("a dict key that comes twice")
        return result

    def shape(self) -> Any:
        dimensions = self.take(1)[0]
        if dimensions > MAX_DIMENSIONS:
            raise ProtocolError(f"an array of {dimensions} dimensions")
        shape = tuple(self.length() for _ in range(dimensions))
        if math.prod(n for n in shape if n) > 2**40:
            raise ProtocolError(f"an array of shape {shape}")
        return shape

    def dtype(self) -> np.dtype[Any]:
        number = self.take(1)[0]
        if number >= len(DTYPES):
            raise ProtocolError(f"no dtype has the number {number}")
        return np.dtype(DTYPES[number])

    def read_array(self, depth: int) -> Any:
        dtype, shape = self.dtype(), self.shape()
        data = self.take(math.prod(shape) * dtype.itemsize)
        return _from_bytes(data, dtype).reshape(shape)

    def read_objects(self, depth: int) -> Any:
        shape = self.shape()
        size = math.prod(shape)
        if size > len(self.data) - self.at or size > self.values:
            raise ProtocolError("the message announces more values than it may hold")
        array = np.empty(size, dtype=object)
        for i in range(size):
            array[i] = self.value(depth + 1)
            if type(array[i]) not in SCALARS:
                raise ProtocolError("an array of objects holds texts and numbers only")
        return array.reshape(shape)

    def read_scalar(self, depth: int) -> Any:
        dtype = self.dtype()
        return _from_bytes(self.take(dtype.itemsize), dtype)[0]

    def read_stranger(self, depth: int) -> Foreign:
        self.values -= STRANGER
        return foreign(self.read_text())

    READERS: dict[bytes, Callable[[_Reader, int], Any]] = {  # noqa: RUF012
        b"i": read_integer,
        b"f": read_float,
        b"q": read_fraction,
        b"s": read_text,
        b"l": read_list,
        b"t": read_tuple,
        b"d": read_dict,
        b"a": read_array,
        b"O": read_objects,
        b"g": read_scalar,
        b"o": read_stranger,
    }


def _from_bytes(data: bytes, dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
    """An array of its own, in this machine's byte order; every byte of a truth value but 0 is True."""
    if dtype.kind == "b":
        return np.frombuffer(data, np.uint8) != 0 if data else np.empty(0, bool)
    flat = np.frombuffer(data, dtype) if data else np.empty(0, dtype)
    return flat.astype(dtype.newbyteorder("="), copy=True)


# Frames --------------------------------------------------------------------------------------------------------------


def frame(value: Any, *, strict: bool = True) -> bytes:
    """A value as a frame: its length, then its bytes."""
    data = encode(value, strict=strict)
    return LENGTH.pack(len(data)) + data


def read_frame(read: Callable[[int], bytes], max_bytes: int = MAX_BYTES) -> Any:
    """The next value. `read(n)` returns exactly n bytes, or raises `EOFError`.

    A frame longer than `max_bytes` is refused before anything of it is read.
    """
    length = int(LENGTH.unpack(read(LENGTH.size))[0])
    if length > max_bytes:
        raise ProtocolError(f"a message of {length} bytes is longer than {max_bytes}")
    return decode(read(length))
