"""Settings of the web edition. tools/site.py lays the pages out as in the repository and calls Sphinx with this file.

DOWNSLOPE_REPOSITORY  the address of the public repository, such as https://github.com/OWNER/NAME: it adds the links to
                      the repository and to Binder
DOWNSLOPE_LANGUAGE    the language of the edition: en, or one that site/locale translates into
"""

import os
import sys
from importlib.metadata import version as installed
from pathlib import Path

from jupyterlite_pyodide_kernel.constants import PYODIDE_VERSION

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "ext"))

project = "Downslope"
author = "the Downslope authors"
project_copyright = "the Downslope authors. Text and figures: CC BY 4.0"
version = release = installed("downslope")
language = os.environ.get("DOWNSLOPE_LANGUAGE", "en")
locale_dirs = [str(HERE / "locale")]
gettext_compact = False

extensions = ["myst_nb", "sphinx.ext.autodoc", "docstrings", "lessons", "names", "signatures", "symbols"]
exclude_patterns = ["README.md"]  # index.md includes parts of it
downslope_repository = os.environ.get("DOWNSLOPE_REPOSITORY", "").rstrip("/")

# Pages show what the tests have compared: nothing is executed.
nb_execution_mode = "off"
nb_mime_priority_overrides = [("gettext", "text/html", 10)]  # texts for translators: outputs are none
myst_enable_extensions = ["amsmath", "deflist", "dollarmath", "substitution"]
myst_heading_anchors = 3
myst_substitutions = {
    "pyodide": PYODIDE_VERSION,
    "jupyterlite": installed("jupyterlite-core"),
    "version": version,
}

highlight_language = "text"
autodoc_default_options = {"members": True, "undoc-members": True}
autodoc_member_order = "bysource"
autodoc_typehints = "none"
add_module_names = False
modindex_common_prefix = ["downslope."]
toc_object_entries_show_parents = "hide"

codeautolink_autodoc_inject = False
codeautolink_concat_default = True
codeautolink_custom_blocks = {"ipython3": None}

html_theme = "sphinx_book_theme"
html_title = "Downslope"
html_baseurl = os.environ.get("DOWNSLOPE_ADDRESS", "")
html_static_path = [str(HERE / "_static")]
html_css_files = ["downslope.css"]
html_js_files = ["downslope.js"]
html_sourcelink_suffix = ""  # the copy of a notebook is a notebook
html_theme_options = {
    "navbar_persistent": [],
    "navigation_with_keys": False,
    "repository_url": downslope_repository,
    "use_download_button": False,  # stands under the title
    "use_fullscreen_button": False,
    "use_repository_button": bool(downslope_repository),
}
html_context = {"default_mode": "auto"}

# MathJax and its fonts lie beside the pages (tools/site.py). Screen readers get MathML: MathJax's own speech, which its
# larger files hold, needs a worker, and a browser starts none for pages that are opened from a folder.
mathjax_path = "mathjax/startup.js"
mathjax4_config = {
    "loader": {
        "paths": {"fonts": "[mathjax]/fonts"},
        "load": ["input/tex", "output/chtml", "a11y/assistive-mml"],
    },
}
