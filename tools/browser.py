"""Runs a command that needs Chromium; where none is here, it installs Debian's first, if it may.

python tools/browser.py pytest tests/browser
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
"""What it may be called; tests/browser/chromium.py looks for the same."""
INSTALL = (
    ("apt-get", "update", "--quiet"),
    ("apt-get", "install", "--yes", "--quiet", "--no-install-recommends", "chromium", "fonts-dejavu-core"),
)


def is_here() -> bool:
    """Whether there is a browser."""
    return any(shutil.which(name) for name in NAMES)


def install() -> None:
    """Install it; raises SystemExit with what to do by hand where that cannot be done."""
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        raise SystemExit(
            "no Chromium is here: install it (Debian's package is `chromium`), and run this again"
        )
    for command in INSTALL:
        subprocess.run(command, check=True, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})


def main(command: list[str]) -> int:
    """Run the command, and answer its status."""
    if not is_here():
        install()
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
