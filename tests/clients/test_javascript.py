from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path


def test_the_sdk_for_javascript_walks_the_document(
    gateway: Mapping[str, str], javascript: Path, node: str
) -> None:
    done = subprocess.run(
        [node, "--no-warnings", "walk.mjs"],
        cwd=javascript,
        env=gateway,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.stderr, done.stdout, done.returncode) == ("", "walked\n", 0)
