"""CreateGrant and RetireGrant: to whom a grant can be given, for what, and who may give it back.

https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateGrant.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pytest_kmslab.account.model import AccountView, Key
from pytest_kmslab.authz.grant import Grant
from pytest_kmslab.calls.api_call import ApiCall, Authorizations, Params, ServiceError
from pytest_kmslab.calls.kms.context import CONSTRAINTS, constraint_keys, key_authorization
from pytest_kmslab.calls.kms.key_operations import KEY_OPERATIONS, key_plan
from pytest_kmslab.calls.kms.keys import find_key_by_id, refuse_dry_run
from pytest_kmslab.calls.kms.specs import AGREE, ENCAPSULATE, ENCRYPT, MAC, SIGN, SYMMETRIC
from pytest_kmslab.calls.rules.principals import is_known_principal, is_service_principal

PRINCIPALS = ("GranteePrincipal", "RetiringPrincipal")

MOST_PAIRS, MOST_CHARACTERS = 8, 384
"""Of the encryption context of a constraint. What the characters are counted of is not documented: here a
name and its value."""

_EVERY = frozenset(("CreateGrant", "RetireGrant", "DescribeKey"))
_CIPHER = frozenset(("Encrypt", "Decrypt", "ReEncryptFrom", "ReEncryptTo"))
_DATA_KEYS = frozenset(
    f"GenerateDataKey{what}{plain}" for what in ("", "Pair") for plain in ("", "WithoutPlaintext")
)
_PUBLIC = frozenset(("GetPublicKey",))
_OF_SYMMETRIC = _EVERY | _CIPHER | _DATA_KEYS
_OF_USAGE: Mapping[str, frozenset[str]] = {
    ENCRYPT: _EVERY | _CIPHER | _PUBLIC,
    SIGN: _EVERY | _PUBLIC | {"Sign", "Verify"},
    AGREE: _EVERY | _PUBLIC | {"DeriveSharedSecret"},
    ENCAPSULATE: _EVERY | _PUBLIC | {"Encapsulate", "Decapsulate"},
    MAC: _EVERY | {"GenerateMac", "VerifyMac"},
}
"""Of asymmetric and HMAC keys: https://docs.aws.amazon.com/kms/latest/developerguide/grants.html."""
OPERATIONS = _OF_SYMMETRIC.union(*_OF_USAGE.values())


def create_grant(call: ApiCall, view: AccountView) -> Authorizations:
    """kms:CreateGrant on the key; then InvalidArnException for no principal, and ValidationException for
    what the key cannot do."""
    for authorization in _create_grant(call, view):
        yield authorization
        # A grant to a name that nobody has yet would be the grant of whoever gets it.
        for principal in (call.params.get(member) for member in PRINCIPALS):
            if principal is None or is_service_principal(principal, call.partition):
                continue
            # `*` stands for everybody in a policy, and is nobody whom a grant could be given to.
            if principal == "*" or not is_known_principal(principal, view, call.partition):
                text = f"ARN does not refer to a valid principal: {principal}"
                raise ServiceError("InvalidArnException", text)


def _check_members(params: Params, _key: Key) -> None:
    # Services have members of their own, and a resource that they act for; the texts are inferred.
    service = params.get("GranteeServicePrincipal")
    if (params.get("GranteePrincipal") is None) is (service is None):
        raise ServiceError(
            "ValidationException", "Specify either GranteePrincipal or GranteeServicePrincipal, but not both."
        )
    retiring = [params.get(member) for member in ("RetiringPrincipal", "RetiringServicePrincipal")]
    if all(retiring):
        raise ServiceError(
            "ValidationException", "Specify RetiringPrincipal or RetiringServicePrincipal, but not both."
        )
    if service and not ((params.get("Constraints") or {}).get("SourceArn") and any(retiring)):
        text = "GranteeServicePrincipal needs a SourceArn grant constraint and a retiring principal."
        raise ServiceError("ValidationException", text)


def _check_operations(params: Params, key: Key) -> None:
    # Of the texts only that of a grant of CreateGrant alone was seen on AWS.
    operations: list[str] = params["Operations"]
    if not operations:
        raise ServiceError("ValidationException", "Operations must not be empty.")
    if set(operations) == {"CreateGrant"}:
        raise ServiceError("ValidationException", "Grants must not contain only the CreateGrant operation.")
    done = _OF_SYMMETRIC if key.spec == SYMMETRIC else _OF_USAGE.get(key.usage, OPERATIONS)
    for operation in operations:
        if operation not in done:
            text = (
                f"Operation {operation} is not supported by key spec {key.spec} with key usage {key.usage}."
            )
            raise ServiceError("ValidationException", text)


def _check_constraints(params: Params, key: Key) -> None:
    constraints = params.get("Constraints") or {}
    pairs_of_kinds = [pairs for kind in CONSTRAINTS if (pairs := constraints.get(kind))]
    if pairs_of_kinds and key.spec != SYMMETRIC:
        text = "EncryptionContext is supported only when creating a grant for a symmetric encryption KMS key."
        raise ServiceError("ValidationException", text)
    # The text of two constraints is as people pasted it from AWS.
    if len(pairs_of_kinds) > 1:
        raise ServiceError("ValidationException", "More than one constraint supplied")
    for pairs in pairs_of_kinds:
        longest = max(len(name) + len(value) for name, value in pairs.items())
        if len(pairs) > MOST_PAIRS or longest > MOST_CHARACTERS:
            text = (
                f"An encryption context grant constraint has at most {MOST_PAIRS} pairs "
                f"of {MOST_CHARACTERS} characters."
            )
            raise ServiceError("LimitExceededException", text)


_create_grant = key_plan(
    "CreateGrant",
    replace(KEY_OPERATIONS["CreateGrant"], checks=(_check_members, _check_operations, _check_constraints)),
)


# RetireGrant: the grant itself says who may retire it.
# Who that is, is the engine's to judge, which is told the grant with the request.
# https://docs.aws.amazon.com/kms/latest/developerguide/grant-delete.html


def retire_grant(call: ApiCall, view: AccountView) -> Authorizations:
    """kms:RetireGrant, which the grant allows to some by itself."""
    key, grant = _grant(call, view)
    constraints = {
        "EncryptionContextEquals": grant.encryption_context_equals,
        "EncryptionContextSubset": grant.encryption_context_subset,
    }
    authorization = key_authorization(call, "kms:RetireGrant", key, constraint_keys(constraints))
    yield authorization._replace(request=authorization.request._replace(grant_id=grant.grant_id))
    refuse_dry_run(call)


def _grant(call: ApiCall, view: AccountView) -> tuple[Key, Grant]:
    key_id, grant_id = call.params.get("KeyId"), call.params.get("GrantId")
    token = call.params.get("GrantToken")
    if token is not None:
        key_and_grant = view.grant_of_token(token, call.region, call.account)
        if key_and_grant is None:
            raise ServiceError("InvalidGrantTokenException", "The grant token is not valid.")
        return key_and_grant
    if key_id is None or grant_id is None:
        raise ServiceError("ValidationException", "Specify a grant token, or a key ID and a grant ID.")
    key = find_key_by_id(call, view, key_id, "kms:RetireGrant")
    # Who names a key needs no permission to list its grants: KMS looks the one up.
    for grant in view.grants(key.arn):
        if grant.grant_id == grant_id:
            return key, grant
    raise ServiceError("NotFoundException", f"Grant ID {grant_id} not found")
