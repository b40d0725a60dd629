"""The house rules of the repository: floors, imports, pins, licences, and nothing that belongs to one machine."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib

import pytest
from packaging.requirements import Requirement

FLOORS = {
    "optim": 0,
    "backprop": 0,
    "data": 0,
    "training": 1,
    "byhand": 1,
    "figures": 2,
    "exercises": 3,
    "grading": 4,
    "checkup": 4,
}
CONDA_NAMES = {"matplotlib-base": "matplotlib", "playwright-python": "playwright", "typst-py": "typst"}


def rooms_imported(path):
    """The rooms of the library that a file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] == "downslope" and len(parts) > 1 and parts[1] in FLOORS:
                yield parts[1]


def room_of(path, library):
    return path.relative_to(library).parts[0].removesuffix(".py")


def test_a_room_imports_only_rooms_on_lower_floors(root):
    library = root / "lib" / "downslope"
    for path in library.rglob("*.py"):
        room = room_of(path, library)
        if room == "__init__":
            continue
        assert room in FLOORS, f"{path.relative_to(root)}: which floor is this room on?"
        for other in rooms_imported(path):
            allowed = other == room or FLOORS[other] < FLOORS[room]
            assert allowed, f"{path.relative_to(root)} imports {other}, which is not on a lower floor"


def modules_after(statement):
    code = f"import sys; {statement}; print(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_the_package_loads_nothing_heavy():
    assert not modules_after("import downslope") & {"numpy", "matplotlib", "ipywidgets", "nbgrader", "IPython"}


def test_the_ground_floor_needs_numpy_alone():
    plain = modules_after("import numpy")
    loaded = modules_after("import downslope.optim, downslope.backprop, downslope.data")
    foreign = {name for name in loaded - plain if name not in sys.stdlib_module_names and not name.startswith("_")}
    assert foreign == {"downslope"}


def requirements(root):
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    lines = [line for name in ("print", "grade", "postgres", "site", "test") for line in extras[name]]
    return [Requirement(line) for line in project["dependencies"] + lines]


def test_conda_gets_the_ranges_of_pyproject(root):
    lines = re.findall(r"^ +- ([a-z][\w-]*[<>=][^\s]*)$", (root / "environment.yml").read_text(), re.MULTILINE)
    conda = {}
    for requirement in map(Requirement, lines):
        conda[CONDA_NAMES.get(requirement.name, requirement.name)] = str(requirement.specifier)
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    assert conda.pop("python") == project["requires-python"]
    assert conda == {requirement.name: str(requirement.specifier) for requirement in requirements(root)}


def test_the_lock_file_satisfies_pyproject_and_names_no_registry(root):
    text = (root / "requirements.lock").read_text()
    assert "://" not in text
    assert "index-url" not in text
    locked = {}
    for line in text.splitlines():
        name, version = re.match(r"([\w.-]+)==([^\s;]+)", line).groups()
        locked[name] = version
    for requirement in requirements(root):
        assert requirement.specifier.contains(locked[requirement.name]), requirement


def tracked_files(root):
    done = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("not a git checkout, so there is no list of files to look through")
    return [root / name for name in done.stdout.split("\0") if name]


def test_nothing_names_a_path_of_one_machine_or_a_registry_host(root):
    hosts = ["pypi" + ".org", "files.python" + "hosted.org", "registry.npm" + "js.org"]
    homes = [r"/ro" + r"ot/", r"/ho" + r"me/\w", r"/wo" + r"rk/", r"C:\\Us" + "ers"]
    pattern = re.compile("|".join([re.escape(host) for host in hosts] + homes))
    for path in tracked_files(root):
        if path.suffix in {".npz", ".png", ".gz", ".pdf"} or not path.is_file():
            continue
        found = pattern.search(path.read_text(encoding="utf-8"))
        assert not found, f"{path.relative_to(root)} names {found.group()!r}"


def test_licences_cover_code_and_text(root):
    assert (root / "LICENSE").read_text().startswith("MIT License")
    assert "Attribution 4.0 International" in (root / "LICENSE-text").read_text()


def test_every_data_file_says_where_it_came_from(root):
    files = root / "lib" / "downslope" / "data" / "files"
    stated = "\n".join(path.read_text(encoding="utf-8") for path in files.glob("*.md"))
    for path in files.iterdir():
        if path.suffix not in {".md", ".py"} and path.is_file():
            assert path.name in stated, f"no provenance for {path.name}"


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make: apt-get install make")
def test_make_alone_lists_the_targets(root):
    done = subprocess.run(["make", "-C", str(root)], capture_output=True, text=True, check=True)
    for target in ("setup", "lab", "test", "notebooks", "site"):
        assert re.search(rf"^{target} +\w", done.stdout, re.MULTILINE)
