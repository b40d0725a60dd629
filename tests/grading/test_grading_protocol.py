"""What crosses between grader and sandbox, and what does not."""

import pickle
import struct
from contextlib import suppress
from fractions import Fraction

import numpy as np
import pytest
from downslope.grading import protocol
from downslope.grading.protocol import Foreign, ProtocolError, decode, encode, frame, read_frame
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

DTYPES = [np.dtype(code) for code in protocol.DTYPES]
SCALARS = (
    st.none()
    | st.just(...)
    | st.booleans()
    | st.integers(-(2**900), 2**900)
    | st.floats()
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.fractions()
)
ARRAYS = st.sampled_from(DTYPES).flatmap(
    lambda dtype: arrays.arrays(dtype, arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4))
)
KEYS = st.text("abw[]1") | st.integers(-3, 9) | st.tuples(st.text("w"), st.integers(0, 3))
PLAIN = st.recursive(
    SCALARS | ARRAYS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.lists(inner, max_size=4).map(tuple) | st.dictionaries(KEYS, inner, max_size=4)
    ),
    max_leaves=12,
)


def alike(one, other):
    """The same types and bits, all the way down."""
    if type(one) is not type(other):
        return False
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, dict):
        return list(map(repr, one)) == list(map(repr, other)) and all(alike(one[key], other[key]) for key in one)
    if isinstance(one, (np.ndarray, np.generic)):
        return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()
    return one == other or repr(one) == repr(other)


@given(PLAIN)
@settings(deadline=None, max_examples=150)
def test_plain_values_come_back_as_they_were(value):
    assert alike(decode(encode(value)), value)


@given(st.binary(max_size=80))
@settings(deadline=None, max_examples=300)
def test_any_bytes_are_a_value_or_refused(data):
    with suppress(ProtocolError):
        decode(data)


@given(PLAIN, st.data())
@settings(deadline=None, max_examples=150)
def test_a_message_with_a_byte_changed_or_cut_off_is_a_value_or_refused(value, data):
    message = bytearray(encode(value))
    place = data.draw(st.integers(0, len(message) - 1))
    with pytest.raises(ProtocolError):
        decode(bytes(message[:place]))
    message[place] = data.draw(st.integers(0, 255))
    with suppress(ProtocolError):
        decode(bytes(message))


@given(ARRAYS)
@settings(deadline=None, max_examples=50)
def test_an_array_is_an_array_of_its_own_that_can_be_written_to(array):
    other = decode(encode(array))
    assert other.flags.writeable
    assert other.flags.owndata or other.base is not None
    assert not np.shares_memory(array, other)


@pytest.mark.parametrize(
    "array", [np.arange(6.0).reshape(2, 3).T, np.arange(6.0)[::-2], np.arange(3.0).astype(">f8"), np.float64(2.0)]
)
def test_strides_and_byte_order_do_not_matter(array):
    np.testing.assert_array_equal(decode(encode(array)), array)


def test_numbers_and_dots_in_an_array_of_objects_cross():
    array = np.array([Fraction(1, 3), ..., 2, None], dtype=object)
    assert decode(encode(array)).tolist() == array.tolist()


class Liar(np.ndarray):
    def __eq__(self, other):
        return True


class Seven(int):
    pass


class Sly(type):
    @property
    def __name__(cls):
        raise SystemExit


class Odd(metaclass=Sly):
    pass


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ({1, 2}, "set"),
        (Seven(7), "Seven"),
        (np.zeros(2).view(Liar), "Liar"),
        (np.array([{}]), "array of dtype object"),
        (np.array(["a"]), "array of dtype <U1"),
        (np.zeros(2, "M8[D]"), "array of dtype datetime64[D]"),
        (len, "builtin_function_or_method"),
        (Odd(), "Odd"),
        (b"bytes", "bytes"),
    ],
)
def test_what_is_not_plain_is_refused_or_stays_behind_with_its_type_named(value, name):
    with pytest.raises(ProtocolError, match=r"does not cross"):
        encode(value)
    other = decode(encode([value], strict=False))[0]
    assert isinstance(other, Foreign)
    assert type(other).__name__ == name


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (np.broadcast_to(1.0, (10**9,)), "too large"),
        (["x" * 1000] * 70_000, "too large"),
        ([0] * 600_000, "more than"),
        (1 << 10**6, "digits"),
        (np.zeros((1,) * 20), "dimensions"),
        ({frozenset(): 1}, "key"),
    ],
    ids=["array", "texts", "values", "number", "dimensions", "key"],
)
def test_what_is_too_large_is_refused_before_it_is_written(value, says):
    with pytest.raises(ProtocolError, match=says):
        encode(value)


def test_what_is_nested_too_deep_or_holds_itself_is_refused():
    holds_itself = []
    holds_itself.append(holds_itself)
    with pytest.raises(ProtocolError, match="deeper"):
        encode(holds_itself)
    with pytest.raises(ProtocolError, match="too deep"):
        decode((b"l" + struct.pack(">Q", 1)) * 100 + b"N")


def test_a_pickle_is_refused():
    for version in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(ProtocolError):
            decode(pickle.dumps({"a": [1.0]}, version))


@pytest.mark.parametrize(
    "data",
    [
        b"l" + struct.pack(">Q", 2**60),
        b"s" + struct.pack(">Q", 2**63),
        b"a\x0b\x01" + struct.pack(">Q", 2**62),
        b"a\x0b\x03" + struct.pack(">QQQ", 2**33, 2**33, 0),
        b"a\xff\x00",
        b"O\x01" + struct.pack(">Q", 2**40),
        b"i" + struct.pack(">Q", 10**6) + b"\x01" * 10**6,
        b"d" + struct.pack(">Q", 2) + encode(1) + b"N" + encode(True) + b"N",
        b"d" + struct.pack(">Q", 1) + encode([1]) + b"N",
        b"q" + encode(1)[1:] + encode(0)[1:],
        b"NN",
        b"",
    ],
    ids=range(12),
)
def test_lengths_that_lie_are_refused(data):
    with pytest.raises(ProtocolError):
        decode(data)


def reader(data):
    position = 0

    def read(count):
        nonlocal position
        position += count
        if position > len(data):
            raise EOFError
        return data[position - count : position]

    return read


def test_frames_follow_one_another():
    read = reader(frame("one") + frame([2, 3]))
    assert (read_frame(read), read_frame(read)) == ("one", [2, 3])
    with pytest.raises(EOFError):
        read_frame(read)


def test_a_long_frame_is_refused_before_it_is_read():
    with pytest.raises(ProtocolError, match="longer"):
        read_frame(reader(struct.pack(">Q", 2**40)))
