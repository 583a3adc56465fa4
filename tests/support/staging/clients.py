"""One set of clients for everybody: making a client takes longer than a case does."""

from __future__ import annotations

from typing import Any

from pytest_kmslab.backends.base import Credentials
from support.account import REGION, Account


class Clients:
    """Clients that sign as whom they were last asked for: ask again before each call."""

    def __init__(self, account: Account) -> None:
        self._root = account.run.backend.root
        self._session: Any = account.session(self._root)
        self._signing: Any = self._session.get_credentials()
        self._made: dict[tuple[str, str], Any] = {}

    def of(self, who: Credentials, service: str, region: str = REGION) -> Any:
        """The client of a service in a Region, signing with these credentials."""
        if (service, region) not in self._made:
            self._made[service, region] = self._session.client(service, region_name=region)
        signing = self._signing
        signing.access_key, signing.secret_key = who.access_key_id, who.secret_access_key
        signing.token = who.session_token
        return self._made[service, region]

    def root(self, service: str, region: str = REGION) -> Any:
        """The client of the root user, who sets up everything."""
        return self.of(self._root, service, region)

    @property
    def owner(self) -> Credentials:
        """The root user's credentials."""
        return self._root
