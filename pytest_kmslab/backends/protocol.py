"""What every backend offers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from pytest_kmslab.account.model import AccountView
    from pytest_kmslab.calls.api_call import ApiCall


@dataclass(frozen=True, slots=True)
class Credentials:
    """Credentials to sign requests with.

    `variables` is the environment in which boto3 finds them (a profile, say) where it must look for them
    itself, because they are renewed; None for credentials that last.
    """

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)
    variables: Mapping[str, str] | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Administrator:
    """Who administers a lab where somebody is there who may: on AWS the caller.

    `arn` is whom a key policy has to name (a role, not its session); `session` is the botocore session that
    finds and renews the credentials.
    """

    name: str
    arn: str
    credentials: Credentials
    session: Any = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class ProbeUser:
    """The user by whom it is found out what an endpoint decides by itself."""

    name: str
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a backend is like, where the rest of the package has to know."""

    is_ephemeral: bool
    """Whether it starts empty for each lab and forgets it after, so that isolation per test is free."""
    is_strongly_consistent: bool
    """Whether changes act at once, so that there is nothing to wait for."""
    enforces: bool
    """Whether it decides by itself who is allowed, as AWS does."""
    long_values: frozenset[str] = frozenset()
    """The shapes of botocore's models of which it makes values that are longer than AWS's can be."""


@dataclass(frozen=True, slots=True)
class EncryptionChanges:
    """When a table was `created` and the times of its encryption `changes`, oldest first, in epoch seconds.

    `changes` is the backend's own list: what is appended to it is kept with the table.
    """

    created: float
    changes: list[float]


class Backend(Protocol):
    """A place where AWS calls are answered.

    `account` (12 digits) and `region` are those the lab works in. `endpoint_url` is None where
    clients need none.
    """

    name: str
    capabilities: Capabilities
    account: str
    region: str
    endpoint_url: str | None

    @property
    def view(self) -> AccountView:
        """Reads the account."""

    @property
    def root(self) -> Credentials:
        """Credentials of the account's root user: what makes the lab's administrator."""

    @property
    def administrator(self) -> Administrator | None:
        """Who is the lab's administrator without being made; None where the lab makes one."""

    def start(self) -> None:
        """Make it ready for a lab; calls nest, only the first one acts. Raises BackendError."""

    def stop(self) -> None:
        """Undo one `start`."""

    running: bool
    """Whether it is between `start` and the last `stop`: only then are calls decided."""

    @property
    def revision(self) -> int:
        """Another number than before, where the account in this process may have changed meanwhile."""

    def note_change(self) -> None:
        """Know that a call changed the account."""

    def forget(self) -> None:
        """Know that another process changed the account: what was read of it is read again."""

    exclusive: AbstractContextManager[Any]
    """Held while a call is decided and done, where nothing may change between the two; held twice by one
    thread it is held once. Others do not wait for an endpoint: it serves whoever asks at once."""

    discards_account: bool
    """Whether the last `stop` throws the account away, with all that is in it."""

    def owns_url(self, url: str) -> bool:
        """Whether a call to this address comes here. One to another (a client with an `endpoint_url` of its
        own) is somebody else's, of whom nothing is known here: it is not decided."""

    def served_url(self, url: str) -> str:
        """The address at which this backend serves what is served at another."""

    def attach_client(self, events: Any, url: str) -> None:
        """Make a client's calls come here, given its event emitter and the address it is about to call.

        Raises BackendError for an address that would leave for AWS although the lab is not there.
        """

    def before_call(self, call: ApiCall) -> Mapping[str, Any]:
        """Make ready for a call that was allowed; answers the parameters to send in place of the
        caller's, where this backend reads one wrongly.
        """

    def extra_headers(self, call: ApiCall) -> Mapping[str, str]:
        """Headers to send with a call that was allowed, where this backend must be told more than it says."""

    def emulate(self, call: ApiCall) -> dict[str, Any] | None:
        """The response of an operation that this backend lacks; None for all others."""

    def after_call(self, call: ApiCall, response: dict[str, Any]) -> None:
        """After a call that succeeded: keep what the backend drops and mend its response in place."""

    def go_by(self, now: Callable[[], float]) -> None:
        """Know the clock by which calls are decided: it answers seconds since the epoch."""

    def pass_time(self, now: float) -> None:
        """The clock was moved on to a time in seconds since the epoch: let go of what is past its date."""

    def set_table_key(self, table_arn: str, key_arn: str | None) -> None:
        """Keep which key a table is encrypted with, where the backend drops it; None: AWS owned key."""

    def encryption_changes(self, table_arn: str) -> EncryptionChanges | None:
        """When a table was created and its encryption changed; None where there is no such table."""

    makes_stacks_alone: bool
    """Whether it makes what is in a stack by itself, undecided, and may drop what it does not know."""

    def check_stacks(self) -> None:
        """Raise BackendError where CloudFormation is not installed here."""

    def add_table_grants(self, table_arn: str, key_arn: str) -> None:
        """Leave on the key the grants that DynamoDB makes for a table, where the backend makes none."""

    def retire_table_grants(self, table_arn: str) -> None:
        """Take the grants of a table off its key, as DynamoDB does when a table goes."""
