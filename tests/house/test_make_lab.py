"""`make lab` as a newcomer sees it: the first lesson, on loopback, with a token, also when the port is taken."""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

import pytest

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="needs make: apt-get install make")


def own_addresses():
    """Addresses of this machine other than loopback."""
    with contextlib.suppress(OSError):
        return [info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)]
    return []


@contextlib.contextmanager
def make_lab(root, tmp_path, **more):
    environment = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY")}
    log = tmp_path / "lab.log"
    with log.open("w") as out:
        process = subprocess.Popen(
            ["make", "lab"], cwd=root, stdout=out, stderr=out, env={**environment, **more}, start_new_session=True
        )
        try:
            for _ in range(240):
                found = re.search(r"http://(127\.0\.0\.1|localhost):(\d+)/lab\S*\?token=(\w+)", log.read_text())
                if found:
                    break
                assert process.poll() is None, log.read_text()
                time.sleep(0.25)
            else:
                pytest.fail(f"no address was printed within a minute:\n{log.read_text()}")
            yield found.group(), int(found.group(2)), found.group(3), log
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(timeout=30)


def get(url):
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.status, answer.read()


def wait_until_it_listens(port, seconds=30):
    """The address is printed a moment before the server listens."""
    end = time.monotonic() + seconds
    while True:
        with contextlib.suppress(ConnectionRefusedError):
            return socket.create_connection(("127.0.0.1", port), timeout=5).close()
        assert time.monotonic() < end, "nothing listens at the address that was printed"
        time.sleep(0.2)


def test_make_lab_opens_the_first_lesson_on_loopback_with_a_token(root, tmp_path):
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with contextlib.suppress(OSError):  # somebody else may hold it: taken all the same
            taken.bind(("127.0.0.1", 8888))
            taken.listen()
        with make_lab(root, tmp_path) as (address, port, token, log):
            assert port != 8888
            assert "/lab/tree/notebooks/00-start-here.ipynb" in address
            assert "No browser can be opened from here" in log.read_text()
            base = f"http://127.0.0.1:{port}"
            wait_until_it_listens(port)
            assert get(address)[0] == 200
            with pytest.raises(urllib.error.HTTPError, match="403"):
                get(f"{base}/api/contents/notebooks")
            names = [
                item["name"] for item in json.loads(get(f"{base}/api/contents/notebooks?token={token}")[1])["content"]
            ]
            assert "00-start-here.ipynb" in names
            for host in own_addresses():
                if not host.startswith("127."):
                    with pytest.raises(OSError, match="refused"):
                        socket.create_connection((host, port), timeout=2)


def test_an_installation_that_stands_is_left_alone(root):
    stamp = root / ".venv" / "installed"
    if not stamp.exists():
        pytest.skip("the tests run from an environment that `make setup` did not create")
    before = stamp.stat().st_mtime_ns
    done = subprocess.run(
        ["make", "--no-print-directory", "setup"], cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stdout == ""
    assert stamp.stat().st_mtime_ns == before
