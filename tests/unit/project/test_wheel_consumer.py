"""What is tested is the wheel, and a project elsewhere that installs it can use it."""

from __future__ import annotations

import os
import shutil
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest

import pytest_kmslab

EXAMPLES = sorted((Path(__file__).parents[3] / "docs" / "examples").glob("test_*.py"))
THREE_LINES = next(path for path in EXAMPLES if path.stem == "test_three_lines")

in_tox = pytest.mark.skipif("TESTED_KMSLAB_WHEEL" not in os.environ, reason="not run by tox from the wheel")


@in_tox
def test_the_package_is_imported_from_the_environment_of_tox() -> None:
    assert pytest_kmslab.__file__ is not None
    assert Path(os.environ["TESTED_KMSLAB_WHEEL"]) in Path(pytest_kmslab.__file__).parents


@in_tox
def test_the_wheel_holds_the_package_and_nothing_else() -> None:
    files = [file.as_posix() for file in distribution("pytest-kmslab").files or ()]
    folders = {file.split("/")[0] for file in files if not file.startswith("..")}
    assert "pytest_kmslab/py.typed" in files
    assert {folder for folder in folders if not folder.endswith(".dist-info")} == {"pytest_kmslab"}


@pytest.fixture
def elsewhere(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A project that is not ours, run in a process of its own; nothing of ours is in its environment."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "KMSLAB_"))]:
        monkeypatch.delenv(name)
    return pytester


@in_tox
def test_nothing_of_the_checkout_can_be_imported() -> None:
    """Else a file that the wheel lacks would be found there, and its absence not be noticed."""
    checkout = Path(__file__).parents[3]
    assert checkout not in [Path(folder or ".").resolve() for folder in sys.path]


@in_tox
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_the_examples_pass_in_a_project_elsewhere(elsewhere: pytest.Pytester, example: Path) -> None:
    for file in (example, *example.parent.glob("*.json")):
        shutil.copy(file, elsewhere.path)
    outcomes = elsewhere.runpytest_subprocess().parseoutcomes()
    assert outcomes.keys() == {"passed"}


@in_tox
def test_the_three_lines_fail_where_nobody_is_denied(elsewhere: pytest.Pytester) -> None:
    elsewhere.makepyfile(test_it=THREE_LINES.read_text(encoding="utf-8"))
    result = elsewhere.runpytest_subprocess("--kmslab-enforcement=off")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*`kms:Decrypt` was not denied: calls are not decided*"])


@in_tox
def test_an_outsider_is_denied_in_three_lines(elsewhere: pytest.Pytester) -> None:
    elsewhere.makepyfile("""
        def test_it(kmslab, encrypted_table, outsider):
            table = kmslab.as_(outsider).resource("dynamodb").Table(encrypted_table.name)
            table.get_item(Key={"id": "1"})
    """)
    result = elsewhere.runpytest_subprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*(AccessDeniedException)*GetItem*KMS key access denied error*kms:Decrypt*"])


@in_tox
def test_a_key_user_is_let_in_in_three_lines(elsewhere: pytest.Pytester) -> None:
    elsewhere.makepyfile("""
        def test_it(kmslab, encrypted_table, key_user):
            table = kmslab.as_(key_user).resource("dynamodb").Table(encrypted_table.name)
            assert "Item" not in table.get_item(Key={"id": "1"})
    """)
    elsewhere.runpytest_subprocess().assert_outcomes(passed=1)


@in_tox
def test_the_command_is_installed(elsewhere: pytest.Pytester) -> None:
    command = Path(sys.executable).with_name("kmslab")
    said = elsewhere.run(command, "--version")
    assert said.ret == 0
    said.stdout.fnmatch_lines([f"kmslab {distribution('pytest-kmslab').version}"])
