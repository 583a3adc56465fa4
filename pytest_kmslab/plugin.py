"""pytest hooks, and only hooks. Every run of our users loads this, so it imports neither boto3 nor moto."""

from __future__ import annotations

import argparse
from collections.abc import Generator, Iterable
from functools import partial
from typing import Any

import pytest

from pytest_kmslab.config.resolve import add_options, refuse_unknown_ini_options, resolve
from pytest_kmslab.enforcement.entry import Origin, calls_of
from pytest_kmslab.errors import KmslabError, is_refusal
from pytest_kmslab.report.terminal import (
    DecisionCounts,
    SectionFolding,
    header,
    summarize,
    tell,
    tell_leftovers,
    tell_other_services,
    tell_undecided,
)
from pytest_kmslab.session.backend_specs import STAND_IN
from pytest_kmslab.session.masking import mask_logs, mask_report
from pytest_kmslab.session.run import RUN, Run

pytest_plugins = ("pytest_kmslab.fixtures",)

DECISION_COUNTS = pytest.StashKey[DecisionCounts]()
MARK = pytest.StashKey[int]()
WORKER_OUTPUT = "kmslab_tally"
WORKER_LEFT = "kmslab_left"
WORKER_ELSEWHERE = "kmslab_elsewhere"
WORKER_UNDECIDED = "kmslab_undecided"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare every option."""
    add_options(parser)


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Start before any conftest.py: it may import code that makes its clients when it is imported."""
    _begin(early_config, early_config.known_args_namespace)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Start now where the plugin was named in a conftest.py."""
    if RUN not in config.stash:
        _begin(config, config.option)
    refuse_unknown_ini_options(config)
    config.pluginmanager.register(SectionFolding(config), "kmslab_folding")
    if config.getoption("xmlpath", None):
        from pytest_kmslab.report.evidence.failed_tests import JunitText

        config.pluginmanager.register(JunitText(config), "kmslab_junit")
    settings = config.stash[RUN].settings
    if (settings.report or settings.trail) and not config.getoption("collectonly"):
        from pytest_kmslab.session.evidence import open_evidence

        open_evidence(config, config.stash[RUN])


def pytest_sessionstart(session: pytest.Session) -> None:
    """Refuse to begin where a backend was asked for that is not there; xdist's controller looks for all."""
    run = session.config.stash[RUN]
    mask_logs(session.config, run.secrets.masked)
    if hasattr(session.config, "workerinput"):
        from pytest_kmslab.report.worker_counts import join_counts

        run.join_lab(session.config.workerinput)
        run.trail.counter = join_counts(session.config.workerinput)
        return
    if session.config.getoption("collectonly"):
        return
    try:
        run.reach()
        if run.settings.admin_policy:
            _check_admin_policy(run.settings.admin_policy)
        if run.settings.sweep:
            _write(session.config, run.cleanup.sweep(run.backend))
        if run.settings.backend == "aws":
            _tell_plan(session.config, run)
    except KmslabError as error:
        raise pytest.UsageError(str(error)) from error


def pytest_report_header(config: pytest.Config) -> str:
    """Say what ran."""
    return header(config.stash[RUN].settings, config.stash[RUN].place)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Count the decisions of a test when it has ended: a test's too in a run that a fixture starts."""
    trail = item.config.stash[RUN].trail
    mark = trail.mark()
    with calls_of(Origin.TEST):
        result = yield
    item.config.stash[DECISION_COUNTS].add(trail.mark() - mark, len(trail.denials(mark)))
    return result


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, object, object]:
    """Remember where in the trail a run of a test begins, and count its fixtures' calls as theirs."""
    __tracebackhide__ = True
    item.stash[MARK] = item.config.stash[RUN].trail.begin_test()
    with calls_of(Origin.FIXTURE):
        return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown() -> Generator[None, object, object]:
    """Count the calls of fixtures that are torn down as theirs."""
    __tracebackhide__ = True
    with calls_of(Origin.FIXTURE):
        return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show in the report of a failure the decisions made during its test, and in no report a secret."""
    run = item.config.stash[RUN]
    # Before anything is dropped: by its traceback it is known whose an error is.
    is_ours = call.excinfo is not None and is_refusal(call.excinfo.value)
    # Without a lab nothing but an error of ours is looked at.
    concerns_us = is_ours or run.in_lab or run.trail.mark() > item.stash.get(MARK, 0)
    if concerns_us and call.excinfo is not None:
        _drop_inner_frames(call.excinfo, item.config)
    report = yield
    if report.failed:
        run.cleanup.count_failure()
        if concerns_us:
            _explain_failure(report, item, call, is_ours)
    mask_report(report, run.secrets.masked)
    return report


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None, object, object]:
    """See what is left after teardown, which fails the run; let a worker tell its controller."""
    try:
        return (yield)
    finally:
        cleanup = session.config.stash[RUN].cleanup
        cleanup.finish()
        if cleanup.left and session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        if hasattr(session.config, "workeroutput"):
            trail = session.config.stash[RUN].trail
            if trail.counter is None:
                counts = session.config.stash[DECISION_COUNTS]
                session.config.workeroutput[WORKER_OUTPUT] = (counts.decisions, counts.denials)
            session.config.workeroutput[WORKER_LEFT] = cleanup.report()
            session.config.workeroutput[WORKER_ELSEWHERE] = dict(trail.elsewhere)
            session.config.workeroutput[WORKER_UNDECIDED] = dict(trail.undecided)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Let an xdist worker share the lab with the others, and count what it decides."""
    from pytest_kmslab.report.worker_counts import offer_counts

    offer_counts(node.workerinput)
    node.config.stash[RUN].offer_lab(node.workerinput)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Count what an xdist worker decided and left; of what one that crashed left it has told nothing."""
    from pytest_kmslab.report.worker_counts import take_counts

    told = getattr(node, "workeroutput", {})
    node.config.stash[DECISION_COUNTS].add(*take_counts(node.workerinput))
    node.config.stash[DECISION_COUNTS].add(*told.get(WORKER_OUTPUT, (0, 0)))
    run = node.config.stash[RUN]
    run.cleanup.take(*told.get(WORKER_LEFT, ()))
    run.trail.elsewhere.update(told.get(WORKER_ELSEWHERE, {}))
    run.trail.undecided.update(told.get(WORKER_UNDECIDED, {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say how much was decided, or that nobody was denied."""
    run = config.stash[RUN]
    summarize(terminalreporter, run.settings, config.stash[DECISION_COUNTS])
    if run.settings.backend == "aws":
        _tell_cost(terminalreporter, run, config.stash[DECISION_COUNTS].decisions)
    tell_undecided(terminalreporter, run.trail.elsewhere)
    tell_other_services(terminalreporter, run.trail.undecided)
    tell_leftovers(terminalreporter, run.cleanup.left, run.cleanup.kept)


def _begin(config: pytest.Config, arguments: argparse.Namespace) -> None:
    stand_in = config.stash.get(STAND_IN, None)
    run = config.stash[RUN] = Run(resolve(config, arguments), partial(tell, config), stand_in)
    config.stash[DECISION_COUNTS] = DecisionCounts()
    if run.settings.backend == "aws" and run.settings.observe != "off":
        _observe(config, run)
    if run.settings.collects:
        _collect(config, run)
    run.install()
    config.add_cleanup(run.close)


def _observe(config: pytest.Config, run: Run) -> None:
    from pytest_kmslab.report.observing import Observing

    strict = run.settings.observe == "strict"
    observing = Observing(config, run.clock, run.cleanup.naming, strict=strict)
    run.observe(observing.found)
    config.pluginmanager.register(observing, "kmslab_observing")


def _collect(config: pytest.Config, run: Run) -> None:
    from pytest_kmslab.report.collecting import Collecting
    from pytest_kmslab.report.collectors import collectors_of

    try:
        collectors = collectors_of(run.settings, run.trail)
    except KmslabError as error:
        raise pytest.UsageError(str(error)) from error
    collecting = Collecting(run.trail, collectors, lambda: run.looked_at)
    config.pluginmanager.register(collecting, "kmslab_collecting")


def _tell_plan(config: pytest.Config, run: Run) -> None:
    from pytest_kmslab.report.cost import plan

    _write(config, plan(run.settings, run.place, run.prices))


def _write(config: pytest.Config, lines: Iterable[str]) -> None:
    """Under `-q` and without a terminal too: who is not told cannot stop it."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    write = print if reporter is None else reporter.write_line
    for line in lines:
        write(line)


def _check_admin_policy(text: str) -> None:
    """Raise PolicyError for what is no policy: each lab would begin with it."""
    from pytest_kmslab.lab.policies.sources import policy_of_option, read_policies

    read_policies("--kmslab-admin-policy", policy_of_option(text))


def _tell_cost(reporter: pytest.TerminalReporter, run: Run, calls: int) -> None:
    from pytest_kmslab.report.cost import cost_line

    reporter.line(cost_line(run.prices, run.cleanup.lifetimes, calls))


def _drop_inner_frames(excinfo: pytest.ExceptionInfo[BaseException], config: pytest.Config) -> None:
    if not config.getoption("fulltrace"):
        from pytest_kmslab.assertions.failures import drop_inner_frames

        drop_inner_frames(excinfo)


def _explain_failure(
    report: pytest.TestReport, item: pytest.Item, call: pytest.CallInfo[None], is_ours: bool
) -> None:
    error = None if call.excinfo is None else call.excinfo.value
    entries = item.config.stash[RUN].trail.since(item.stash.get(MARK, 0))
    from pytest_kmslab.assertions.failures import improve_report
    from pytest_kmslab.report.decisions import SECTION, describe, own_decisions

    improve_report(report, error, entries, is_ours=is_ours)
    own = own_decisions(entries, report.when or "call")
    text = describe(own, left_out=len(entries) - len(own))
    if own:
        report.sections.append((SECTION, text))
        if item.config.getoption("xmlpath", None) or item.config.pluginmanager.hasplugin("html"):
            from pytest_kmslab.report.evidence.failed_tests import attach_decisions

            attach_decisions(report, item, own, text, item.config.stash[RUN].secrets.masked)
