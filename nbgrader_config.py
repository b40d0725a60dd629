"""nbgrader on this repository: solutions/ is the source of the problem sets, exercises/ is what learners get.

Grading is named by text, not imported: JupyterLab reads this file too, on machines of learners that never grade.
"""

import os

c = get_config()  # noqa: F821  (given by Jupyter, which runs this file)

c.CourseDirectory.course_id = "downslope"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"
if url := os.environ.get("DOWNSLOPE_DB_URL"):  # such as postgresql://user:password@host/gradebook; gradebook.db without
    c.CourseDirectory.db_url = url
# What lies beside a set and is not for learners: the catalogue of mistakes, and what running a notebook leaves behind.
c.CourseDirectory.ignore = [
    ".ipynb_checkpoints",
    "*.pyc",
    "__pycache__",
    "mistakes.py",
    "*.progress.json",
    "*.progress.unreadable.json",
]

# A starter must run from top to bottom: a function has a docstring for a body and a value is `...`, and the check below
# it says 'not attempted'. nbgrader's own stub raises and would stop "Run All" at the first question.
c.ClearSolutions.code_stub = {"python": "# your code here"}
c.ClearSolutions.text_stub = "*Your answer here.*"

# What a learning-management system hands over: one notebook for each learner, named hana_ps2.ipynb.
c.FileNameCollectorPlugin.named_regexp = r".*[/\\](?P<student_id>[\w.@-]+)_(?P<file_id>ps\d\.ipynb)$"

# What learners wrote runs in a sandbox; what nbgrader would run, read or show of it goes through these.
c.Autograde.pre_convert_hook = "downslope.grading.plugins.check_sandbox"
c.Autograde.exporter_class = "downslope.grading.plugins.Unread"
c.Autograde.sanitize_preprocessors = ["downslope.grading.plugins.RestoreStructure"]
c.Autograde.autograde_preprocessors = [
    "downslope.grading.plugins.RunAnswers",
    "nbgrader.preprocessors.AssignLatePenalties",
]
c.GenerateFeedback.preprocessors = [
    "nbgrader.preprocessors.GetGrades",
    "nbgrader.preprocessors.ClearHiddenTests",
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
]
c.HTMLExporter.preprocessors = ["downslope.grading.pages.SafeContent"]  # formgrader and feedback

c.ExecutePreprocessor.timeout = 120
