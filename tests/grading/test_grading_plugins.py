"""nbgrader_config.py and what it switches on; and Markdown of learners as the pages show it."""

import json
import subprocess
import sys

import pytest
from courses import ROOT, course_in, entered, gradebook, hand_in, make_grade, nbgrader, solution

pytest.importorskip("nbgrader")
pytestmark = [pytest.mark.usefixtures("nothing_left"), pytest.mark.filterwarnings("ignore")]


def test_nbgraders_own_autograde_runs_answers_in_the_sandbox(tmp_path):
    course = entered(course_in(tmp_path, "ps2"), "ps2")
    trick = "def sum_step(*a): return 1\nimport sys, pathlib; sys.displayhook('2')\npathlib.Path('here').touch()"
    hand_in(course, "ines", "ps2", solution("ps2", epochs="epochs = ...", sum_step=trick))
    nbgrader(course, "autograde", "ps2")
    grades = gradebook(course)["ines/ps2"]["grades"]
    assert grades["sum_step-points"] == (0, None, False)
    assert grades["turn-points"] == (1, None, False)
    assert not list(course.glob("**/here"))
    hand_in(course, "ines", "ps2", solution("ps2", epochs="epochs = ...", turn="turn = 'A'"))
    nbgrader(course, "autograde", "ps2", "--force")  # as formgrader's button does
    grades = gradebook(course)["ines/ps2"]["grades"]
    assert [grades[name][0] for name in ("sum_step-points", "turn-points")] == [2, 0]
    assert "(0 in this run)" in make_grade(course, "ps2")


def test_the_configuration_imports_nothing_of_ours():
    """JupyterLab reads it on machines of learners: without nbgrader, without a sandbox."""
    program = (
        "import sys; from traitlets.config import PyFileConfigLoader as L; "
        f"c = L('nbgrader_config.py', {str(ROOT)!r}).load_config(); "
        "print(c.CourseDirectory.release_directory, {'nbgrader', 'downslope', 'numpy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "exercises set()"


def test_every_formula_of_the_course_is_set():
    from downslope.grading.pages import markdown_to_html

    count = 0
    for path in [*ROOT.glob("exercises/*/*.ipynb"), *ROOT.glob("notebooks/*.ipynb")]:
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "markdown":
                page = markdown_to_html("".join(cell["source"]), ours=True)
                count += page.count("<math")
                assert "<code>$" not in page, page
    assert count > 1000


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        (r"$a < b$ and a < b", "<p><math><mi>a</mi><mo>&lt;</mo><mi>b</mi></math> and a &lt; b</p>\n"),
        (r"$\unknown{x}$", "<p><code>$\\unknown{x}$</code></p>\n"),
        ("<b>bold</b>", "<p>&lt;b&gt;bold&lt;/b&gt;</p>\n"),
        ("[x](javascript:a)", "<p>x (javascript:a)</p>\n"),
        ("![x](/formgrader?path=a)", "<p>x (/formgrader?path=a)</p>\n"),
        ("```mermaid\n<i>\n```", '<pre><code class="language-mermaid">&lt;i&gt;\n</code></pre>\n'),
    ],
)
def test_markdown_of_a_learner(typed, shown):
    from downslope.grading.pages import markdown_to_html

    assert markdown_to_html(typed) == shown


HOSTILE = ["$" + "{" * 3999 + "$", "$" + "x^{" * 9999 + "$", "\\\\[" * 30_000, "\\begin{a}" * 9999]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_markdown_that_would_end_or_stall_the_page_is_shown_as_it_is(hostile):
    from downslope.grading.pages import markdown_to_html

    assert hostile in markdown_to_html(hostile)


def test_the_courses_own_html_and_links_stay():
    from downslope.grading.pages import markdown_to_html

    page = markdown_to_html("<details>\n\n[x](y.html) $a$\n\n</details>", ours=True)
    assert page.startswith("<details>")
    assert '<a href="y.html">x</a> <math>' in page
