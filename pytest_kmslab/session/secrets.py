"""Secrets that pass by (passwords, secret keys, session tokens, data keys): known, so that none is shown."""

from __future__ import annotations

import base64
import html
import json
import os
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, quote_plus

MASK = "***"

SHORTEST = 8
"""Characters. A shorter text is no secret of AWS's (LocalStack's is `test`), and stands in many words."""

OF_ENVIRONMENT = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN")
GIVEN = ("Password", "OldPassword", "NewPassword")
ANSWERED = ("SecretAccessKey", "SessionToken")
OF_KMS = ("Plaintext", "PrivateKeyPlaintext", "SharedSecret")
MAKES_DATA_KEYS = ("GenerateDataKey", "GenerateDataKeyPair", "DeriveSharedSecret")
"""Not Decrypt: what it answers is a data key that is known, or the test's own data, which may be any word."""


class Secrets:
    """The secrets of a run. `handlers` are botocore's events by which it learns of them."""

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._by_piece: dict[str, tuple[str, ...]] = {}
        self._short: set[str] = set()

    @property
    def handlers(self) -> tuple[tuple[str, Any], ...]:
        """What to add to `botocore.handlers.BUILTIN_HANDLERS`; other services are left alone."""
        return (
            ("before-call.cloudformation", self.before_stack),
            ("before-call.iam", self.before_call),
            ("after-call.iam", self.after_call),
            ("after-call.sts", self.after_call),
            *((f"after-call.kms.{operation}", self.after_data_key) for operation in MAKES_DATA_KEYS),
        )

    def before_call(self, params: Mapping[str, Any], **_: Any) -> None:
        """Learn the passwords that a call of IAM's carries; it goes on."""
        body = params.get("body")
        if isinstance(body, Mapping):
            self._add(body.get(name) for name in GIVEN)

    def before_stack(self, params: Mapping[str, Any], **_: Any) -> None:
        """Learn the parameters with `NoEcho` of a template that a call to CloudFormation carries."""
        body = params.get("body")
        # To read a template takes time, and few hold a secret.
        if isinstance(body, Mapping) and "NoEcho" in str(body.get("TemplateBody")):
            from pytest_kmslab.templates.secret_parameters import secret_values

            self._add(secret_values(str(body["TemplateBody"]), body))

    def after_call(self, parsed: Mapping[str, Any], **_: Any) -> None:
        """Learn the secrets that IAM or STS answered."""
        for answer in (parsed.get("AccessKey"), parsed.get("Credentials")):
            if isinstance(answer, Mapping):
                self._add(answer.get(name) for name in ANSWERED)

    def after_data_key(self, parsed: Mapping[str, Any], **_: Any) -> None:
        """Learn the plaintext of a key that KMS made for use outside of it, as bytes are written."""
        for key in map(parsed.get, OF_KMS):
            if isinstance(key, bytes):
                self._add((base64.b64encode(key).decode(), key.hex(), repr(key)[2:-1]))

    def learn(self, *secrets: str) -> None:
        """Learn secrets that no answer of IAM or STS to this process holds."""
        self._add(secrets)

    def masked(self, text: str) -> str:
        """The text with every secret made unreadable, the person's own among them, however it is written."""
        self._add(map(os.environ.get, OF_ENVIRONMENT))
        # A run may know ten thousand secrets, and writes as many texts: looked at are pieces that touch, of
        # which every long secret holds one whole.
        pieces = [text[start : start + SHORTEST] for start in range(0, len(text), SHORTEST)]
        known = () if self._by_piece.keys().isdisjoint(pieces) else pieces  # of most texts none is
        forms = {form for piece in known for form in self._by_piece.get(piece, ()) if form in text}
        forms.update(form for form in self._short if form in text)
        # The longest first: one form may be a part of another.
        for form in sorted(forms, key=len, reverse=True):
            text = text.replace(form, MASK)
        return text

    def _add(self, values: Any) -> None:
        for value in values:
            if isinstance(value, str) and len(value) >= SHORTEST and value not in self._known:
                self._known.add(value)
                for form in set(_forms(value)):
                    self._index(form)

    def _index(self, form: str) -> None:
        if len(form) < 2 * SHORTEST - 1:
            self._short.add(form)
            return
        for start in range(SHORTEST):
            piece = form[start : start + SHORTEST]
            # Not a set: of sets, which a lab has fifty of, the garbage collector would look at each for ever.
            self._by_piece[piece] = (*self._by_piece.get(piece, ()), form)


def _forms(secret: str) -> Iterator[str]:
    """How a secret may be written: as it is, in JSON, Python, a URL, HTML or base64."""
    yield secret
    yield json.dumps(secret)[1:-1]
    # JSON may hold other characters as they are, or as escapes.
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    yield repr(secret)[1:-1]
    yield quote(secret, safe="")
    yield quote_plus(secret)
    yield quote(secret)
    yield html.escape(secret)
    yield base64.b64encode(secret.encode()).decode().rstrip("=")
