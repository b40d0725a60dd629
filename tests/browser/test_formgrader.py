"""nbgrader's formgrader and feedback in a real browser: an instructor's way, hostile answers, formulas, no network."""

import csv
import re
import shutil
from urllib.parse import urlsplit

import pytest
from courses import course_in, entered, hand_in, make_grade, nbgrader, solution
from downslope.grading.sandbox import Sandbox, SandboxError

pytest.importorskip("nbgrader")
pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore")]
DERIVATION = r"""With $\gamma < 1$ the terms shrink, and

$$\begin{aligned}
v_\infty &= \sum_{k=0}^{\infty} \gamma^k \eta g \\ &= \frac{\eta}{1-\gamma}\, g
\end{aligned} \tag{1}$$

so the *speed* grows to $\frac{1}{1-\gamma}$ times a step. Not a formula: \$5."""
RUNS = "document.title='owned';fetch('/owned')"
TRICKS = rf"""
<script>{RUNS}</script><img src=x onerror="{RUNS}"><svg onload="{RUNS}">
<iframe srcdoc="<script>{RUNS}</script>"></iframe>

[link](javascript:{RUNS}) [home](/formgrader?path=/tmp) ![picture](/formgrader?path=/tmp)
![far](https://example.org/a.png)
<https://example.org> <details open ontoggle="{RUNS}">x</details>

```mermaid
<img src=x onerror="{RUNS}">
```

$\text{{<img src=x onerror="{RUNS}">}}$ $\href{{javascript:{RUNS}}}{{x}}$ $$<script>{RUNS}</script>$$

# <img src=x onerror="{RUNS}">

[image]: javascript:{RUNS}
![image] [image]
<style>body {{ display: none }}</style><form action="/owned"><button>Next</button></form>
"""

ADDRESSES = """() => [...document.querySelectorAll('*')].flatMap(each => [...each.attributes])
    .filter(each => /^(href|src|srcdoc|action|on.*)$/.test(each.name)).map(each => each.value)"""


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """ps2, graded: one learner with a derivation, one with every trick in every place."""
    try:
        Sandbox().check()
    except SandboxError as error:
        pytest.skip(str(error).splitlines()[1])
    course = entered(course_in(tmp_path_factory.mktemp("course"), "ps2"), "ps2")
    name = f'<img src=x onerror="{RUNS}">'
    nbgrader(course, "db", "student", "add", "evil", "--first-name", name, "--last-name", name)
    nbgrader(course, "db", "student", "add", "hana", "--first-name", "Hana", "--last-name", "Kim")
    hand_in(course, "hana", "ps2", solution("ps2", epochs="epochs = ...", why=DERIVATION))
    code = f"friction = 0.9  # {TRICKS.splitlines()[1]}\nprint({TRICKS!r})"
    evil = solution("ps2", epochs="epochs = ...", why=TRICKS, friction=code)
    html = {"output_type": "display_data", "metadata": {}, "data": {"text/html": TRICKS}}
    for cell in evil["cells"]:
        cell["metadata"]["tags"] = [f'"><script>{RUNS}</script>']
        cell["attachments"] = {"a.svg": {"image/svg+xml": TRICKS}}
        cell["outputs"] = [html]
    evil["cells"] += [
        {"cell_type": kind, "metadata": {"raw_mimetype": "text/html"}, "source": TRICKS} for kind in ("markdown", "raw")
    ]
    evil["metadata"] = {"kernelspec": {"name": TRICKS, "display_name": TRICKS}, "title": TRICKS}
    hand_in(course, "evil", "ps2", evil)
    make_grade(course, "ps2")
    return course


@pytest.fixture
def watched(browser):
    """A page in a browser without a network but this machine's; `page.trouble` gathers what should not be."""
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    page = context.new_page()
    page.trouble = []

    def local(route, request):
        if urlsplit(request.url).hostname in ("127.0.0.1", None) and "owned" not in request.url:
            route.continue_()
        else:
            page.trouble.append(f"asked for {request.url}")
            route.abort()

    def failed(request):  # what JupyterLab asks its server in the background is given up when its page is left
        background = urlsplit(request.url).path.startswith(("/api/", "/lab/api/"))
        if not (background and request.failure == "net::ERR_ABORTED"):
            page.trouble.append(f"failed: {request.url} ({request.failure})")

    context.route("**/*", local)
    page.on("pageerror", lambda error: page.trouble.append(f"error: {error}"))
    page.on("requestfailed", failed)
    page.on("dialog", lambda dialog: page.trouble.append(f"dialog: {dialog.message}"))
    yield page
    context.close()


def formgrader(lab, course, page, part):
    """Open a page of formgrader by itself."""
    page.goto(re.sub(r"/lab\?", f"/formgrader/{part}?", lab(course)))
    page.wait_for_load_state("networkidle")


def submission(lab, course, page, student):
    """Open a learner's submission in formgrader."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course}/gradebook.db", "downslope") as book:
        identity = book.find_submission_notebook("ps2", "ps2", student).id
    formgrader(lab, course, page, f"submissions/{identity}/")


def test_the_way_of_an_instructor(lab, course, watched):
    page = watched
    page.goto(lab(course))
    page.get_by_role("menuitem", name="Nbgrader").click()
    page.get_by_role("menuitem", name="Formgrader").click()
    frame = page.frame_locator("iframe").first
    frame.get_by_role("link", name="ps2").first.wait_for(timeout=60_000)
    formgrader(lab, course, page, "gradebook/ps2/ps2")
    page.get_by_role("link", name="Submission #").first.wait_for()
    submission(lab, course, page, "hana")
    page.locator("input#why").fill("3.5")
    page.locator("textarea#why-comment").fill("Say what happens for $\\gamma \\geq 1$ too.")
    page.locator("textarea#why-comment").press("Tab")
    page.get_by_text("All changes saved").or_(page.locator(".comment-saved:visible")).first.wait_for()
    page.wait_for_load_state("networkidle")
    formgrader(lab, course, page, "manage_submissions/ps2")
    page.locator("tr", has_text="hana").locator(".autograde a").click()  # a regrade keeps what the person gave
    page.get_by_text("Success", exact=False).first.wait_for(timeout=60_000)
    formgrader(lab, course, page, "manage_assignments")
    page.locator(".generate-feedback a").click()
    page.get_by_text("Success", exact=False).first.wait_for(timeout=60_000)
    feedback = (course / "feedback" / "hana" / "ps2" / "ps2.html").read_text(encoding="utf-8")
    assert "Say what happens for" in feedback
    assert "3.5 / 4.0" in feedback
    nbgrader(course, "export")
    with (course / "grades.csv").open(encoding="utf-8") as file:
        scores = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    assert scores["hana"] == 19.5
    assert page.trouble == []


def formulas_read_well(page):
    """Every formula is set, and none is left as it was typed."""
    assert page.locator("math").count() > 20
    box = page.locator("math", has_text="∑").first.bounding_box()
    assert box["height"] > 40
    text = page.evaluate("() => document.body.innerText")
    assert not re.search(r"\\(frac|sum|begin|gamma|partial)|\$[^5]", text)


def test_a_derivation_reads_well_in_formgrader_without_a_network(lab, course, watched):
    submission(lab, course, watched, "hana")
    formulas_read_well(watched)
    assert watched.trouble == []


def test_a_feedback_page_is_one_file_that_reads_well_alone(course, watched, tmp_path):
    nbgrader(course, "generate_feedback", "ps2", "--force")
    alone = shutil.copy(course / "feedback" / "hana" / "ps2" / "ps2.html", tmp_path / "mine.html")
    watched.goto(alone.as_uri())
    formulas_read_well(watched)
    assert watched.trouble == []


@pytest.mark.parametrize("part", ["submission", "feedback", "manage_students", "gradebook/ps2/ps2"])
def test_nothing_of_a_learner_runs_or_asks(lab, course, watched, part):
    page = watched
    if part == "submission":
        submission(lab, course, page, "evil")
    elif part == "feedback":
        nbgrader(course, "generate_feedback", "ps2", "--force")
        page.goto((course / "feedback" / "evil" / "ps2" / "ps2.html").as_uri())
    else:
        formgrader(lab, course, page, part)
    page.wait_for_timeout(500)
    assert page.trouble == []
    assert page.title() != "owned"
    assert page.evaluate("() => getComputedStyle(document.body).display") != "none"
    addresses = page.evaluate(ADDRESSES)
    assert not [each for each in addresses if re.search(r"owned|example\.org|path=", each)]
    if part in ("submission", "feedback"):
        assert "onerror=" in page.evaluate("() => document.body.innerText")  # it shows as it was typed


def test_feedback_shows_no_hidden_test(course):
    nbgrader(course, "generate_feedback", "ps2", "--force")
    for student in ("hana", "evil"):
        page = (course / "feedback" / student / "ps2" / "ps2.html").read_text(encoding="utf-8")
        assert "HIDDEN TESTS" not in page
        assert not re.search(r"ps2\.\w+\.grade\(", re.sub(r"<[^>]*>", "", page))
