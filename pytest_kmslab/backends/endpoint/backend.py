"""Any endpoint that speaks AWS's APIs: LocalStack, ministack, a moto server."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pytest_kmslab.account.model import AccountView
from pytest_kmslab.backends.addresses import leads_to_aws
from pytest_kmslab.backends.protocol import (
    Administrator,
    Capabilities,
    Credentials,
    EncryptionChanges,
    ProbeUser,
)
from pytest_kmslab.backends.shared_account import SharedAccountBackend
from pytest_kmslab.calls.error_codes import DENIAL_CODES, error_code
from pytest_kmslab.errors import BackendError

if TYPE_CHECKING:
    from pytest_kmslab.backends.endpoint.fixups.operations import EndpointFixups
    from pytest_kmslab.backends.endpoint.reader import EndpointAccountReader
    from pytest_kmslab.calls.api_call import ApiCall

ROOT = Credentials("test", "test")
"""Whom LocalStack and ministack take for the root user of the account 000000000000."""


class EndpointBackend(SharedAccountBackend):
    """An account at an endpoint, shared with every other process that uses the endpoint.

    `account` is empty before the first `start` or `describe`, which ask for it.
    `root` are credentials that the endpoint takes for the account's root user. Other accounts are known where
    the endpoint takes an access key of twelve digits for the root user's of that account. Nothing is reset:
    what a lab makes it removes itself. Secrets of access keys and what the endpoint drops of tables are kept
    on the endpoint, so a key that was made where no seam of ours was there is an unknown one.
    """

    name = "endpoint"
    capabilities = Capabilities(
        is_ephemeral=False,
        is_strongly_consistent=True,
        enforces=False,
        long_values=frozenset({"SequenceNumber"}),  # LocalStack's, of stream records, have 56 digits
    )
    administrator: Administrator | None = None
    makes_stacks_alone = True
    """The endpoint makes what is in a stack by itself, undecided."""

    def __init__(self, url: str, region: str, root: Credentials | None = None) -> None:
        self.endpoint_url: str | None = url
        self.region = region
        self.root = root or ROOT
        self.account = ""
        self._enforces_natively: bool | None = None
        self._url = url
        self._now: Callable[[], float] = time.time
        self.at_start: Callable[[], None] = lambda: None
        """Done each time that it starts, before anybody uses it."""
        super().__init__()

    def start(self) -> None:
        """Make sure that the endpoint answers, and that nothing goes by its door."""
        super().start()
        self.at_start()

    @cached_property
    def view(self) -> AccountView:
        """Reads the account."""
        return AccountView(self.reader)

    @cached_property
    def reader(self) -> EndpointAccountReader:
        """Reads the account through the endpoint's API."""
        from pytest_kmslab.backends.endpoint.clients import EndpointClients
        from pytest_kmslab.backends.endpoint.reader import EndpointAccountReader

        clients = EndpointClients(self._url, self.region, self.root)
        return EndpointAccountReader(clients, now=self._time)

    def go_by(self, now: Callable[[], float]) -> None:
        """Read keys as they are by this clock: the endpoint's own is not moved on."""
        self._now = now

    def _time(self) -> float:
        return self._now()

    def enforces_natively(self, probe_user: ProbeUser | None = None) -> bool:
        """Whether the endpoint itself denies a user without any permission; it is asked once.

        The user is made, and deleted again; without one given it has a name of its own and no tags.
        """
        if self._enforces_natively is None:
            probe_user = probe_user or ProbeUser(f"kmslab-probe-{secrets.token_hex(4)}", {})
            self._enforces_natively = self._denies(probe_user)
        return self._enforces_natively

    def _denies(self, probe_user: ProbeUser) -> bool:
        from botocore.exceptions import ClientError

        clients = self.reader.clients
        iam, user = clients.of("iam"), probe_user.name
        tags = [{"Key": key, "Value": value} for key, value in probe_user.tags.items()]
        with ExitStack() as made:
            iam.create_user(UserName=user, Tags=tags)
            made.callback(iam.delete_user, UserName=user)
            access_key = iam.create_access_key(UserName=user)["AccessKey"]
            made.callback(iam.delete_access_key, UserName=user, AccessKeyId=access_key["AccessKeyId"])
            # Nobody gave this user anything: whoever enforces denies it.
            nobody = Credentials(access_key["AccessKeyId"], access_key["SecretAccessKey"])
            try:
                clients.with_credentials("kms", nobody).list_keys(Limit=1)
            except ClientError as error:
                return error_code(error) in DENIAL_CODES
        return False

    def describe(self, probe_user: ProbeUser | None = None) -> str:
        """What a person is told of it; raises BackendError where the endpoint cannot be reached."""
        self._make_sure()
        enforces = self.enforces_natively(probe_user)
        self.capabilities = replace(self.capabilities, enforces=enforces)
        natively = "decides by itself too" if enforces else "decides nothing by itself"
        return f"at {self._url}, account {self.account}, which {natively}"

    def forget(self) -> None:
        """Let go of what is kept for a second."""
        # A change of IAM's is taken for one of everything.
        self.reader.changed("iam")

    def owns_url(self, url: str) -> bool:
        """What would go to AWS, and the endpoint's port."""
        # On which host it is, no name can tell for sure.
        return leads_to_aws(url) or _port(url) == _port(self._url)

    def attach_client(self, events: Any, url: str) -> None:
        """Send to the endpoint what a client would send to AWS; a client of another address keeps it."""
        if leads_to_aws(url):
            events.register_last("before-send", self._redirect)

    def before_call(self, call: ApiCall) -> Mapping[str, Any]:
        """Say which parameters the endpoint must get in another form."""
        return self._fixups.before_call(call)

    def emulate(self, call: ApiCall) -> dict[str, Any] | None:
        """Answer what the endpoint lacks."""
        return self._fixups.emulate(call)

    def after_call(self, call: ApiCall, response: dict[str, Any]) -> None:
        """Keep what the endpoint drops."""
        self._fixups.after_call(call, response)

    def set_table_key(self, table_arn: str, key_arn: str | None) -> None:
        """Keep it in the shared store."""
        if (view := self.reader.of_arn(table_arn)) is not None:
            view.tables.keep(table_arn, key=key_arn)

    def encryption_changes(self, table_arn: str) -> EncryptionChanges | None:
        """Kept in the shared store."""
        view = self.reader.of_arn(table_arn)
        return None if view is None else view.tables.encryption_changes(table_arn)

    def add_table_grants(self, table_arn: str, key_arn: str) -> None:
        """Leave DynamoDB's two grants on the endpoint's own key."""
        from pytest_kmslab.backends.endpoint.fixups import table_grants as endpoint_grants

        # The key may be of another account, which not every endpoint keeps.
        if (view := self.reader.of_arn(key_arn)) is not None:
            endpoint_grants.add(view, table_arn, key_arn)

    def retire_table_grants(self, table_arn: str) -> None:
        """Take them off again."""
        from pytest_kmslab.backends.endpoint.fixups import table_grants as endpoint_grants

        if (view := self.reader.of_arn(table_arn)) is not None:
            # Of a table whose account the endpoint does not keep no grant was ever made here.
            endpoint_grants.retire(view, table_arn)

    def _make_sure(self) -> None:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            self.account = self.reader.identities.account
        except (BotoCoreError, ClientError) as error:
            raise BackendError(f"no AWS API answers at `{self._url}`: {error}") from error

    @cached_property
    def _fixups(self) -> EndpointFixups:
        from pytest_kmslab.backends.endpoint.fixups.operations import EndpointFixups

        return EndpointFixups(self.reader)

    def _redirect(self, request: Any, **_: Any) -> None:
        if leads_to_aws(request.url):
            here = urlsplit(self._url)
            request.url = urlsplit(request.url)._replace(scheme=here.scheme, netloc=here.netloc).geturl()


def _port(url: str) -> int:
    parts = urlsplit(url)
    return parts.port or (443 if parts.scheme == "https" else 80)
