"""Fetching the whole of MNIST, against a server on this machine that the test starts: whole files, wrong ones, none."""

import gzip
import hashlib
import socket
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from downslope.data import DownloadError, download, load_digits_mnist
from downslope.data.download import data_folder, fetch_mnist, read_idx

NAMES = list(download.SHA256)


def idx(array):
    """An array of bytes as a gzipped IDX file."""
    head = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    return gzip.compress(head + array.tobytes(), mtime=0)


RNG = np.random.default_rng(0)
SMALL = {
    NAMES[0]: RNG.integers(0, 256, (6, 28, 28), dtype=np.uint8),
    NAMES[1]: np.array([5, 0, 4, 1, 9, 2], dtype=np.uint8),
    NAMES[2]: RNG.integers(0, 256, (3, 28, 28), dtype=np.uint8),
    NAMES[3]: np.array([7, 2, 1], dtype=np.uint8),
}
CONTENT = {name: idx(array) for name, array in SMALL.items()}
SHA256 = {name: hashlib.sha256(content).hexdigest() for name, content in CONTENT.items()}


class Mirror:
    """A server on loopback. `answer[name]`: the bytes it sends for a file, or a status, or 'cut', or 'hang'."""

    def __init__(self):
        self.answer = dict(CONTENT)
        self.asked = []
        self.release = threading.Event()
        mirror = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                name = self.path.rsplit("/", 1)[-1]
                mirror.asked.append(name)
                answer = mirror.answer[name]
                if answer == "hang":
                    mirror.release.wait(10)
                elif isinstance(answer, int):
                    self.send_error(answer)
                else:
                    whole = CONTENT[name] if answer == "cut" else answer
                    self.send_response(200)
                    self.send_header("Content-Length", str(len(whole)))
                    self.end_headers()
                    self.wfile.write(whole[: len(whole) // 2] if answer == "cut" else whole)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/mnist/"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self.thread.start()

    def stop(self):
        self.release.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def start(monkeypatch):
    """Starts mirrors, and stops them after the test."""
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.delenv("DOWNSLOPE_DATA", raising=False)
    started = []

    def start():
        started.append(Mirror())
        return started[-1]

    yield start
    for mirror in started:
        mirror.stop()


@pytest.fixture
def closed(monkeypatch):
    """An address where nobody listens."""
    monkeypatch.setenv("NO_PROXY", "*")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and never listening: a connection is refused
        yield f"http://127.0.0.1:{taken.getsockname()[1]}/mnist/"


def fetched(folder, *mirrors, progress=False):
    return fetch_mnist(folder, mirrors=[getattr(m, "url", m) for m in mirrors], sha256=SHA256, progress=progress)


def files_in(folder):
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


# It works


def test_the_four_files_become_four_arrays(start, tmp_path):
    mirror = start()
    arrays = fetched(tmp_path / "new" / "folder", mirror)
    for array, name in zip(arrays, NAMES, strict=True):
        assert np.array_equal(array, SMALL[name])
    assert mirror.asked == NAMES
    assert files_in(tmp_path / "new" / "folder") == sorted(NAMES)


def test_load_digits_mnist_full_gives_them_as_the_small_set_comes(start, tmp_path, monkeypatch):
    monkeypatch.setattr(download, "MIRRORS", (start().url,))
    monkeypatch.setattr(download, "SHA256", SHA256)
    digits = load_digits_mnist(full=True, cache_dir=tmp_path, progress=False)
    assert (digits.x_train.shape, digits.x_test.shape) == ((6, 784), (3, 784))
    assert digits.x_train.dtype == np.float32
    assert np.array_equal(digits.x_train, SMALL[NAMES[0]].reshape(6, 784) / np.float32(255))
    assert digits.t_train.tolist() == [5, 0, 4, 1, 9, 2]
    assert digits.t_train.dtype == np.int64
    square = load_digits_mnist(full=True, cache_dir=str(tmp_path), dtype="float64", flatten=False, progress=False)
    assert np.array_equal(square.x_test, SMALL[NAMES[2]] / 255)


def test_what_is_there_is_not_fetched_again_and_needs_no_network(start, closed, tmp_path):
    mirror = start()
    first = fetched(tmp_path, mirror)
    second = fetched(tmp_path, closed)
    assert len(mirror.asked) == 4
    assert all(np.array_equal(one, two) for one, two in zip(first, second, strict=True))


def test_a_damaged_file_in_the_folder_is_fetched_again(start, tmp_path):
    mirror = start()
    fetched(tmp_path, mirror)
    (tmp_path / NAMES[1]).write_bytes(CONTENT[NAMES[1]][:-3])
    assert fetched(tmp_path, mirror)[1].tolist() == [5, 0, 4, 1, 9, 2]
    assert mirror.asked == [*NAMES, NAMES[1]]


def test_the_folder_is_the_argument_or_the_environment_s_or_the_system_s(start, tmp_path, monkeypatch):
    monkeypatch.setenv("DOWNSLOPE_DATA", str(tmp_path / "environment"))
    assert data_folder() == tmp_path / "environment"
    assert data_folder(tmp_path / "argument") == tmp_path / "argument"
    fetched(None, start())
    assert files_in(tmp_path / "environment") == sorted(NAMES)
    monkeypatch.delenv("DOWNSLOPE_DATA")
    assert "downslope" in str(data_folder())


def test_a_bar_with_the_file_s_name_is_drawn_unless_told_not_to(start, tmp_path, capfd):
    fetched(tmp_path / "loud", start(), progress=True)
    drawn = capfd.readouterr().err
    assert all(name in drawn for name in NAMES)
    assert "%" in drawn
    fetched(tmp_path / "quiet", start(), progress=False)
    assert "%" not in capfd.readouterr().err


def test_nothing_that_is_there_already_draws_a_bar(start, tmp_path, capfd):
    fetched(tmp_path, start())
    capfd.readouterr()
    fetched(tmp_path, "http://127.0.0.1:1/", progress=True)
    assert capfd.readouterr().err == ""


# It does not


def says(error, *parts):
    text = str(error.value)
    assert all(part in text for part in parts), text
    assert text.endswith("The 10,000 digits of load_digits_mnist() need no network.")


def test_a_file_with_a_wrong_hash_is_thrown_away(start, tmp_path):
    mirror = start()
    mirror.answer[NAMES[0]] = CONTENT[NAMES[2]]
    with pytest.raises(DownloadError) as error:
        fetched(tmp_path, mirror)
    says(error, f"{NAMES[0]} could not be fetched", f"{mirror.url} gave a file with a wrong SHA-256", "thrown away")
    assert files_in(tmp_path) == []


def test_a_download_that_is_cut_off_leaves_nothing(start, tmp_path):
    mirror = start()
    mirror.answer[NAMES[1]] = "cut"
    with pytest.raises(DownloadError) as error:
        fetched(tmp_path, mirror)
    says(error, f"{NAMES[1]} could not be fetched", "broke the connection before the file was complete")
    assert files_in(tmp_path) == [NAMES[0]]


@pytest.mark.parametrize("trouble", [503, 404, "cut", CONTENT[NAMES[3]]], ids=["503", "404", "cut off", "wrong file"])
def test_the_second_mirror_is_asked_when_the_first_fails(start, tmp_path, trouble):
    first, second = start(), start()
    first.answer[NAMES[0]] = trouble
    arrays = fetched(tmp_path, first, second)
    assert np.array_equal(arrays[0], SMALL[NAMES[0]])
    assert first.asked == NAMES
    assert second.asked == [NAMES[0]]
    assert files_in(tmp_path) == sorted(NAMES)


def test_the_error_says_what_each_mirror_answered_in_turn(start, closed, tmp_path):
    first = start()
    first.answer[NAMES[0]] = 503
    with pytest.raises(DownloadError) as error:
        fetched(tmp_path, first, closed)
    says(error, f"{first.url} answered 503 Service Unavailable; {closed} could not be reached", str(tmp_path))
    assert files_in(tmp_path) == []


def test_without_a_network_no_mirror_is_said_to_have_answered(tmp_path, monkeypatch):
    def nothing(*_, **__):
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setattr(socket, "getaddrinfo", nothing)
    with pytest.raises(DownloadError) as error:
        load_digits_mnist(full=True, cache_dir=tmp_path, progress=False)
    says(error, *(f"{mirror} could not be reached" for mirror in download.MIRRORS))
    assert "answered" not in str(error.value)
    assert files_in(tmp_path) == []


def test_a_mirror_that_never_answers_is_given_up(start, tmp_path, monkeypatch):
    monkeypatch.setattr(download, "TIMEOUT", 0.2)
    mirror = start()
    mirror.answer[NAMES[0]] = "hang"
    with pytest.raises(DownloadError) as error:
        fetched(tmp_path, mirror)
    says(error, "did not answer within 0.2 seconds")


def test_a_folder_that_cannot_be_written_is_named(start, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(
        DownloadError, match=r"cannot be kept in .*Set cache_dir, or the environment variable DOWNSLOPE_DATA"
    ):
        fetched(tmp_path / "file" / "folder", start())


def test_a_damaged_file_is_never_used_when_no_mirror_can_be_reached(closed, tmp_path):
    (tmp_path / NAMES[0]).write_bytes(CONTENT[NAMES[0]][:-1])
    with pytest.raises(DownloadError):
        fetched(tmp_path, closed)


# The parts


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0\0\x08",
        b"\0\0\x08\x01\0\0\0\x02\x01",
        b"\0\0\x0d\x01\0\0\0\x01\x01",
        b"\0\0\x08\x03\0\0\0\x01",
        b"hello",
    ],
)
def test_bytes_that_are_no_idx_file_are_refused(content, tmp_path):
    path = tmp_path / "odd.gz"
    path.write_bytes(gzip.compress(content))
    with pytest.raises(ValueError, match=r"odd\.gz must be an IDX file of bytes"):
        read_idx(path)


def test_mirrors_and_hashes_are_the_published_ones():
    assert all(mirror.startswith("https://") and mirror.endswith("/") for mirror in download.MIRRORS)
    assert len(download.MIRRORS) == 2
    assert [digest[:8] for digest in download.SHA256.values()] == ["440fcabf", "3552534a", "8d422c7b", "f7ae60f9"]
    assert all(len(digest) == 64 for digest in download.SHA256.values())
