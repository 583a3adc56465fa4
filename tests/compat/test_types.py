"""The public API is typed: mypy --strict and pyright have nothing to say of a project that uses it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CONSUMER = Path(__file__).parent / "typed" / "consumer.py"
EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


def check(here: Path, *command: str) -> str:
    """What a checker has to say of a project outside the checkout; empty where it is content."""
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=here, capture_output=True, text=True, check=False
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


def mypy(here: Path) -> str:
    return check(here, "mypy", "--strict", ".")


def test_mypy_is_content(tmp_path: Path) -> None:
    shutil.copy(CONSUMER, tmp_path)
    assert mypy(tmp_path) == ""


def test_mypy_sees_a_wrong_type(tmp_path: Path) -> None:
    text = "from pytest_kmslab import Lab\n\ndef use(lab: Lab) -> int:\n    return lab.create_key()\n"
    (tmp_path / "wrong.py").write_text(text)
    assert 'Incompatible return value type (got "KmsKey", expected "int")' in mypy(tmp_path)


@pytest.mark.timeout(300)
def test_pyright_is_content(tmp_path: Path) -> None:
    for file in (CONSUMER, *EXAMPLES.glob("*.py")):
        shutil.copy(file, tmp_path)
    assert check(tmp_path, "pyright", "--pythonpath", sys.executable, ".") == ""
