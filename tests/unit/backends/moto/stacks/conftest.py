from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import boto3
import pytest
from helpers.account import Account

from pytest_kmslab.backends.protocol import Credentials

# moto's CloudFormation needs what the extra `cloudformation` brings.
collect_ignore_glob = (
    [] if find_spec("cfnlint") and find_spec("openapi_spec_validator") else ["test_[!m]*.py"]
)

TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Stack:
    """What became of a stack: its status, its outputs, and why its resources failed."""

    status: str
    outputs: dict[str, str]
    failures: dict[str, str]
    stack_id: str


class Stacks:
    """CloudFormation as somebody uses it: the account's root user, or another session."""

    def __init__(self, account: Account, who: boto3.Session | None = None) -> None:
        self.account = account
        self.client = (who or account.root).client("cloudformation")

    def deploy(self, template: Any, name: str = "s", **more: Any) -> Stack:
        self.client.create_stack(StackName=name, TemplateBody=_text(template), **more)
        return self.look(name)

    def update(self, template: Any, name: str = "s", **more: Any) -> Stack:
        self.client.update_stack(StackName=name, TemplateBody=_text(template), **more)
        return self.look(name)

    def delete(self, name: str = "s", **more: Any) -> Stack:
        stack_id = self.look(name).stack_id
        self.client.delete_stack(StackName=name, **more)
        return self.look(stack_id)

    def look(self, name: str) -> Stack:
        stack = self.client.describe_stacks(StackName=name)["Stacks"][0]
        events = self.client.describe_stack_events(StackName=stack["StackId"])["StackEvents"]
        failed = {
            one["LogicalResourceId"]: one["ResourceStatusReason"]
            for one in events
            if one["ResourceStatus"].endswith("_FAILED") and "ResourceStatusReason" in one
        }
        outputs = {one["OutputKey"]: one["OutputValue"] for one in stack.get("Outputs", ())}
        return Stack(stack["StackStatus"], outputs, failed, stack["StackId"])

    def one(self, kind: str, properties: Any, name: str = "s", **attributes: Any) -> Stack:
        """A stack of one resource, `One`, whose physical id is the output `Id`."""
        return self.deploy(one(kind, properties, **attributes), name)

    def user(self, outputs: dict[str, str], name: str) -> boto3.Session:
        """The user whose access key the outputs tell."""
        return self.account.session(Credentials(outputs[f"{name}Id"], outputs[f"{name}Secret"]))


def one(kind: str, properties: Any, **attributes: Any) -> dict[str, Any]:
    return {
        "Resources": {"One": {"Type": kind, "Properties": properties, **attributes}},
        "Outputs": {"Id": {"Value": {"Ref": "One"}}},
    }


def template(name: str) -> str:
    return (TEMPLATES / name).read_text()


def _text(given: Any) -> str:
    return given if isinstance(given, str) else json.dumps(given)


@pytest.fixture
def stacks(account: Account) -> Stacks:
    return Stacks(account)
