"""Measures decks in Chromium: what is outside its slide or too small, raw maths, pictures without an alternative."""

from pathlib import Path
from typing import Any

from chromium import chromium

MEASURE = (Path(__file__).resolve().parent / "decks" / "measure.js").read_text(encoding="utf-8")
SCREEN = {"width": 1280, "height": 720}


def measure(page: Any, path: Path) -> list[dict[str, Any]]:
    """The slides of a deck: `number`, first `words`, `over` (pixels too tall before it was divided), `faults`."""
    page.goto(path.as_uri())
    page.wait_for_function("window.Reveal?.isReady()")
    return remeasure(page)


def remeasure(page: Any) -> list[dict[str, Any]]:
    """The same for the deck that is open, after a change of the window's size."""
    page.wait_for_function("Reveal.getScale() * 1280 === innerWidth")
    slides: list[dict[str, Any]] = page.evaluate(MEASURE)
    return slides


def report(folder: Path, names: list[str]) -> int:
    """Print what is wrong with decks; the number of faults."""
    total = 0
    with chromium() as browser:
        page = browser.new_page(viewport=SCREEN)
        for name in names:
            slides = measure(page, folder / f"{name}.html")
            faults = sum(len(slide["faults"]) for slide in slides)
            total += faults
            print(f"{name}: {len(slides)} slides, {faults} faults")
            for slide in slides:
                divided = [f"{slide['over']} px too tall, so it goes on on the next"] if slide["over"] else []
                for message in divided + [f"FAULT {fault}" for fault in slide["faults"]]:
                    print(f"  {slide['number']:3d}  {slide['words']}: {message}")
    return min(total, 1)
