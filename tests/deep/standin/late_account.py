"""The account as one service sees it, who learns of changes later than IAM or KMS that made them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from deep.standin.history import History

from pytest_kmslab.account.model import Caller, Credential, Identity

NOTHING: Identity = ((), None)
"""The policies of a principal who has not been seen yet."""


class LateReader:
    """moto's reader, seen through the service that asks; outside of `seen_by` all is what it is."""

    def __init__(self, reader: Any, history: History) -> None:
        self.now = reader
        self._history = history
        self._service = ""

    def __getattr__(self, name: str) -> Any:
        return getattr(self.now, name)

    @contextmanager
    def seen_by(self, service: str) -> Iterator[None]:
        """Be what this service sees, for as long as the block lasts; one call at a time."""
        before, self._service = self._service, "dynamodb" if service == "dynamodbstreams" else service
        try:
            yield
        finally:
            self._service = before

    def note(self, at_once: bool = False) -> None:
        """Look what has changed, after a call that may have changed something."""
        history = self._history
        for access_key in history.names("access key"):
            credential = self.now.credential(access_key)
            history.put("access key", access_key, credential, at_once)
            if credential is not None:
                arn = credential.caller.arn
                history.put("identity", arn, self.now.identity(credential.caller), at_once)
                history.put("principal", arn, self.now.principal_exists(arn), at_once)
        for key in self.now.every_key():
            first = not history.knows("key policy", key.arn)
            history.put("key policy", key.arn, self.now.key_policy_text(key), at_once or first)

    def expect(self, access_key: str) -> None:
        """There is a new access key, which nobody knows yet."""
        self._history.put("access key", access_key, None)

    def credential(self, access_key_id: str) -> Credential | None:
        return self._seen("access key", access_key_id, self.now.credential(access_key_id))

    def principal_exists(self, principal: str) -> bool:
        exists: bool = self._seen("principal", principal, self.now.principal_exists(principal))
        return bool(exists)

    def identity(self, caller: Caller) -> Identity:
        seen: Identity | None = self._seen("identity", caller.arn, self.now.identity(caller))
        return seen or NOTHING

    def resource_policy_text(self, resource: str) -> str | None:
        text = self.key_policy_seen(resource) if ":key/" in resource else None
        real: str | None = self.now.resource_policy_text(resource)
        return real if text is None else text

    def key_policy_seen(self, key_arn: str, by: str = "") -> str | None:
        """The text of a key policy, None for a key that nothing was noted of."""
        return self._seen("key policy", key_arn, None, by)

    def _seen(self, kind: str, name: str, real: Any, by: str = "") -> Any:
        service = by or self._service
        if not service or not self._history.knows(kind, name):
            return real
        return self._history.get(kind, name, service)
