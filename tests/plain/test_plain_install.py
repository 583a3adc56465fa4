"""What a plain install does, and what it says of the extras that it lacks; run by `tox -e plain`."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


def kmslab(*arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    """Run the command."""
    command = [sys.executable, "-m", "pytest_kmslab.cli.main", *arguments]
    return subprocess.run(command, input=given, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    "module", ["cheroot", "flask", "flask_cors", "rich", "localstack_client", "openapi_spec_validator"]
)
def test_nothing_of_the_extras_is_here(module: str) -> None:
    assert find_spec(module) is None


@pytest.mark.parametrize("example", ["test_three_lines", "test_your_own_policy", "test_a_role"])
def test_a_lab_test_passes(pytester: pytest.Pytester, example: str) -> None:
    pytester.makepyfile(**{example: (EXAMPLES / f"{example}.py").read_text(encoding="utf-8")})
    assert pytester.runpytest_subprocess().parseoutcomes().keys() == {"passed"}


def test_decide_answers() -> None:
    done = kmslab("decide", str(EXAMPLES / "case.json"))
    assert done.returncode == 0, done.stderr
    assert '"decision": "' in done.stdout


def test_serve_says_what_to_install() -> None:
    done = kmslab("serve", "--port", "0")
    assert done.returncode == 2
    assert 'run `python -m pip install "pytest-kmslab[gateway]"`' in done.stderr


def test_the_endpoint_fixture_says_what_to_install(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_it(kmslab_endpoint): pass")
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(['*run `python -m pip install "pytest-kmslab[[]gateway[]]"`*'])
