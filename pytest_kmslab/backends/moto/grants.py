"""Grants on moto's own keys, and the two that DynamoDB leaves on the key of an encrypted table.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_kmslab.authz.arn import root_arn
from pytest_kmslab.authz.grant import Grant
from pytest_kmslab.backends.moto.lookup import place_of
from pytest_kmslab.backends.moto.principals import present_name, principal_id
from pytest_kmslab.calls.api_call import ApiCall
from pytest_kmslab.calls.dynamodb.sse.choose_key import GRANTS_A_TABLE, grant_of_table, is_of_table

INDEX = "kmslab_grants_by_grantee"
PRINCIPALS = ("grantee_principal", "retiring_principal")
ISSUER = "kmslab_issuing_account"


def add(key: Any, table_arn: str) -> None:
    """Leave DynamoDB's grants for a table on moto's own key object."""
    for _ in range(GRANTS_A_TABLE):
        grant = grant_of_table(table_arn)
        key.add_grant(
            name=grant["Name"],
            grantee_principal=grant["GranteePrincipal"],
            operations=grant["Operations"],
            constraints=grant["Constraints"],
            retiring_principal=grant["RetiringPrincipal"],
        )


def retire(key: Any, table_arn: str) -> None:
    """Take a table's grants off a key."""
    for grant in list(key.grants.values()):
        subset = (grant.constraints or {}).get("EncryptionContextSubset")
        # Grants of people, and of other tables, stay.
        if is_of_table(grant.grantee_principal, subset, table_arn):
            key.retire_grant(grant.id)


def as_principals(_reader: Any, call: ApiCall) -> Mapping[str, Any]:
    """CreateGrant for services."""
    # moto has no members for service principals, and shows them as other principals.
    members = {
        member: call.params.get(member.replace("Principal", "ServicePrincipal"))
        for member in ("GranteePrincipal", "RetiringPrincipal")
    }
    return {member: service for member, service in members.items() if service}


def every(key: Any) -> tuple[Grant, ...]:
    """All grants on a key."""
    return tuple(as_grant(key, grant) for grant in list(key.grants.values()))


def forget_index(key: Any) -> None:
    """After moto copied a key with its index: the copy has other grants."""
    key.__dict__.pop(INDEX, None)


def keep_grant(key: Any, account: str, response: dict[str, Any]) -> None:
    """Remember under which account a grant was issued, which moto does not.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateGrant.html
    """
    grant = key.grants.get(response["GrantId"])
    if grant is None:  # somebody has revoked it already
        return
    # A named grant that is there already is not made a second time: that is how a request is repeated safely.
    twin = _twin(key, grant) if grant.name else None
    if twin is not None:
        key.grants.pop(grant.id, None)
        response.update(GrantId=twin.id, GrantToken=twin.token)
        return
    for member in PRINCIPALS:
        identifier = principal_id(str(getattr(grant, member)))
        if identifier and f"kmslab_{member}" not in grant.__dict__:
            setattr(grant, f"kmslab_{member}", identifier)
    setattr(grant, ISSUER, root_arn(place_of(key.arn).partition, account))


def _twin(key: Any, grant: Any) -> Any:
    """An earlier grant with the same name and parameters."""
    others = (other for other in list(key.grants.values()) if other is not grant)
    return next((other for other in others if _parameters(other) == _parameters(grant)), None)


def _parameters(grant: Any) -> tuple[Any, ...]:
    operations, constraints = frozenset(grant.operations), grant.constraints or {}
    return (grant.name, operations, constraints, *(_present(grant, member) for member in PRINCIPALS))


def issuer(key: Any, grant: Any) -> str:
    """The issuing account of a grant, as the ARN of its root user; DynamoDB's are the key's own account's."""
    root = root_arn(place_of(key.arn).partition, key.account_id)
    return str(getattr(grant, ISSUER, root))


def _present(grant: Any, member: str) -> str:
    """A principal of a grant as it is called now."""
    principal = str(getattr(grant, member) or "")
    # Renamed since it is shown by its ARN, deleted since by its unique id.
    recorded = getattr(grant, f"kmslab_{member}", None)
    if recorded is None or principal_id(principal) == recorded:
        return principal
    return present_name(str(recorded))


def show_principals(key: Any, shown: dict[str, Any]) -> None:
    """In a grant that a response shows: its key by the ARN, and whom it names now, a deleted principal by the
    unique id.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_ListGrants.html#API_ListGrants_Examples
    """
    shown["KeyId"] = key.arn
    grant = key.grants.get(shown.get("GrantId"))
    for member, attribute in zip(("GranteePrincipal", "RetiringPrincipal"), PRINCIPALS, strict=True):
        if grant is not None and shown.get(member):
            shown[member] = _present(grant, attribute)


def listed(key: Any, named: str | None, member: str) -> list[dict[str, Any]]:
    """The grants on a key as KMS lists them: all, or those whose grantee or retiring principal is named.

    moto goes by the name that a principal had when the grant was made: another one may have it now.
    """
    shown = []
    for grant in list(key.grants.values()):
        told = {member: value for member, value in grant.to_json().items() if value is not None}
        row = {**told, "IssuingAccount": issuer(key, grant)}
        show_principals(key, row)
        if named in (None, row.get(member)):
            shown.append(row)
    return shown


def as_grant(key: Any, grant: Any) -> Grant:
    """A grant of moto's as the engine takes it."""
    constraints = grant.constraints or {}
    grantee, retiring = (_present(grant, member) for member in PRINCIPALS)
    return Grant(
        grantee_principal=grantee,
        operations=frozenset(grant.operations),
        grant_id=grant.id,
        retiring_principal=retiring,
        encryption_context_equals=constraints.get("EncryptionContextEquals"),
        encryption_context_subset=constraints.get("EncryptionContextSubset"),
        name=grant.name or "",
        issuing_account=issuer(key, grant),
        source_arn=constraints.get("SourceArn", ""),
        token=grant.token,
    )
