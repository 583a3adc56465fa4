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

from pytest_kmslab.config.options import Settings
from pytest_kmslab.enforcement.clock import Clock
from pytest_kmslab.enforcement.trail import Trail
from pytest_kmslab.errors import BackendError
from pytest_kmslab.interception.hooks import BotocoreHooks
from pytest_kmslab.interception.import_hook import Registration
from pytest_kmslab.lab.waiting.progress import ProgressReporter, no_progress
from pytest_kmslab.lab.waiting.retry_policy import RetryPolicy, default_retry_policy
from pytest_kmslab.session.aws_blocker import AwsBlocker
from pytest_kmslab.session.cleanup import Cleanup
from pytest_kmslab.session.current import Mode, run_is_current
from pytest_kmslab.session.masking import MaskingFilter
from pytest_kmslab.session.secrets import Secrets
from pytest_kmslab.session.sigterm import SigtermHandler

if TYPE_CHECKING:
    from pytest_kmslab.account.model import AccountView
    from pytest_kmslab.backends.protocol import Backend
    from pytest_kmslab.enforcement.pipeline import Pipeline
    from pytest_kmslab.interception.door import RunDoorkeeper
    from pytest_kmslab.lab.cost.prices import Prices
    from pytest_kmslab.lab.waiting.waiters import Waiter
    from pytest_kmslab.observe.observations import Observations


@dataclass(frozen=True, slots=True)
class BackendSpec:
    """Where a backend's class is, and of its Capabilities `resets` and `settles`: choosing costs no import.

    `options` are the settings that it takes beside the Region; `elsewhere` says that it is not in this
    process, and can be missing.
    """

    module: str
    name: str
    is_ephemeral: bool
    is_strongly_consistent: bool = True
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
    "moto": BackendSpec(
        "pytest_kmslab.backends.moto.backend", "MotoBackend", is_ephemeral=True, options=("account",)
    ),
    "localstack": BackendSpec(
        "pytest_kmslab.backends.endpoint.localstack",
        "LocalStackBackend",
        is_ephemeral=False,
        options=("endpoint", "endpoint_access_key", "endpoint_secret_key"),
        elsewhere=True,
    ),
    "aws": BackendSpec(
        "pytest_kmslab.backends.aws.backend",
        "AwsBackend",
        is_ephemeral=False,
        is_strongly_consistent=False,
        options=("account", "profile"),
        elsewhere=True,
    ),
}


class Run:
    """The state of a run, kept in `config.stash[RUN]`; making one imports neither boto3 nor moto."""

    def __init__(self, settings: Settings, report_progress: ProgressReporter = no_progress) -> None:
        self.settings = settings
        self.report_progress = report_progress
        self.trail = Trail()
        self.clock = Clock()
        self._interceptor = BotocoreHooks()
        self.observations: Observations | None = None
        """What comes of observing an account; None where none is observed."""
        self.secrets = Secrets()
        self._log_filter = MaskingFilter(self.secrets)
        self._registration = Registration((*self._interceptor.handlers, *self.secrets.handlers))
        self._blocker = AwsBlocker(lambda: self.aws_is_closed)
        self._backend: Backend | None = None
        self._keeper: RunDoorkeeper | None = None
        self._installed = ExitStack()
        self.place = ""
        self.stand_in: str | None = None
        """Where a stand-in for AWS is, for tests of this package only: no option leads here."""
        self.pace = 1.0
        """How much shorter than AWS's that stand-in's times are."""
        self._lives = not BACKENDS[settings.backend].is_ephemeral
        self.cleanup = Cleanup(settings, lambda: self.backend, self._lives)
        self.sigterm = SigtermHandler()

    def install(self) -> None:
        """Put the seam into every botocore session made from now on; be told of SIGTERM if it matters."""
        self._registration.install()
        self._installed.enter_context(default_retry_policy(self.retry_policy))
        self._installed.enter_context(run_is_current(self))
        self._log_filter.install()
        if self.settings.backend != "aws":
            self._blocker.install()
        if self._lives:
            self.sigterm.install()

    def close(self) -> None:
        """Close what is open, and take the seam out again."""
        try:
            self.cleanup.finish()
        finally:
            self.sigterm.restore()
            self._installed.close()
        self._interceptor.detach()
        if self._keeper is not None:
            self._keeper.close()
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
        return in_lab or self.settings.block_aws == "always" or BACKENDS[self.settings.backend].elsewhere

    @property
    def in_lab(self) -> bool:
        """Whether a lab can be open: only while the backend runs."""
        return self._backend is not None and self._backend.running

    @property
    def view(self) -> AccountView:
        """What is known of the account of the lab."""
        return self.backend.view

    @property
    def mode(self) -> Mode:
        """What is done with a call: decided, predicted and compared, or neither."""
        if self.settings.backend == "aws":
            return "off" if self.settings.observe == "off" else "observe"
        enforces_itself = self._backend is not None and self._backend.capabilities.enforces
        return "off" if enforces_itself or self.settings.enforcement == "off" else "enforce"

    def retry_policy(self) -> RetryPolicy:
        """What `eventually` takes where a test says nothing."""
        if BACKENDS[self.settings.backend].is_strongly_consistent:
            return RetryPolicy()
        from pytest_kmslab.lab.waiting.waiters import EXPECTED_IN_A_ROW, PROPAGATION_LIMIT, TABLE_KEY_LIMIT

        limits = PROPAGATION_LIMIT * self.pace, TABLE_KEY_LIMIT * self.pace
        return RetryPolicy(*limits, EXPECTED_IN_A_ROW, self.pace, self.report_progress)

    @property
    def waiter(self) -> Waiter:
        """What the labs of this run wait by."""
        from pytest_kmslab.lab.waiting.waiters import Waiter

        return Waiter(
            BACKENDS[self.settings.backend].is_strongly_consistent,
            report_progress=self.report_progress,
            pace=self.pace,
        )

    @cached_property
    def pipeline(self) -> Pipeline:
        """Decides the calls to the backend."""
        from pytest_kmslab.enforcement.pipeline import Pipeline
        from pytest_kmslab.enforcement.service_calls import connect_services

        pipeline = Pipeline(
            self.backend,
            self.trail,
            self.clock,
            enforcing=self.settings.enforcement == "enforce",
            table_key_cache=self.settings.table_key_cache,
        )
        return connect_services(pipeline)

    @cached_property
    def prices(self) -> Prices:
        """What things cost in a real account; raises PriceError."""
        from pytest_kmslab.lab.cost.prices import DEFAULT, read_prices

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
        from pytest_kmslab.lab.resource_ref import USER, ResourceRef
        from pytest_kmslab.lab.teardown.create_guard import recorded_create
        from pytest_kmslab.lab.teardown.stack import TeardownStack
        from pytest_kmslab.lab.waiting.waiters import Waiter

        naming = self.cleanup.naming({})
        teardown = TeardownStack(self.cleanup.ledger(naming))
        name = naming.name("kmslab-probe")
        backend.probe = (name, naming.tags(name))
        ref, find = ResourceRef(USER, name, backend.region), backend.view.clients.of
        try:
            with recorded_create(teardown, find, Waiter(is_strongly_consistent=True), ref, naming):
                yield
        finally:
            teardown.unwind()

    @property
    def backend(self) -> Backend:
        """The backend that was chosen, made at first use and not started; raises BackendError."""
        if self._backend is None:
            more = {} if self.stand_in is None else {"stand_in": self.stand_in}
            backend: Backend = BACKENDS[self.settings.backend].make(self.settings, **more)
            self._backend = backend
            self._intercept(backend)
        return self._backend

    def _intercept(self, backend: Any) -> None:
        """Take calls through the pipeline, or show them to the observer: nothing is stopped on AWS."""
        if not backend.capabilities.enforces:
            from pytest_kmslab.interception.botocore import CallInterception

            self._interceptor.attach(CallInterception(self.pipeline, self._doorkeeper(self.pipeline)))
        elif self.observations is not None:
            from pytest_kmslab.observe.botocore_hooks import CallObservation
            from pytest_kmslab.observe.observer import Observer

            self._interceptor.attach(
                CallObservation(Observer(backend, self.trail, self.clock, self.observations))
            )

    def _doorkeeper(self, pipeline: Pipeline) -> RunDoorkeeper | None:
        """Guards the door of a backend in this process."""
        backend: Any = pipeline.backend
        if not hasattr(backend, "guard_door"):
            return None
        from pytest_kmslab.interception.door import RunDoorkeeper

        self._keeper = RunDoorkeeper(pipeline)
        backend.guard_door(self._keeper)
        return self._keeper

    @contextmanager
    def gateway(self) -> Iterator[str]:
        """Serve the run's backend over HTTP while this is open, and answer the URL; raises BackendError."""
        from pytest_kmslab.gateway.embedded import open_gateway

        if self.settings.backend == "aws":
            raise BackendError(
                "backend `aws` has no gateway (fixture `kmslab_endpoint`): let other processes call AWS "
                "itself, within `with kmslab.environ(user)`"
            )
        with open_gateway(self.pipeline, self.trail) as url, self._interceptor.leaving_to(url):
            yield url


RUN = pytest.StashKey[Run]()
