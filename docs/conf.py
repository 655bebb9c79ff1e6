"""How `make docs` builds these pages: Sphinx, MyST, furo; warnings are errors.

The pages need no network and no script to be read: formulas are written as MathML.
"""

from __future__ import annotations

import sys
from importlib import metadata
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

project = "l1cert"
author = "The l1cert authors"
copyright = author
version = release = metadata.version("l1cert")
language = "en"

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "extensions.built_in_mathematics",
    "extensions.claim_pages",
    "extensions.command_reference",
    "extensions.format_examples",
    "extensions.notebook_page",
    "extensions.plain_signatures",
    "extensions.soft_references",
]
source_suffix = {".md": "markdown"}
exclude_patterns = ["template", "extensions"]

# names in single backquotes are links where there is something to link to
default_role = "py:obj"
nitpicky = True
# p' is a prime and "down" a text to be typed
smartquotes = False
# Types in signatures that these pages do not document.
nitpick_ignore_regex = [
    # of other projects and the standard library (an inventory of theirs would have to be fetched),
    # aliases and type variables, which a module has for itself
    ("py:(class|exc|data)", r"(?!(theory|simulations|figures|l1cert)\.).*"),
]
# made by the program itself, never by its users
nitpick_ignore = [
    ("py:class", "figures.certified_curves.Empirical"),
    ("py:class", "l1cert.certified_runs.Run"),
    ("py:class", "l1cert.reproduction.steps.Step"),
    ("py:class", "simulations.classifier.agreement_counts.Record"),
    ("py:class", "simulations.kernels.discrete_guide.Guide"),
]

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
autodoc_default_options = {"members": True}
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 80
napoleon_google_docstring = False
# the types in docstrings are prose ("array of float, shape (n,)"), and no references
napoleon_use_param = False
napoleon_use_rtype = False
napoleon_use_ivar = False

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 4
myst_links_external_new_tab = False

html_theme = "furo"
html_title = f"l1cert {version}"
html_math_renderer = "built_in"
html_static_path = ["static"]
html_css_files = ["pages.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
html_theme_options = {"navigation_with_keys": True}
