"""All of MNIST from the places that keep it: tried in turn, checked by SHA-256, kept on this machine."""

import gzip
import os
from collections.abc import Callable, Mapping, Sequence
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
SHA256 = {
    "train-images-idx3-ubyte.gz": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    "train-labels-idx1-ubyte.gz": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    "t10k-images-idx3-ubyte.gz": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "t10k-labels-idx1-ubyte.gz": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
}
TIMEOUT = 30  # seconds without an answer
CHUNK = 2**16  # bytes taken from the network at once


class DownloadError(OSError):
    """A file could not be fetched from any mirror, or not be kept; the message says what happened at each."""


def data_folder(cache_dir: str | Path | None = None) -> Path:
    """Where fetched files are kept: `cache_dir`, or DOWNSLOPE_DATA of the environment, or the system's cache folder."""
    if chosen := cache_dir or os.environ.get("DOWNSLOPE_DATA"):
        return Path(chosen).expanduser()
    import pooch

    return Path(pooch.os_cache("downslope"))


def fetch_mnist(
    cache_dir: str | Path | None = None,
    *,
    mirrors: Sequence[str] | None = None,
    sha256: Mapping[str, str] | None = None,
    progress: bool = True,
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]:
    """Training images and labels, then test images and labels, as bytes; images have shape (n, 28, 28).

    A file that is in the folder already, with the right SHA-256, is not fetched again and needs no network.

    Parameters
    ----------
    cache_dir : the folder to keep the files in; without it as `data_folder` says.
    mirrors : addresses to put a file's name behind, tried in this order.
    sha256 : the four files' names and what they must hash to.
    progress : a progress bar for each file.

    Raises
    ------
    DownloadError : when no mirror gave a file with the right hash. No part of a file is left behind.
    """
    folder = data_folder(cache_dir)
    mirrors, sha256 = mirrors or MIRRORS, sha256 or SHA256
    paths = [fetch(name, digest, mirrors, folder, progress) for name, digest in sha256.items()]
    x_train, t_train, x_test, t_test = (read_idx(path) for path in paths)
    return x_train, t_train, x_test, t_test


def fetch(name: str, sha256: str, mirrors: Sequence[str], folder: Path, progress: bool) -> Path:
    """One file: from the folder if it is there, or else from the first mirror that gives it whole."""
    import pooch
    from requests.exceptions import RequestException

    failures = []
    for mirror in mirrors:
        try:
            return Path(
                pooch.retrieve(
                    mirror + name, f"sha256:{sha256}", fname=name, path=folder, downloader=_downloader(name, progress)
                )
            )
        except (RequestException, ValueError) as error:
            failures.append(f"{mirror} {_reason(error)}")
        except OSError as error:
            raise DownloadError(
                f"{name} cannot be kept in {folder}: {error.strerror or error}. Set cache_dir, or the environment "
                "variable DOWNSLOPE_DATA, to a folder that can be written."
            ) from error
    raise DownloadError(
        f"{name} could not be fetched: {'; '.join(failures)}. Try again with a network connection, or put the file "
        f"into {folder} yourself. The 10,000 digits of load_digits_mnist() need no network."
    )


def _downloader(name: str, progress: bool) -> Callable[..., None]:
    """What pooch calls when it needs the file from the network."""
    import pooch
    from tqdm.auto import tqdm

    def download(url: str, output_file: Any, pooch_object: Any) -> None:
        if not progress:
            pooch.HTTPDownloader(chunk_size=CHUNK, timeout=TIMEOUT)(url, output_file, pooch_object)
            return
        # pooch sets the total when it knows it; a bar without one counts as no bar. The delay keeps a bar that never
        # moved out of sight.
        with tqdm(desc=name, total=1, delay=1e-9, unit="B", unit_scale=True) as bar:
            pooch.HTTPDownloader(bar, chunk_size=CHUNK, timeout=TIMEOUT)(url, output_file, pooch_object)

    return download


def _reason(error: Exception) -> str:
    """What happened at a mirror, as the end of a sentence."""
    from requests import exceptions

    match error:
        case exceptions.HTTPError(response=response) if response is not None:
            return f"answered {response.status_code} {response.reason}"
        case exceptions.Timeout():
            return f"did not answer within {TIMEOUT} seconds"
        case exceptions.ChunkedEncodingError():
            return "broke the connection before the file was complete"
        case exceptions.ConnectionError():
            return "could not be reached"
        case exceptions.RequestException():
            return f"failed ({error})"
        case _:
            return "gave a file with a wrong SHA-256, which was thrown away"


def read_idx(path: Path) -> NDArray[np.uint8]:
    """The array in a gzipped IDX file of bytes.

    The head is 0, 0, 8 (the code for bytes), the number d of axes, then d lengths as 32-bit integers, highest byte
    first; the bytes follow, last axis quickest.
    """
    content = gzip.decompress(path.read_bytes())
    code, axes = content[:3], int.from_bytes(content[3:4])
    head = 4 + 4 * axes
    shape = [int.from_bytes(content[i : i + 4]) for i in range(4, head, 4)]
    if code != b"\0\0\x08" or axes == 0 or len(content) != head + prod(shape):
        raise ValueError(f"{path.name} must be an IDX file of bytes, as long as its head says")
    return np.frombuffer(content, np.uint8, offset=head).reshape(shape)
