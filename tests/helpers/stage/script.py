"""A case's text, in which made-up names give way to real ones as things are made."""

from __future__ import annotations

import json
from typing import Any

from helpers.account import ACCOUNT
from helpers.stage.reasons import HOME, named_principals
from helpers.stage.scene import Scene
from pytest_kmslab.cases.case import Case
from pytest_kmslab.cases.read import parse_case


class Script:
    """The case so far: `replace` swaps a name everywhere in it."""

    def __init__(self, text: str, home: str = ACCOUNT) -> None:
        self._text = text.replace(HOME, home).replace(_with_dashes(HOME), _with_dashes(home))
        self.case: Case = parse_case(self._text)

    def __contains__(self, name: str) -> bool:
        return name in self._text

    def replace(self, name: str, real: str) -> None:
        """Say the real name from now on."""
        self._text = self._text.replace(name, real)
        self.case = parse_case(self._text)

    @property
    def scene(self) -> Scene:
        """What the case says of the call."""
        return Scene(self.case)

    @property
    def action(self) -> str:
        return self.case.request.action

    @property
    def resource(self) -> str:
        return self.case.request.resource

    @property
    def through_dynamodb(self) -> bool:
        return bool(self.scene.values("kms:ViaService"))

    @property
    def grants(self) -> list[dict[str, Any]]:
        grants: list[dict[str, Any]] = json.loads(self._text).get("grants", [])
        return grants

    def policies(self, kind: str) -> list[tuple[str, str]]:
        """Name and text of the policies of a kind."""
        policies = json.loads(self._text)["policies"].get(kind, [])
        if kind == "identity":
            return [(policy["name"], _text(policy["document"])) for policy in policies]
        documents = policies if isinstance(policies, list) else [policies]
        return [(f"{kind}{number}", _text(document)) for number, document in enumerate(documents)]

    @property
    def caller(self) -> tuple[str, str]:
        """The kind of the caller (`user`, `root`, `assumed-role`, `federated-user`), and its name."""
        kind, _, name = self.case.request.principal.split(":", 5)[5].partition("/")
        return kind, name

    @property
    def entity(self) -> str:
        """The user or role whose identity-based policies count; empty for the root user."""
        kind, name = self.caller
        own = f"arn:aws:iam::{self.case.request.principal.split(':')[4]}"
        role = f"{own}:role/{name.partition('/')[0]}"
        entities = {
            "root": "",
            "federated-user": f"{own}:user/federator",
            "assumed-role": self.scene.value("aws:PrincipalArn", role),
        }
        return entities.get(kind, self.case.request.principal)

    @property
    def cast(self) -> set[str]:
        """The users and roles that have to be there: KMS refuses a key policy that names nobody."""
        names = named_principals(self.case) | {self.entity}
        if self.resource.startswith("arn:aws:iam::") and self.action != "iam:CreateUser":
            names.add(self.resource)
        return {arn for arn in names if arn.startswith("arn:aws:iam::") and not arn.endswith(":root")}

    def tags(self, of: str) -> dict[str, str]:
        """The tags that the request has by a condition key (`aws:PrincipalTag`, `aws:ResourceTag`)."""
        return {
            name.removeprefix(f"{of}/"): values[0]
            for name, values in self.case.request.context.pairs()
            if name.startswith(f"{of}/")
        }


def _with_dashes(account: str) -> str:
    return "-".join((account[:4], account[4:8], account[8:]))


def _text(document: Any) -> str:
    return document if isinstance(document, str) else json.dumps(document)
