"""pytest hooks of a run that observes an AWS account: warnings, counts, and `--kmslab-observe=strict`."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Generator, Mapping
from typing import TYPE_CHECKING, Any

import pytest

from pytest_kmslab.observe.observations import Observations, ObservedFiles
from pytest_kmslab.report.decisions import headline, reason_text

if TYPE_CHECKING:
    from pytest_kmslab.enforcement.clock import Clock
    from pytest_kmslab.lab.naming import Naming
    from pytest_kmslab.observe.comparison import Prediction
    from pytest_kmslab.observe.observations import Disagreement


WORKER_OUTPUT = "kmslab_observed"
REASONS_SHOWN = 3


class DisagreementWarning(UserWarning):
    """AWS decided a call otherwise than the engine."""


class Observing:
    """Registered where backend `aws` is observed; its hooks raise nothing.

    `strict` says that a disagreement fails the run; `naming` gives the run's names for a worker.
    """

    def __init__(
        self,
        config: pytest.Config,
        clock: Clock,
        naming: Callable[[Mapping[str, str]], Naming],
        *,
        strict: bool,
    ) -> None:
        self._config = config
        self._strict = strict
        self._naming = naming
        self.found = Observations(ObservedFiles(config.rootpath, self._label, clock.now))
        self._warned = 0
        self._told: set[str] = set()
        self._of_workers: list[Mapping[str, Any]] = []

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Warn of what AWS decided otherwise during a test, its fixtures included."""
        result = yield
        self._warn(item.nodeid)
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, object, object]:
        """Let a worker tell its controller, and fail a strict run in which AWS disagreed."""
        try:
            return (yield)
        finally:
            # What the teardown of a session's fixtures led to, after the last test.
            self._warn("")
            if hasattr(session.config, "workeroutput"):
                session.config.workeroutput[WORKER_OUTPUT] = dict(self.found.counts())
            if self._failure and session.exitstatus in (
                pytest.ExitCode.OK,
                pytest.ExitCode.NO_TESTS_COLLECTED,
            ):
                session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Count what an xdist worker counted; one that crashed has told nothing."""
        self._of_workers.append(getattr(node, "workeroutput", {}).get(WORKER_OUTPUT, {}))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say what came of observing, and why a strict run failed."""
        total = self.total()
        if self._failure:
            terminalreporter.section(f"kmslab: {self._failure}, so this run failed", red=True, bold=True)
        if any(total.values()):
            terminalreporter.line(summary(total, self._inconclusive()))
        if self.found.problem:
            terminalreporter.line(f"kmslab: {self.found.problem}")

    @property
    def _failure(self) -> str:
        """Why the run failed, empty where it did not; a worker leaves it to its controller."""
        if not self._strict or hasattr(self._config, "workerinput"):
            return ""
        total = self.total()
        if total["disagreements"]:
            return "AWS decides otherwise than the engine"
        return "of what was observed nothing could be judged" if set(+total) == {"inconclusive"} else ""

    def _counts(self) -> list[Mapping[str, Any]]:
        return [self.found.counts(), *self._of_workers]

    def total(self) -> Counter[str]:
        """The counts of this process and of every worker that has ended."""
        total: Counter[str] = Counter()
        for counts in self._counts():
            for name in ("agreed", "unsettled", "disagreements"):
                total[name] += counts.get(name, 0)
        total["inconclusive"] = sum(self._inconclusive().values())
        return total

    def _inconclusive(self) -> Counter[str]:
        reasons: Counter[str] = Counter()
        for counts in self._counts():
            reasons.update(counts.get("inconclusive", {}))
        return reasons

    def _warn(self, nodeid: str) -> None:
        """As pytest's own warnings, but recorded and never raised: `-W error` must not end a call's test.

        Once for each case, however often it came.
        """
        for disagreement in self.found.disagreements[self._warned :]:
            self._warned += 1
            kind = f"{disagreement.expected.operation} {disagreement.file}"
            if kind in self._told:
                continue
            self._told.add(kind)
            # As pytest's own recorder does it. The hook is historic: a plugin that is registered later hears
            # of it too.
            message = warnings.WarningMessage(
                DisagreementWarning(text_of(disagreement)), DisagreementWarning, __file__, 0
            )
            self._config.hook.pytest_warning_recorded.call_historic(
                kwargs={"warning_message": message, "nodeid": nodeid, "when": "runtest", "location": None}
            )

    def _label(self) -> str:
        """The run and the worker, as in the names of what the run makes."""
        naming = self._naming(getattr(self._config, "workerinput", {}))
        return f"{naming.run}-{naming.worker}"


def summary(total: Mapping[str, int], inconclusive: Counter[str]) -> str:
    """The line at the end of a run."""
    calls = sum(total.values())
    why = f" ({reasons(inconclusive)})" if inconclusive else ""
    return (
        f"kmslab: observed {calls} calls: AWS and the engine agree on {total['agreed']}, "
        f"{total['unsettled']} not settled yet, {total['inconclusive']} not judged{why}, "
        f"{total['disagreements']} disagreements"
    )


def reasons(inconclusive: Counter[str]) -> str:
    """The commonest reasons, each with its number where there are several."""
    shown = inconclusive.most_common(REASONS_SHOWN)
    if len(inconclusive) == 1:
        return shown[0][0]
    texts = "; ".join(f"{number} × {why}" for why, number in shown)
    rest = sum(inconclusive.values()) - sum(number for _, number in shown)
    return f"{texts}; {rest} for other reasons" if rest else texts


# The text of a disagreement between AWS and the engine: both sides, and where the case is.


def text_of(disagreement: Disagreement) -> str:
    """Four lines: the call, what AWS answered, what the engine expected, and the file of the case."""
    answer = disagreement.answer
    aws = f"{answer.code}: {answer.message}" if answer.denied else "let it through"
    return "\n".join(
        (
            f"AWS and the engine disagree on {disagreement.expected.operation}",
            f"  AWS:    {aws}",
            f"  engine: {_expected(disagreement.expected)}",
            f"  case:   {disagreement.file}",
        )
    )


def _expected(expected: Prediction) -> str:
    denied = expected.denied
    if denied is not None:
        return f"{headline(denied)}: {reason_text(denied.decision.reasons[0], denied.request.resource)}"
    asked = ", ".join(entry.request.action for entry in expected.entries)
    return f"allowed, as {asked} {'is' if len(expected.entries) == 1 else 'are'}" if asked else "allowed"
