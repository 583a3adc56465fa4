"""The public API is typed: mypy --strict and pyright have nothing to say of a project that uses it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

CONSUMER = Path(__file__).parent / "typed" / "consumer.py"
ROOT = Path(__file__).parents[2]


def check(*command: str) -> str:
    """What a checker has to say; empty where it is content."""
    done = subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_mypy_is_content(tmp_path: Path) -> None:
    assert check("mypy", "--strict", "--config-file=", f"--cache-dir={tmp_path}", str(CONSUMER)) == ""


def test_mypy_sees_a_wrong_argument(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.py"
    wrong.write_text(
        "from pytest_kmslab import Lab\n\ndef use(lab: Lab) -> int:\n    return lab.create_key()\n"
    )
    said = check("mypy", "--strict", f"--cache-dir={tmp_path}", str(wrong))
    assert 'Incompatible return value type (got "KmsKey", expected "int")' in said


@pytest.mark.timeout(300)
def test_pyright_is_content() -> None:
    assert check("pyright", str(CONSUMER), str(ROOT / "docs" / "examples")) == ""
