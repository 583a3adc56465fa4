"""Policy coverage in a run: collected, told at its end, and held to a threshold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pytest_kmslab.report.coverage import Coverage, CoverageCounter, PolicyCoverage
from pytest_kmslab.report.terminal import write_folded

if TYPE_CHECKING:
    import pytest

    from pytest_kmslab.config.options import Settings


class CoverageCollector(CoverageCounter):
    """`--kmslab-coverage` and `--kmslab-coverage-fail-under`, a percentage, 0 for none."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings.admin_name)
        self._fail_under = settings.coverage_fail_under
        self._is_told = settings.coverage or bool(settings.coverage_fail_under)

    def finish(self) -> bool:
        """Whether enough is covered."""
        return not shortfall(self.result(), self._fail_under)

    def summarize(self, reporter: pytest.TerminalReporter) -> None:
        """Write every policy, and why the run failed; nothing where only a report asks for it."""
        if not self._is_told:
            return
        coverage = self.result()
        why = shortfall(coverage, self._fail_under)
        reporter.section("kmslab: policy coverage", red=bool(why), bold=bool(why))
        for line in coverage_lines(coverage):
            write_folded(reporter, line)
        if why:
            write_folded(reporter, why, red=True, bold=True)


def shortfall(coverage: Coverage, fail_under: float) -> str:
    """Why a run fails for its coverage; empty where it does not."""
    if not fail_under:
        return ""
    # Nothing to cover is not all covered: a run that asked no policy proves nothing of any.
    if not coverage.statements:
        return "no policy of the tests' own decided anything, so that nothing is covered: this run failed"
    if coverage.percent >= fail_under:
        return ""
    return (
        f"policy coverage is {coverage.percent:.1f} %, and {fail_under:g} % were asked for: this run failed"
    )


def coverage_lines(coverage: Coverage) -> Iterator[str]:
    """Every policy under test with what of it decided nothing, then all together."""
    for policy in coverage.under_test:
        yield f"{policy.title}: {_share(policy)}"
        for statement in policy.untested:
            yield f"  untested {statement.effect}: {statement.name}"
    others = len(coverage.policies) - len(coverage.under_test)
    if others:
        yield f"({others} of AWS and of the lab are not under test)"
    if coverage.uncounted:
        yield f"({coverage.uncounted} decisions of one long test came too late to be counted)"
    if coverage.statements:
        share = f"{coverage.covered} of {coverage.statements} statements decided something"
        yield f"{share}: {coverage.percent:.0f} %"
    else:
        yield "no policy of the tests' own was asked"
    if coverage.untested_denies:
        yield "a Deny that no test met: " + ", ".join(
            f"`{statement.name}` of {policy.title}" for policy, statement in coverage.untested_denies
        )


def _share(policy: PolicyCoverage) -> str:
    number = len(policy.counted)
    statements = "statement" if number == 1 else "statements"
    return f"{number - len(policy.untested)} of {number} {statements} decided something"
