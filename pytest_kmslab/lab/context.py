"""What the labs of a run have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_kmslab.backends.addresses import NOWHERE
from pytest_kmslab.enforcement.clock import Clock
from pytest_kmslab.enforcement.creations import Creations
from pytest_kmslab.errors import BackendError
from pytest_kmslab.interception.ambient import EnvironBlocks
from pytest_kmslab.lab.naming import Naming
from pytest_kmslab.lab.policies.managed import ManagedPolicies
from pytest_kmslab.lab.sessions import Sessions
from pytest_kmslab.lab.teardown.ledger import Ledger
from pytest_kmslab.lab.teardown.stack import PutOff, TeardownStack
from pytest_kmslab.lab.waiting.waiters import Waiter

if TYPE_CHECKING:
    from pytest_kmslab.backends.protocol import Backend
    from pytest_kmslab.config.options import Settings
    from pytest_kmslab.enforcement.trail import Trail
    from pytest_kmslab.lab.resource_kind import ResourceKind, ResourceRef

AssumeAsService = Callable[[str, Mapping[str, Any], Mapping[str, str]], Mapping[str, Any]]
"""Assumes a role as a service: its principal, AssumeRole's parameters, the condition keys that the service
sets; answers AssumeRole's response, or raises ServiceError."""

OpenGateway = Callable[[], AbstractContextManager[str]]
"""Serves a backend for as long as the block lasts, and answers the URL."""


@contextmanager
def no_gateway() -> Iterator[str]:
    """Where there is no run to serve for."""
    raise BackendError("this lab belongs to no pytest run, so it has no gateway for other processes")
    # Never reached: it makes the function a generator, as a context manager has to be.
    yield ""


@dataclass(frozen=True, slots=True)
class LabContext:
    """What the labs of a run have in common, known once the backend was reached."""

    backend: Backend
    settings: Settings
    trail: Trail
    naming: Naming
    sessions: Sessions
    waiter: Waiter
    credentials_directory: Path
    """Where the credentials files of users with console access are written."""
    ledger: Ledger
    put_off: PutOff
    """Around the removal of resources: a signal to end the run waits."""
    managed_policies: ManagedPolicies = field(default_factory=ManagedPolicies)
    """Finds the managed policies that somebody is given."""
    creations: Creations = field(default_factory=Creations)
    """What calls of the run have made."""
    adopted: list[ResourceRef] = field(default_factory=list)
    """What the labs took over: its names say nothing, so a list of what is named by labs leaves it out."""
    kinds_made: set[ResourceKind] = field(default_factory=set)
    """The kinds of which the labs have made one, or were about to."""
    assume_as_service: AssumeAsService | None = None
    """Assumes roles as the services that they trust; None where nobody can be a service."""
    blocks: EnvironBlocks = field(default_factory=EnvironBlocks)
    """The blocks of `environ` that are open in this process."""
    clock: Clock = field(default_factory=Clock)
    """By which sessions end."""
    open_gateway: OpenGateway = no_gateway
    """Serves the backend to other processes."""

    @property
    def endpoint_url(self) -> str | None:
        """The endpoint that the environment is to name: where clients of this process need none, one that is
        nowhere, and none at all for an AWS account."""
        backend = self.backend
        # A process that a test starts must reach nobody, rather than AWS, where moto is in this one.
        in_this_process = backend.endpoint_url is None and not backend.capabilities.enforces
        return NOWHERE if in_this_process else backend.endpoint_url

    @classmethod
    def of(
        cls,
        backend: Backend,
        settings: Settings,
        trail: Trail,
        naming: Naming,
        credentials_directory: Path,
        *,
        ledger: Ledger | None = None,
        put_off: PutOff = nullcontext,
        waiter: Waiter | None = None,
        assume_as_service: AssumeAsService | None = None,
        blocks: EnvironBlocks | None = None,
        open_gateway: OpenGateway | None = None,
        clock: Clock | None = None,
        creations: Creations | None = None,
    ) -> LabContext:
        """A context on a backend. Without a ledger nothing is written down."""
        waiter = waiter or Waiter(backend.capabilities.is_strongly_consistent)
        return cls(
            backend,
            settings,
            trail,
            naming,
            Sessions(backend, waiter),
            waiter,
            credentials_directory,
            ledger or Ledger(),
            put_off,
            assume_as_service=assume_as_service,
            blocks=blocks or EnvironBlocks(),
            open_gateway=open_gateway or no_gateway,
            clock=clock or Clock(),
            creations=Creations() if creations is None else creations,
        )

    def teardown(self) -> TeardownStack:
        """What removes what one lab makes."""
        return TeardownStack(self.ledger, self.put_off)
