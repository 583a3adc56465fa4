from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pytest_kmslab.wire.http_message import Environ, Reply
from pytest_kmslab.wire.writing import JudgedRequest


class FakeUpstream:
    """Remembers what reached it; `reply` is what it answers to a call that was judged."""

    name = "fake"
    takes_account = False

    def __init__(self, reply: Reply | None = None) -> None:
        self.reply = reply or Reply(200, (), b"{}")
        self.sent: list[JudgedRequest] = []
        self.forwarded: list[tuple[str, bytes]] = []

    def send(self, request: JudgedRequest) -> Reply:
        self.sent.append(request)
        return self.reply

    def forward(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        self.forwarded.append((environ["REQUEST_METHOD"], environ["wsgi.input"].read(length)))
        start_response("200 OK", [])
        return [b"passed"]

    def close(self) -> None:
        pass
