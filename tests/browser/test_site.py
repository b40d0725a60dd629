"""The web edition as `make site` makes it: its links, its names, what it asks for, and how it is read.

Pages are opened from the folder, as a reader may, in a browser that reaches nothing else; JupyterLite, which needs a
server, from one on loopback.
"""

import ast
import functools
import hashlib
import html
import http.server
import json
import posixpath
import re
import shutil
import subprocess
import sys
import threading
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import downslope
import nbformat
import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SETS = sorted((ROOT / "exercises").glob("*/*.ipynb"))
PAGES = {
    "home": "index.html",
    "lesson": "notebooks/11-momentum-is-an-average.html",
    "set": "exercises/ps3/ps3.html",
    "library": "api/optim.html",
    "glossary": "glossary.html",
}
TAGS_THAT_LOAD = {("link", "href"), ("script", "src"), ("img", "src"), ("iframe", "src"), ("source", "src")}
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(shutil.which("npm") is None, reason="needs npm: apt-get install npm"),
]


@pytest.fixture(scope="session")
def site():
    """The folder of the site, made if it is not up to date."""
    done = subprocess.run([sys.executable, ROOT / "tools" / "site.py"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return ROOT / "build" / "site"


class Page(HTMLParser):
    """What a page holds: ids, what it loads, its links, and the pieces of code among them.

    links   (address, text, whether it stands in a cell's code or in running code)
    """

    def __init__(self, path):
        super().__init__()
        self.ids, self.loads, self.links = set(), [], []
        self.stack, self.open_links = [], []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.ids |= {attributes[name] for name in ("id", "name") if attributes.get(name)}
        self.loads += [value for name, value in attributes.items() if (tag, name) in TAGS_THAT_LOAD and value]
        if tag not in VOID:
            self.stack.append((tag, attributes.get("class") or ""))
        if tag == "a" and attributes.get("href"):
            self.open_links.append([attributes["href"], "", self.place()])

    def handle_data(self, data):
        for link in self.open_links:
            link[1] += data

    def handle_endtag(self, tag):
        while self.stack and self.stack.pop()[0] != tag:
            pass
        if tag == "a" and self.open_links:
            self.links.append(tuple(self.open_links.pop()))

    def place(self):
        return "code" if any("cell_input" in kind for _, kind in self.stack) else "text"


@pytest.fixture(scope="session")
def pages(site):
    """Every page by its path in the site, without those of JupyterLite."""
    paths = [path.relative_to(site) for path in site.rglob("*.html")]
    paths = [path for path in paths if path.parts[0] not in {"lite", "_static"}]
    return {path.as_posix(): Page(site / path) for path in paths}


def target(page, address):
    """The path in the site, and the anchor, to which an address on a page leads."""
    parts = urlsplit(address)
    path = posixpath.join(posixpath.dirname(page), unquote(parts.path)) if parts.path else page
    return posixpath.normpath(path), unquote(parts.fragment)


def outside(address):
    return urlsplit(address).scheme in {"http", "https"} or address.startswith("//")


# The files -----------------------------------------------------------------------------------------------------------


def test_there_is_a_page_for_every_lesson_set_and_room_and_for_instructors(pages):
    rooms = ["optim", "backprop", "data", "training", "byhand", "figures", "exercises", "grading"]
    wanted = [path.relative_to(ROOT).with_suffix(".html").as_posix() for path in LESSONS + SETS]
    wanted += [f"api/{room}.html" for room in rooms]
    wanted += ["index.html", "glossary.html", "solutions/README.html", "genindex.html", "search.html", "lite.html"]
    assert set(wanted) <= set(pages)


def test_no_page_loads_anything_from_outside(pages):
    for name, page in pages.items():
        assert not [address for address in page.loads if outside(address)], name


def test_every_link_inside_the_site_leads_to_a_page_and_a_place_on_it(site, pages):
    broken = []
    for name, page in pages.items():
        addresses = [address for address, _, _ in page.links] + page.loads
        for address in {each for each in addresses if not outside(each) and not each.startswith(("mailto:", "data:"))}:
            path, anchor = target(name, address)
            there = pages.get(path)
            if not (site / path).is_file() or (anchor and there and anchor not in there.ids):
                broken.append((name, address))
    assert not broken, broken[:20]


def test_a_notebook_is_downloaded_as_it_is(site, pages):
    for path in LESSONS + SETS:
        name = path.relative_to(ROOT)
        (address,) = [a for a, text, _ in pages[name.with_suffix(".html").as_posix()].links if "Download" in text]
        assert (site / target(name.as_posix(), address)[0]).read_bytes() == path.read_bytes()


def stored(line):
    """A line as a notebook stores it."""
    return json.dumps(line, ensure_ascii=False)[1:-1]


def test_no_solution_is_published(site):
    """No line of a solution that the questions do not hold is in any file with text."""
    secret = set()
    for path in SETS:
        solved = nbformat.read(ROOT / "solutions" / path.parent.name / path.name, as_version=4)
        asked = path.read_text(encoding="utf-8")
        for cell in solved.cells:
            if cell.metadata.get("nbgrader", {}).get("solution"):
                secret |= {line.strip() for line in cell.source.splitlines() if stored(line.strip()) not in asked}
    secret = {line for line in secret if len(line) > 25}
    assert len(secret) > 30
    for path in [path for path in site.rglob("*") if "exercises" in path.parts and path.is_file()]:
        text = path.read_text(encoding="utf-8")
        assert not [line for line in secret if line in html.unescape(text) or stored(line) in text], path
    assert {path.name for path in site.rglob("solutions/*")} <= {"README.html", "README.md"}


# Names ---------------------------------------------------------------------------------------------------------------


def library_names(path):
    """Each name of the library that a lesson's code uses, as written there, with its full name: read with ast."""
    trees = [ast.parse(cell.source) for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    imports, used = {}, {}
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.ImportFrom) and node.module.split(".")[0] == "downslope":
            imports |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    for node in (node for tree in trees for node in ast.walk(tree)):
        parts, end = [], node
        while isinstance(end, ast.Attribute):
            parts.insert(0, end.attr)
            end = end.value
        if isinstance(end, ast.Name) and end.id in imports and not any(part.startswith("_") for part in parts):
            used[".".join([end.id, *parts])] = ".".join([imports[end.id], *parts])
    longest = {name for name in used if not any(other.startswith(f"{name}.") for other in used)}
    return {name: used[name] for name in longest} | {name: full for name, full in imports.items() if name in used}


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_each_library_name_in_a_lesson_is_a_link_and_its_description_names_the_lesson(path, pages):
    page = path.relative_to(ROOT).with_suffix(".html").as_posix()
    linked = {text: address for address, text, place in pages[page].links if place == "code"}
    names = library_names(path)
    assert names
    for name in names:
        assert name in linked, name
        described, anchor = target(page, linked[name])
        assert anchor.split(".")[-1] == name.split(".")[-1] or name in anchor or "." not in name, (name, anchor)
        if not anchor.startswith("module-"):
            back = [target(described, address)[0] for address, _, _ in pages[described].links]
            assert page in back, f"{anchor} does not name {path.stem}"


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_an_imported_name_in_the_text_of_a_lesson_is_a_link(path, site):
    text = (site / path.relative_to(ROOT).with_suffix(".html")).read_text(encoding="utf-8")
    text = re.sub(r"<pre>.*?</pre>", "", text, flags=re.DOTALL)
    plain = re.findall(r'(?<!">)<code class="docutils literal notranslate"><span class="pre">([\w.]+)(?=[<(])', text)
    names = library_names(path)
    assert not set(plain) & set(names)


def test_every_symbol_of_a_lesson_stands_in_the_glossary(site):
    glossary = (site / "glossary.html").read_text(encoding="utf-8")
    count = 0
    for path in LESSONS:
        text = "\n".join(
            cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "markdown"
        )
        for table in re.findall(r"^\| symbol \| in the code \|[^\n]*\n((?:\|[^\n]*\n?)+)", text, re.MULTILINE):
            for name in re.findall(r"^\| [^`|]*\| `([a-z_0-9]+)` \|", table, re.MULTILINE):
                count += 1
                assert f'<span class="pre">{name}</span>' in glossary, (path.stem, name)
    assert count > 80


# JupyterLite ---------------------------------------------------------------------------------------------------------


def test_jupyterlite_holds_every_notebook_and_the_wheel_that_its_index_names(site):
    lite = site / "lite"
    for path in LESSONS + SETS:
        name = path.relative_to(ROOT)
        notebook = nbformat.read(lite / "files" / name, as_version=4)
        assert "pip install" in notebook.cells[1].source
        assert notebook.metadata.kernelspec.name == "python"
        listed = json.loads((lite / "api" / "contents" / name.parent / "all.json").read_text())["content"]
        assert name.name in {each["name"] for each in listed}
    for path in (ROOT / "notebooks" / "data").iterdir():
        assert (lite / "files" / "notebooks" / "data" / path.name).read_bytes() == path.read_bytes()
    (release,) = json.loads((lite / "pypi" / "all.json").read_text())["downslope"]["releases"][downslope.__version__]
    wheel = lite / "pypi" / release["filename"]
    assert hashlib.sha256(wheel.read_bytes()).hexdigest() == release["digests"]["sha256"]
    config = json.loads((lite / "jupyter-lite.json").read_text())["jupyter-config-data"]
    extensions = {each["name"] for each in config["federated_extensions"]}
    assert "@jupyterlite/pyodide-kernel-extension" in extensions
    assert "@jupyter/nbgrader" not in extensions
    page = (site / "lite.html").read_text(encoding="utf-8")
    assert config["appVersion"] in page
    assert downslope.__version__ in page


@pytest.fixture
def served(site):
    """The address of the site on loopback."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    handler = functools.partial(Quiet, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_jupyterlite_opens_a_lesson(closed, served):
    page, _ = closed()
    page.goto(f"{served}/lite/lab/index.html?path=notebooks/11-momentum-is-an-average.ipynb")
    page.get_by_role("heading", name="11 Momentum is an average").wait_for(timeout=60_000)


# In the browser ------------------------------------------------------------------------------------------------------


@pytest.fixture
def closed(browser):
    """closed(...): a page that reaches files and loopback only, and a list: what else it asked for, what it said."""
    contexts = []

    def open_page(width=1200, height=900, theme="light"):
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=theme)
        contexts.append(context)
        troubles = []

        def guard(route):
            if outside(route.request.url) and "//127.0.0.1:" not in route.request.url:
                troubles.append(route.request.url)
                route.abort()
            else:
                route.continue_()

        context.route("**/*", guard)
        page = context.new_page()
        page.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("requestfailed", lambda request: troubles.append(request.url))
        return page, troubles

    yield open_page
    for context in contexts:
        context.close()


def show(page, site, name):
    """Open a page of the site from the folder and wait until its mathematics is set."""
    page.goto((site / name).as_uri())
    page.wait_for_function("() => !document.querySelector('.math') || window.MathJax?.startup?.promise")
    page.evaluate("() => window.MathJax?.startup?.promise.then(() => true)")


@pytest.mark.parametrize("name", PAGES.values(), ids=PAGES)
def test_a_page_asks_nobody_complains_of_nothing_and_sets_its_mathematics(name, site, closed):
    page, troubles = closed()
    show(page, site, name)
    assert not troubles
    formulas, done = page.locator(".math").count(), page.locator("mjx-container").count()
    assert done >= formulas
    assert page.locator("mjx-merror").count() == 0
    shown = "() => document.querySelector('article').cloneNode(true)"
    words = page.evaluate(f"""() => {{
        const copy = ({shown})();
        copy.querySelectorAll('pre, code, mjx-container, script').forEach(each => each.remove());
        return copy.textContent;
    }}""")
    assert not re.findall(r"\\\(|\\\[|\$\$|\\frac|\$\\", words)


@pytest.mark.parametrize("name", PAGES.values(), ids=PAGES)
def test_a_page_fits_a_phone(name, site, closed):
    page, _ = closed(width=375, height=800)
    show(page, site, name)
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    wide = (
        "() => [...document.querySelectorAll('article img')].filter(i => i.getBoundingClientRect().right > 375).length"
    )
    assert page.evaluate(wide) == 0


def test_search_finds_bias_correction(site, closed):
    page, troubles = closed()
    page.goto((site / "search.html").as_uri() + "?q=bias+correction")
    page.wait_for_selector("#search-results li a", timeout=30_000)
    page.wait_for_function(
        "() => /\\d+/.test(document.querySelector('#search-results p, .search-summary')?.textContent)"
    )
    found = page.locator("#search-results li a").all_inner_texts()
    assert any("Weighted averages" in title for title in found), found
    assert not [each for each in troubles if outside(each)]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES.values(), ids=PAGES)
def test_axe_finds_no_serious_fault(name, theme, site, closed):
    page, _ = closed(theme=theme)
    show(page, site, name)
    page.add_script_tag(path=ROOT / "build" / "packages" / "node_modules" / "axe-core" / "axe.min.js")
    result = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    serious = [each for each in result["violations"] if each["impact"] in {"serious", "critical"}]
    told = [(each["id"], len(each["nodes"]), each["nodes"][0]["html"][:200]) for each in serious]
    assert not told


def test_on_paper_there_is_the_lesson_and_nothing_around_it(site, closed):
    page, _ = closed()
    show(page, site, PAGES["lesson"])
    page.emulate_media(media="print")
    for part in (".bd-sidebar-primary", ".bd-sidebar-secondary", ".bd-header-article", ".opening"):
        assert not page.locator(part).first.is_visible(), part
    assert page.get_by_text("11 Momentum is an average").locator("visible=true").count() == 1
