from __future__ import annotations

import pytest

pytest.importorskip("xdist")

TESTS = """
    import pytest

    @pytest.mark.parametrize("number", range(4))
    def test_it(decide, number):
        decide(f"ana-{number}", number != 2)
        assert number != 2
"""


def test_what_the_workers_decided_is_counted_and_shown(deciding: pytest.Pytester) -> None:
    deciding.makepyfile(TESTS)
    result = deciding.runpytest_subprocess("-n2")
    result.assert_outcomes(passed=3, failed=1)
    result.stdout.fnmatch_lines(
        ["*- kmslab decisions -*", "implicitDeny *user/ana-2 *", "kmslab: 4 decisions, 1 denied"]
    )


def test_the_header_comes_once_and_off_is_said_at_the_end(deciding: pytest.Pytester) -> None:
    deciding.makepyfile(TESTS)
    result = deciding.runpytest_subprocess("-n2", "--kmslab-enforcement=off")
    said = [line for line in result.outlines if line.startswith("kmslab: backend moto, enforcement OFF")]
    assert len(said) == 1
    result.stdout.fnmatch_lines(["*= kmslab: enforcement OFF =*"])


def test_a_worker_has_the_settings_of_its_controller(project: pytest.Pytester) -> None:
    project.makepyfile("""
        from pytest_kmslab.session.run import RUN

        def test_it(pytestconfig):
            assert pytestconfig.stash[RUN].settings.region == "eu-west-1"
    """)
    project.runpytest_subprocess("-n1", "--kmslab-region=eu-west-1").assert_outcomes(passed=1)


def test_a_usage_error_stops_the_controller(project: pytest.Pytester) -> None:
    result = project.runpytest_subprocess("-n2", "--kmslab-region=moon")
    assert result.ret == pytest.ExitCode.USAGE_ERROR


def test_a_worker_that_crashes_counts_as_far_as_it_went(
    deciding: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(deciding.path))
    deciding.makepyfile("""
        import os

        def test_before(decide):
            decide("ana", False)

        def test_crash(decide):
            decide("ana", False)
            decide("ana", True)
            os._exit(1)

        def test_it(decide):
            decide("ana", True)
    """)
    result = deciding.runpytest_subprocess("-n1", "--kmslab-coverage")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["1 xdist worker crashed: what was done there is not in this"])
    result.stdout.fnmatch_lines(["kmslab: 4 decisions, 2 denied"])
    assert not list(deciding.path.glob("kmslab-counts-*"))
    result.stdout.no_fnmatch_line("*INTERNALERROR*")
    result.stderr.no_fnmatch_line("*INTERNALERROR*")
