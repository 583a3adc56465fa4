"""One set of clients for everybody: making a client takes longer than a case does."""

from __future__ import annotations

from typing import Any

import boto3
from botocore.config import Config

from helpers.account import REGION
from pytest_kmslab.backends.protocol import Credentials

ONCE = Config(retries={"max_attempts": 0})


class Clients:
    """Clients that sign as whom they were last asked for: ask again before each call. `owner` is the root
    user; the clients go to `endpoint`, where there is one."""

    def __init__(self, owner: Credentials, session: boto3.Session, endpoint: str | None = None) -> None:
        self.owner = owner
        self._session: Any = session
        self._signing: Any = self._session.get_credentials()
        self._more = {"endpoint_url": endpoint, "config": ONCE} if endpoint else {}
        self._made: dict[tuple[str, str], Any] = {}

    def of(self, who: Credentials, service: str, region: str = REGION) -> Any:
        """The client of a service in a Region, signing with these credentials."""
        if (service, region) not in self._made:
            self._made[service, region] = self._session.client(service, region_name=region, **self._more)
        signing = self._signing
        signing.access_key, signing.secret_key = who.access_key_id, who.secret_access_key
        signing.token = who.session_token
        return self._made[service, region]

    def root(self, service: str, region: str = REGION) -> Any:
        """The client of the root user, who sets up everything."""
        return self.of(self.owner, service, region)
