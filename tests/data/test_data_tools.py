"""The scripts that made the data files, run on small packages of our own; nothing is fetched."""

import base64
import hashlib
import importlib
import io
import json
import sys
import tarfile
import zipfile
from importlib.resources import files

import numpy as np
import pytest

FILES = files("downslope.data") / "files"


@pytest.fixture
def tool(root, monkeypatch):
    """Imports a script of tools/data by name."""
    monkeypatch.syspath_prepend(str(root / "tools" / "data"))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    names = ("data_files", "make_digits", "make_temperatures")
    yield importlib.import_module
    for name in names:
        sys.modules.pop(name, None)


def packed(folder, members):
    """An npm package with these files: its path and its integrity."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(f"package/{name}")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    path = folder / "package-1.0.0.tgz"
    path.write_bytes(out.getvalue())
    return path, "sha512-" + base64.b64encode(hashlib.sha512(out.getvalue()).digest()).decode()


def digits_package(folder, pixels):
    """The npm package of the digits in small: pixels (10, n, 784) as numbers with at most three places."""
    return packed(
        folder,
        {
            f"src/digits/{d}.json": json.dumps(
                {"data": [round(k / 255, 3) for k in pixels[d].ravel().tolist()]}
            ).encode()
            for d in range(10)
        },
    )


def test_the_256_rounded_fractions_differ_so_each_names_one_byte(tool):
    rounded = tool("make_digits").rounded
    assert len({rounded(k) for k in range(256)}) == 256
    assert all(abs(float(rounded(k)) - k / 255) <= 0.0005 for k in range(256))


def test_bytes_come_back_from_rounded_fractions_with_their_labels(tool, tmp_path, monkeypatch):
    make_digits = tool("make_digits")
    pixels = np.random.default_rng(0).integers(0, 256, (10, 3, 784), dtype=np.uint8)
    pixels[:, :, 0] = np.arange(10)[:, None]  # so that an image says its label
    path, integrity = digits_package(tmp_path, pixels)
    monkeypatch.setattr(make_digits, "INTEGRITY", integrity)
    content = make_digits.make(path)
    with np.load(io.BytesIO(content)) as stored:
        assert stored["pixels"].shape == (30, 784)
        assert (stored["pixels"][:, 0] == stored["labels"]).all()
        assert {image.tobytes() for image in stored["pixels"]} == {image.tobytes() for image in pixels.reshape(30, 784)}
        assert (np.diff(stored["labels"].astype(int)) < 0).any(), "not shuffled"
    assert make_digits.make(path) == content


def test_a_number_that_is_no_rounded_fraction_is_not_guessed_at(tool, tmp_path, monkeypatch):
    make_digits = tool("make_digits")
    path, integrity = packed(tmp_path, {f"src/digits/{d}.json": b'{"data": [0.005]}' for d in range(10)})
    monkeypatch.setattr(make_digits, "INTEGRITY", integrity)
    with pytest.raises(KeyError):
        make_digits.make(path)


def test_a_package_with_another_integrity_is_refused(tool, tmp_path):
    path, _ = packed(tmp_path, {"data/seattle-weather.csv": b"date,temp_max,temp_min\n"})
    with pytest.raises(SystemExit, match=r"is not vega-datasets@3\.2\.1: its sha512 is "):
        tool("make_temperatures").make(path)


def test_the_stored_digits_written_again_are_the_stored_file(tool):
    with np.load(io.BytesIO((FILES / "digits.npz").read_bytes())) as stored:
        arrays = {name: stored[name] for name in stored.files}
    again = tool("data_files").npz_bytes(**arrays)
    with zipfile.ZipFile(io.BytesIO(again)) as archive:  # no time of day: the bytes are the same tomorrow
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    with np.load(io.BytesIO(again)) as written:
        assert all(np.array_equal(written[name], arrays[name]) for name in arrays)
    assert (
        abs(len(again) - len((FILES / "digits.npz").read_bytes())) < 100_000
    )  # another zlib may pack a little otherwise


def test_temperatures_keep_three_columns_as_text(tool, tmp_path, monkeypatch):
    make_temperatures = tool("make_temperatures")
    table = b"date,precipitation,temp_max,temp_min,wind,weather\n2012-01-01,0.0,12.80,-5.0,4.7,drizzle\n"
    path, integrity = packed(tmp_path, {"data/seattle-weather.csv": table})
    monkeypatch.setattr(make_temperatures, "INTEGRITY", integrity)
    assert make_temperatures.make(path) == b"date,max,min\n2012-01-01,12.80,-5.0\n"


def test_every_data_file_has_its_provenance_beside_it():
    described = {"digits.npz": "digits.md", "temperatures.csv": "temperatures.md"} | dict.fromkeys(
        ["corpus.txt", "reviews.txt"], "words.md"
    )
    names = {file.name for file in FILES.iterdir()}
    assert names == set(described) | set(described.values())
    for name, provenance in described.items():
        text = (FILES / provenance).read_text(encoding="utf-8")
        assert name in text
        assert "licence" in text.lower() or "CC BY 4.0" in text


@pytest.mark.parametrize(("name", "script"), [("digits", "make_digits"), ("temperatures", "make_temperatures")])
def test_the_provenance_names_the_package_that_the_script_takes(tool, name, script):
    text = (FILES / f"{name}.md").read_text(encoding="utf-8")
    package, version = tool(script).PACKAGE.split("@")
    assert f"`{package}`, version {version}" in text
    assert tool(script).INTEGRITY in text
    assert f"tools/data/{script}.py" in text
