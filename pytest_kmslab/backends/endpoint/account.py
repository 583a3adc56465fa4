"""What the APIs of one account tell, put together: its identities, keys and tables."""

from __future__ import annotations

from typing import Protocol

from pytest_kmslab.account.model import AccountReader, Key
from pytest_kmslab.authz.arn import parts_of
from pytest_kmslab.authz.grant import Grant
from pytest_kmslab.backends.endpoint.keys import ApiKeys, token_name
from pytest_kmslab.backends.endpoint.principals import ApiIdentities
from pytest_kmslab.backends.endpoint.store import Store
from pytest_kmslab.backends.endpoint.tables import ApiTables


class KeepsRecords(Protocol):
    """A reader that keeps what an API tells once only."""

    @property
    def identities(self) -> ApiIdentities:
        """Access keys and sessions."""

    @property
    def keys(self) -> ApiKeys:
        """Grants and their tokens."""

    def key(self, key_id: str, region: str, account: str) -> Key | None:
        """A key by id, ARN, alias name or alias ARN."""


class ApiAccount:
    """Reads one account by its APIs."""

    def __init__(self, identities: ApiIdentities, keys: ApiKeys, tables: ApiTables) -> None:
        self.identities = identities
        self.keys = keys
        self.tables = tables

    def resource_policy_text(self, resource: str) -> str | None:
        """The policy that hangs on a resource: a key policy, a table's, a role's trust policy."""
        service = parts_of(resource).service
        if service == "kms":
            key = self.keys.by_arn(resource)
            return None if key is None else self.keys.policy_text(key)
        if service == "dynamodb":
            return self.tables.policy_text(resource)
        if service == "iam" and ":role/" in resource:
            role = self.identities.snapshot.entities.get(resource)
            return None if role is None else role.trust
        return None

    def grants(self, key_arn: str) -> tuple[Grant, ...]:
        """The grants on a key."""
        key = self.keys.by_arn(key_arn)
        return () if key is None else self.keys.grants(key)


def grant_of_token(reader: AccountReader, store: Store, token: str, region: str) -> tuple[Key, Grant] | None:
    """The grant of a token."""
    record = store.lasting(token_name(token))
    # A token is good in the Region that gave it out.
    key = None if record is None else reader.key(record["key"], "", "")
    if record is None or key is None or key.region != region:
        return None
    return next(((key, grant) for grant in reader.grants(key.arn) if grant.grant_id == record["grant"]), None)
