"""Live figures beside `ipywidgets.interact`: from slider event to changed pixels, in a real JupyterLab and browser.

    python benchmarks/live_figures.py [--rounds 3] [--moves 50] [--seconds 3]    writes benchmarks/LIVE.md
    python benchmarks/live_figures.py --wrong-pictures 300      without a browser: pictures while cells draw with pyplot

Both draw the same thing: 60 steps of momentum over the contours of a ravine, 6.8 × 4 inches. Needs Chromium.

What is timed is what a hand feels: the mouse moves (the browser's own time stamp of the event), and the clock stops at
the first animation frame in which the picture is another one. A move waits for the picture of the last one, as in
careful dragging; frames per second are counted in a drag that does not wait.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "tests" / "browser"), str(HERE.parent / "tools")]

SETUP = """
import numpy as np
from downslope.optim import Momentum, surfaces, trajectory
ravine = surfaces.ravine(20)
def path(lr=0.03):
    return trajectory(Momentum(lr, 0.8), ravine.gradient, ravine.start, 60)
"""

CELLS = {
    "figures.live": """
from downslope import figures
live = figures.live(lambda lr=0.03: {"Momentum": path(lr)}, figures.contour(ravine), lr=(0.001, 0.1, 0.0005))
live
""",
    "interact": """
%matplotlib inline
import matplotlib.pyplot as plt
from ipywidgets import interact
x = np.linspace(-10.5, 4.5, 161); y = np.linspace(-3, 3, 161)
z = ravine.value(*np.meshgrid(x, y)); levels = np.quantile(z, np.linspace(0, 1, 17))
@interact(lr=(0.001, 0.1, 0.0005))
def draw(lr=0.03):
    plt.figure(figsize=(6.8, 4))
    plt.contourf(x, y, z, levels, cmap="Greys", alpha=0.5); plt.contour(x, y, z, levels, colors="grey", linewidths=0.5)
    plt.plot(*path(lr).T, "s-", markersize=4); plt.xlim(-10.5, 4.5); plt.ylim(-3, 3)
    plt.xlabel("w1"); plt.ylabel("w2"); plt.show()
""",
}

EXPECT = """
import hashlib, json
live.widget
wanted = {{}}
for lr in {positions}:
    live.set(lr=lr)
    for picture in (live.frame(), live.sharp()):
        wanted[hashlib.sha256(picture).hexdigest()] = lr
print(json.dumps([wanted, live._panel.inputs["lr"][1].comm.comm_id, live._panel.image.comm.comm_id]))
"""

OTHER_FIGURE = """
import matplotlib.pyplot as plt
other = plt.figure(figsize=(3, 2))
plt.plot(np.random.rand(50)), plt.title("another figure"), plt.axis("off"), other.canvas.draw(), plt.close(other)
"""

PICTURE = "img.widget-image, .widget-interact .jp-RenderedImage img"

WATCH = """
() => {
  const w = window.watch = {frames: [], moved: null, on: true};
  const picture = () => document.querySelector('PICTURE');
  addEventListener('pointermove', e => { if (e.buttons) w.moved = e.timeStamp; }, true);
  let last = picture().src;
  const tick = now => {
    const img = picture();
    if (img && img.src !== last && img.complete && img.naturalWidth) {
      last = img.src;
      w.frames.push({at: performance.now(), moved: w.moved});
    }
    if (w.on) requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
}
""".replace("PICTURE", PICTURE)

PIXELS = """
() => {
  const img = document.querySelector('PICTURE');
  const c = document.createElement('canvas'); c.width = img.naturalWidth; c.height = img.naturalHeight;
  const p = c.getContext('2d'); p.drawImage(img, 0, 0);
  const d = p.getImageData(0, 0, c.width, c.height).data; let h = 0;
  for (let i = 0; i < d.length; i += 4) h = (h * 31 + d[i] * 3 + d[i + 1] * 5 + d[i + 2] * 7) | 0;
  return h;
}
""".replace("PICTURE", PICTURE)


def notebook(cells: list[str]) -> str:
    import nbformat

    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell.strip()) for cell in cells])
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return str(nbformat.writes(book))


def open_and_run(page: Any, url: str, name: str) -> None:
    """Open a notebook in JupyterLab, run all of it, wait for its picture."""
    from served import open_notebook, run_all

    open_notebook(page, url, name)
    run_all(page)
    page.wait_for_selector(".jp-OutputArea .noUi-handle", timeout=60_000)
    page.wait_for_selector(PICTURE, timeout=60_000)
    page.wait_for_timeout(1500)


def grab(page: Any) -> tuple[float, float, float]:
    """Press the mouse on the slider's handle; its place and the pixels to the right that there are to drag over."""
    handle = page.locator(".jp-OutputArea .noUi-handle").first
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    track = page.locator(".jp-OutputArea .noUi-base").first.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    return x, y, track["x"] + track["width"] - x - 4


def measure(page: Any, moves: int, seconds: float) -> dict[str, Any]:
    """Latency of single moves, and frames per second of a drag that does not wait."""
    page.evaluate(WATCH)
    box = page.locator(PICTURE).first.bounding_box()
    x, y, room = grab(page)
    latencies: list[float] = []
    unchanged = 0
    before = page.evaluate(PIXELS)
    for k in range(moves):
        seen = page.evaluate("watch.frames.length")
        page.mouse.move(x + room * (0.05 + 0.9 * ((k * 7) % moves) / moves), y)
        page.wait_for_function(f"watch.frames.length > {seen}", timeout=10_000, polling=5)
        page.wait_for_timeout(120)
        frame = page.evaluate(f"watch.frames[{seen}]")
        latencies.append(frame["at"] - frame["moved"])
        now = page.evaluate(PIXELS)
        unchanged += now == before
        before = now
    page.evaluate("watch.frames = []")
    duration = drag(page, x, y, room, seconds)
    frames = page.evaluate("watch.frames.length")
    page.evaluate("watch.on = false")
    blank, painted = blank_frames(page, x, y, room, box)
    page.mouse.up()
    page.wait_for_timeout(800)
    return {
        "median": statistics.median(latencies),
        "p95": sorted(latencies)[int(0.95 * (len(latencies) - 1))],
        "fps": frames / duration,
        "blank": blank,
        "painted": painted,
        "unchanged": unchanged,
        "moves": moves,
    }


def drag(page: Any, x: float, y: float, room: float, seconds: float) -> float:
    """Move the mouse to and fro without waiting for pictures; how long it took."""
    start, k = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        k += 1
        sweep = (k % 200) / 100
        page.mouse.move(x + room * (sweep if sweep <= 1 else 2 - sweep), y)
        page.wait_for_timeout(8)
    return time.perf_counter() - start


def blank_frames(page: Any, x: float, y: float, room: float, box: dict[str, float]) -> tuple[int, int]:
    """Of the frames that the browser paints in two seconds of dragging: those with nothing in the box, and all."""
    import base64
    import io

    import numpy as np
    from PIL import Image

    session, painted = page.context.new_cdp_session(page), []

    def keep(event: dict[str, Any]) -> None:
        painted.append(event["data"])
        session.send("Page.screencastFrameAck", {"sessionId": event["sessionId"]})

    session.on("Page.screencastFrame", keep)
    session.send("Page.startScreencast", {"format": "png", "everyNthFrame": 1})
    drag(page, x, y, room, 2.0)
    session.send("Page.stopScreencast")
    blank = 0
    for data in painted:
        picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("L"))
        left, top = int(box["x"] + 0.2 * box["width"]), int(box["y"] + 0.2 * box["height"])
        inside = picture[top : int(top + 0.6 * box["height"]), left : int(left + 0.6 * box["width"])]
        blank += bool(inside.std() < 3)
    return blank, len(painted)


def compare(moves: int, seconds: float, rounds: int) -> None:
    from chromium import chromium
    from served import jupyterlab

    results: dict[str, list[dict[str, Any]]] = {name: [] for name in CELLS}
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as private:
        for number, cell in enumerate(CELLS.values()):
            (Path(folder) / f"{number}.ipynb").write_text(notebook([SETUP, cell]))
        with jupyterlab(Path(folder), Path(private)) as url, chromium() as browser:
            for _ in range(rounds):
                for number, name in enumerate(CELLS):
                    page = browser.new_context(viewport={"width": 1200, "height": 900}).new_page()
                    open_and_run(page, url, f"{number}.ipynb")
                    results[name].append(measure(page, moves, seconds))
                    page.context.close()
                    print(name, results[name][-1], flush=True)
            where = f"Chromium {browser.version}, {machine()}"
    load = os.getloadavg()[0]
    busy = f" The machine was busy (load {load:.1f})." if load > 1.5 * (os.cpu_count() or 1) else ""
    head = (
        f"# Live figures\n\nFrom the mouse's move to changed pixels in JupyterLab: {moves} moves, then a drag of "
        f"{seconds:g} s, {rounds} times, in turn with `interact` and an inline figure (`python "
        f"benchmarks/live_figures.py`). {where}.{busy}\n\n"
    )
    (HERE / "LIVE.md").write_text(head + table(results, *wrong_pictures(300)), encoding="utf-8")
    print((HERE / "LIVE.md").read_text(encoding="utf-8"))


def table(results: dict[str, list[dict[str, Any]]], wrong: int, pictures: int) -> str:
    """What was measured, as the rows of a page."""
    ours, theirs = results.values()

    def middle(key: str, rounds: list[dict[str, Any]], unit: str = "") -> str:
        return f"{statistics.median(r[key] for r in rounds):.{0 if unit else 1}f}{unit}"

    def summed(key: str, rounds: list[dict[str, Any]]) -> int:
        return sum(r[key] for r in rounds)

    ratio = statistics.median(a["median"] / b["median"] for a, b in zip(ours, theirs, strict=True))
    lines = [
        "| what | goal | figures.live | interact |",
        "|---|---|---|---|",
        f"| median | ≤ 50 ms | {middle('median', ours, ' ms')} | {middle('median', theirs, ' ms')} |",
        f"| share of interact's | ≤ 0.35 | {ratio:.2f} | 1 |",
        f"| 95 % of moves within | – | {middle('p95', ours, ' ms')} | {middle('p95', theirs, ' ms')} |",
        f"| pictures a second in the drag | – | {middle('fps', ours)} | {middle('fps', theirs)} |",
    ]
    for what, key, of in (
        ("blank among the frames painted in a drag", "blank", "painted"),
        ("moves whose picture never came", "unchanged", "moves"),
    ):
        row = " | ".join(f"{summed(key, rounds)} of {summed(of, rounds)}" for rounds in (ours, theirs))
        lines.append(f"| {what} | 0 | {row} |")
    lines.append(f"| wrong pictures while cells draw with pyplot | 0 of 300 | {wrong} of {pictures} | – |")
    return "\n".join(lines) + "\n"


def machine() -> str:
    from importlib.metadata import version

    names = ("jupyterlab", "ipykernel", "ipywidgets", "matplotlib")
    return (
        f"Python {platform.python_version()}, {', '.join(f'{n} {version(n)}' for n in names)}, {os.cpu_count()} cores"
    )


@contextmanager
def live_kernel(count: int) -> Iterator[Any]:
    """A kernel with the live figure: `count` positions, what each should show, ways to move it and to see pictures."""
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(kernel_name="python3")
    try:
        ask(client, SETUP + CELLS["figures.live"].replace("\nlive\n", "\n"))
        positions = [0.001 + 0.002 * ((k * 37) % 50) for k in range(count)]
        wanted, slider, image = json.loads(ask(client, EXPECT.format(positions=sorted(set(positions)))))
        thread = second_thread(client)

        def move(position: float) -> None:
            update = {"method": "update", "state": {"value": position}, "buffer_paths": []}
            message = client.session.msg("comm_msg", {"comm_id": slider, "data": update})
            message["header"] |= thread
            client.shell_channel.send(message)

        def look(most: int, seconds: float) -> list[str]:
            return collect(client, image, most, seconds)

        yield SimpleNamespace(client=client, positions=positions, wanted=wanted, move=move, look=look, thread=thread)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def wrong_pictures(count: int) -> tuple[int, int]:
    """Send slider events to a kernel that draws with pyplot at the same time: how many pictures are wrong, of how many.

    Each is compared, byte by byte, with the pictures that there should be.
    """
    pictures: list[str] = []
    with live_kernel(count) as kernel:
        for position in kernel.positions:
            kernel.client.execute(OTHER_FIGURE)
            kernel.move(position)
            pictures += kernel.look(1, 5.0)
        pictures += kernel.look(count, 1.0)
    wrong = sum(picture not in kernel.wanted for picture in pictures)
    where = "a second thread" if kernel.thread else "the thread of the cells"
    print(f"{machine()}: {wrong} of {len(pictures)} pictures wrong ({count} slider events sent, to {where})")
    return wrong, len(pictures)


def pictures_of_a_burst(count: int) -> tuple[int, bool]:
    """Send slider events without waiting: how many pictures come back, and whether the last shows the last event."""
    with live_kernel(count) as kernel:
        for position in kernel.positions:
            kernel.move(position)
        pictures = kernel.look(2 * count, 2.0)
    return len(pictures), kernel.wanted.get(pictures[-1]) == kernel.positions[-1]


def second_thread(client: Any) -> dict[str, str]:
    """What a message's header says to reach a kernel's second thread, where JupyterLab sends slider events.

    Nothing for a kernel that has one thread alone, as ipykernel before 7.
    """
    if "kernel subshells" not in client.kernel_info(reply=True)["content"].get("supported_features", []):
        return {}
    client.control_channel.send(client.session.msg("create_subshell_request", {}))
    return {"subshell_id": client.control_channel.get_msg(timeout=10)["content"]["subshell_id"]}


def ask(client: Any, code: str) -> str:
    """Run code in the kernel and return what it prints; errors are raised here."""
    printed: list[str] = []

    def hook(message: Any) -> None:
        if message["msg_type"] == "stream":
            printed.append(message["content"]["text"])
        elif message["msg_type"] == "error":
            raise RuntimeError("\n".join(message["content"]["traceback"]))

    client.execute_interactive(code, output_hook=hook, timeout=120)
    return "".join(printed)


def collect(client: Any, image: str, count: int, seconds: float) -> list[str]:
    """SHA-256 of the next pictures that the kernel sends; fewer if none comes for so many seconds."""
    import queue

    found: list[str] = []
    while len(found) < count:
        try:
            message = client.get_iopub_msg(timeout=seconds)
        except queue.Empty:
            break
        if message["msg_type"] == "comm_msg" and message["content"]["comm_id"] == image and message["buffers"]:
            found.append(hashlib.sha256(bytes(message["buffers"][0])).hexdigest())
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--moves", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--wrong-pictures", type=int, default=0)
    given = parser.parse_args()
    if given.wrong_pictures:
        wrong, _ = wrong_pictures(given.wrong_pictures)
        sys.exit(wrong > 0)
    else:
        compare(given.moves, given.seconds, given.rounds)
