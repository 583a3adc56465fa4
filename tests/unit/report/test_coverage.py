from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from helpers.factories import KEY, ROOT, USER, allow, deny, named, request_of, to

from pytest_kmslab.authz.authorize import authorize
from pytest_kmslab.authz.policy import NamedPolicy, Policies
from pytest_kmslab.enforcement.entry import Origin, TrailEntry
from pytest_kmslab.lab.key_policy import console_policy
from pytest_kmslab.report.coverage import Coverage, CoverageCounter
from pytest_kmslab.report.coverage_summary import coverage_lines, shortfall

ACCOUNTS = to(ROOT, "kms:*", Sid="Account")
NEVER = deny("kms:Encrypt", Sid="Never")
DECRYPTS, LISTS = allow("kms:Decrypt", Sid="Decrypts"), allow("kms:ListKeys")
READING = named(DECRYPTS, LISTS, NEVER, name="reading")
KEY_POLICY = named(ACCOUNTS, name=KEY)


def entry(
    action: str = "kms:Decrypt",
    origin: Origin = Origin.TEST,
    principal: str = USER,
    resource: str = KEY,
    identity: tuple[NamedPolicy, ...] = (READING,),
    **policies: Any,
) -> TrailEntry:
    held = Policies(identity=identity, **{"resource": KEY_POLICY, **policies})
    request = request_of(principal, action, resource)
    return TrailEntry(1, action, request, authorize(request, held), policies=held, origin=origin)


def counted(*entries: TrailEntry, administrator: str = "") -> Coverage:
    counter = CoverageCounter(administrator)
    counter.add("test_it.py::test_it", entries)
    return counter.result()


def decided(coverage: Coverage) -> dict[str, dict[str, int]]:
    return {one.name: {each.name: each.decided for each in one.statements} for one in coverage.policies}


def test_statements_are_counted_by_what_they_decided() -> None:
    coverage = counted(entry(), entry(), entry("kms:Encrypt"))
    assert decided(coverage) == {
        "reading": {"Decrypts": 2, "Statement[1]": 0, "Never": 1},
        "key/KEY-ID": {"Account": 2},
    }
    assert (coverage.covered, coverage.statements, round(coverage.percent)) == (3, 4, 75)
    assert coverage.policies[0].statements[0].tests == ("test_it.py::test_it",)


def test_an_untested_deny_is_named() -> None:
    lines = list(coverage_lines(counted(entry())))
    assert lines[0] == "identity-based policy reading: 1 of 3 statements decided something"
    assert lines[1:3] == ["  untested Allow: Statement[1]", "  untested Deny: Never"]
    assert lines[-1] == "a Deny that no test met: `Never` of identity-based policy reading"


def test_what_the_lab_does_for_itself_covers_nothing_but_shows_key_policies() -> None:
    coverage = counted(entry(origin=Origin.LAB))
    assert decided(coverage) == {"key/KEY-ID": {"Account": 0}}


@pytest.mark.parametrize("origin", [Origin.TEST, Origin.FIXTURE])
def test_tests_and_their_fixtures_count(origin: Origin) -> None:
    assert counted(entry(origin=origin)).covered == 2


def test_the_administrators_policies_are_the_labs() -> None:
    admin = USER.replace("team/ana", "kmslab-admin-1a2b3c4d-main-1")
    coverage = counted(entry(principal=admin), administrator="kmslab-admin")
    assert {one.name: one.owner for one in coverage.policies} == {"key/KEY-ID": "test", "reading": "lab"}
    assert coverage.statements == 1


def test_a_key_policy_that_the_lab_wrote_is_the_labs_and_a_copy_of_the_consoles_is_not() -> None:
    for user, owner in (("mounika-1a2b3c4d-gw0-3", "lab"), ("orders", "test")):
        arn = USER.replace("team/ana", user)
        document = console_policy("111122223333", [arn], [arn])
        policy = named(*document["Statement"], name=KEY)
        policy = policy._replace(policy=replace(policy.policy, id=document["Id"]))
        assert [one.owner for one in counted(with_key(policy)).policies] == [owner]


def with_key(policy: NamedPolicy) -> TrailEntry:
    held = Policies(resource=policy)
    request = request_of()
    return TrailEntry(1, "kms:Decrypt", request, authorize(request, held), policies=held)


def test_awss_managed_policies_are_not_under_test() -> None:
    from pytest_kmslab.backends.moto.managed_policies import document

    record = document("AmazonDynamoDBReadOnlyAccess")
    assert record is not None
    aws = named(*record["Document"]["Statement"], name="AmazonDynamoDBReadOnlyAccess")
    own = named(DECRYPTS, name="AmazonDynamoDBReadOnlyAccess")
    owners = {one.owner for one in counted(entry(identity=(aws, own))).policies if one.policy_type[0] == "i"}
    assert owners == {"AWS", "test"}


def test_a_policy_made_for_each_test_is_one_policy() -> None:
    first, second = (
        named(to(USER.replace("team/ana", f"ana-1a2b3c4d-{worker}-3"), "kms:*", Sid="Ana"), name=KEY)
        for worker in ("gw0", "gw1")
    )
    coverage = counted(with_key(first), with_key(second))
    assert len(coverage.policies) == 1


def test_workers_count_together() -> None:
    one, other, both = CoverageCounter(), CoverageCounter(), CoverageCounter()
    one.add("a", [entry()])
    other.add("b", [entry(), entry("kms:Encrypt")])
    for counter in (one, other):
        both.take(counter.data())
    assert decided(both.result())["reading"] == {"Decrypts": 2, "Statement[1]": 0, "Never": 1}
    assert both.result().policies[0].statements[0].tests == ("a", "b")


def test_a_decision_whose_policies_are_gone_is_told() -> None:
    coverage = counted(entry()._replace(policies=None))
    assert "(1 decisions of one long test came too late to be counted)" in list(coverage_lines(coverage))


def test_the_policy_of_a_key_that_is_not_made_is_the_one_it_will_have() -> None:
    new = KEY.rpartition("/")[0] + "/*"
    coverage = counted(entry("kms:TagResource", resource=new), entry("kms:PutKeyPolicy", resource=new))
    assert [one.name for one in coverage.policies if one.policy_type == "key policy"] == ["key/*"]
    untagged = counted(entry("kms:TagResource", resource=new))
    assert "key policy" not in [one.policy_type for one in untagged.policies]


@pytest.mark.parametrize(("fail_under", "why"), [(0, ""), (50, ""), (50.1, "policy coverage is 50.0 %")])
def test_a_run_is_held_to_its_threshold(fail_under: float, why: str) -> None:
    coverage = counted(entry())
    assert round(coverage.percent) == 50
    assert shortfall(coverage, fail_under).startswith(why)
    assert bool(shortfall(coverage, fail_under)) == bool(why)


def test_nothing_under_test_is_not_enough() -> None:
    assert shortfall(counted(), 1).startswith("no policy of the tests' own decided anything")
    assert list(coverage_lines(counted())) == ["no policy of the tests' own was asked"]
