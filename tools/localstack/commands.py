"""Commands that install something."""

from __future__ import annotations

import subprocess
from pathlib import Path

from emulator import SetupError

MOST_OF_AN_ERROR = 2000


def run(command: list[str], folder: Path | None = None) -> None:
    """Run one to its end; raises SetupError with the end of what it said where it fails."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip()[-MOST_OF_AN_ERROR:]
        raise SetupError(f"`{' '.join(command[:4])} …` failed: {said}")
