"""What is tested is the wheel, and a project elsewhere that installs it can use it."""

from __future__ import annotations

import os
from importlib.metadata import distribution
from pathlib import Path

import pytest

import pytest_kmslab

in_tox = pytest.mark.skipif("KMSLAB_TESTED_WHEEL" not in os.environ, reason="not run by tox from the wheel")


@in_tox
def test_the_package_is_imported_from_the_environment_of_tox() -> None:
    assert pytest_kmslab.__file__ is not None
    assert Path(os.environ["KMSLAB_TESTED_WHEEL"]) in Path(pytest_kmslab.__file__).parents


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
def test_three_lines_deny_the_outsider(elsewhere: pytest.Pytester) -> None:
    elsewhere.makepyfile("""
        def test_it(encrypted_table, outsider):
            table = outsider.resource("dynamodb").Table(encrypted_table.name)
            table.get_item(Key={"id": "1"})
    """)
    result = elsewhere.runpytest_subprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*AccessDeniedException*", "*kms:Decrypt*"])


@in_tox
def test_three_lines_let_the_key_user_in(elsewhere: pytest.Pytester) -> None:
    elsewhere.makepyfile("""
        def test_it(encrypted_table, key_user):
            table = key_user.resource("dynamodb").Table(encrypted_table.name)
            assert "Item" not in table.get_item(Key={"id": "1"})
    """)
    elsewhere.runpytest_subprocess().assert_outcomes(passed=1)
