"""The failure that README.md shows is the one that its reader gets."""

from __future__ import annotations

import re

import pytest
from helpers.readme import block, page


def without_ids(text: str) -> str:
    """A text without what differs from run to run."""
    keys = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "KEY", text)
    return re.sub(r"-[0-9a-f]{8}-\w+-(\d+)", r"-RUN-\1", keys)


def test_a_failure_reads_as_shown(project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    example = page("docs/examples/test_your_own_policy.py")
    broken = example.replace('"Action": "kms:Decrypt"', '"Action": "kms:Encrypt"')
    assert broken != example
    project.makepyfile(broken)
    report = project.runpytest_subprocess().stdout.str()
    assert without_ids(block("implicitDeny")) in without_ids(report)
    [last] = re.findall(r"`(kms:Decrypt denied to reader: .*)`", page("README.md"))
    monkeypatch.setenv("COLUMNS", "200")
    project.runpytest_subprocess().stdout.fnmatch_lines([f"FAILED * - {last}"])
