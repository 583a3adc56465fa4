"""Takes the picture of the report that README.md and docs/evidence.md show, anew; needs Chromium.

PYTHONPATH=tests python -m browser.picture [--folder FOLDER]

With --folder, the whole page is pictured there too, at 1,280 and 400 pixels, light and dark.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from browser.chromium import Page, browser

ROOT = Path(__file__).resolve().parents[2]
PICTURE = ROOT / "docs" / "images" / "report.png"
WIDTH, HEIGHT = 1180, 1330
"""Of the picture in the pages: the beginning of the report, down to what is left."""


def main(folder: Path | None) -> None:
    """Run the documented lab, and picture its report."""
    with TemporaryDirectory() as work, browser() as page:
        report = Path(work) / "report.html"
        command = (sys.executable, "-m", "pytest", "-q", "tests/e2e", f"--kmslab-report={report}")
        subprocess.run(command, cwd=ROOT, check=True)
        page.media()
        page.show(report, WIDTH, HEIGHT)
        page.picture(PICTURE)
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            whole(page, report, folder)


def whole(page: Page, report: Path, folder: Path) -> None:
    """Picture the whole page in both widths and both colour schemes."""
    for width in (1280, 400):
        for scheme in ("light", "dark"):
            page.media(scheme=scheme)
            page.show(report, width)
            page.picture(folder / f"report-{width}-{scheme}.png", whole=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path)
    main(parser.parse_args().folder)
