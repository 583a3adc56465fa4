"""A report of a run whose facts are made up, in a real browser."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser.chromium import Page, browser
from browser.made_up import report


@pytest.fixture(scope="session")
def _browser() -> Iterator[Page]:
    with browser() as page:
        yield page


@pytest.fixture
def page(_browser: Page) -> Iterator[Page]:
    """A page that writes no error to its console and asks no network for anything."""
    _browser.errors.clear()
    _browser.requested.clear()
    _browser.media()
    yield _browser
    assert _browser.errors == []
    assert {url.partition(":")[0] for url in _browser.requested} <= {"file", "data", "about"}


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small report in which everything occurs."""
    return report(tmp_path_factory.mktemp("report") / "report.html", tests=12)


@pytest.fixture(scope="session")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """5,000 tests and 100,000 decisions."""
    return report(tmp_path_factory.mktemp("large") / "report.html", tests=5_000)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Where pictures of the page go: KMSLAB_PICTURES is not one of the plugin's options, so not its name."""
    folder = Path(os.environ.get("REPORT_PICTURES", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    return folder
