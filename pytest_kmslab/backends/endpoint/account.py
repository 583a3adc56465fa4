"""What the APIs of one account tell, put together: its identities, keys and tables."""

from __future__ import annotations

from typing import Protocol

from pytest_kmslab.account.model import Caller, Identity, Key, Organization, Table, grants_to
from pytest_kmslab.authz.arn import account_of, parts_of, table_arn_of
from pytest_kmslab.authz.grant import Grant
from pytest_kmslab.backends.endpoint.keys import ApiKeys, token_name
from pytest_kmslab.backends.endpoint.meant_principals import MeantPrincipals, of_role, of_table
from pytest_kmslab.backends.endpoint.principals import ApiIdentities
from pytest_kmslab.backends.endpoint.store import Store
from pytest_kmslab.backends.endpoint.tables import ApiTables
from pytest_kmslab.calls.rules.policy_principals import principal_exists


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

    def __init__(
        self,
        identities: ApiIdentities,
        keys: ApiKeys,
        tables: ApiTables,
        meant: MeantPrincipals | None = None,
    ) -> None:
        self._meant = meant
        self.identities = identities
        self.keys = keys
        self.tables = tables

    def resource_policy_text(self, resource: str) -> str | None:
        """The policy that hangs on a resource: a key policy, a table's, a role's trust policy."""
        arn = parts_of(resource)
        service = arn.service
        if service == "kms":
            key = self.keys.by_arn(resource)
            return None if key is None else self.keys.policy_text(key)
        if service == "dynamodb":
            holder = resource if arn.part == "stream" else table_arn_of(resource)
            return self._present(of_table(holder), self.tables.policy_text(resource))
        if service == "iam" and arn.kind == "role":
            role = self.identities.snapshot.entities.get(resource)
            return None if role is None else self._present(of_role(resource), role.trust)
        return None

    def _present(self, holder: str, text: str | None) -> str | None:
        # AWS itself shows whom a policy means.
        return text if text is None or self._meant is None else self._meant.present(holder, text)

    def grants(self, key_arn: str) -> tuple[Grant, ...]:
        """The grants on a key."""
        key = self.keys.by_arn(key_arn)
        return () if key is None else self.keys.grants(key)


class ApiAccountReader:
    """Reads accounts by their APIs: what is alike for every endpoint, and for AWS.

    What belongs to another account is read of that account, which `account_at` answers.
    """

    identities: ApiIdentities
    """Those of the reader's own account."""
    store: Store
    """What was kept because no API tells it."""

    def account_at(self, account: str) -> ApiAccount | None:
        """What the APIs of an account tell; None where there is no such account here."""
        raise NotImplementedError

    def account_of_arn(self, arn: str) -> ApiAccount | None:
        """The account that an ARN names; the reader's own where it names none."""
        return self.account_at(account_of(arn) or self.identities.account)

    def key(self, key_id: str, region: str, account: str) -> Key | None:
        """A key by id, ARN, alias name or alias ARN."""
        owner = self.account_at(account_of(key_id) or account)
        return None if owner is None else owner.keys.key(key_id, region, account)

    def table(self, name: str, region: str, account: str) -> Table | None:
        """A table by name, or by the ARN of the table, of an index or of a stream."""
        owner = self.account_at(account_of(name) or account)
        return None if owner is None else owner.tables.table(name, region, account)

    def streamed_table(self, shard_iterator: str) -> Table | None:
        """The table of the stream that the iterator begins with."""
        # None once it has another stream, or is gone: which key the old records are under is not known then.
        stream = shard_iterator.partition("|")[0]
        owner = self.account_of_arn(stream)
        return None if owner is None else owner.tables.streamed(stream)

    def backup(self, arn: str) -> Table | None:
        """The table as it was when a backup of it was made."""
        owner = self.account_of_arn(arn)
        return None if owner is None else owner.tables.backup(arn)

    def identity(self, caller: Caller) -> Identity:
        """The caller's policies and permissions boundary."""
        owner = self.account_at(caller.account)
        return ((), None) if owner is None else owner.identities.policies(caller)

    def organization(self, account: str, partition: str) -> Organization | None:
        """Not told: to ask for it takes rights in the organization."""
        return None

    def resource_policy_text(self, resource: str) -> str | None:
        """The policy that hangs on a resource: a key policy, a table's, a role's trust policy."""
        owner = self.account_of_arn(resource)
        return None if owner is None else owner.resource_policy_text(resource)

    def grants(self, key_arn: str) -> tuple[Grant, ...]:
        """The grants on a key."""
        owner = self.account_of_arn(key_arn)
        return () if owner is None else owner.grants(key_arn)

    def grants_to(self, key_arn: str, caller: Caller) -> tuple[Grant, ...]:
        """Those of the grants whose grantee is the caller, its role or its account."""
        return grants_to(self.grants(key_arn), caller)

    def grant_of_token(self, token: str, region: str, account: str) -> tuple[Key, Grant] | None:
        """The grant of a token."""
        record = self.store.lasting(token_name(token))
        key = None if record is None else self.key(record["key"], "", "")
        # A token is good in the Region that gave it out.
        if record is None or key is None or key.region != region:
            return None
        wanted = record["grant"]
        return next(((key, grant) for grant in self.grants(key.arn) if grant.grant_id == wanted), None)

    def mfa_seed(self, user_arn: str, serial: str) -> str | None:
        """None: a seed is told to nobody but who makes the device."""
        return None

    def principal_exists(self, principal: str) -> bool:
        """Whether AWS could resolve a principal."""
        owner = self.account_of_arn(principal)
        return principal_exists(principal, self.identities if owner is None else owner.identities)
