"""RetireGrant: the grant itself says who may retire it.

Who that is, is the engine's to judge, which is told the grant with the request.
https://docs.aws.amazon.com/kms/latest/developerguide/grant-delete.html
"""

from __future__ import annotations

from pytest_kmslab.authz.grant import Grant
from pytest_kmslab.calls.base import ApiCall, Asks, ServiceError
from pytest_kmslab.calls.kms.context import constraint_keys, key_ask
from pytest_kmslab.calls.kms.keys import find_key_by_id, refuse_dry_run
from pytest_kmslab.facts import Facts, Key


def retire_grant(call: ApiCall, facts: Facts) -> Asks:
    """kms:RetireGrant, which the grant allows to some by itself."""
    key, grant = _grant(call, facts)
    constraints = {
        "EncryptionContextEquals": grant.encryption_context_equals,
        "EncryptionContextSubset": grant.encryption_context_subset,
    }
    ask = key_ask(call, "kms:RetireGrant", key, constraint_keys(constraints))
    yield ask._replace(request=ask.request._replace(grant_id=grant.grant_id))
    refuse_dry_run(call)


def _grant(call: ApiCall, facts: Facts) -> tuple[Key, Grant]:
    key_id, grant_id = call.params.get("KeyId"), call.params.get("GrantId")
    token = call.params.get("GrantToken")
    if token is not None:
        return _of_token(call, facts, token)
    if key_id is None or grant_id is None:
        raise ServiceError("ValidationException", "Specify a grant token, or a key ID and a grant ID.")
    key = find_key_by_id(call, facts, key_id, "kms:RetireGrant")
    for grant in facts.grants(key.arn):
        if grant.grant_id == grant_id:
            return key, grant
    raise ServiceError("NotFoundException", f"Grant ID {grant_id} not found")


def _of_token(call: ApiCall, facts: Facts, token: str) -> tuple[Key, Grant]:
    found = facts.grant_of_token(token, call.region, call.account)
    if found is None:
        raise ServiceError("InvalidGrantTokenException", "The grant token is not valid.")
    return found
