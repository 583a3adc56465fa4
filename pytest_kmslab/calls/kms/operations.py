"""What each operation of KMS asks for."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_kmslab.account.model import AccountView
from pytest_kmslab.authz.arn import account_of
from pytest_kmslab.calls.api_call import ApiCall, AuthorizationPlan, Authorizations, ServiceError
from pytest_kmslab.calls.kms.aliases import create_alias, delete_alias, update_alias
from pytest_kmslab.calls.kms.ciphertext import decrypt, re_encrypt
from pytest_kmslab.calls.kms.context import account_authorization, key_authorization
from pytest_kmslab.calls.kms.creation import (
    create_custom_key_store,
    create_key,
    put_key_policy,
    replicate_key,
    update_primary_region,
)
from pytest_kmslab.calls.kms.granting import create_grant, retire_grant
from pytest_kmslab.calls.kms.key_operations import ACCOUNT_OPERATIONS, KEY_OPERATIONS, account_plan, key_plan
from pytest_kmslab.calls.kms.keys import find_key_by_id, refuse_living

# Operations that may be asked of the whole account, and look at what the request says.


def list_aliases(call: ApiCall, view: AccountView) -> Authorizations:
    """kms:ListAliases on no key; then the key whose aliases alone are wanted, if any.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_ListAliases.html
    """
    yield account_authorization(call, "kms:ListAliases", {})
    key_id = call.params.get("KeyId")
    if key_id is not None:
        find_key_by_id(call, view, key_id, "kms:ListAliases")


def generate_random(call: ApiCall, view: AccountView) -> Authorizations:
    """kms:GenerateRandom on no key; then how many bytes.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_GenerateRandom.html
    """
    yield account_authorization(call, "kms:GenerateRandom", {})
    if "NumberOfBytes" not in call.params:
        raise ServiceError("ValidationException", "NumberOfBytes is required.")


def list_retirable_grants(call: ApiCall, view: AccountView) -> Authorizations:
    """kms:ListRetirableGrants on the retiring principal, who is of the caller's account; then whose grants:
    a principal's or a service's.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_ListRetirableGrants.html
    """
    principal = str(call.params.get("RetiringPrincipal", ""))
    resource = principal if principal.startswith("arn:") else "*"
    owner = account_of(resource) or call.account
    yield account_authorization(call, "kms:ListRetirableGrants", {}, resource, account=owner)
    named = [call.params.get(member) for member in ("RetiringPrincipal", "RetiringServicePrincipal")]
    if len(list(filter(None, named))) != 1:
        # The text is inferred.
        text = "Specify RetiringPrincipal or RetiringServicePrincipal, but not both."
        raise ServiceError("ValidationException", text)


# CancelKeyDeletion: the one operation that needs a key about to be deleted.


def cancel_key_deletion(call: ApiCall, view: AccountView) -> Authorizations:
    """kms:CancelKeyDeletion on the key, which must be pending deletion."""
    key = find_key_by_id(call, view, call.params["KeyId"], "kms:CancelKeyDeletion")
    yield key_authorization(call, "kms:CancelKeyDeletion", key, {})
    # After the question: KMS tells a key's state only to who may do this.
    refuse_living(key)


KMS: Mapping[str, AuthorizationPlan] = {
    **{name: key_plan(name, row) for name, row in KEY_OPERATIONS.items()},
    **{name: account_plan(name, says_account) for name, says_account in ACCOUNT_OPERATIONS.items()},
    "GenerateRandom": generate_random,
    "ListAliases": list_aliases,
    "ListRetirableGrants": list_retirable_grants,
    "Decrypt": decrypt,
    "ReEncrypt": re_encrypt,
    "CreateCustomKeyStore": create_custom_key_store,
    "CreateKey": create_key,
    "PutKeyPolicy": put_key_policy,
    "ReplicateKey": replicate_key,
    "UpdatePrimaryRegion": update_primary_region,
    "CreateAlias": create_alias,
    "UpdateAlias": update_alias,
    "DeleteAlias": delete_alias,
    "CreateGrant": create_grant,
    "RetireGrant": retire_grant,
    "CancelKeyDeletion": cancel_key_deletion,
}
"""Every operation of KMS by its name."""
