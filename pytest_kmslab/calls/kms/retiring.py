"""RetireGrant: the grant itself says who may retire it.

Who that is, is the engine's to judge, which is told the grant with the request.
https://docs.aws.amazon.com/kms/latest/developerguide/grant-delete.html
"""

from __future__ import annotations

from pytest_kmslab.account.model import AccountView, Key
from pytest_kmslab.authz.grant import Grant
from pytest_kmslab.calls.authorization import ApiCall, Authorizations, ServiceError
from pytest_kmslab.calls.kms.context import constraint_keys, key_authorization
from pytest_kmslab.calls.kms.keys import find_key_by_id, refuse_dry_run


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
