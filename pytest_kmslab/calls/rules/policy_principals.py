"""The principals that a policy document names: as they were put, and as AWS shows them later."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from pytest_kmslab.authz.arn import ACCOUNT_ID, parts_of
from pytest_kmslab.authz.json_text import as_list


def principals_of(text: str) -> tuple[str, ...]:
    """Every AWS principal of a policy's statements, as written; none where the text is not a policy."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return ()
    return tuple(dict.fromkeys(_named(document)))


def is_unique_id(principal: str) -> bool:
    """Whether a principal is given by its unique id."""
    # AWS takes it as well, and shows it as the ARN.
    return principal.startswith(("AIDA", "AROA"))


def renamed(text: str, names: Mapping[str, str]) -> str:
    """A policy's text with other names for some of its principals."""
    # A condition's values stay as written: AWS stores only principals by their unique id.
    document = json.loads(text)
    for statement in _listed(document.get("Statement") if isinstance(document, dict) else None):
        for element in ("Principal", "NotPrincipal"):
            principal = statement.get(element) if isinstance(statement, dict) else None
            if isinstance(principal, dict) and "AWS" in principal:
                identifiers = principal["AWS"]
                principal["AWS"] = (
                    [names.get(str(identifier), identifier) for identifier in identifiers]
                    if isinstance(identifiers, list)
                    else names.get(str(identifiers), identifiers)
                )
    return json.dumps(document)


def _named(document: Any) -> Iterator[str]:
    for statement in _listed(document.get("Statement") if isinstance(document, dict) else None):
        for element in ("Principal", "NotPrincipal"):
            principal = statement.get(element) if isinstance(statement, dict) else None
            for identifier in _listed(principal.get("AWS") if isinstance(principal, dict) else None):
                if isinstance(identifier, str):
                    yield identifier


def _listed(value: Any) -> list[Any]:
    return [] if value is None else as_list(value)


class Directory(Protocol):
    """Looks up who there is in an account."""

    def has_arn(self, arn: str) -> bool:
        """Whether there is a user or role of that very ARN, path included."""

    def has_unique_id(self, identifier: str) -> bool:
        """Whether there is a user or role of that unique id."""

    def has_role(self, name: str, account: str, partition: str) -> bool:
        """Whether an account has a role of that name, whatever its path."""


def principal_exists(principal: str, directory: Directory) -> bool:
    """Whether a principal can be resolved.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    """
    if is_unique_id(principal):
        return directory.has_unique_id(principal)
    if principal == "*" or ACCOUNT_ID.fullmatch(principal):
        return True
    arn = parts_of(principal)
    kind, _, path = arn.resource.partition("/")
    if kind in ("user", "role"):
        return directory.has_arn(principal)
    if kind == "assumed-role":
        # Whoever makes the role later would get in by the name of its session.
        return directory.has_role(path.partition("/")[0], arn.account, arn.partition)
    # Accounts and federated users are taken to exist: nobody else's account tells.
    return kind in ("root", "federated-user")
