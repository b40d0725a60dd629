"""Make the web edition: build/site, static pages that any host can serve and that open from a folder too.

    python tools/site.py               does nothing when nothing changed
    python tools/site.py --messages    texts for translators: build/messages/*.pot

The pages are laid out as the repository is (build/pages), so that a link between notebooks leads to the same place in
both. Sphinx makes the pages, JupyterLite the edition that runs in the browser (build/site/lite). No solution is
published. site/conf.py says what can be set.
"""

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
from packages import packages
from release import wheel

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
SITE, PAGES, MESSAGES = BUILD / "site", BUILD / "pages", BUILD / "messages"
DOCTREES, CONTENTS, LITE, STAMP = BUILD / "doctrees", BUILD / "lite-contents", BUILD / "lite", BUILD / "site.stamp"
SETTINGS = ("DOWNSLOPE_REPOSITORY", "DOWNSLOPE_LANGUAGE")

COPIED = ("notebooks/*.ipynb", "notebooks/*.png", "exercises/*/*.ipynb", "README.md")
LITE_COPIED = ("notebooks/*.ipynb", "notebooks/data/*", "exercises/*/*.ipynb")
READ = (
    *COPIED,
    *LITE_COPIED,
    "solutions/README.md",
    "site/**/*",
    "lib/downslope/**/*",
    "tools/*.py",
    "package-lock.json",
    "requirements.lock",
)
MATHJAX = {
    "mathjax/startup.js": "startup.js",
    "mathjax/core.js": "core.js",
    "mathjax/input/tex.js": "input/tex.js",
    "mathjax/input/tex": "input/tex",
    "mathjax/output/chtml.js": "output/chtml.js",
    "mathjax/a11y/assistive-mml.js": "a11y/assistive-mml.js",
    "@mathjax/mathjax-newcm-font/chtml.js": "fonts/mathjax-newcm-font/chtml.js",
    "@mathjax/mathjax-newcm-font/chtml": "fonts/mathjax-newcm-font/chtml",
}
LITE_EXTENSIONS = (
    "@jupyterlite/pyodide-kernel-extension",
    "@jupyter-widgets/jupyterlab-manager",
    "@deathbeds/jupyterlab-fonts",
    "jupyterlab-slideshow",
)
LITE_KERNEL = {"display_name": "Python (Pyodide)", "language": "python", "name": "python"}
LITE_NOTE = """\
*This copy runs in your browser. The next cell fetches the library; it needs the network, and a minute the first time. \
What you change stays in this browser.*"""
LINK = re.compile(r"\[([^]]+)\]\(([^)#]+)(#[^)]*)?\)")


def files(*patterns: str) -> Iterator[Path]:
    """The files of the repository that fit, without those that Python makes."""
    for path in sorted({path for pattern in patterns for path in ROOT.glob(pattern)}):
        if path.is_file() and "__pycache__" not in path.parts and ".ipynb_checkpoints" not in path.parts:
            yield path


def wanted() -> str:
    """A digest of everything that the site is made of."""
    digest = hashlib.sha256("\0".join(os.environ.get(name, "") for name in SETTINGS).encode())
    for path in files(*READ):
        digest.update(f"\0{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def put(folder: Path, sources: dict[str, bytes]) -> None:
    """Make `folder` hold these files and no others."""
    shutil.rmtree(folder, ignore_errors=True)
    for name, content in sources.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def pages() -> dict[str, bytes]:
    """The sources of all pages by their names."""
    sources = {str(path.relative_to(ROOT)): path.read_bytes() for path in files(*COPIED)}
    sources |= {str(path.relative_to(ROOT / "site")): path.read_bytes() for path in files("site/*.md", "site/api/*")}
    instructors = (ROOT / "solutions" / "README.md").read_text(encoding="utf-8")
    return sources | {"solutions/README.md": published(instructors, {*sources, "solutions/README.md"}).encode()}


def published(text: str, names: set[str]) -> str:
    """Text of solutions/ for the web: a solution's link leads to its questions, a link to what is no page is none."""

    def link(match: re.Match[str]) -> str:
        if "://" in match[2]:
            return match[0]
        target = os.path.normpath(f"solutions/{match[2]}")
        target = re.sub(r"^solutions/(\w+/\w+\.ipynb)$", r"exercises/\1", target)
        if target not in names:
            return match[1]
        return f"[{match[1]}]({os.path.relpath(target, 'solutions')}{match[3] or ''})"

    return LINK.sub(link, text)


def sphinx(builder: str, into: Path) -> None:
    """Run Sphinx on the pages, from scratch; every warning is an error. Raises RuntimeError.

    What Sphinx keeps of a run before is not used: each page of the library names the lessons that use it, and
    sphinx-codeautolink links the names only on pages that were read in the same run.
    """
    put(PAGES, pages())
    shutil.rmtree(into, ignore_errors=True)
    command = [sys.executable, "-m", "sphinx", "--builder", builder, "--conf-dir", str(ROOT / "site"), "--fresh-env"]
    command += ["--doctree-dir", str(DOCTREES), "--jobs", "auto", "--fail-on-warning", "--quiet"]
    if subprocess.run([*command, str(PAGES), str(into)], check=False, cwd=ROOT).returncode:
        raise RuntimeError("Sphinx stopped at what it says above.")


def add_mathjax(site: Path) -> None:
    """Put MathJax and its fonts beside the pages."""
    for source, target in MATHJAX.items():
        path, place = packages() / source, site / "_static" / "mathjax" / target
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(path, place) if path.is_dir() else shutil.copy(path, place)


def lite_contents() -> dict[str, bytes]:
    """The notebooks for JupyterLite, each with a first cell that installs the library, and the data beside them."""
    contents = {str(path.relative_to(ROOT)): path.read_bytes() for path in files(*LITE_COPIED)}
    for name in [name for name in contents if name.endswith(".ipynb")]:
        notebook = nbformat.reads(contents[name].decode(), as_version=4)
        notebook.cells[:0] = [
            nbformat.v4.new_markdown_cell(LITE_NOTE, id="in-the-browser"),
            nbformat.v4.new_code_cell("%pip install -q downslope", id="install"),
        ]
        notebook.metadata.kernelspec = nbformat.from_dict(LITE_KERNEL)
        contents[name] = nbformat.writes(notebook).encode()
    return contents


def add_lite(site: Path) -> None:
    """Build JupyterLite with the notebooks and the library's wheel into site/lite. Raises RuntimeError."""
    put(CONTENTS, lite_contents())
    LITE.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "jupyterlite_core", "build", "--contents", str(CONTENTS), "--apps", "lab"]
    command += ["--lite-dir", str(LITE), "--output-dir", str(site / "lite"), "--no-libarchive"]
    command += ["--piplite-wheels", str(wheel()), "--no-sourcemaps", "--no-unused-shared-packages"]
    command += ["--ignore-sys-prefix"]
    for name in LITE_EXTENSIONS:
        command.append(
            f"--LiteBuildConfig.federated_extensions={Path(sys.prefix, 'share/jupyter/labextensions', name)}"
        )
    log = BUILD / "lite.log"
    with log.open("wb") as output:
        done = subprocess.run(command, check=False, cwd=BUILD, stdout=output, stderr=subprocess.STDOUT)
    if done.returncode:
        raise RuntimeError(f"JupyterLite was not built:\n{log.read_text()[-3000:]}")


def make_site() -> None:
    """Build the site, unless it is there and nothing that it is made of has changed."""
    if STAMP.is_file() and STAMP.read_text() == wanted():
        return
    STAMP.unlink(missing_ok=True)
    sphinx("html", SITE)
    add_mathjax(SITE)
    add_lite(SITE)
    STAMP.write_text(wanted())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--messages", action="store_true", help="texts for translators, in place of the site")
    options = parser.parse_args()
    try:
        if options.messages:
            sphinx("gettext", MESSAGES)
        else:
            make_site()
    except RuntimeError as error:
        sys.exit(str(error))
    print((MESSAGES if options.messages else SITE / "index.html").relative_to(ROOT))


if __name__ == "__main__":
    main()
