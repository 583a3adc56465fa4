"""CreateGrant: a grant is given to a principal that there is.

https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateGrant.html
"""

from __future__ import annotations

from pytest_kmslab.calls.base import ApiCall, Asks, ServiceError
from pytest_kmslab.calls.kms.table import KEY_OPERATIONS, key_asker
from pytest_kmslab.facts import Facts

PRINCIPALS = ("GranteePrincipal", "RetiringPrincipal")
_SERVICES = (".amazonaws.com", ".amazonaws.com.cn")
_create_grant = key_asker("CreateGrant", KEY_OPERATIONS["CreateGrant"])


def create_grant(call: ApiCall, facts: Facts) -> Asks:
    """kms:CreateGrant on the key; then InvalidArnException for a user, role or group that is no principal.

    A grant to a name that nobody has yet would be the grant of whoever gets it.
    """
    for ask in _create_grant(call, facts):
        yield ask
        for member in PRINCIPALS:
            _check(call.params.get(member), facts)


def _check(principal: str | None, facts: Facts) -> None:
    if principal is None or principal.endswith(_SERVICES) or facts.principal_exists(principal):
        return
    raise ServiceError("InvalidArnException", f"ARN does not refer to a valid principal: {principal}")
