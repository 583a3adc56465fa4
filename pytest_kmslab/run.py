"""What one pytest run holds: its settings, trail, seam and backend."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_kmslab.aftermath import Aftermath
from pytest_kmslab.enforcement.blocker import AwsBlocker
from pytest_kmslab.enforcement.clock import Clock
from pytest_kmslab.enforcement.interceptor import Interceptor
from pytest_kmslab.enforcement.observe.watcher import Watcher
from pytest_kmslab.enforcement.registration import Registration
from pytest_kmslab.enforcement.secrets import Secrets
from pytest_kmslab.enforcement.trail import Trail
from pytest_kmslab.errors import BackendError
from pytest_kmslab.options import Settings
from pytest_kmslab.patience import Needs, needing
from pytest_kmslab.report.masking import MaskingFilter
from pytest_kmslab.resources.progress import Tell, tell_nobody
from pytest_kmslab.termination import Termination

if TYPE_CHECKING:
    from pytest_kmslab.backends.base import Backend
    from pytest_kmslab.enforcement.enforcer import Enforcer
    from pytest_kmslab.enforcement.observe.observations import Observations
    from pytest_kmslab.resources.cost import Prices
    from pytest_kmslab.resources.waiters import Waiter


@dataclass(frozen=True, slots=True)
class Place:
    """Where a backend's class is, and of its Capabilities `resets` and `settles`: choosing costs no import.

    `options` are the settings that it takes beside the Region; `elsewhere` says that it is not in this
    process, and can be missing.
    """

    module: str
    name: str
    resets: bool
    settles: bool = True
    options: tuple[str, ...] = ()
    elsewhere: bool = False

    def load(self) -> Any:
        """The class."""
        return getattr(import_module(self.module), self.name)

    def make(self, settings: Settings, **more: Any) -> Any:
        """The backend for a run; raises BackendError."""
        given = {option: getattr(settings, option) for option in self.options}
        return self.load()(settings.region, **given, **more)


BACKENDS = {
    "moto": Place("pytest_kmslab.backends.moto.backend", "MotoBackend", resets=True),
    "localstack": Place(
        "pytest_kmslab.backends.localstack",
        "LocalStackBackend",
        resets=False,
        options=("endpoint", "endpoint_access_key", "endpoint_secret_key"),
        elsewhere=True,
    ),
    "aws": Place(
        "pytest_kmslab.backends.aws.backend",
        "AwsBackend",
        resets=False,
        settles=False,
        options=("account", "profile"),
        elsewhere=True,
    ),
}


class Run:
    """The state of a run, kept in `config.stash[RUN]`; making one imports neither boto3 nor moto."""

    def __init__(self, settings: Settings, tell: Tell = tell_nobody) -> None:
        self.settings = settings
        self.tell = tell
        self.trail = Trail()
        self.clock = Clock()
        self._interceptor: Interceptor | Watcher = Watcher() if settings.backend == "aws" else Interceptor()
        self.observations: Observations | None = None
        """What comes of observing an account; None where none is observed."""
        self.secrets = Secrets()
        self._log_filter = MaskingFilter(self.secrets)
        self._registration = Registration((*self._interceptor.handlers, *self.secrets.handlers))
        self._blocker = AwsBlocker(lambda: self.aws_is_closed)
        self._backend: Backend | None = None
        self._installed = ExitStack()
        self.place = ""
        self.stand_in: str | None = None
        """Where a stand-in for AWS is, for tests of this package only: no option leads here."""
        self.pace = 1.0
        """How much shorter than AWS's that stand-in's times are."""
        self._lives = not BACKENDS[settings.backend].resets
        self.aftermath = Aftermath(settings, lambda: self.backend, self._lives)
        self.termination = Termination()

    def install(self) -> None:
        """Put the seam into every botocore session made from now on; be told of SIGTERM if it matters."""
        self._registration.install()
        self._installed.enter_context(needing(self.needs))
        self._log_filter.install()
        if self.settings.backend != "aws":
            self._blocker.install()
        if self._lives:
            self.termination.install()

    def close(self) -> None:
        """Close what is open, and take the seam out again."""
        try:
            self.aftermath.finish()
        finally:
            self.termination.restore()
            self._installed.close()
        self._interceptor.detach()
        self._registration.remove()
        self._log_filter.remove()
        if self.settings.backend != "aws":
            self._blocker.remove()

    @property
    def aws_is_closed(self) -> bool:
        """Whether nothing may leave for AWS now."""
        if self.settings.backend == "aws":
            return False
        in_lab = self._backend is not None and self._backend.running
        return in_lab or self.settings.block_aws == "always"

    def needs(self) -> Needs:
        """What `eventually` takes where a test says nothing."""
        if BACKENDS[self.settings.backend].settles:
            return Needs()
        from pytest_kmslab.resources.waiters import EXPECTED_IN_A_ROW, PROPAGATION_LIMIT, TABLE_KEY_LIMIT

        limits = PROPAGATION_LIMIT * self.pace, TABLE_KEY_LIMIT * self.pace
        return Needs(*limits, EXPECTED_IN_A_ROW, self.pace, self.tell)

    @property
    def waiter(self) -> Waiter:
        """What the labs of this run wait by."""
        from pytest_kmslab.resources.waiters import Waiter

        return Waiter(BACKENDS[self.settings.backend].settles, tell=self.tell, pace=self.pace)

    def _enforcer(self, backend: Backend) -> Enforcer:
        from pytest_kmslab.enforcement.enforcer import Enforcer

        return Enforcer(
            backend,
            self.trail,
            self.clock,
            enforcing=self.settings.enforcement == "enforce",
            table_key_cache=self.settings.table_key_cache,
        )

    @cached_property
    def prices(self) -> Prices:
        """What things cost in a real account; raises PriceError."""
        from pytest_kmslab.resources.cost import DEFAULT, read_prices

        return read_prices(Path(self.settings.prices) if self.settings.prices else DEFAULT)

    def reach(self) -> None:
        """Look whether a backend that is elsewhere is there, and keep as `place` what to tell of it.

        Does nothing for one in this process; raises BackendError.
        """
        if BACKENDS[self.settings.backend].elsewhere:
            with self._probing():
                self.place = str(self.backend.describe())  # type: ignore[attr-defined]

    @contextmanager
    def _probing(self) -> Iterator[None]:
        """Write down the user by whom an endpoint is asked whether it decides anything by itself."""
        backend: Any = self.backend
        if not hasattr(backend, "probe"):
            yield
            return
        from pytest_kmslab.resources.lost import making
        from pytest_kmslab.resources.things import USER, Thing
        from pytest_kmslab.resources.undo import Undo
        from pytest_kmslab.resources.waiters import Waiter

        naming = self.aftermath.naming({})
        undo = Undo(self.aftermath.ledger(naming))
        name = naming.name("kmslab-probe")
        backend.probe = (name, naming.tags(name))
        thing, find = Thing(USER, name, backend.region), backend.facts.clients.of
        try:
            with making(undo, find, Waiter(settles=True), thing, naming):
                yield
        finally:
            undo.unwind()

    @property
    def backend(self) -> Backend:
        """The backend that was chosen, made at first use and not started; raises BackendError."""
        if self._backend is None:
            more = {} if self.stand_in is None else {"stand_in": self.stand_in}
            backend: Backend = BACKENDS[self.settings.backend].make(self.settings, **more)
            if isinstance(self._interceptor, Watcher):
                self._observe(self._interceptor, backend)
            elif not backend.capabilities.enforces:
                self._interceptor.attach(self._enforcer(backend))
            self._backend = backend
        return self._backend

    def _observe(self, watcher: Watcher, backend: Any) -> None:
        """The seam of an account: nothing is stopped there."""
        if self.observations is not None:
            from pytest_kmslab.enforcement.observe.observer import Observer

            watcher.attach(Observer(backend, self.trail, self.clock, self.observations))

    @contextmanager
    def gateway(self) -> Iterator[str]:
        """Serve the run's backend over HTTP while this is open, and answer the URL; raises BackendError."""
        from pytest_kmslab.enforcement.gateway.open import open_gateway

        if isinstance(self._interceptor, Watcher):
            raise BackendError(
                "backend `aws` has no gateway (fixture `kmslab_endpoint`): let other processes call AWS "
                "itself, within `with kmslab.environ(user)`"
            )
        with open_gateway(self._enforcer(self.backend), self.trail) as url, self._interceptor.leaving_to(url):
            yield url


RUN = pytest.StashKey[Run]()
