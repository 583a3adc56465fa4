"""The smallest policies of whole applications: they are enough, and with a part taken out they are not.

The applications are the documented lab and the examples, each run as its users run it.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
STEP_5 = {
    *("kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"),
    *("kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"),
}
"""What the console's policy grants a key user."""


def written(project: pytest.Pytester, tests: str) -> dict[str, Path]:
    """The folders of everybody who acted in the tests of an application, whose proofs all hold."""
    run = project.runpytest_subprocess("-q", tests, "--kmslab-policies=least")
    assert run.ret == pytest.ExitCode.OK
    folders = {file.parent.name: file.parent for file in (project.path / "least").glob("*/proof.json")}
    for folder in folders.values():
        proof = json.loads((folder / "proof.json").read_text("utf-8"))
        needs_one = (folder / "identity-policy.json").exists()
        assert proof["holds"], folder
        assert proof["removals"] >= needs_one, folder
    return folders


def statements(file: Path) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads(file.read_text("utf-8"))["Statement"]
    return listed


def actions(statement: dict[str, Any]) -> list[str]:
    named = statement["Action"]
    return [named] if isinstance(named, str) else named


def without_its_last_action(file: Path) -> None:
    """Take an action out of a policy, with its statement where it is the only one of that."""
    document = json.loads(file.read_text("utf-8"))
    *others, _ = actions(document["Statement"][-1])
    document["Statement"][-1]["Action"] = others
    if not others:
        document["Statement"].pop()
    assert document["Statement"]
    file.write_text(json.dumps(document), "utf-8")


def test_in_the_documented_lab_a_key_user_needs_what_step_5_grants_and_no_more(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KMSLAB_SCOPE", "module")
    shutil.copytree(ROOT / "tests" / "e2e", project.path / "e2e")
    (project.path / "e2e" / "pytest.ini").touch()  # files with secrets are outside of the tests' own folder
    folders = written(project, "e2e")
    assert {"mounika", "kmslab-key-user", "kmslab-key-admin", "kmslab-admin"} <= set(folders)
    for name in ("mounika", "kmslab-key-user"):
        (of_key,) = folders[name].glob("key-policy-*.json")
        used = {action for one in statements(of_key) for action in actions(one)}
        assert used <= STEP_5 | {"kms:GenerateDataKey"}
        through = [one for one in statements(of_key) if "kms:ViaService" in str(one.get("Condition"))]
        assert [actions(one) for one in through] == [["kms:Decrypt"]] * len(through)


@pytest.mark.parametrize("example", ["lambda", "templates"])
def test_an_example_passes_under_its_smallest_policies_and_not_without_one_action(
    project: pytest.Pytester, example: str
) -> None:
    shutil.copytree(ROOT / "examples" / example, project.path, dirs_exist_ok=True)
    folders = written(project, "tests")
    own = [folder for name, folder in folders.items() if name != "kmslab-admin"]
    most = max(own, key=lambda folder: (folder / "identity-policy.json").stat().st_size)
    held = ("-q", "tests", f"--kmslab-check-policy={most}")
    assert project.runpytest_subprocess(*held).ret == pytest.ExitCode.OK
    without_its_last_action(most / "identity-policy.json")
    less = project.runpytest_subprocess(*held)
    assert less.ret == pytest.ExitCode.TESTS_FAILED
    less.stdout.fnmatch_lines(
        ["a test needs more: *", f"the policy is not enough: *held to it: {most.name})"]
    )
