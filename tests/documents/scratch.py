"""Where the commands of the documents run: a folder with what they name, and nothing of a user's own."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sybil import Example

ROOT = Path(__file__).parents[2]
NAMED = ("docs", "examples", "benchmarks", "tests/e2e", "tests/corpus")


@pytest.fixture(scope="session")
def documents_scratch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder that looks like the checkout and may be written into; it is the working directory."""
    folder = tmp_path_factory.mktemp("documents")
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    (folder / "tests").mkdir()
    for name in NAMED:
        (folder / name).symlink_to(ROOT / name)
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("AWS_", "KMSLAB_", "PYTEST_"))]:
            patch.delenv(name)
        patch.chdir(folder)
        yield folder


@contextmanager
def project_of(example: Example) -> Iterator[None]:
    """The working directory for a block: in the README of an example project, a copy of that project."""
    page, here = Path(example.path), Path.cwd()
    if page.parent.parent != ROOT / "examples":
        yield
        return
    copy = here / "copies" / page.parent.name
    shutil.copytree(page.parent, copy, dirs_exist_ok=True)
    os.chdir(copy)
    try:
        yield
    finally:
        os.chdir(here)
