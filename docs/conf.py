"""How the site is built: `tox -e docs`. Warnings are errors there, so a link that leads nowhere stops it."""

from __future__ import annotations

import json
import re
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

CORPUS = Path(__file__).parents[1] / "tests" / "corpus"

project = "pytest-kmslab"
author = "the pytest-kmslab contributors"
release = metadata.version("pytest-kmslab")

extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["examples"]
nitpicky = True
# Headings have the fragments that GitHub gives them, so a link reads the same in a checkout and on the site.
myst_heading_anchors = 4
# A fenced block without a language is output, or a picture made of characters.
highlight_language = "text"

html_theme = "furo"
html_title = f"pytest-kmslab {release}"
html_static_path = ["_static"]
html_css_files = ["kmslab.css"]
html_show_copyright = False
html_show_sphinx = False
html_copy_source = False


ELSEWHERE = {
    r"\]\((?:\.\./)+tests/corpus\)": "](/corpus.md)",
    r"\]\((?:\.\./)+tests/corpus/(\w+)\)": r"](/corpus.md#\1)",
    r"\]\((?:\.\./)+CONTRIBUTING.md": "](/contributing.md",
    r"\]\((?:\.\./)+CHANGELOG.md": "](/changelog.md",
}
"""Links of a checkout to what is no page of the site, and the page that has it."""


def lead_to_pages(app: Sphinx, name: str, source: list[str]) -> None:
    """Let links out of docs/ lead to the pages of the site that show the same, and fill in the corpus."""
    for link, page in ELSEWHERE.items():
        source[0] = re.sub(link, page, source[0])
    if name == "corpus":
        source[0] = source[0].replace("<!-- every case -->", every_case())


def every_case() -> str:
    """A section for each topic of the corpus, with a line for each case."""
    topics = sorted(folder for folder in CORPUS.iterdir() if folder.is_dir())
    return "\n".join(f"## {topic.name}\n\n{cases_of(topic)}" for topic in topics)


def cases_of(topic: Path) -> str:
    """A list of the cases of a topic, each by the name that it gives itself."""
    files = sorted(topic.glob("*.json"))
    named = [(json.loads(file.read_text(encoding="utf-8"))["name"], file) for file in files]
    return "".join(f"- [{escaped(name)}](../tests/corpus/{topic.name}/{file.name})\n" for name, file in named)


def escaped(text: str) -> str:
    """The text, with what Markdown would take for markup written out."""
    return re.sub(r"([\[\]*_<>`])", r"\\\1", text)


def setup(app: Sphinx) -> None:
    """Register the hook."""
    app.connect("source-read", lead_to_pages)
