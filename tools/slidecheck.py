"""Measures decks in Chromium: what lies outside a slide, what is too small to read, maths left raw, pictures without text."""

from pathlib import Path
from typing import Any

from chromium import chromium

MEASURE = (Path(__file__).resolve().parent / "decks" / "measure.js").read_text(encoding="utf-8")
SCREEN = {"width": 1280, "height": 720}


def measure(page: Any, path: Path) -> list[dict[str, Any]]:
    """Every slide of a deck with its `number`, first `words`, `over` (pixels too tall before it was divided), `faults`."""
    page.goto(path.as_uri())
    page.wait_for_function("window.Reveal?.isReady()")
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
                if slide["over"]:
                    print(f"  {slide['number']:3d}  {slide['words']}: {slide['over']} px too tall, goes on on the next slide")
                for fault in slide["faults"]:
                    print(f"  {slide['number']:3d}  {slide['words']}: FAULT {fault}")
    return min(total, 1)
