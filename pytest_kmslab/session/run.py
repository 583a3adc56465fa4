"""What one pytest run holds: its settings, trail, seam and backend."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_kmslab.config.options import Settings
from pytest_kmslab.enforcement.clock import Clock
from pytest_kmslab.enforcement.entry import Mode
from pytest_kmslab.enforcement.trail import Trail
from pytest_kmslab.errors import BackendError
from pytest_kmslab.interception.ambient import AmbientClients, EnvironBlocks
from pytest_kmslab.interception.hooks import BotocoreHooks
from pytest_kmslab.interception.import_hook import Registration
from pytest_kmslab.lab.waiting.retry_policy import (
    ProgressReporter,
    RetryPolicy,
    default_retry_policy,
    no_progress,
)
from pytest_kmslab.session.aws_blocker import AwsBlocker
from pytest_kmslab.session.backend_specs import BACKENDS, StandIn
from pytest_kmslab.session.cleanup import Cleanup
from pytest_kmslab.session.current import run_is_current
from pytest_kmslab.session.masking import MaskingFilter
from pytest_kmslab.session.runs_within import lead_calls_inwards
from pytest_kmslab.session.secrets import Secrets
from pytest_kmslab.session.sigterm import SigtermHandler

if TYPE_CHECKING:
    from pytest_kmslab.account.model import AccountView
    from pytest_kmslab.backends.protocol import Backend
    from pytest_kmslab.enforcement.creations import Creations
    from pytest_kmslab.enforcement.pipeline import Pipeline
    from pytest_kmslab.interception.door import RunDoorkeeper
    from pytest_kmslab.lab.context import LabContext
    from pytest_kmslab.lab.cost.prices import Prices
    from pytest_kmslab.lab.shared_lab import SharedLab
    from pytest_kmslab.lab.teardown.ledger import Ledger
    from pytest_kmslab.observe.observations import Observations
    from pytest_kmslab.report.evidence.recorder import Recorder
    from pytest_kmslab.session.sharing import LabOfWorkers, Sharing


class Run:
    """The state of a run, kept in `config.stash[RUN]`; making one imports neither boto3 nor moto."""

    def __init__(
        self,
        settings: Settings,
        report_progress: ProgressReporter = no_progress,
        stand_in: StandIn | None = None,
    ) -> None:
        self.settings = settings
        self.report_progress = report_progress
        self._stand_in = stand_in
        self._pace = 1.0 if stand_in is None else stand_in.pace
        self.trail = Trail()
        self.recorder: Recorder | None = None
        """Takes note of what happens, for a report; None where nobody wants one."""
        self.clock = Clock()
        self.interceptor = BotocoreHooks()
        self._observations: Observations | None = None
        self.secrets = Secrets()
        self._log_filter = MaskingFilter(self.secrets)
        self._registration = Registration(self._handlers)
        self.blocks = EnvironBlocks(self._is_of_the_lab)
        self._ambient_clients = AmbientClients(self.blocks)
        self._blocker = AwsBlocker(lambda: self.aws_is_closed)
        self._backend: Backend | None = None
        self._keeper: RunDoorkeeper | None = None
        self._installed = ExitStack()
        self._lab_context: LabContext | None = None
        self._lab_of_workers: LabOfWorkers | None = None
        self._sharing: Sharing | None = None
        self.shared_lab: SharedLab | None = None
        """The lab that the xdist workers have in common; None where each has its own."""
        self.place = ""
        self._lives = not BACKENDS[settings.backend].is_ephemeral
        self.cleanup = Cleanup(settings, account_outlives_process=self._lives)
        self.sigterm = SigtermHandler()

    @cached_property
    def creations(self) -> Creations:
        """What calls of the run have made: nothing else can be adopted."""
        from pytest_kmslab.enforcement.creations import Creations

        return Creations()

    def _handlers(self) -> tuple[tuple[str, Any], ...]:
        from pytest_kmslab.interception.creation_hooks import CreationHooks

        made = CreationHooks(self.creations, lambda: self._backend, self._exists)
        return (*self.interceptor.handlers, *self.secrets.handlers, *made.handlers)

    def observe(self, observations: Observations) -> None:
        """Keep there what comes of observing the account; nothing is observed without."""
        self._observations = observations

    def install(self) -> None:
        """Put the seam into every botocore session made from now on; be told of SIGTERM if it matters."""
        lead_calls_inwards()
        self._registration.install()
        self._ambient_clients.install()
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
        self.interceptor.detach()
        if self._keeper is not None:
            self._keeper.close()
        self._ambient_clients.remove()
        self._registration.remove()
        self._log_filter.remove()
        if self.settings.backend != "aws":
            self._blocker.remove()

    @property
    def aws_is_closed(self) -> bool:
        """Whether nothing may leave for AWS now."""
        if self.settings.backend == "aws":
            return False
        return self.in_lab or self.settings.block_aws == "always" or BACKENDS[self.settings.backend].elsewhere

    @property
    def in_lab(self) -> bool:
        """Whether a lab can be open: only while the backend runs."""
        return self._backend is not None and self._backend.running

    @property
    def looked_at(self) -> AccountView | None:
        """The account of the lab, where looking at it costs no call to AWS; None too while no lab is open."""
        return self.view if self.in_lab and self.settings.backend != "aws" else None

    @property
    def view(self) -> AccountView:
        """What is known of the account of the lab."""
        return self.backend.view

    @property
    def mode(self) -> Mode:
        """What is done with a call: decided, predicted and compared, or neither."""
        if self.settings.backend == "aws":
            return Mode.OFF if self.settings.observe == "off" else Mode.OBSERVE
        enforces_itself = self._backend is not None and self._backend.capabilities.enforces
        return Mode.OFF if enforces_itself or self.settings.enforcement == "off" else Mode.ENFORCE

    @property
    def lab_scope(self) -> str:
        """The scope of the lab: as asked, or the narrowest that costs nothing.

        Where a backend starts empty for each lab that is every test its own; elsewhere one a session.
        """
        if self.settings.scope != "auto":
            return self.settings.scope
        return "session" if self._lives else "function"

    def offer_lab(self, worker_input: dict[str, Any]) -> None:
        """Let an xdist worker have its lab in common with the others, if the scope says so, and remove at the
        end what it leaves; before it starts, by its controller."""
        if not self._lives:
            return
        from pytest_kmslab.session.sharing import LabOfWorkers

        if self._lab_of_workers is None:
            self._lab_of_workers = LabOfWorkers(self.cleanup, self.settings, lambda: self.backend)
        self._lab_of_workers.offer(worker_input, in_common=self.lab_scope == "session")

    def join_lab(self, worker_input: Mapping[str, str]) -> None:
        """As a worker, have the lab in common with the others, where the controller offers that."""
        if "kmslab_shared" in worker_input:
            from pytest_kmslab.lab.shared_state import CreationsFile
            from pytest_kmslab.session.sharing import WORKER_INPUT, Sharing

            folder, worker = worker_input[WORKER_INPUT], worker_input["workerid"]
            self._sharing = Sharing(folder, worker, self.cleanup, self.settings, lambda: self.backend)
            self.creations.share(CreationsFile(Path(folder)))

    def retry_policy(self) -> RetryPolicy:
        """What `eventually` takes where a test says nothing."""
        if BACKENDS[self.settings.backend].is_strongly_consistent:
            return RetryPolicy()
        from pytest_kmslab.lab.waiting.waiters import EXPECTED_IN_A_ROW, PROPAGATION_LIMIT, TABLE_KEY_LIMIT

        limits = PROPAGATION_LIMIT * self._pace, TABLE_KEY_LIMIT * self._pace
        return RetryPolicy(*limits, EXPECTED_IN_A_ROW, self._pace, self.report_progress)

    def lab_context(self, worker: Mapping[str, str], credentials_directory: Path) -> LabContext:
        """What the labs of this run have in common; the backend must have been started once.

        `worker` is what xdist tells its worker, empty in any other run.
        """
        if self._lab_context is None:
            from pytest_kmslab.lab.context import LabContext
            from pytest_kmslab.lab.waiting.waiters import Waiter

            naming = self.cleanup.naming(worker)
            is_consistent = BACKENDS[self.settings.backend].is_strongly_consistent
            root = self.backend.root
            # No call answers the root user's key, by which it would be learnt otherwise.
            self.secrets.learn(root.secret_access_key, root.session_token or "")
            self._lab_context = LabContext.of(
                self.backend,
                self.settings,
                self.trail,
                naming,
                credentials_directory,
                ledger=self._watched(self.cleanup.ledger(naming, self.backend)),
                put_off=self.sigterm.put_off,
                waiter=Waiter(is_consistent, report_progress=self.report_progress, pace=self._pace),
                assume_as_service=None if self.backend.capabilities.enforces else self._assume_as_service,
                blocks=self.blocks,
                open_gateway=self.gateway,
                clock=self.clock,
                creations=self.creations,
            )
            self._share(self._lab_context)
        return self._lab_context

    def _watched(self, ledger: Ledger) -> Ledger:
        """A ledger that tells the report too, if there is one, what is made and removed."""
        if self.recorder is None:
            return ledger
        from pytest_kmslab.report.evidence.watched_ledger import WatchedLedger

        return WatchedLedger(ledger, self.recorder, lambda: self.prices)

    def _share(self, context: LabContext) -> None:
        from pytest_kmslab.lab.teardown.ledger import FileLedger

        ledger = self.cleanup.ledger(context.naming, self.backend)
        if self._sharing is not None and isinstance(ledger, FileLedger):
            self.shared_lab = self._sharing.lab(context, ledger, self.secrets.learn, self._watched)

    def _assume_as_service(
        self, service: str, parameters: Mapping[str, Any], keys: Mapping[str, str]
    ) -> dict[str, Any]:
        """AssumeRole as a service calls it; raises ServiceError."""
        from pytest_kmslab.enforcement.service_calls import assume_as_service

        backend: Any = self.backend
        # moto is in this process: nothing is sent over a connection.
        if backend.endpoint_url is None:
            return assume_as_service(self.pipeline, backend.send, service, parameters, keys)
        from pytest_kmslab.gateway.upstreams.http import HttpUpstream

        with closing(HttpUpstream(backend.endpoint_url)) as upstream:
            return assume_as_service(self.pipeline, upstream.send, service, parameters, keys)

    def _exists(self, service: str, name: str, region: str) -> bool:
        """Whether a service has something of this name; nobody's is there before in an account of our own."""
        from pytest_kmslab.lab.sweep.target import exists

        return self._lives and exists(self.backend, service, name, region)

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
            refuse_undecided=self.settings.undecided == "error",
            creations=self.creations,
        )
        return connect_services(pipeline)

    @cached_property
    def prices(self) -> Prices:
        """What things cost in a real account; raises PriceError."""
        from pytest_kmslab.lab.cost.prices import DEFAULT, read_prices

        return read_prices(Path(self.settings.prices) if self.settings.prices else DEFAULT)

    @property
    def account(self) -> str:
        """The lab's account; empty where it is not known."""
        return self.settings.account or ("" if self._backend is None else self._backend.account)

    def reach(self) -> None:
        """Look whether a backend that is elsewhere is there, and keep as `place` what to tell of it.

        Does nothing for one in this process; raises BackendError.
        """
        spec = BACKENDS[self.settings.backend]
        if not spec.elsewhere:
            return
        backend: Any = self.backend
        if not spec.needs_probe_user:
            self.place = backend.describe()
            return
        with self.cleanup.recorded_probe_user(backend) as probe_user:
            self.place = backend.describe(probe_user)

    @property
    def backend(self) -> Backend:
        """The backend that was chosen, made at first use and not started; raises BackendError."""
        if self._backend is None:
            spec = BACKENDS[self.settings.backend]
            more: dict[str, Any] = {} if self._stand_in is None else {"stand_in": self._stand_in.url}
            backend: Backend = spec.make(self.settings, **more)
            # Before calls are taken to it: the pipeline that decides them asks for it.
            self._backend = backend
            self._intercept(backend)
        return self._backend

    def _is_of_the_lab(self, url: str) -> bool:
        """Whether an address is one of the backend's or of a gateway to it."""
        return self.interceptor.is_gateways(url) or self.backend.owns_url(url)

    def _intercept(self, backend: Any) -> None:
        """Take calls through the pipeline, or show them to the observer: nothing is stopped on AWS."""
        if not backend.capabilities.enforces:
            from pytest_kmslab.interception.botocore import intercept

            intercept(self.interceptor.attach, self.pipeline, self._doorkeeper(self.pipeline))
            if backend.endpoint_url is not None:
                self._installed.enter_context(self._endpoint_door())
        elif self._observations is not None:
            from pytest_kmslab.enforcement.trail import UndecidedCalls
            from pytest_kmslab.observe.botocore_hooks import CallObservation
            from pytest_kmslab.observe.observer import Observer

            self.interceptor.attach(
                CallObservation(
                    Observer(backend, self.trail, self.clock, self._observations),
                    self.trail,
                    UndecidedCalls(self.trail, refuse=self.settings.undecided == "error"),
                )
            )
        else:
            from pytest_kmslab.observe.botocore_hooks import CallCounter

            self.interceptor.attach(CallCounter(backend, self.trail))

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
    def _endpoint_door(self) -> Iterator[None]:
        """Guards the connections of this process to an endpoint, while it is open."""
        from pytest_kmslab.gateway.embedded import open_gateway
        from pytest_kmslab.interception.endpoint_door import EndpointDoor

        opened = partial(open_gateway, self.pipeline, self.trail, self._exists, is_door=True)
        with EndpointDoor(self.pipeline, opened).guarded():
            yield

    @contextmanager
    def gateway(self) -> Iterator[str]:
        """Serve the run's backend over HTTP while this is open, and answer the URL; raises BackendError."""
        from pytest_kmslab.gateway.embedded import open_gateway

        if self.settings.backend == "aws":
            raise BackendError(
                "backend `aws` has no gateway (fixture `kmslab_endpoint`): let other processes call AWS "
                "itself, within `with kmslab.environ(user)`"
            )
        with open_gateway(self.pipeline, self.trail, self._exists) as url, self.interceptor.leaving_to(url):
            yield url


RUN = pytest.StashKey[Run]()
