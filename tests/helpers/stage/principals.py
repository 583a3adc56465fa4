"""IAM principals, made through boto3 in the account that their ARN names."""

from __future__ import annotations

import json
from typing import Any

from helpers.account import ACCOUNT, EVERYTHING, allow
from helpers.other_account import DOORS, administrator_role
from helpers.stage.clients import Clients
from pytest_kmslab.backends.protocol import Credentials

_STARTER = "starter"
"""An administrator that assumes roles: the root user may not."""
_INLINE = 1_000
"""Characters of one of several inline policies, which together have at most 2,048."""


class People:
    """The users, roles and sessions of one set-up."""

    def __init__(self, clients: Clients, home: str = ACCOUNT) -> None:
        self._clients = clients
        self._masters = {home: clients.owner}
        self._starter: dict[str, Credentials] = {}
        self._made: set[str] = set()

    def make(self, arn: str, *, trust: str = "", tags: dict[str, str] | None = None) -> None:
        """Make a user or role of this very ARN, if it is not there yet."""
        if arn not in self._made:
            kind, path, name = _parts(arn)
            params: dict[str, Any] = {f"{kind.title()}Name": name, "Path": path}
            if tags:
                params["Tags"] = [{"Key": key, "Value": value} for key, value in tags.items()]
            if kind == "role":
                params["AssumeRolePolicyDocument"] = trust or json.dumps(_trust(_account(arn)))
            getattr(self.iam(_account(arn)), f"create_{kind}")(**params)
            self._made.add(arn)

    def unique_id(self, arn: str) -> str:
        """What `aws:userid` is for a user. moto's own answers lack the prefix that AWS's have."""
        kind, _, name = _parts(arn)
        answer = getattr(self.iam(_account(arn)), f"get_{kind}")(**{f"{kind.title()}Name": name})
        unique_id = str(answer[kind.title()][f"{kind.title()}Id"]).upper()
        return unique_id if unique_id.startswith("AIDA") else f"AIDA{unique_id}"

    def give(self, arn: str, name: str, document: str) -> None:
        """An inline policy, or a managed one where it is too long for that."""
        kind, _, entity = _parts(arn)
        iam, who = self.iam(_account(arn)), {f"{kind.title()}Name": entity}
        if len(document) > _INLINE:
            made = iam.create_policy(PolicyName=name, Path=f"/{entity}/", PolicyDocument=document)
            getattr(iam, f"attach_{kind}_policy")(**who, PolicyArn=made["Policy"]["Arn"])
        else:
            getattr(iam, f"put_{kind}_policy")(**who, PolicyName=name, PolicyDocument=document)

    def take(self, user: str, name: str) -> None:
        """Delete an inline policy of a user."""
        self.iam(_account(user)).delete_user_policy(UserName=_parts(user)[2], PolicyName=name)

    def bound(self, arn: str, document: str) -> None:
        """A permissions boundary."""
        kind, _, entity = _parts(arn)
        boundary = self.policy(_account(arn), "boundary", document)
        put = getattr(self.iam(_account(arn)), f"put_{kind}_permissions_boundary")
        put(**{f"{kind.title()}Name": entity, "PermissionsBoundary": boundary})

    def policy(self, account: str, name: str, document: str) -> str:
        """A managed policy; its ARN."""
        made = self.iam(account).create_policy(PolicyName=name, PolicyDocument=document)
        return str(made["Policy"]["Arn"])

    def user(self, arn: str) -> Credentials:
        """A user's long-term credentials."""
        key = self.iam(_account(arn)).create_access_key(UserName=_parts(arn)[2])["AccessKey"]
        return Credentials(key["AccessKeyId"], key["SecretAccessKey"])

    def role(self, arn: str, name: str, documents: list[str]) -> Credentials:
        """A session of a role, with session policies."""
        passed = self._passed(_account(arn), documents)
        sts = self._clients.of(self._starter_of(_account(arn)), "sts")
        return _session(sts.assume_role(RoleArn=arn, RoleSessionName=name, **passed))

    def federated(self, user: str, name: str, documents: list[str]) -> Credentials:
        """A federated user of a user; the right to make one is given for the time of the call only."""
        self.give(user, "federate", json.dumps(allow("sts:GetFederationToken")))
        passed = self._passed(_account(user), documents)
        sts = self._clients.of(self.user(user), "sts")
        answer = sts.get_federation_token(Name=name, **passed)
        self.take(user, "federate")
        return _session(answer)

    def iam(self, account: str) -> Any:
        """A client of IAM in an account."""
        if account not in self._masters:
            self._masters[account] = self.master(account)
        return self._clients.of(self._masters[account], "iam")

    def master(self, account: str) -> Credentials:
        """Who may do everything in another account: an administrator role that is put into moto by hand,
        as there is no call in process that opens an account of a given number."""
        role_arn = administrator_role(account)
        sts = self._clients.of(self._starter_of(ACCOUNT), "sts")
        return _session(sts.assume_role(RoleArn=role_arn, RoleSessionName=DOORS))

    def _starter_of(self, account: str) -> Credentials:
        if account not in self._starter:
            arn = f"arn:aws:iam::{account}:user/{_STARTER}"
            self.make(arn)
            self.give(arn, "all", json.dumps(EVERYTHING))
            self._starter[account] = self.user(arn)
        return self._starter[account]

    def _passed(self, account: str, documents: list[str]) -> dict[str, Any]:
        arns = [
            {"arn": self.policy(account, f"session{number}", text)}
            for number, text in enumerate(documents[1:])
        ]
        return {**({"Policy": documents[0]} if documents else {}), **({"PolicyArns": arns} if arns else {})}


def _session(answer: Any) -> Credentials:
    credentials = answer["Credentials"]
    return Credentials(
        credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["SessionToken"]
    )


def _trust(account: str) -> dict[str, Any]:
    principal = {"AWS": f"arn:aws:iam::{account}:root"}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def _account(arn: str) -> str:
    return arn.split(":")[4]


def _parts(arn: str) -> tuple[str, str, str]:
    """`user` or `role`, the path, the name."""
    kind, _, rest = arn.split(":", 5)[5].partition("/")
    path, _, name = rest.rpartition("/")
    return kind, f"/{path}/" if path else "/", name
