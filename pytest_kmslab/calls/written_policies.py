"""Policies that stand in a file and nobody has put yet: what AWS would say of them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, Literal, cast

from pytest_kmslab.account.model import AccountView
from pytest_kmslab.authz.json_text import as_list
from pytest_kmslab.calls.api_call import ServiceError
from pytest_kmslab.calls.dynamodb.table_policy.document import read_table_policy
from pytest_kmslab.calls.kms.policies import read_key_policy
from pytest_kmslab.calls.rules.identity_documents import check_identity_document
from pytest_kmslab.calls.rules.trust_documents import check_trust_document

PolicyKind = Literal["identity", "key", "stream", "table", "trust"]

_TABLE = "arn:{}:dynamodb:us-east-1:123456789012:table/any"

_PARTITION = re.compile(r"arn:(aws[a-z-]*):")


class _Everybody:
    """Stands for an account of which nothing is known: whoever is named may be there."""

    def principal_exists(self, _principal: str) -> bool:
        return True


_SOMEWHERE = cast(AccountView, _Everybody())
_CHECKS: dict[PolicyKind, Callable[[str, str], object]] = {
    "identity": check_identity_document,
    "key": lambda text, partition: read_key_policy(text, _SOMEWHERE, partition),
    "trust": lambda text, partition: check_trust_document(text, _SOMEWHERE, partition),
    "table": lambda text, partition: read_table_policy(text, _TABLE.format(partition), _SOMEWHERE),
    "stream": lambda text, partition: read_table_policy(
        text, f"{_TABLE.format(partition)}/stream/2026-11-30T00:00:00.000", _SOMEWHERE
    ),
}


def refusal(kind: PolicyKind, text: str, partition: str = "") -> str:
    """Why AWS would not take a policy that can be read, with the statement that is wrong; else empty.

    Whether the principals that it names are there is not asked. Its partition is that of the first ARN in it,
    where none is named.
    """
    match = _PARTITION.search(text)
    partition = partition or (match[1] if match else "aws")
    why = _refusal(kind, text, partition)
    if not why:
        return ""
    document: dict[str, Any] = json.loads(text)
    # The service says what is wrong, not where: each statement is tried by itself.
    for number, statement in enumerate(as_list(document["Statement"])):
        if _refusal(kind, json.dumps({**document, "Statement": [statement]}), partition) == why:
            return f"AWS refuses Statement[{number}]: {why}"
    return f"AWS refuses it: {why}"


def _refusal(kind: PolicyKind, text: str, partition: str) -> str:
    try:
        _CHECKS[kind](text, partition)
    except ServiceError as error:
        return error.message
    return ""
