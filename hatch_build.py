"""Loaded by hatchling when the package is built: the README as an index shows it.

An index has none of the files beside a README, so the picture becomes what its `alt` says.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

PICTURE = re.compile(r'^<img src="(?P<src>[^"]+)"[^>]*alt="(?P<alt>[^"]+)"[^>]*>$', re.MULTILINE)


def long_description(readme: str) -> str:
    """The README without what only a checkout can show."""
    return PICTURE.sub(lambda found: f"*{found['alt']}*", readme)


class ReadmeHook(MetadataHookInterface):
    """Gives hatchling the long description."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Called once for each build."""
        text = (Path(self.root) / "README.md").read_text(encoding="utf-8")
        metadata["readme"] = {"content-type": "text/markdown", "text": long_description(text)}
