"""The checker behind `tox -e arch` fails where it should."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

CHECKER = Path(__file__).parents[3] / "tools" / "check_architecture.py"


def write(root: Path, path: str, text: str) -> None:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def check(root: Path) -> tuple[int, str]:
    done = subprocess.run([sys.executable, CHECKER, root], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout.strip()


def function_of(lines: int) -> str:
    return "def long():\n" + "    pass\n" * (lines - 1)


@pytest.mark.parametrize("folder", ["pytest_kmslab", "tests/unit", "tools", "docs/examples"])
def test_a_file_of_401_lines_is_refused(tmp_path: Path, folder: str) -> None:
    write(tmp_path, f"{folder}/a.py", "x = 1\n" * 401)
    assert check(tmp_path) == (1, f"{folder}/a.py:401: the file has 401 lines, 400 are allowed: split it")


def test_a_function_of_51_lines_is_refused(tmp_path: Path) -> None:
    write(
        tmp_path, "pytest_kmslab/a.py", "class A:\n    async " + function_of(51).replace("    ", "        ")
    )
    assert check(tmp_path) == (1, "pytest_kmslab/a.py:2: `long` has 51 lines, 50 are allowed: split it")


def test_400_lines_and_functions_of_50_are_accepted(tmp_path: Path) -> None:
    write(tmp_path, "pytest_kmslab/a.py", function_of(50) * 8)
    assert check(tmp_path) == (0, "1 files are within the limits")


@pytest.mark.parametrize(
    "statement",
    [
        "import boto3",
        "import json, boto3",
        "from boto3 import client",
        "import boto3.session as s",
        "def f():\n    import boto3",
        "from pytest_kmslab import account",
        "from pytest_kmslab.authzish import x",
        "from ..account import Key",
    ],
)
def test_the_engine_may_not_import_what_is_not_the_standard_library(tmp_path: Path, statement: str) -> None:
    write(tmp_path, "pytest_kmslab/authz/a.py", statement)
    code, said = check(tmp_path)
    assert code == 1
    assert "the engine may import the standard library only" in said


def test_the_engine_may_import_itself_its_errors_and_the_standard_library(tmp_path: Path) -> None:
    lines = (
        "import json\nfrom pytest_kmslab.authz.arn import Arn\nfrom pytest_kmslab.errors import ArnError\n"
    )
    write(tmp_path, "pytest_kmslab/authz/a.py", lines)
    assert check(tmp_path)[0] == 0


def test_the_rest_of_the_package_may_import_others(tmp_path: Path) -> None:
    write(tmp_path, "pytest_kmslab/backends/a.py", "import moto")
    assert check(tmp_path)[0] == 0


@pytest.mark.parametrize("folder", ["tests/e2e", "tests/compat", "docs/examples", "examples/app/tests"])
@pytest.mark.parametrize(
    "statement",
    [
        "from pytest_kmslab.lab.lab import Lab",
        "from pytest_kmslab.errors import PolicyError",
        "import pytest_kmslab.plugin",
        "def f():\n    from pytest_kmslab.session.run import RUN",
    ],
)
def test_what_a_user_would_write_imports_the_public_module_only(
    tmp_path: Path, folder: str, statement: str
) -> None:
    write(tmp_path, f"{folder}/test_a.py", statement)
    code, said = check(tmp_path)
    assert code == 1
    assert "only `pytest_kmslab` is public" in said


@pytest.mark.parametrize(
    "statement", ["from pytest_kmslab import Lab", "import pytest_kmslab", "import boto3"]
)
def test_what_a_user_would_write_imports_the_public_module(tmp_path: Path, statement: str) -> None:
    write(tmp_path, "tests/e2e/test_a.py", statement)
    assert check(tmp_path)[0] == 0


def test_a_root_without_code_is_not_called_clean(tmp_path: Path) -> None:
    code, said = check(tmp_path)
    assert code == 1
    assert "nothing was checked" in said
