"""Stops what would leave for AWS in a run that is not for a real account, whoever does it.

Two places are watched: the look-up of a host's address, which every client of this process needs to get
out, and botocore's way to send through a proxy, which looks up the proxy's address only.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from pytest_kmslab.backends.addresses import is_of_aws
from pytest_kmslab.errors import BackendError
from pytest_kmslab.interception.import_hook import AfterImport

SENDING_MODULE = "botocore.httpsession"

HOW = (
    "to use a real account, run with --real-aws and --kmslab-account; tests that are meant to call AWS "
    "cannot use a lab at the same time (ini option kmslab_block_aws)"
)


class AwsBlocker:
    """Raises BackendError for a call that would leave for AWS, while `closed` says so.

    moto and the seam answer before anything is looked up, so what they answer is never stopped.
    """

    def __init__(self, closed: Callable[[], bool]) -> None:
        self._closed = closed
        self._look_up: Any = None
        self._send: Any = None
        self._after_import = AfterImport(SENDING_MODULE, self._watch)

    def install(self) -> None:
        """Watch from now on; undone by `remove`, newest first where there are several."""
        self._look_up = socket.getaddrinfo
        socket.getaddrinfo = self._guarded(self._look_up)
        self._after_import.install()

    def remove(self) -> None:
        """Watch no more."""
        socket.getaddrinfo = self._look_up
        self._after_import.remove()
        # botocore may never have been imported.
        if self._send is not None:
            sys.modules[SENDING_MODULE].URLLib3Session.send = self._send

    def _guarded(self, look_up: Callable[..., Any]) -> Callable[..., Any]:
        def getaddrinfo(host: Any, *arguments: Any, **named: Any) -> Any:
            # The look-up takes bytes as well as text, and None for this machine.
            name = host.decode("ascii", "replace") if isinstance(host, bytes) else host
            if isinstance(name, str):
                self._check(name)
            return look_up(host, *arguments, **named)

        return getaddrinfo

    def _watch(self, module: Any) -> None:
        send = self._send = module.URLLib3Session.send

        def guarded_send(session: Any, request: Any) -> Any:
            from pytest_kmslab.interception.signers import goes_through_proxy

            # Of a request through a proxy only the proxy's address is looked up.
            if goes_through_proxy(session, request.url):
                self._check(urlsplit(request.url).hostname or "")
            return send(session, request)

        module.URLLib3Session.send = guarded_send

    def _check(self, host: str) -> None:
        if is_of_aws(host) and self._closed():
            raise BackendError(f"a call to `{host}` would leave this machine for AWS, and was stopped: {HOW}")
