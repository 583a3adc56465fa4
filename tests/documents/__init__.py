"""Runs every code block and command of the pages: `pytest -p documents README.md CONTRIBUTING.md docs`.

A block says its language, and the language says how it is held to the code: see `blocks`.
"""

from __future__ import annotations

from sybil import Sybil

from documents.blocks import read_blocks
from documents.scratch import ROOT

pytest_collect_file = Sybil(
    parsers=[read_blocks],
    path=str(ROOT),
    patterns=["*.md"],
    excludes=["CHANGELOG.md"],
    fixtures=["documents_scratch"],
).pytest()

pytest_plugins = ["documents.scratch"]
