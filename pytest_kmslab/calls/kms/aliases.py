"""Alias operations need the action on the alias and on every key that the alias leaves or reaches.

https://docs.aws.amazon.com/kms/latest/developerguide/alias-access.html
The order (alias, old key, new key) is not documented.
"""

from __future__ import annotations

from pytest_kmslab.account.model import AccountView, Key
from pytest_kmslab.authz.condition import MOST_ALIASES
from pytest_kmslab.authz.policy import Policy
from pytest_kmslab.calls.api_call import ApiCall, Authorization, Authorizations, ServiceError
from pytest_kmslab.calls.kms.context import account_authorization, key_authorization
from pytest_kmslab.calls.kms.keys import (
    ALIAS,
    PENDING_DELETION_STATES,
    find_key,
    kms_arn,
    refuse_state,
    request_alias,
)
from pytest_kmslab.calls.kms.specs import is_symmetric

_PREFIX = (
    'Alias must start with the prefix "alias/". Please see '
    "https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html"
)
OF_AWS = f"{ALIAS}aws/"
"""What the aliases of AWS managed keys begin with, and no other's may.
https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html"""

_NO_KEY = "Aliases must refer to keys. Not aliases"

_NO_POLICY = Policy(version="2012-10-17", id="", statements=())


def create_alias(call: ApiCall, view: AccountView) -> Authorizations:
    """The alias, then the key that it will name."""
    alias = _alias_name(call)
    key = _target(call, view)
    yield alias_authorization(call, alias)
    yield key_authorization(call, "kms:CreateAlias", key, {})
    _refuse_reserved(alias)
    refuse_state(key, PENDING_DELETION_STATES)
    _refuse_many(key)


def update_alias(call: ApiCall, view: AccountView) -> Authorizations:
    """The alias, the key that it names, then the key that it will name."""
    alias = _alias_name(call)
    old = find_key(call, view, alias, "kms:UpdateAlias")
    new = _target(call, view)
    yield alias_authorization(call, alias)
    yield key_authorization(call, "kms:UpdateAlias", old, {})
    yield key_authorization(call, "kms:UpdateAlias", new, {})
    _refuse_reserved(alias)
    refuse_state(new, PENDING_DELETION_STATES)
    if old.arn != new.arn:
        # Raise ValidationException for a key of another type or usage: code and text are inferred.
        if (is_symmetric(old), old.usage) != (is_symmetric(new), new.usage):
            text = "The current and the new KMS key must be of the same type and have the same key usage."
            raise ServiceError("ValidationException", text)
        _refuse_many(new)


def delete_alias(call: ApiCall, view: AccountView) -> Authorizations:
    """The alias, then the key that it names."""
    alias = _alias_name(call)
    key = find_key(call, view, alias, "kms:DeleteAlias")
    yield alias_authorization(call, alias)
    yield key_authorization(call, "kms:DeleteAlias", key, {})


def _target(call: ApiCall, view: AccountView) -> Key:
    key_id = call.params["TargetKeyId"]
    if request_alias(key_id):
        raise ServiceError("ValidationException", _NO_KEY)
    return find_key(call, view, key_id, f"kms:{call.operation}")


def _refuse_many(key: Key) -> None:
    # Raise LimitExceededException for an alias more than a key can have; the text is inferred.
    if len(key.aliases) >= MOST_ALIASES:
        raise ServiceError("LimitExceededException", f"{key.arn} has {MOST_ALIASES} aliases already.")


def _alias_name(call: ApiCall) -> str:
    name: str = call.params["AliasName"]
    if not name.startswith(ALIAS):
        raise ServiceError("ValidationException", _PREFIX)
    if name == ALIAS:
        # AWS documents that a name follows, and the code; the text is ours.
        raise ServiceError("InvalidAliasNameException", f"`{name}` names no alias (said by pytest-kmslab)")
    return name


def _refuse_reserved(alias: str) -> None:
    # Raise NotAuthorizedException (which has no message) for an alias of AWS's own.
    if alias.startswith(OF_AWS):
        raise ServiceError("NotAuthorizedException", "")


def alias_authorization(call: ApiCall, alias: str) -> Authorization:
    """The authorization on the alias itself."""
    authorization = account_authorization(
        call, f"kms:{call.operation}", {"kms:CallerAccount": call.account}, kms_arn(call, alias)
    )
    # An alias has no policy of its own, whatever hangs on the key that it names.
    return authorization._replace(resource_policy=_NO_POLICY)
