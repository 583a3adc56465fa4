"""Reads an endpoint by its API; for the most part nothing is kept here for longer than a second."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from pytest_kmslab.account.model import Credential, Key
from pytest_kmslab.authz.arn import ACCOUNT_ID, account_of
from pytest_kmslab.backends.endpoint.account import ApiAccount, ApiAccountReader
from pytest_kmslab.backends.endpoint.cache import SECONDS, ReadCache
from pytest_kmslab.backends.endpoint.clients import EndpointClients
from pytest_kmslab.backends.endpoint.iam_snapshot import Snapshot
from pytest_kmslab.backends.endpoint.keys import ApiKeys
from pytest_kmslab.backends.endpoint.meant_principals import MeantPrincipals
from pytest_kmslab.backends.endpoint.principals import ApiIdentities
from pytest_kmslab.backends.endpoint.store import SharedStore, Store
from pytest_kmslab.backends.endpoint.tables import ApiTables
from pytest_kmslab.calls.sts.sessions import LASTING


class EndpointAccountReader(ApiAccountReader):
    """Reads one account of an endpoint; what is asked about another account is asked of that account's own
    reader, which `at` answers. They share one store."""

    def __init__(
        self,
        clients: EndpointClients,
        seconds: float = SECONDS,
        home: EndpointAccountReader | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.now = now
        self._of_iam, self._of_others = ReadCache(seconds), ReadCache(seconds)
        self._seconds = seconds
        self._home = home or self
        self._accounts: dict[str, EndpointAccountReader | None] = {}
        self.clients = clients
        self.store: Store = home.store if home else SharedStore(clients, self._of_others)
        self.identities = ApiIdentities(clients, self.store, self._of_iam)
        self.meant = MeantPrincipals(self.store, self._snapshot_of)
        self.keys = ApiKeys(clients, self.identities, self.store, self._of_others, now, self.meant)
        self.tables = ApiTables(clients, self.identities, self.keys, self.store, self._of_others)
        self.own = ApiAccount(self.identities, self.keys, self.tables, self.meant)

    def at(self, account: str) -> EndpointAccountReader | None:
        """Those of an account; None where the endpoint keeps no such account.

        LocalStack and ministack take an access key of twelve digits for the root user's of that account.
        """
        if account == self.identities.account:
            return self
        if self is not self._home:
            return self._home.at(account)
        if account not in self._accounts:
            self._accounts[account] = self._opened(account) if ACCOUNT_ID.fullmatch(account) else None
        return self._accounts[account]

    def _snapshot_of(self, account: str) -> Snapshot | None:
        view = self.at(account) if account else self
        return None if view is None else view.identities.snapshot

    def account_at(self, account: str) -> ApiAccount | None:
        """What the APIs of an account tell; None where the endpoint keeps no such account."""
        reader = self.at(account)
        return None if reader is None else reader.own

    def of_arn(self, arn: str) -> EndpointAccountReader | None:
        """Those of the account that an ARN names; this one's where it names none."""
        return self.at(account_of(arn) or self.identities.account)

    def changed(self, service: str) -> None:
        """Something of a service was changed, or is about to be: forget what was read of it."""
        for view in (self._home, *filter(None, list(self._home._accounts.values()))):
            # A key's policy is read with IAM's principals in it, so a change of IAM's is one of everything.
            if service == "iam":
                view._of_iam.drop()
            view._of_others.drop()

    def credential(self, access_key_id: str) -> Credential | None:
        """The credential of an access key id; None for one that was made where no seam saw it."""
        if ACCOUNT_ID.fullmatch(access_key_id):
            view = self.at(access_key_id)
            return None if view is None else view.identities.root_credential(access_key_id)
        if access_key_id == self.identities.root.access_key_id:
            return self.identities.root_credential(access_key_id)
        record = self.identities.record(access_key_id)
        view = None if record is None else self.at(record.get("account") or self.identities.account)
        return None if record is None or view is None else view.identities.held(access_key_id, record)

    def key_of_ciphertext(self, ciphertext: bytes, region: str, account: str) -> Key | None:
        """The key whose id stands at the head of the ciphertext."""
        # Of whichever account: KMS finds it by the ciphertext alone.
        known = (self._home.identities.account, *list(self._home._accounts))
        for owner in dict.fromkeys((account, *known)):
            view = self.at(owner)
            key = None if view is None else view.keys.of_ciphertext(ciphertext, region, owner)
            if key is not None:
                return key
        return None

    def iam_arn(self, kind: str, name: str, account: str, partition: str) -> str | None:
        """The ARN of an IAM entity by its name."""
        view = self.at(account)
        return None if view is None else view.identities.arn(kind, name)

    def iam_tags(self, arn: str) -> Mapping[str, str]:
        """The tags of a user or role."""
        view = self.of_arn(arn)
        if view is None:
            return {}
        entity = view.identities.snapshot.entities.get(arn)
        return view.identities.tags_of_other(arn) if entity is None else entity.tags

    def max_session_duration(self, role_arn: str) -> int:
        """Asked of the role itself."""
        view = self.of_arn(role_arn)
        return LASTING if view is None else view.identities.max_session_duration(role_arn)

    def _opened(self, account: str) -> EndpointAccountReader | None:
        """Those of another account, if the endpoint lets its root user be named by its number."""
        view = EndpointAccountReader(self.clients.of_account(account), self._seconds, self, self.now)
        return view if view.identities.account == account else None
