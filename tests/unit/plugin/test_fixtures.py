from __future__ import annotations

import pytest

from pytest_kmslab.session.backend_specs import BACKENDS


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_the_backends_are_like_is_known_without_importing_them(backend: str) -> None:
    place, capabilities = BACKENDS[backend], BACKENDS[backend].load().capabilities
    assert (place.is_ephemeral, place.is_strongly_consistent) == (
        capabilities.is_ephemeral,
        capabilities.is_strongly_consistent,
    )


def test_three_lines_are_enough(project: pytest.Pytester) -> None:
    project.makepyfile("""
        from pytest_kmslab import denied

        def test_an_outsider_cannot_read(kmslab, encrypted_table, outsider):
            with denied("kms:Decrypt"):
                kmslab.as_(outsider).client("dynamodb").scan(TableName=encrypted_table.name)
    """)
    project.runpytest_subprocess().assert_outcomes(passed=1)


SHARED = """
    import boto3
    import pytest

    @pytest.fixture(scope={scope!r})
    def filled(kmslab, encrypted_table, key_user):
        boto3.client("dynamodb").put_item(TableName=encrypted_table.name, Item={{"id": {{"S": "1"}}}})
        return encrypted_table.name

    @pytest.mark.parametrize("number", [1, 2])
    def test_it_is_there(kmslab, filled, key_user, number):
        items = kmslab.as_(key_user).client("dynamodb").scan(TableName=filled)["Items"]
        assert items == [{{"id": {{"S": "1"}}}}]
"""


@pytest.mark.parametrize("scope", ["session", "module", "function"])
def test_a_fixture_of_ones_own_may_be_as_wide_as_the_lab(project: pytest.Pytester, scope: str) -> None:
    project.makepyfile(SHARED.format(scope=scope))
    project.runpytest_subprocess(f"--kmslab-scope={scope}").assert_outcomes(passed=2)


def test_a_fixture_that_is_wider_than_the_lab_is_refused_by_pytest(project: pytest.Pytester) -> None:
    project.makepyfile(SHARED.format(scope="session"))
    result = project.runpytest_subprocess()
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(["*ScopeMismatch*"])


def test_what_cannot_be_removed_is_an_error_of_the_teardown(project: pytest.Pytester) -> None:
    project.makepyfile("""
        import boto3
        import pytest
        from moto import mock_aws

        @pytest.fixture(autouse=True, scope="session")
        def account_of_somebodys_own():
            with mock_aws():
                yield

        def test_it(kmslab):
            for _ in range(2):
                name = kmslab.create_table().name
                boto3.client("dynamodb").update_table(TableName=name, DeletionProtectionEnabled=True)
    """)
    result = project.runpytest_subprocess()
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        ["*TeardownError: could not remove:", "*- table `my_table_kms-*", "*- table `*"]
    )


def test_names_are_those_of_the_ini_file(project: pytest.Pytester) -> None:
    project.makeini("""
        [pytest]
        kmslab_key_alias = nextwork-kms-key
        kmslab_table_name = nextwork-kms-table
        kmslab_user_name = nextwork-kms-user
    """)
    project.makepyfile("""
        def test_it(kms_key, encrypted_table, outsider):
            assert kms_key.alias.startswith("alias/nextwork-kms-key-")
            assert encrypted_table.name.startswith("nextwork-kms-table-")
            assert outsider.name.startswith("nextwork-kms-user-")
    """)
    project.runpytest_subprocess().assert_outcomes(passed=1)


def test_the_workers_of_a_run_share_its_id_and_nothing_else(project: pytest.Pytester) -> None:
    pytest.importorskip("xdist")
    project.makepyfile("""
        import pytest

        @pytest.mark.parametrize("number", range(8))
        def test_it(kms_key, number, testrun_uid, worker_id):
            from pytest_kmslab.lab.naming import run_id
            assert f"-{run_id(testrun_uid)}-{worker_id}-" in kms_key.alias
    """)
    project.runpytest_subprocess("-n2").assert_outcomes(passed=8)


def test_a_revoked_user_reads_on_until_the_clock_has_moved(project: pytest.Pytester) -> None:
    project.makeini("[pytest]\nkmslab_table_key_cache = 300")
    project.makepyfile("""
        from pytest_kmslab import denied

        def test_revoked_yet_still_reading(kmslab, kms_key, encrypted_table, key_user, kmslab_clock):
            dynamodb = kmslab.as_(key_user).client("dynamodb")
            dynamodb.scan(TableName=encrypted_table.name)
            kms_key.remove_user(key_user)
            kmslab_clock.advance(200)
            dynamodb.scan(TableName=encrypted_table.name)
            kmslab_clock.advance(101)
            with denied("kms:Decrypt"):
                dynamodb.scan(TableName=encrypted_table.name)

        def test_the_clock_was_put_back(kmslab_clock):
            import time
            assert abs(kmslab_clock.now() - time.time()) < 100
    """)
    project.runpytest_subprocess().assert_outcomes(passed=2)
