"""Random authorization cases, in the form that `parse_case` reads.

The policies are made for the request: each part of a statement mostly covers it and sometimes just
misses it, so that cases are decided by details and not by everything being foreign.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

from deep.differential.caller import (
    Caller,
    Context,
    draw_caller,
    draw_not_principals,
    draw_principals,
    keys_of,
)
from deep.differential.conditions import (
    draw_condition,
    draw_context,
    wildcarded,
    wildcarded_arn,
    without_aliases,
)
from deep.differential.vocabulary import (
    ACCOUNTS,
    ACTIONS,
    ANY_RESOURCE_ACTIONS,
    HOME,
    KEY_ACTIONS,
    KEY_IDS,
    REGIONS,
    ROLE_ACTIONS,
    ROLES,
    TABLE_ACTIONS,
    TABLES,
    key_arn,
    table_arn,
)

Case = dict[str, Any]
FULL_ACCESS = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


def cases(seed: int) -> Iterator[Case]:
    """Cases without end; the same seed gives the same ones."""
    random = Random(seed)
    number = 0
    while True:
        number += 1
        yield draw_case(random, f"seed {seed} case {number}")


def draw_case(random: Random, name: str) -> Case:
    """One case; it expects nothing."""
    caller = draw_caller(random)
    action, resource = _draw_asked(random)
    context = {**draw_context(random), **keys_of(caller, random)}
    request = {"principal": caller.arn, "action": action, "resource": resource, "context": context}
    policies = _Author(random, caller, action, resource, context).policies()
    return {"name": name, "request": request, "policies": policies}


def _draw_asked(random: Random) -> tuple[str, str]:
    kind = random.choices(("key", "table", "role", "any"), (12, 7, 1, 1))[0]
    region, account = random.choice(REGIONS), random.choices(ACCOUNTS, (6, 1))[0]
    if kind == "key":
        return random.choice(KEY_ACTIONS), key_arn(region, account, random.choice(KEY_IDS))
    if kind == "table":
        return random.choice(TABLE_ACTIONS), table_arn(region, account, random.choice(TABLES))
    if kind == "role":
        return random.choice(ROLE_ACTIONS), f"arn:aws:iam::{account}:role/{random.choice(ROLES)}"
    return random.choice(ANY_RESOURCE_ACTIONS), "*"


class _Author:
    """Writes policies about one request."""

    def __init__(self, random: Random, caller: Caller, action: str, resource: str, context: Context) -> None:
        self.random, self.caller, self.action, self.resource = random, caller, action, resource
        self.context = context
        self.owner = resource.split(":")[4] if resource != "*" else caller.account

    def policies(self) -> dict[str, Any]:
        written: dict[str, Any] = {}
        if self.caller.kind != "root":
            count = self.random.choices((0, 1, 2, 3), (3, 6, 4, 1))[0]
            written["identity"] = [{"name": f"p{n}", "document": self.document()} for n in range(count)]
        if self._has_resource_policy():
            document = self.document(principals=True)
            written["resource"] = _trust_policy(document) if self.action.startswith("sts:") else document
        if self.caller.bounded and self._chance(0.25):
            written["permissions_boundary"] = self._limit()
        if self.caller.in_session and self._chance(0.3):
            written["session"] = [self._limit()]
        if self._chance(0.2):
            written["service_control"] = self._levels()
        if self.resource != "*" and self._chance(0.15):
            written["resource_control"] = self._levels(principals=True)
        if self._chance(0.08):
            written["vpc_endpoint"] = self.document(principals=True)
        return written

    def _has_resource_policy(self) -> bool:
        """A key and a role always have one, a table sometimes."""
        if self.resource == "*":
            return False
        return not self.action.startswith("dynamodb:") or self._chance(0.5)

    def _chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def _limit(self) -> dict[str, Any]:
        return FULL_ACCESS if self._chance(0.25) else self.document()

    def _levels(self, *, principals: bool = False) -> list[list[dict[str, Any]]]:
        full = _for_everybody(FULL_ACCESS) if principals else FULL_ACCESS
        return [
            [
                *([full] if self._chance(0.7) else []),
                *([self._guard(principals)] if self._chance(0.5) else []),
            ]
            or [full]
            for _ in range(self.random.choice((1, 2, 3)))
        ]

    def _guard(self, principals: bool) -> dict[str, Any]:
        """A control policy of an organization; one for resources speaks of everybody and only denies."""
        if not principals:
            return self.document()
        document = self.document(denies=0.9)
        return _for_everybody(document)

    def document(self, *, principals: bool = False, denies: float = 0.13) -> dict[str, Any]:
        version = "2012-10-17" if self._chance(0.93) else "2008-10-17"
        count = self.random.choices((1, 2, 3), (6, 4, 2))[0]
        statements = [
            self.statement(f"S{n}", version, principals=principals, denies=self._chance(denies))
            for n in range(count)
        ]
        if principals and self._chance(0.3):
            statements.append(self._delegation())
        return {"Version": version, "Statement": statements}

    def _delegation(self) -> dict[str, Any]:
        service = self.action.partition(":")[0]
        principal = {"AWS": f"arn:aws:iam::{self.owner}:root"}
        return {
            "Sid": "Delegates",
            "Effect": "Allow",
            "Principal": principal,
            "Action": f"{service}:*",
            "Resource": "*",
        }

    def statement(self, sid: str, version: str, *, principals: bool, denies: bool) -> dict[str, Any]:
        written: dict[str, Any] = {"Sid": sid, "Effect": "Deny" if denies else "Allow"}
        if principals and denies and self._chance(0.2):
            written["NotPrincipal"] = draw_not_principals(self.caller, self.random)
        elif principals:
            written["Principal"] = draw_principals(self.caller, self.random)
        written["NotAction" if self._chance(0.12) else "Action"] = self._actions()
        name = "NotResource" if not principals and self._chance(0.1) else "Resource"
        written[name] = self._resources(principals, variables=version == "2012-10-17")
        if self._chance(0.45):
            condition = draw_condition(self.context, self.random, variables=version == "2012-10-17")
            written["Condition"] = without_aliases(condition) if principals else condition
        return written

    def _actions(self) -> Any:
        return self._some([self._action() for _ in range(self.random.choice((1, 1, 2, 3)))])

    def _action(self) -> str:
        service, _, operation = self.action.partition(":")
        way = self.random.choices(("is", "service", "all", "wild", "cased", "other"), (5, 3, 2, 3, 1, 5))[0]
        written = {
            "is": self.action,
            "service": f"{service}:*",
            "all": "*",
            "wild": f"{service}:{wildcarded(operation, self.random)}",
            "cased": self.action.swapcase(),
            "other": self.random.choice(ACTIONS),
        }
        return written[way]

    def _resources(self, principals: bool, *, variables: bool) -> Any:
        if principals and self._chance(0.7):
            return "*"
        count = self.random.choice((1, 1, 2))
        return self._some([self._a_resource(variables=variables) for _ in range(count)])

    def _a_resource(self, *, variables: bool) -> str:
        way = self.random.choices(("is", "all", "wild", "other", "variable"), (4, 4, 5, 3, 1))[0]
        if way == "is":
            return self.resource
        if way == "all" or self.resource == "*":
            return "*"
        if way == "wild":
            return wildcarded_arn(self.resource, self.random)
        if way == "variable" and variables:
            return self._with_variable()
        return _draw_asked(self.random)[1]

    def _with_variable(self) -> str:
        parts = self.resource.split(":", 5)
        head = parts[5].partition("/")[0]
        variables = (
            "${aws:username}",
            "${aws:PrincipalTag/team}*",
            "${kms:RequestAlias, 'my'}*",
            "${*}",
            "${aws:absent}*",
        )
        return ":".join((*parts[:5], f"{head}/{self.random.choice(variables)}"))

    def _some(self, values: list[str]) -> Any:
        distinct = list(dict.fromkeys(values))
        return distinct[0] if len(distinct) == 1 and self._chance(0.7) else distinct


def _trust_policy(document: dict[str, Any]) -> dict[str, Any]:
    """The document as a role's trust policy, whose resource is the role and is not written."""
    return {**document, "Statement": [_without_resource(one) for one in document["Statement"]]}


def _without_resource(statement: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in statement.items() if name not in ("Resource", "NotResource")}


def _for_everybody(document: dict[str, Any]) -> dict[str, Any]:
    """The document as a resource control policy: its principal is everybody."""
    return {**document, "Statement": [{**one, "Principal": "*"} for one in document["Statement"]]}


__all__ = ["FULL_ACCESS", "HOME", "Case", "cases", "draw_case"]
