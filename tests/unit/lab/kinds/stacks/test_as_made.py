"""What an emulator drops of a template is seen, and what it makes otherwise than a function says is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from helpers.templates import needs_cloudformation

from pytest_kmslab.errors import ResourceError
from pytest_kmslab.lab.kinds.stacks.as_made import differences, fits
from pytest_kmslab.lab.kinds.stacks.members import members_of
from pytest_kmslab.lab.lab import Lab
from pytest_kmslab.lab.templates.template import read_template

TEMPLATES = Path(__file__).parents[3] / "backends" / "moto" / "stacks" / "templates"
EXAMPLES = Path(__file__).parents[5] / "examples" / "templates"
ROOT = {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:root"}
STATEMENT: dict[str, Any] = {
    "Effect": "Allow",
    "Principal": {"AWS": ROOT},
    "Action": "kms:*",
    "Resource": "*",
}
POLICY = {"Version": "2012-10-17", "Statement": [STATEMENT]}
MADE = {"Version": "2012-10-17", "Statement": [{**STATEMENT, "Principal": {"AWS": "arn:aws:iam::1:root"}}]}


def with_statement(**more: Any) -> dict[str, Any]:
    return {**MADE, "Statement": [{**MADE["Statement"][0], **more}]}  # type: ignore[index]


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (MADE, True),
        (with_statement(Action=["kms:*"]), True),
        (with_statement(Effect="Deny"), False),
        (with_statement(Action="kms:Decrypt"), False),
        ({**MADE, "Statement": []}, False),
        ({**MADE, "Statement": [*MADE["Statement"], STATEMENT]}, False),
        (None, False),
    ],
)
def test_a_policy_fits_what_was_made_of_it(made: Any, expected: bool) -> None:
    assert fits(POLICY, made) is expected


def test_a_condition_that_was_dropped_does_not_fit() -> None:
    conditioned = {**STATEMENT, "Condition": {"Bool": {"aws:SecureTransport": True}}}
    assert not fits({**POLICY, "Statement": [conditioned]}, MADE)
    kept = with_statement(Condition={"Bool": {"aws:SecureTransport": "true"}})
    assert fits({**POLICY, "Statement": [conditioned]}, kept)


FILES = [
    *(TEMPLATES / name for name in ("cdk_orders.json", "sam_expanded.json", "hand_written.yaml")),
    EXAMPLES / "cdk.out" / "OrdersStack.template.json",
]


@needs_cloudformation
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_what_moto_makes_is_what_the_template_says(lab: Lab, file: Path) -> None:
    stack = lab.deploy(file)
    client = lab.as_(lab.admin).client
    members = members_of(client("cloudformation"), stack.arn)
    assert list(differences(client, read_template(file).resources, members)) == []


@needs_cloudformation
def test_what_an_emulator_drops_fails_the_stack(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    template = json.loads((EXAMPLES / "cdk.out" / "OrdersStack.template.json").read_text())
    monkeypatch.setattr(type(lab._context.backend), "makes_stacks_alone", True)
    lab.deploy(template)
    before = lab.inventory()
    monkeypatch.setattr("pytest_kmslab.lab.kinds.stacks.as_made.fits", lambda *_: False)
    with pytest.raises(ResourceError, match=r"`Key961B73FD` \(AWS::KMS::Key\) is without its `KeyPolicy`"):
        lab.deploy({"Resources": {"Key961B73FD": template["Resources"]["Key961B73FD"]}})
    assert lab.inventory() == before
