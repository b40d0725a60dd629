"""Decks as a lecturer opens them: from a USB stick, without a network, on two sizes of screen, and on paper."""

import html
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(shutil.which("npm") is None, reason="decks need npm: apt-get install npm"),
]


@pytest.fixture(scope="module")
def slides():
    import slides  # only here: it takes a while to import

    return slides


@pytest.fixture(scope="module")
def stick(slides, tmp_path_factory):
    """A copy of all decks, made by the tool and moved elsewhere."""
    subprocess.run([sys.executable, "tools/slides.py"], cwd=ROOT, check=True)
    return Path(shutil.copytree(slides.OUT, tmp_path_factory.mktemp("media") / "USB stick"))


@pytest.fixture
def offline(browser):
    """An empty page that has no network, and what it asked for in vain or complained of."""
    context = browser.new_context(viewport={"width": 1280, "height": 720}, offline=True)
    page = context.new_page()
    complaints = []
    page.on("request", lambda request: None if is_local(request.url) else complaints.append(f"asked for {request.url}"))
    page.on("requestfailed", lambda request: complaints.append(f"did not get {request.url}"))
    page.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page, complaints
    context.close()


def is_local(url):
    return url.startswith(("file:", "data:", "blob:", "about:"))


def write_deck(slides, folder, cells):
    """A deck of text cells, (slide type, text) each, beside the assets of the other decks."""
    deck = slides.Deck("own", "Own", None, slides.unfolded([slides.text_cell(text, kind, "") for kind, text in cells]))
    path = folder / "own.html"
    path.write_text(slides.templates().get_template("deck.html").render(deck=deck), encoding="utf-8")
    return path


def open_deck(page, path):
    page.goto(path.as_uri())
    page.wait_for_function("window.Reveal?.isReady()")


def test_every_deck_is_whole_legible_and_quiet_on_both_screens(stick, offline):
    from slidecheck import measure, remeasure

    page, complaints = offline
    faults = {}
    decks = sorted(path for path in stick.glob("*.html") if path.name != "index.html")
    assert len(decks) == len(list((ROOT / "notebooks").glob("*.ipynb"))) + 7
    for deck in decks:
        page.set_viewport_size({"width": 1280, "height": 720})
        small = measure(page, deck)
        page.set_viewport_size({"width": 1920, "height": 1080})
        large = remeasure(page)
        assert [slide["number"] for slide in small] == list(range(1, len(small) + 1))
        for slide in small + large:
            if slide["faults"]:
                faults[f"{deck.stem} {slide['number']}, {slide['words']}"] = slide["faults"]
        if pages_of(deck.with_suffix(".pdf")) != len(small):
            faults[deck.stem] = f"{pages_of(deck.with_suffix('.pdf'))} pages of paper for {len(small)} slides"
    assert faults == {}
    assert complaints == []


def pages_of(pdf):
    return len(re.findall(rb"/Type\s*/Page\b", pdf.read_bytes()))


def test_the_index_leads_to_every_deck(stick, offline):
    page, complaints = offline
    page.goto((stick / "index.html").as_uri())
    links = page.evaluate("[...document.querySelectorAll('a')].map(link => decodeURI(link.href))")
    pages = {Path(link.removeprefix("file://")) for link in links if link.endswith(".html")}
    assert pages == set(stick.glob("*.html")) - {stick / "index.html"}
    assert complaints == []


FAULTY = [
    ("<div style='padding-top: 900px'>deep</div>", r"outside the slide: \d+ px below, \"deep\""),
    ("<div style='width: 1400px; text-align: right'>wide</div>", r"outside the slide: \d+ px to the right, \"wide\""),
    ("<span style='font-size: 18px'>small</span>", r"too small: 13.5 pt, \"small\""),
    (
        "<img alt='a' src='assets/none.png' data-smallest-text='0.02' width='900' height='9'>",
        'too small: 13.5 pt in a picture, "a"',
    ),
    (r"a \frac{1}{2} b", "maths left raw"),
    (r"$\frac{1}$", "maths with an error"),
    ("<img src='assets/none.png' width='300' height='200'>", "a picture without a text alternative"),
    ("<img alt='a' src='assets/none.png' width='300' height='200'>", "a picture that is not there"),
    (
        "<img alt='a' src='assets/none.png' style='position: absolute; left: 0' width='300' height='200'>words",
        "on a picture",
    ),
    (r"A sentence with $x_1^2$ and `code`. \begin{align}a &= b\end{align}", "^$"),
]


def test_the_checker_sees_what_is_wrong(slides, stick, page):
    from slidecheck import measure

    page.set_viewport_size({"width": 1280, "height": 720})
    deck = write_deck(slides, stick, [("slide", f"# Title\n\n{text}") for text, _ in FAULTY])
    for slide, (text, expected) in zip(measure(page, deck), FAULTY, strict=True):
        assert re.search(expected, " ".join(slide["faults"])), f"{text}: {slide['faults']}"


def test_what_does_not_fit_goes_on_under_the_same_heading_and_nothing_is_lost(slides, stick, page):
    numbers = range(1, 61)
    items = "\n".join(f"{number}. item {number}" for number in numbers)
    deck = write_deck(slides, stick, [("slide", f"## Many\n\n{items}"), ("notes", "The end."), ("slide", "## Next")])
    page.set_viewport_size({"width": 1280, "height": 720})
    open_deck(page, deck)
    pages = page.evaluate(
        """Reveal.getSlides().map(slide => ({
            heading: slide.querySelector('h2').textContent,
            start: slide.querySelector('ol')?.start,
            items: [...slide.querySelectorAll('li')].map(item => item.textContent.trim()),
            notes: Reveal.getSlideNotes(slide)?.trim(),
        }))"""
    )
    many = pages[:-1]
    assert len(many) > 2
    assert {slide["heading"] for slide in many} == {"Many"}
    assert [item for slide in many for item in slide["items"]] == [f"item {number}" for number in numbers]
    assert all(slide["items"][0] == f"item {slide['start']}" for slide in many)
    assert [slide["notes"] for slide in pages] == [""] * (len(many) - 1) + ["<p>The end.</p>", ""]


def test_the_space_bar_leads_through_every_slide_and_fragment(slides, stick, page):
    cells = [
        ("slide", "# A"),
        ("fragment", "a"),
        ("fragment", "b"),
        ("subslide", "# B"),
        ("skip", "# No"),
        ("slide", "# C"),
    ]
    open_deck(page, write_deck(slides, stick, cells))
    seen = []
    for _ in range(6):
        shown = page.locator(".page.present .cell:not(.fragment:not(.visible))").all_text_contents()
        seen.append(" ".join(text.strip() for text in shown))
        page.keyboard.press("Space")
    assert seen == ["A", "A a", "A a b", "B", "C", "C"]


def test_answers_are_on_a_slide_of_their_own(slides, stick, page):
    text = "## Recall\n\nWhy?\n\n<details><summary>Answers</summary>\n\nBecause $1 < 2$.\n\n</details>"
    open_deck(page, write_deck(slides, stick, [("slide", text)]))
    question, answers = page.locator("section.page").all()
    assert "Because" not in question.text_content()
    assert answers.locator("h2").text_content() == "Answers"
    assert answers.locator(".katex").count() == 1


WITH_NOTES = [
    ("slide", "## One"),
    ("notes", "<details><summary>In a lecture: 4 minutes</summary>\n\nAsk **them** about $x$.\n\n</details>"),
    ("slide", "## Two"),
]


def test_the_speaker_sees_notes_and_the_next_slide_from_a_stick_too(slides, stick, page):
    open_deck(page, write_deck(slides, stick, WITH_NOTES))
    with page.context.expect_page() as opened:
        page.keyboard.press("s")
    speaker = opened.value
    notes = speaker.locator(".speaker-controls-notes")
    notes.get_by_text("In a lecture: 4 minutes").wait_for()
    assert notes.locator("strong", has_text="them").is_visible()
    assert notes.locator("math").count() == 1
    speaker.frame_locator("#upcoming-slide iframe").get_by_text("Two").first.wait_for()


def test_a_handout_has_the_notes_beside_their_slide(slides, stick, page):
    page.goto(write_deck(slides, stick, WITH_NOTES).as_uri() + "?print-pdf&handout=3")
    page.locator(".row").first.wait_for()
    page.emulate_media(media="print")
    assert ["them" in row.inner_text() for row in page.locator(".row").all()] == [True, False]


@pytest.mark.parametrize("a_sheet", [2, 3])
def test_a_handout_has_so_many_slides_to_a_sheet(slides, stick, page, tmp_path, a_sheet):
    deck = stick / "00-start-here.html"
    open_deck(page, deck)
    count = page.evaluate("Reveal.getTotalSlides()")
    slides.print_pdf(page, deck, f"?print-pdf&handout={a_sheet}", tmp_path / "printed.pdf")
    assert pages_of(tmp_path / "printed.pdf") == -(-count // a_sheet)


def test_figures_and_links_come_from_the_notebook(stick):
    cells = nbformat.read(ROOT / "notebooks" / "11-momentum-is-an-average.ipynb", as_version=4).cells
    outputs = [output for cell in cells for output in cell.get("outputs", []) if "image/png" in output.get("data", {})]
    page = (stick / "11-momentum-is-an-average.html").read_text(encoding="utf-8")
    assert len(outputs) > 5
    for output in outputs:
        assert f'alt="{html.escape(output.metadata["image/png"].alt)}"' in page
    assert page.count("<img ") == len(outputs)
    assert "This figure in words" not in page
    assert 'href="12-momentum-on-mnist.html"' in page
