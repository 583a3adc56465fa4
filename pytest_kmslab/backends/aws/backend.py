"""A real AWS account."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pytest_kmslab.account.model import AccountView
from pytest_kmslab.backends.addresses import leads_to_aws
from pytest_kmslab.backends.aws.target_account import find_caller, open_session, region_of
from pytest_kmslab.backends.protocol import Administrator, Capabilities, Credentials, EncryptionChanges
from pytest_kmslab.backends.shared_account import SharedAccountBackend
from pytest_kmslab.errors import BackendError

if TYPE_CHECKING:
    from pytest_kmslab.backends.aws.reader import AwsAccountReader
    from pytest_kmslab.calls.api_call import ApiCall

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class AwsBackend(SharedAccountBackend):
    """The account that was named, if it is the one that the credentials belong to.

    The caller is the lab's administrator: nobody is made for that. AWS decides for itself, nothing is
    answered or mended here. `stand_in` is the address of a stand-in for AWS, on this machine, and for tests
    of this package only: no option leads to it.
    """

    name = "aws"
    capabilities = Capabilities(is_ephemeral=False, is_strongly_consistent=False, enforces=True)
    makes_stacks_alone = False
    """AWS makes them, and decides what they may do."""

    def __init__(
        self, region: str, account: str = "", profile: str = "", stand_in: str | None = None
    ) -> None:
        if stand_in is not None and urlsplit(stand_in).hostname not in LOOPBACK:
            raise BackendError(f"the stand-in `{stand_in}` is not on this machine")
        self.account = account
        self.endpoint_url = stand_in
        self._named_region = region
        self._profile = profile
        super().__init__()

    @cached_property
    def session(self) -> Any:
        """The botocore session that finds the caller's credentials; raises BackendError."""
        return open_session(self._profile)

    @cached_property
    def region(self) -> str:
        """The Region that was named, or the profile's; raises BackendError where there is none."""
        return region_of(self.session, self._named_region)

    @cached_property
    def administrator(self) -> Administrator:
        """The caller; raises BackendError where it must not be used."""
        return find_caller(self.session, self.account, self.region, self._profile, self.endpoint_url)

    @property
    def root(self) -> Credentials:
        """The caller's credentials: the root user's are refused."""
        return self.administrator.credentials

    @cached_property
    def view(self) -> AccountView:
        """Reads the account."""
        return AccountView(self.reader)

    @cached_property
    def reader(self) -> AwsAccountReader:
        """What the administrator may read of the account."""
        from pytest_kmslab.backends.aws.reader import AwsAccountReader

        return AwsAccountReader(self.administrator, self.account, self.region, self.endpoint_url)

    def describe(self) -> str:
        """What a person is told of it; raises BackendError where the account must not be used."""
        return f"account {self.account}, Region {self.region}, as {self.administrator.arn}"

    def _make_sure(self) -> None:
        self.describe()

    def forget(self) -> None:
        """Let go of what is kept."""
        self.reader.forget_all()

    def owns_url(self, url: str) -> bool:
        """AWS's own addresses; in a test of this package those of its stand-in."""
        if self.endpoint_url is not None:
            return urlsplit(url).netloc == urlsplit(self.endpoint_url).netloc
        return leads_to_aws(url)

    def attach_client(self, events: Any, url: str) -> None:
        """Calls go where they go."""

    def before_call(self, call: ApiCall) -> Mapping[str, Any]:
        """AWS reads every parameter rightly; forget what was read of what is about to change."""
        self._forget(call)
        return {}

    def emulate(self, call: ApiCall) -> dict[str, Any] | None:
        """AWS lacks nothing."""
        return None

    def after_call(self, call: ApiCall, response: dict[str, Any]) -> None:
        """AWS drops nothing, but tells some things once only."""
        self._forget(call)
        self.reader.learn(call, response)

    def _forget(self, call: ApiCall) -> None:
        from pytest_kmslab.calls.operations import changes_account

        if changes_account(call):
            self.reader.forget(call)

    def set_table_key(self, table_arn: str, key_arn: str | None) -> None:
        """AWS keeps it."""

    def encryption_changes(self, table_arn: str) -> EncryptionChanges | None:
        """AWS counts them."""
        return None

    def add_table_grants(self, table_arn: str, key_arn: str) -> None:
        """DynamoDB makes them."""

    def retire_table_grants(self, table_arn: str) -> None:
        """DynamoDB retires them."""
