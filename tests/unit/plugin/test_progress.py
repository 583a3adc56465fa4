"""A long wait is told of at once, whatever is captured, and does no harm where nobody looks."""

from __future__ import annotations

import pytest

WAITS = """
    import pytest
    from pytest_kmslab.lab.waiting.waiters import Waiter
    from pytest_kmslab.session.run import RUN

    LINE = "kmslab: waiting for table `t`: 3 s so far, 60 s at most"

    @pytest.fixture
    def waited(request):
        print("this is captured")
        looks = iter(["off"] * 6 + ["on"])
        told = request.config.stash[RUN].report_progress
        waiter = Waiter(is_strongly_consistent=False, sleep=lambda seconds: None, report_progress=told)
        return waiter.until(lambda: next(looks), lambda seen: seen == "on", "table `t`", 60)

    def test_it(waited):
        assert waited == "on"
"""


@pytest.mark.parametrize("capture", ["fd", "sys", "no", "tee-sys"])
def test_it_is_shown_under_capture(project: pytest.Pytester, capture: str) -> None:
    project.makepyfile(WAITS)
    result = project.runpytest_subprocess(f"--capture={capture}")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*kmslab: waiting for table `t`: 3 s so far, 60 s at most"])
    if capture in ("fd", "sys"):
        result.stdout.no_fnmatch_line("*this is captured*")


@pytest.mark.parametrize("arguments", [["-n2"], ["-p", "no:terminal"]])
def test_where_there_is_no_terminal_it_does_no_harm(project: pytest.Pytester, arguments: list[str]) -> None:
    project.makepyfile(WAITS)
    assert project.runpytest_subprocess(*arguments).ret == pytest.ExitCode.OK
