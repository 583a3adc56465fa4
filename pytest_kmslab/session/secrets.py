"""Every secret that passes by: passwords, secret keys, session tokens. Known here, so that none is shown."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

MASK = "***"

SHORTEST = 8
"""Characters. A shorter text is no secret of AWS's (LocalStack's is `test`), and stands in many words."""

OF_ENVIRONMENT = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN")
GIVEN = ("Password", "OldPassword", "NewPassword")
ANSWERED = ("SecretAccessKey", "SessionToken")


class Secrets:
    """The secrets of a run. `handlers` are botocore's events by which it learns of them."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    @property
    def handlers(self) -> tuple[tuple[str, Any], ...]:
        """What to add to `botocore.handlers.BUILTIN_HANDLERS`; other services are left alone."""
        return (
            ("before-call.iam", self.before_call),
            ("after-call.iam", self.after_call),
            ("after-call.sts", self.after_call),
        )

    def before_call(self, params: Mapping[str, Any], **_: Any) -> None:
        """Learn the passwords that a call of IAM's carries; it goes on."""
        body = params.get("body")
        if isinstance(body, Mapping):
            self._add(body.get(name) for name in GIVEN)

    def after_call(self, parsed: Mapping[str, Any], **_: Any) -> None:
        """Learn the secrets that IAM or STS answered."""
        for held in (parsed.get("AccessKey"), parsed.get("Credentials")):
            if isinstance(held, Mapping):
                self._add(held.get(name) for name in ANSWERED)

    def learn(self, secret: str) -> None:
        """Learn one that another worker of the run was answered."""
        self._add([secret])

    def masked(self, text: str) -> str:
        """The text with every secret made unreadable, the person's own among them."""
        for secret in self._all():
            if secret in text:
                text = text.replace(secret, MASK)
        return text

    def _all(self) -> list[str]:
        own = {value for name in OF_ENVIRONMENT if len(value := os.environ.get(name, "")) >= SHORTEST}
        return sorted(self._known | own, key=len, reverse=True)

    def _add(self, values: Any) -> None:
        self._known.update(value for value in values if isinstance(value, str) and len(value) >= SHORTEST)
