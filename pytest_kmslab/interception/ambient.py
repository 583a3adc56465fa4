"""Clients that were given no credentials in code act as whoever `kmslab.environ` names when they call.

botocore looks for credentials once, when a client is made. A handler that makes its clients when it is
imported would so act for ever as whoever was there then, or as nobody. While a block of `environ` is open, a
call of such a client is signed with the block's credentials; outside of one nothing is changed. The blocks
are of the process, as `os.environ` is: threads share them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from inspect import signature
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from pytest_kmslab.backends.addresses import ENDPOINT_PREFIX, NOWHERE
from pytest_kmslab.backends.own_sessions import keeps_credentials
from pytest_kmslab.interception.wrapped_methods import Wrap, WrappedMethods

if TYPE_CHECKING:
    from pytest_kmslab.backends.protocol import Credentials


ENVIRONMENT = "env"
"""What botocore calls the provider that reads environment variables. A session that was given a profile in
code has none: https://boto3.amazonaws.com/v1/documentation/api/latest/guide/credentials.html"""

ISSUED = re.compile(r"[AL][KS]IA[A-Z0-9]{12,}")
"""An access key as AWS or LocalStack gives it out: `testing` and moto's FOOBARKEY are none."""


class EnvironBlocks:
    """The blocks of `environ` that are open, the innermost of which counts."""

    def __init__(self, count_for: Callable[[str], bool] = lambda _url: True) -> None:
        self.count_for = count_for
        """Whether they count for calls to an address: that of a server which is none of the lab's has
        credentials of its own."""
        self._blocks: list[_Block] = []
        self.current: Any = None
        """The credentials, as botocore takes them, of the innermost block; None outside of one."""
        self.runs_within: Callable[[], Sequence[EnvironBlocks]] | None = None
        """Answers the blocks of the runs inside this one, innermost first; None where there never was any."""

    def innermost(self, url: str = "") -> Any:
        """The credentials of the innermost block, of runs inside this one too; for calls to an address, if
        one is given."""
        within = () if self.runs_within is None else self.runs_within()
        # The innermost run is the nearest to the code that calls.
        counting = (blocks for blocks in within if not url or blocks.count_for(url))
        return next((blocks.current for blocks in counting if blocks.current is not None), self.current)

    @contextmanager
    def open(
        self,
        credentials: Credentials,
        put_back: Callable[[], object],
        renew: Callable[[], Credentials] | None = None,
    ) -> Iterator[None]:
        """Have clients without credentials of their own act as somebody for as long as the block lasts.

        With `renew`, which answers what to sign with now, the credentials are others once they have ended.

        At its end what was set for it is put back.
        """
        held = _botocore_credentials(credentials) if renew is None else RenewedCredentials(renew)
        block = _Block(held, put_back)
        self._blocks.append(block)
        self.current = block.credentials
        try:
            yield
        finally:
            block.is_open = False
            # Blocks of threads overlap: what an earlier one set is put back only after those that came later.
            while self._blocks and not self._blocks[-1].is_open:
                self._blocks.pop().put_back()
            self.current = self._blocks[-1].credentials if self._blocks else None


@dataclass(eq=False, slots=True)
class _Block:
    """A block of `environ`."""

    credentials: Any
    put_back: Callable[[], object]
    """Makes the environment what it was before the block."""
    is_open: bool = True


class RenewedCredentials:
    """Those of a role, as botocore takes them: of a session that lasts, in the environment too."""

    method = ENVIRONMENT

    def __init__(self, renew: Callable[[], Credentials]) -> None:
        self._renew = renew
        self._current = renew()

    @property
    def access_key(self) -> str:
        """Of the session that counted last."""
        return self._current.access_key_id

    def get_frozen_credentials(self) -> Any:
        """What to sign with now; raises what keeps the role from being assumed again."""
        from botocore.credentials import ReadOnlyCredentials

        before, now = self._current, self._renew()
        if now != before:
            self._current = now
            # Unless a test has put in others since.
            if os.environ.get("AWS_ACCESS_KEY_ID") == before.access_key_id:
                os.environ.update(
                    AWS_ACCESS_KEY_ID=now.access_key_id,
                    AWS_SECRET_ACCESS_KEY=now.secret_access_key,
                    AWS_SESSION_TOKEN=now.session_token or "",
                )
        return ReadOnlyCredentials(now.access_key_id, now.secret_access_key, now.session_token)


class AwaitedCredentials:
    """Credentials for aiobotocore, which awaits what it signs with."""

    def __init__(self, credentials: Any) -> None:
        self._credentials = credentials

    async def get_frozen_credentials(self) -> Any:
        """What to sign with now."""
        return self._credentials.get_frozen_credentials()


class Follower:
    """Has the calls of one client signed by whoever counts now, where they go to the lab.

    What it does for a call is in one function: it is on the way of every call of such a client.
    """

    def __init__(self, blocks: EnvironBlocks, adapt: Callable[[Any], Any] | None = None) -> None:
        self._blocks = blocks
        self._adapt = adapt
        """Makes of credentials what the client takes."""
        self._goes_there = False

    def before_call(self, params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        """Have a call signed so."""
        blocks, url = self._blocks, params["url"]
        current = blocks.current if blocks.runs_within is None else blocks.innermost(url)
        if current is None:
            return
        # Asked again where the client's calls do not go to the lab: a gateway opens later.
        self._goes_there = self._goes_there or self._blocks.count_for(url)
        if not self._goes_there:
            return
        signing = context.get("signing") or {}
        if "request_credentials" not in signing:
            credentials = current if self._adapt is None else self._adapt(current)
            context["signing"] = {**signing, "request_credentials": credentials}

    def before_sign(self, request: Any, **_: Any) -> None:
        """The same of a URL that is signed and not called; what is called is signed as it was decided."""
        context = request.context
        if "request_credentials" not in (context.get("signing") or ()):
            self.before_call({"url": request.url}, context)


class AmbientClients:
    """Makes the clients that are given no credentials in code follow the blocks of `environ`."""

    def __init__(self, blocks: EnvironBlocks) -> None:
        self._blocks = blocks
        self._found: WeakSet[Any] = WeakSet()
        """Credentials that botocore found by itself."""
        self._methods = WrappedMethods(
            Wrap("botocore.credentials", "CredentialResolver", "load_credentials", self._search),
            Wrap("botocore.session", "Session", "create_client", self._create),
            Wrap("aiobotocore.credentials", "AioCredentialResolver", "load_credentials", self._search_async),
            Wrap("aiobotocore.session", "AioSession", "_create_client", self._create_async),
        )

    def install(self) -> None:
        """Watch how sessions find credentials and make clients, now or when botocore is imported."""
        self._methods.install()

    def remove(self) -> None:
        """Watch no more; the clients that were made act as without us."""
        self._methods.remove()

    def _search(self, original: Any, resolver: Any) -> Any:
        return self._noted(resolver, original(resolver))

    async def _search_async(self, original: Any, resolver: Any) -> Any:
        return self._noted(resolver, await original(resolver))

    def _create(self, original: Any, session: Any, *arguments: Any, **named: Any) -> Any:
        arguments, named = without_nowhere(original, (session, *arguments), named)
        return self._following(session, original(*arguments, **named), Follower(self._blocks))

    async def _create_async(self, original: Any, session: Any, *arguments: Any, **named: Any) -> Any:
        arguments, named = without_nowhere(original, (session, *arguments), named)
        client = await original(*arguments, **named)
        return self._following(session, client, Follower(self._blocks, AwaitedCredentials))

    def _noted(self, resolver: Any, credentials: Any) -> Any:
        """Credentials that were found, noted where nobody has given them in code."""
        if credentials is not None and self._is_ambient(resolver, credentials):
            self._found.add(credentials)
        return credentials

    def _following(self, session: Any, client: Any, follower: Follower) -> Any:
        """A new client, which follows the blocks where it was given no credentials in code."""
        if self._follows(session, client):
            # First: what decides a call must see who really signs it.
            client.meta.events.register_first("before-call", follower.before_call)
            client.meta.events.register_first("before-sign", follower.before_sign)
        return client

    def _follows(self, session: Any, client: Any) -> bool:
        """Whether a new client was given no credentials in code, nor its session."""
        from pytest_kmslab.interception.signers import is_unsigned, own_credentials

        if is_unsigned(client) or keeps_credentials(session):
            return False
        credentials = own_credentials(client)
        if credentials is not None:
            return credentials in self._found
        return session.instance_variables().get("profile") is None

    def _is_ambient(self, resolver: Any, credentials: Any) -> bool:
        """Whether nobody has given in code what a session has found."""
        if not _is_botocores_own(resolver, credentials.method):
            return False
        current = self._blocks.innermost()
        if current is None:
            return True
        # In a block of `environ` the environment names somebody already. Whoever sets a real access key
        # there, or has botocore find another way, gives credentials; the fake keys of moto and of suites
        # beside it are nobody's.
        if credentials.method != current.method:
            return credentials.method == ENVIRONMENT and not _is_issued(credentials)
        return credentials.method != ENVIRONMENT or (
            credentials.access_key == current.access_key or not _is_issued(credentials)
        )


def _is_issued(credentials: Any) -> bool:
    """Whether somebody may own an access key, which a fake one shows nobody does."""
    return ISSUED.fullmatch(credentials.access_key) is not None


def _is_botocores_own(resolver: Any, method: str) -> bool:
    """Whether a session that was given no profile found its credentials by a provider of botocore's own."""
    providers = {provider.METHOD: provider for provider in resolver.providers}
    provider = providers.get(method)
    if provider is None or ENVIRONMENT not in providers:
        return False
    return type(provider).__module__.partition(".")[0] in {"botocore", "aiobotocore"}


def _botocore_credentials(credentials: Credentials) -> Any:
    """Credentials as botocore signs with them; those that are renewed it finds by the environment."""
    import botocore.credentials
    import botocore.session

    if credentials.variables is not None:
        return botocore.session.Session().get_credentials()
    keys = credentials.access_key_id, credentials.secret_access_key, credentials.session_token
    return botocore.credentials.Credentials(*keys, method=ENVIRONMENT)


# What the environment says to other processes, and clients of this one take no notice of.
# A process that a test starts inherits its environment. Where the backend is in this process, the
# environment leads AWS clients to an address where nobody is (`NOWHERE`), so that none of them calls AWS;
# the clients of this process are to keep AWS's own addresses, by which the backend knows their calls.

OWN_ADDRESS: dict[str, Any] = {"ignore_configured_endpoint_urls": True}
"""What to make a client's Config of that is to keep the address it would have without the environment."""


def without_nowhere(create_client: Callable[..., Any], arguments: Any, named: Any) -> tuple[Any, Any]:
    """The arguments by which botocore makes a client that is not led to `NOWHERE`."""
    if os.environ.get(ENDPOINT_PREFIX) != NOWHERE:
        return arguments, named
    call = signature(create_client).bind(*arguments, **named)
    if call.arguments.get("endpoint_url") is None:
        call.arguments["config"] = _own_address(call.arguments.get("config"))
    return call.args, call.kwargs


def _own_address(config: Any) -> Any:
    from botocore.config import Config

    ignoring = Config(**OWN_ADDRESS)
    if config is None:
        return ignoring
    return config.merge(ignoring) if config.ignore_configured_endpoint_urls is None else config
