"""The parts that the web edition is made with, each by itself; and the files for Binder and for publishing."""

import importlib
import os
import shutil
import subprocess

import pytest
import yaml


@pytest.fixture
def part(root, monkeypatch):
    """part("symbols"): a module of site/ext or tools/."""
    monkeypatch.syspath_prepend(root / "tools")
    monkeypatch.syspath_prepend(root / "site" / "ext")
    return importlib.import_module


def rst(part, text):
    return "\n".join(part("docstrings").as_rst(text.split("\n")))


def test_an_indented_block_is_a_formula_and_stays_as_it_is(part):
    text = rst(part, "Steps.\n\n    w ← w − ηg\n\n    m ← γm\n\nlr: η > 0.")
    assert text == "Steps.\n\n.. code-block:: text\n\n   w ← w − ηg\n\n   m ← γm\n\nlr: η > 0.\n"


def test_an_indented_block_that_python_reads_is_code(part):
    assert ".. code-block:: python\n\n   optimizer.lr = 0.01  # later" in rst(part, "    optimizer.lr = 0.01  # later")


def test_an_example_ends_at_the_blank_line(part):
    text = rst(part, ">>> 1 + 1\n2\n\nAfter it.")
    assert text == ".. code-block:: pycon\n\n   >>> 1 + 1\n   2\n\nAfter it.\n"


def test_a_heading_is_set_off_and_the_names_under_it_are_a_list(part):
    text = rst(part, "Parameters\n----------\nn : how many\nseed : of the\n    generator")
    assert text.startswith(".. rubric:: Parameters\n\n``n``\n   how many\n\n``seed``\n   of the generator")


def test_names_in_backquotes_are_code_and_nothing_else_is_markup(part):
    assert rst(part, "`ewma(x)`, w_1 and 2*x|") == "``ewma(x)``\\ , w\\_1 and 2\\*x\\|\n"


def test_symbols_are_read_from_a_table_that_names_them_and_from_no_other(part):
    text = "| a | b |\n|---|---|\n| no | no |\n\n| symbol | in the code | what it is | shape |\n|---|---|---|---|\n"
    text += "| $\\eta$ | `lr` | learning rate, $\\|w\\|$ | one number |\n"
    (found,) = part("symbols").symbols(text, "notebooks/16")
    assert found == ("$\\eta$", "`lr`", "learning rate, $\\|w\\|$", "notebooks/16")


def test_a_link_to_a_solution_leads_to_its_questions_and_one_to_no_page_is_none(part):
    names = {"exercises/ps1/ps1.ipynb", "solutions/README.md", "notebooks/00-start-here.ipynb"}
    text = (
        "[ps1](ps1/ps1.ipynb) [mistakes](ps1/mistakes.py) [start](../notebooks/00-start-here.ipynb#x) [a](https://b.c)"
    )
    shown = "[ps1](../exercises/ps1/ps1.ipynb) mistakes [start](../notebooks/00-start-here.ipynb#x) [a](https://b.c)"
    tool = importlib.util.spec_from_file_location("site_tool", part("packages").ROOT / "tools" / "site.py")
    module = importlib.util.module_from_spec(tool)
    tool.loader.exec_module(module)
    assert module.published(text, names) == shown


def test_binder_installs_the_course_at_the_pinned_versions_and_nothing_more(root):
    lines = (root / ".binder" / "requirements.txt").read_text().splitlines()
    assert [line for line in lines if not line.startswith("#")] == ["-c ../requirements.lock", "."]
    assert (root / ".binder" / "runtime.txt").read_text().startswith("python-3.")


@pytest.mark.skipif(os.name == "nt", reason="Binder's scripts are for Linux")
def test_binders_scripts_run_in_a_clean_copy(root, tmp_path):
    for name in (".binder", "tools/lab"):
        shutil.copytree(root / name, tmp_path / name)
    place = os.environ | {"NB_PYTHON_PREFIX": str(tmp_path / "prefix")}
    subprocess.run([tmp_path / ".binder" / "postBuild"], cwd=tmp_path, env=place, check=True)
    written = tmp_path / "prefix" / "share" / "jupyter" / "lab" / "settings" / "overrides.json5"
    assert written.read_bytes() == (root / "tools" / "lab" / "overrides.json5").read_bytes()
    command = [tmp_path / ".binder" / "start", "sh", "-c", "echo $OPENBLAS_NUM_THREADS $0", "and more"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "1 and more\n"


def test_what_is_published_is_what_make_site_makes(root):
    jobs = yaml.safe_load((root / ".github" / "workflows" / "pages.yml").read_text())["jobs"]
    steps = jobs["build"]["steps"]
    assert "make site" in [step.get("run") for step in steps]
    (upload,) = [step for step in steps if "upload-pages-artifact" in step.get("uses", "")]
    assert upload["with"]["path"] == "build/site"
    assert jobs["deploy"]["needs"] == "build"
