"""A directory of policy files, read as the principals and resources of an access matrix.

keys/orders.json              the key policy of key `orders`
tables/orders.json            {"key": "orders", "policy": …}: its key, and its policy if it has one
identity/ana/reading.json     an identity-based policy of user `ana`; identity/team/ana/ is user `team/ana`
identity/ana/managed.json     ["AmazonDynamoDBReadOnlyAccess"]: the managed policies of AWS that `ana` has
identity/ana/boundary.json    the permissions boundary of user `ana`
roles/reader/reading.json     likewise of a role; roles/reader/trust.json is its trust policy
matrix.json                   if wanted {"account": …, "region": …, "actions": […]}
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pytest_kmslab.account.model import Key, Table
from pytest_kmslab.authz.arn import Arn, name_in, parse_arn, partition_of, resource_of
from pytest_kmslab.authz.json_text import read_json
from pytest_kmslab.authz.policy import parse_policy
from pytest_kmslab.calls.written_policies import PolicyKind, refusal
from pytest_kmslab.cases.policy_file import check_document, line_of, read_text
from pytest_kmslab.enforcement.matching import is_named
from pytest_kmslab.errors import PolicyError
from pytest_kmslab.matrix.access_matrix import ActionOnResource
from pytest_kmslab.matrix.cells import check_action
from pytest_kmslab.matrix.policy_files import files_below, is_misspelt, only_account, usual_region
from pytest_kmslab.matrix.subjects import (
    MatrixError,
    PolicyText,
    PrincipalSubject,
    ResourceSubject,
    caller_of,
)

FOLDERS = ("keys", "tables", "identity", "roles")
SETTINGS = "matrix.json"
BOUNDARY, TRUST, MANAGED = "boundary.json", "trust.json", "managed.json"
SPECIAL = (BOUNDARY, TRUST, MANAGED)
ACTIONS = (
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
    "dynamodb:DeleteItem",
    "dynamodb:Query",
    "dynamodb:Scan",
    "dynamodb:DeleteTable",
    "kms:Decrypt",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:DescribeKey",
    "kms:CreateGrant",
    "kms:PutKeyPolicy",
    "kms:ScheduleKeyDeletion",
    "sts:AssumeRole",
)
"""What is asked where nobody says what."""
_SERVICE_OF_KIND = {"kms": "kms", "dynamodb": "dynamodb", "iam": "sts"}
"""The services whose actions are asked about a resource, by the service of its ARN."""
_KINDS: dict[str, PolicyKind] = {
    "keys": "key",
    "tables": "table",
    "identity": "identity",
    "roles": "identity",
}
"""What the policies of a folder are; a role's trust policy is known by its file."""

Subject = TypeVar("Subject", PrincipalSubject, ResourceSubject)


@dataclass(frozen=True, slots=True)
class PolicyDirectory:
    """What a directory holds."""

    principals: tuple[PrincipalSubject, ...]
    """Its users and roles, and those that a key or table policy names."""
    resources: tuple[ResourceSubject, ...]
    """Its keys, tables and roles."""
    actions: tuple[str, ...]
    """What to ask."""
    notes: tuple[str, ...] = ()
    """What was left out, and why."""

    def questions(
        self, actions: Sequence[str] = (), resources: Iterable[str] = (), more: Sequence[str] = ()
    ) -> list[ActionOnResource]:
        """Every action with every resource that it is for; all of them, and `more`, where none are named.

        Raises MatrixError for what is named, or more, and is for none of the resources.
        """
        named = actions or tuple(more)
        for action in named:
            check_action(action)
        what = chosen(self.resources, resources, "resource")
        asked = [
            (action, resource)
            for action in actions or dict.fromkeys((*self.actions, *more))
            for resource in what
            if is_about(action, resource.arn)
        ]
        for action in named:
            if action not in {asked_action for asked_action, _ in asked}:
                raise MatrixError(f"`{action}` is about no key, table or role of the directory")
        return asked

    def chosen_principals(self, names: Iterable[str] = ()) -> tuple[PrincipalSubject, ...]:
        """Those that are named, all where none are; raises MatrixError for a name of nobody."""
        return chosen(self.principals, names, "principal")


def chosen(subjects: tuple[Subject, ...], names: Iterable[str], kind: str) -> tuple[Subject, ...]:
    """The subjects of these names, or ARNs; all where there is no name."""
    wanted = list(names)
    for name in wanted:
        if not any(is_named(subject.arn, name) for subject in subjects):
            listed = ", ".join(resource_of(subject.arn) for subject in subjects)
            raise MatrixError(f"there is no {kind} `{name}` in the directory, but {listed or 'none at all'}")
    return tuple(
        subject for subject in subjects if not wanted or any(is_named(subject.arn, name) for name in wanted)
    )


def _refused(file: Path, why: str, text: str) -> MatrixError:
    line = line_of(why, text)
    return MatrixError(f"file `{file}`{f', line {line}' if line else ''}: {why}")


def is_about(action: str, arn: str) -> bool:
    """Whether an action is asked about a resource of this kind."""
    return _SERVICE_OF_KIND.get(parse_arn(arn).service) == action.partition(":")[0].lower()


def read_directory(folder: Path, account: str = "", region: str = "") -> PolicyDirectory:
    """Read a directory; raises MatrixError that names the file, and its line.

    The account and Region are, in this order, those given, those of `matrix.json`, the one account that the
    files name, and `us-east-1`, or the Region of IAM of the one partition that the files name.
    """
    try:
        return _Reader(folder, account, region).read()
    except PolicyError as error:
        # Who asks for a matrix catches one error, whichever reader found the fault.
        raise MatrixError(str(error)) from None
    except OSError as error:
        raise MatrixError(f"`{error.filename}` cannot be read: {error.strerror}") from None


@dataclass(slots=True)
class _Reader:
    """Reads one directory."""

    folder: Path
    account: str
    region: str
    partition: str = "aws"
    notes: list[str] = field(default_factory=list)

    def read(self) -> PolicyDirectory:
        if not self.folder.is_dir():
            raise MatrixError(f"`{self.folder}` is not a directory")
        self._refuse_unknown()
        settings = self._settings()
        self.account = self.account or settings.get("account", "") or only_account(self.folder, self._texts())
        self.region = self.region or settings.get("region", "") or usual_region(self._texts())
        self.partition = partition_of(self.region).name
        keys = {file.stem: self._key(file) for file in self._once("keys")}
        tables = [self._table(file, keys) for file in self._once("tables")]
        users = list(self._principals("identity", "user"))
        roles = list(self._principals("roles", "role"))
        trusted = [self._trust(role) for role in roles]
        known = [*users, *roles]
        known += self._named_elsewhere([*keys.values(), *tables], known)
        resources = (*keys.values(), *tables, *(role for role in trusted if role is not None))
        for arn, count in Counter(resource.arn for resource in resources).items():
            if count > 1:
                raise MatrixError(f"`{self.folder}`: {count} files are of `{arn}`")
        actions = tuple(settings.get("actions", ACTIONS))
        return PolicyDirectory(tuple(known), resources, actions, tuple(self.notes))

    def _refuse_unknown(self) -> None:
        """A misspelt folder or file would silently have no effect."""
        for path in sorted(self.folder.iterdir()):
            # Folders of tools (`.git`, `__pycache__`) stand beside policies, and are no misspelt ones.
            if path.is_dir() and path.name[0] not in "._" and path.name not in FOLDERS:
                raise MatrixError(f"`{path}`: unknown folder: known are {', '.join(FOLDERS)}")
            if path.suffix == ".json" and path.is_file() and path.name != SETTINGS:
                raise MatrixError(
                    f"`{path}`: put policies into {', '.join(FOLDERS)}; beside them stands {SETTINGS}"
                )
        for kind in FOLDERS:
            for file in files_below(self.folder / kind):
                if is_misspelt(file.name, () if kind in ("keys", "tables") else SPECIAL):
                    raise MatrixError(f"`{file}`: write its name in small letters, and `.json` at its end")
                if file.suffix == ".json" and not file.is_file():
                    raise MatrixError(f"`{file}`: is no file that can be read")

    def _settings(self) -> Mapping[str, Any]:
        file = self.folder / SETTINGS
        if not file.is_file():
            return {}
        settings = self._object(file, ("account", "region", "actions"))
        actions = settings.get("actions", [])
        if not isinstance(actions, list) or not all(isinstance(action, str) for action in actions):
            raise MatrixError(f"file `{file}`: `actions` is not a list of actions")
        for name in ("account", "region"):
            # An account written as a number would have lost the noughts that it begins with.
            if not isinstance(settings.get(name, ""), str):
                raise MatrixError(f"file `{file}`: `{name}` is not text")
        return settings

    def _texts(self) -> list[str]:
        """The texts of all files."""
        return [read_text(f"file `{file}`", file) for kind in FOLDERS for file in self._files(kind)]

    def _files(self, kind: str) -> list[Path]:
        return [file for file in files_below(self.folder / kind) if file.suffix == ".json"]

    def _once(self, kind: str) -> list[Path]:
        """The files of a folder, of which no two have one name: they would be one resource."""
        files = self._files(kind)
        names = [file.stem for file in files]
        for file, name in zip(files, names, strict=True):
            if names.count(name) > 1:
                raise MatrixError(f"`{file}`: {self.folder / kind} has several files of this name")
        return files

    def _key(self, file: Path) -> ResourceSubject:
        name = file.stem
        arn, policy, _ = self._wrapped(file, ("arn", "policy"))
        arn = arn or str(Arn(self.partition, "kms", self.region, self.account, f"key/{name}"))
        if policy is None:
            # KMS gives a key that is made without one a default policy, which the file must say.
            raise MatrixError(f"file `{file}`: a key has a policy")
        parsed = self._parsed(file, arn, "kms", "key")
        key = Key(
            arn,
            name_in(arn),
            parsed.account,
            parsed.region,
            "Enabled",
            "SYMMETRIC_DEFAULT",
            "ENCRYPT_DECRYPT",
            "AWS_KMS",
            "CUSTOMER",
            aliases=(f"alias/{name}",),
        )
        # Of the key nothing but its policy is known: it is taken for the kind that DynamoDB can use.
        return ResourceSubject(arn, PolicyText(arn, policy), key=key, is_known=False)

    @staticmethod
    def _parsed(file: Path, text: str, service: str, kind: str) -> Arn:
        arn = parse_arn(text)
        begin, _, name = arn.resource.partition("/")
        if (arn.service, begin) != (service, kind) or not name or "/" in name:
            raise MatrixError(f"file `{file}`: `{text}` is no ARN of a {kind}")
        return arn

    def _table(self, file: Path, keys: Mapping[str, ResourceSubject]) -> ResourceSubject:
        arn, policy, key_name = self._wrapped(file, ("arn", "key", "policy"))
        arn = arn or str(Arn(self.partition, "dynamodb", self.region, self.account, f"table/{file.stem}"))
        if key_name and key_name not in keys:
            raise MatrixError(f"file `{file}`: there is no key `{key_name}` in {self.folder / 'keys'}")
        key, parsed = keys.get(key_name), self._parsed(file, arn, "dynamodb", "table")
        key_arn = None if key is None else key.arn
        table = Table(arn, name_in(arn), parsed.account, parsed.region, key_arn)
        text = None if policy is None else PolicyText(arn, policy)
        return ResourceSubject(arn, text, table=table, table_key=key)

    def _principals(self, folder: str, kind: str) -> Iterator[PrincipalSubject]:
        files: dict[str, list[Path]] = {}
        for file in self._files(folder):
            name = file.parent.relative_to(self.folder / folder).as_posix()
            if name == ".":
                raise MatrixError(f"file `{file}`: put it into a folder of the {kind}'s name")
            files.setdefault(name, []).append(file)
        for name, own in files.items():
            arn = str(Arn(self.partition, "iam", "", self.account, f"{kind}/{name}"))
            boundary = [self._policy(file) for file in own if file.name == BOUNDARY]
            # Of a user `trust.json` is a policy like any other, by whatever name.
            others = (BOUNDARY, MANAGED, *((TRUST,) if kind == "role" else ()))
            identity = [self._policy(file) for file in own if file.name not in others]
            identity += [policy for file in own if file.name == MANAGED for policy in self._managed(file)]
            limit = boundary[0] if boundary else None
            yield PrincipalSubject(arn, caller_of(arn), tuple(identity), limit)

    def _trust(self, role: PrincipalSubject) -> ResourceSubject | None:
        file = self.folder / "roles" / role.arn.partition(":role/")[2] / TRUST
        if not file.is_file():
            return None
        return ResourceSubject(role.arn, PolicyText(role.arn, self._policy(file).text))

    def _managed(self, file: Path) -> Iterator[PolicyText]:
        """The managed policies of AWS that a file names, from the copy of them that moto has."""
        from pytest_kmslab.backends.moto.managed_policies import document

        text = read_text(f"file `{file}`", file)
        names = read_json(text, lambda why: _refused(file, why, text))
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise MatrixError(f"file `{file}`: is not a list of names of AWS's managed policies")
        for name in names:
            record = document(name)
            if record is None:
                raise MatrixError(f"file `{file}`: there is no AWS managed policy of the name `{name}`")
            yield PolicyText(name, json.dumps(record["Document"]))

    def _policy(self, file: Path) -> PolicyText:
        text = read_text(f"file `{file}`", file)
        self._check(file, text, text)
        return PolicyText(file.stem, text)

    def _check(self, file: Path, policy: str, text: str) -> None:
        """Raise for a policy that cannot be read, or that AWS would not take: who has it has another."""
        check_document(f"file `{file}`", policy, text)
        folder = file.relative_to(self.folder).parts[0]
        kind = "trust" if folder == "roles" and file.name == TRUST else _KINDS[folder]
        if why := refusal(kind, policy, self.partition):
            raise _refused(file, why, text)

    def _wrapped(self, file: Path, members: Sequence[str]) -> tuple[str, str | None, str]:
        """ARN, policy and key of a file that holds a policy, or an object with these members."""
        text = read_text(f"file `{file}`", file)
        if "Statement" in self._object(file, (*members, "Version", "Id", "Statement")):
            return "", self._policy(file).text, ""
        content = self._object(file, members)
        for name in ("arn", "key"):
            if not isinstance(content.get(name, ""), str):
                raise MatrixError(f"file `{file}`: `{name}` is not text")
        if content.get("policy") is None:
            return content.get("arn", ""), None, content.get("key", "")
        # What is checked and decided is the policy without what is around it; lines are told of the file.
        policy = json.dumps(content["policy"])
        self._check(file, policy, text)
        return content.get("arn", ""), policy, content.get("key", "")

    def _object(self, file: Path, members: Sequence[str]) -> dict[str, Any]:
        text = read_text(f"file `{file}`", file)
        content = read_json(text, lambda why: _refused(file, why, text))
        if not isinstance(content, dict):
            raise _refused(file, "is not a JSON object", text)
        for name in content:
            if name not in members:
                raise _refused(file, f"unknown member `{name}`, known are {', '.join(members)}", text)
        return content

    def _named_elsewhere(
        self, resources: Iterable[ResourceSubject], known: Sequence[PrincipalSubject]
    ) -> list[PrincipalSubject]:
        """The users and roles that policies of resources name and that have no folder: they have no policy of
        their own. What one of another account may is for that account to say."""
        arns: set[str] = set()
        for resource in resources:
            statements = parse_policy(resource.policy.text).statements if resource.policy else ()
            for statement in statements:
                arns.update(statement.principals.names if statement.principals else ())
        # Only a whole ARN of a user or role says who asks: `*`, accounts and services are no rows.
        principals = {arn for arn in arns if re.fullmatch(r"arn:[a-z-]+:iam::\d{12}:(user|role)/.+", arn)}
        principals -= {principal.arn for principal in known}
        others = {arn for arn in principals if parse_arn(arn).account != self.account}
        self.notes += [
            f"`{arn}` is of another account, whose policies are not known: left out" for arn in sorted(others)
        ]
        return [PrincipalSubject(arn, caller_of(arn)) for arn in sorted(principals - others)]
