"""Opens what gathers a run's facts, where somebody wants a report or a trail of it."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from pytest_kmslab.enforcement.entry import Mode
from pytest_kmslab.report.coverage_summary import CoverageCollector
from pytest_kmslab.report.evidence.plugin import Evidence
from pytest_kmslab.report.evidence.run_facts import RunFacts, versions

if TYPE_CHECKING:
    import pytest

    from pytest_kmslab.report.collecting import Collecting
    from pytest_kmslab.session.run import Run


def open_evidence(config: pytest.Config, run: Run) -> None:
    """Gather from now on; raises pytest.UsageError where a file cannot be written."""
    evidence = Evidence(config, run.settings, run.secrets.masked, partial(run_facts, config, run))
    evidence.listen_to(run.trail)
    run.recorder = evidence.recorder
    config.pluginmanager.register(evidence, "kmslab_evidence")


def run_facts(config: pytest.Config, run: Run, began: float, workers: int) -> RunFacts:
    """The run as it is known at its end."""
    session = config.pluginmanager.get_plugin("session")
    observing = config.pluginmanager.get_plugin("kmslab_observing")
    collecting: Collecting | None = config.pluginmanager.get_plugin("kmslab_collecting")
    collectors = () if collecting is None else collecting.collectors
    coverages = [collector.result() for collector in collectors if isinstance(collector, CoverageCollector)]
    return RunFacts(
        started=began,
        finished=time.time(),
        exit_status=int(getattr(session, "exitstatus", 0)),
        workers=workers,
        backend=run.settings.backend,
        place=run.place,
        account=run.account,
        region=run.settings.region,
        enforcement="observe" if run.mode is Mode.OBSERVE else run.settings.enforcement,
        versions=versions(),
        undecided={**run.trail.elsewhere, **run.trail.undecided},
        left=tuple(run.cleanup.left),
        kept=tuple(run.cleanup.kept),
        cost=_cost(run),
        observed=None if observing is None else dict(observing.total()),
        coverage=coverages[0].as_json() if coverages else None,
    )


def _cost(run: Run) -> str:
    if run.settings.backend != "aws":
        return ""
    from pytest_kmslab.report.cost import cost_line

    # The same words as at the terminal, as a sentence.
    line = cost_line(run.prices, run.cleanup.lifetimes, run.trail.mark())
    sentence = line.removeprefix("kmslab: ")
    return f"{sentence[:1].upper()}{sentence[1:]}."
