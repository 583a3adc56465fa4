"""The account in which a call is done: that which owns what is named, where it is not the caller's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from pytest_kmslab.account.model import AccountReader, AccountView
from pytest_kmslab.authz.arn import account_of
from pytest_kmslab.calls.api_call import ApiCall

Account = AccountReader | AccountView
Owners = Callable[[Account, ApiCall], Iterator[str]]
"""The account of each thing that a call names; empty for one named without an account."""


def account_of_call(call: ApiCall, view: Account) -> str:
    """The one account that owns every table, key or role which a call names; otherwise the caller's.

    A call on things of several accounts stays with the caller's, where a backend finds none of the others:
    by a bare name in it, another account's table would be read that nobody was asked about.
    """
    owners = OWNERS.get(call.service, {}).get(call.operation)
    if owners is None:
        return call.account
    accounts = {owner or call.account for owner in owners(view, call)}
    return accounts.pop() if len(accounts) == 1 else call.account


def _named(*members: str) -> Owners:
    def owners(_account: Account, call: ApiCall) -> Iterator[str]:
        return (account_of(str(call.params[member])) for member in members if member in call.params)

    return owners


def _batch(_account: Account, call: ApiCall) -> Iterator[str]:
    return map(account_of, call.params["RequestItems"])


def _transaction(_account: Account, call: ApiCall) -> Iterator[str]:
    # Each action of a transaction names a table of its own.
    for entry in call.params["TransactItems"]:
        for part in entry.values():
            yield account_of(part["TableName"])


def _ciphertext(view: Account, call: ApiCall) -> Iterator[str]:
    # KMS finds the key by the ciphertext alone, also another account's.
    key = view.key_of_ciphertext(call.params["CiphertextBlob"], call.region, call.account)
    yield "" if key is None else key.account
    yield from _named("DestinationKeyId")(view, call)


def _grant(view: Account, call: ApiCall) -> Iterator[str]:
    yield from _named("KeyId")(view, call)
    # A token names neither key nor account.
    token = call.params.get("GrantToken")
    grant = view.grant_of_token(token, call.region, call.account) if token else None
    if grant is not None:
        yield grant[0].account


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
    "sts": {"AssumeRole": _named("RoleArn")},
}
"""The operations that may cross accounts."""
