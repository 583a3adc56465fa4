"""Whose moto answers a call: that of the account which owns what is named, not that of the caller.

moto looks in the caller's account alone, so that another account's table or key does not exist there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from pytest_kmslab.apicall import ApiCall
from pytest_kmslab.authz.arn import account_of

if TYPE_CHECKING:
    from pytest_kmslab.backends.moto_facts import MotoFacts

HEADER = "x-moto-account-id"
"""By which moto is told in which account a request is."""

Owners = Callable[["MotoFacts", ApiCall], Iterator[str]]
"""The account of each thing that a call names; empty for one named without an account."""


def headers(facts: MotoFacts, call: ApiCall) -> Mapping[str, str]:
    """What to send with an allowed call whose every table or key is of one other account.

    A call on things of several accounts stays with the caller's, where moto finds none of the others: by
    a bare name in it, another account's table would be read that nobody was asked about.
    """
    owners = OWNERS.get(call.service, {}).get(call.operation)
    if owners is None:
        return {}
    found = {owner or call.account for owner in owners(facts, call)}
    return {HEADER: found.pop()} if len(found) == 1 and call.account not in found else {}


def _named(*members: str) -> Owners:
    def owners(_facts: MotoFacts, call: ApiCall) -> Iterator[str]:
        return (account_of(str(call.params[member])) for member in members if member in call.params)

    return owners


def _batch(_facts: MotoFacts, call: ApiCall) -> Iterator[str]:
    return map(account_of, call.params["RequestItems"])


def _transaction(_facts: MotoFacts, call: ApiCall) -> Iterator[str]:
    for entry in call.params["TransactItems"]:
        for part in entry.values():
            yield account_of(part["TableName"])


def _ciphertext(facts: MotoFacts, call: ApiCall) -> Iterator[str]:
    key = facts.key_of_ciphertext(call.params["CiphertextBlob"], call.region, call.account)
    yield "" if key is None else key.account
    yield from _named("DestinationKeyId")(facts, call)


def _grant(facts: MotoFacts, call: ApiCall) -> Iterator[str]:
    yield from _named("KeyId")(facts, call)
    token = call.params.get("GrantToken")
    found = facts.grant_of_token(token, call.region, call.account) if token else None
    if found is not None:
        yield found[0].account


OWNERS: Mapping[str, Mapping[str, Owners]] = {
    "dynamodb": {
        **dict.fromkeys(
            (
                "DeleteItem",
                "DeleteTable",
                "DescribeTable",
                "GetItem",
                "PutItem",
                "Query",
                "Scan",
                "UpdateItem",
                "UpdateTable",
            ),
            _named("TableName"),
        ),
        **dict.fromkeys(("ListTagsOfResource", "TagResource", "UntagResource"), _named("ResourceArn")),
        **dict.fromkeys(("BatchGetItem", "BatchWriteItem"), _batch),
        **dict.fromkeys(("TransactGetItems", "TransactWriteItems"), _transaction),
    },
    "dynamodbstreams": {
        **dict.fromkeys(("DescribeStream", "GetShardIterator"), _named("StreamArn")),
        "GetRecords": _named("ShardIterator"),
    },
    "kms": {
        **dict.fromkeys(
            (
                "CreateGrant",
                "DescribeKey",
                "Encrypt",
                "GenerateDataKey",
                "GenerateDataKeyWithoutPlaintext",
                "GenerateMac",
                "GetKeyRotationStatus",
                "GetPublicKey",
                "ListGrants",
                "RevokeGrant",
                "Sign",
                "Verify",
                "VerifyMac",
            ),
            _named("KeyId"),
        ),
        **dict.fromkeys(("Decrypt", "ReEncrypt"), _ciphertext),
        "RetireGrant": _grant,
    },
}
"""The operations that may cross accounts."""
