"""What the options of a run ask to be collected.

Only what is asked for is imported: most runs collect nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_kmslab.config.options import Settings
    from pytest_kmslab.enforcement.trail import Trail
    from pytest_kmslab.report.collecting import Collector


def collectors_of(settings: Settings, trail: Trail) -> list[Collector]:
    """The collectors of a run, in the order in which they finish; raises PolicyError for a bad policy."""
    collectors: list[Collector] = []
    # A report shows the coverage too, whether or not anybody asked for it by itself.
    if settings.coverage or settings.coverage_fail_under or settings.report:
        from pytest_kmslab.report.coverage_summary import CoverageCollector

        collectors.append(CoverageCollector(settings))
    # Both go by what was done, which is collected once.
    if settings.policies or settings.check_policy:
        from pytest_kmslab.report.policies import PolicyWriter
        from pytest_kmslab.report.policy_check import PolicyCheck, read_checked_policy
        from pytest_kmslab.report.uses import UseCollector

        uses = UseCollector(trail)
        # Before those who need them: the uses of a worker are taken in this order too.
        collectors.append(uses)
        if settings.policies:
            collectors.append(PolicyWriter(uses, Path(settings.policies).expanduser()))
        if settings.check_policy:
            checked = read_checked_policy(Path(settings.check_policy))
            collectors.append(PolicyCheck(uses, checked, settings.admin_name))
    return collectors
