from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from helpers.factories import KEY, ROOT, TABLE, USER, allow, deny, named, request_of, to

from pytest_kmslab.authz.authorize import authorize
from pytest_kmslab.authz.policy import NamedPolicy, Policies
from pytest_kmslab.authz.request import Request
from pytest_kmslab.enforcement.entry import Origin, TrailEntry
from pytest_kmslab.lab.kinds.kms.key_policy import console_policy
from pytest_kmslab.report.coverage import Coverage, CoverageCounter, PolicyCoverage
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


ADMIN, KEY_USER, MOUNIKA = (
    USER.replace("team/ana", f"{name}-1a2b3c4d-gw0-{number}")
    for number, name in enumerate(("kmslab-admin", "kmslab-key-user", "mounika"), 1)
)
USE, ATTACHMENT = "Allow use of the key", "Allow attachment of persistent resources"


def counted_console(document: dict[str, Any]) -> PolicyCoverage:
    policy = named(*document["Statement"], name=KEY)
    policy = policy._replace(policy=replace(policy.policy, id=document["Id"]))
    coverage = counted(with_key(policy), administrator="kmslab-admin")
    return coverage.policies[0]


def counting(document: dict[str, Any]) -> list[str]:
    return [one.name for one in counted_console(document).counted]


def test_a_key_policy_that_names_only_the_labs_own_users_is_the_labs() -> None:
    policy = counted_console(console_policy("111122223333", [ADMIN], [ADMIN, KEY_USER]))
    assert (policy.owner, policy.counted) == ("lab", ())


def test_a_key_user_whom_a_test_adds_is_under_test() -> None:
    policy = counted_console(console_policy("111122223333", [ADMIN], [ADMIN, MOUNIKA]))
    assert (policy.owner, policy.name) == ("test", "key/KEY-ID (names mounika)")
    assert [one.name for one in policy.counted] == [USE, ATTACHMENT]


def test_an_administrator_whom_a_test_names_is_under_test() -> None:
    assert counting(console_policy("111122223333", [MOUNIKA], [ADMIN])) == [
        "Allow access for Key Administrators"
    ]


@pytest.mark.parametrize(
    "change",
    [{"Action": "kms:*"}, {"Condition": {"Bool": {"aws:SecureTransport": "true"}}}, {"Effect": "Deny"}],
)
def test_a_statement_that_a_test_changes_is_under_test(change: dict[str, Any]) -> None:
    document = console_policy("111122223333", [ADMIN], [ADMIN])
    document["Statement"][2].update(change)
    assert counting(document) == [USE]


def test_a_statement_that_a_test_adds_is_under_test() -> None:
    document = console_policy("111122223333", [ADMIN], [ADMIN])
    document["Statement"].append(to("*", "kms:Sign", Sid="Never", Effect="Deny"))
    assert counting(document) == ["Never"]


def test_who_is_gone_is_nobodys_key_user() -> None:
    gone = console_policy("111122223333", [ADMIN], [ADMIN, "AIDACKCEVSQ6C2EXAMPLE"])
    assert counted_console(gone).owner == "lab"


def test_a_copy_of_the_consoles_policy_is_under_test() -> None:
    arn = USER.replace("team/ana", "orders")
    assert len(counting(console_policy("111122223333", [arn], [arn]))) == 4


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


def test_policies_of_one_name_are_told_apart_by_their_test() -> None:
    one, other, third = (named(to(USER, "kms:*", Sid=sid), name=KEY) for sid in ("One", "Other", "Third"))
    counter, merged = CoverageCounter(), CoverageCounter()
    counter.add("test_a.py::test_one", [with_key(one)])
    counter.add("test_a.py::test_two", [with_key(other), with_key(third)])
    merged.take(json.loads(json.dumps(counter.data())))
    for coverage in (counter.result(), merged.result()):
        assert [policy.title for policy in coverage.policies] == [
            "key policy of a key without alias, in test_a.py::test_one",
            "key policy of a key without alias, in test_a.py::test_two (1)",
            "key policy of a key without alias, in test_a.py::test_two (2)",
        ]
    assert [policy.title for policy in counted(with_key(one)).policies] == [
        "key policy of a key without alias"
    ]


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
    may = (named(allow("kms:*")),)
    asked = [entry(f"kms:{name}", resource=new, identity=may) for name in ("TagResource", "PutKeyPolicy")]
    coverage = counted(*asked)
    assert [one.name for one in coverage.policies if one.policy_type == "key policy"] == ["key/*"]
    untagged = counted(entry("kms:TagResource", resource=new))
    assert "key policy" not in [one.policy_type for one in untagged.policies]


LOCKS_OUT = named(to(USER, "kms:Decrypt"), name=KEY)
PUT_OF_TABLE = "dynamodb:PutResourcePolicy"


def put(policy: NamedPolicy, request: Request) -> TrailEntry:
    policies = Policies(resource=policy)
    return TrailEntry(1, request.action, request, authorize(request, policies), policies=policies)


@pytest.mark.parametrize(
    ("action", "resource"),
    [("kms:PutKeyPolicy", KEY), ("kms:PutKeyPolicy", KEY.rpartition("/")[0] + "/*"), (PUT_OF_TABLE, TABLE)],
)
def test_a_policy_that_was_refused_is_nobodys(action: str, resource: str) -> None:
    request = request_of(USER, action, resource)
    present = put(named(to(USER, action), name=KEY), request)
    before = counted(present).policies
    assert counted(present, put(LOCKS_OUT, request)).policies == before


def test_a_policy_that_denies_its_own_change_is_one() -> None:
    forbids = named(to(USER, "kms:PutKeyPolicy", Effect="Deny", Sid="Never"), name=KEY)
    assert decided(counted(put(forbids, request_of(USER, "kms:PutKeyPolicy")))) == {
        "key/KEY-ID": {"Never": 1}
    }


@pytest.mark.parametrize(("fail_under", "why"), [(0, ""), (50, ""), (50.1, "policy coverage is 50.0 %")])
def test_a_run_is_held_to_its_threshold(fail_under: float, why: str) -> None:
    coverage = counted(entry())
    assert round(coverage.percent) == 50
    assert shortfall(coverage, fail_under).startswith(why)
    assert bool(shortfall(coverage, fail_under)) == bool(why)


def test_nothing_under_test_is_not_enough() -> None:
    assert shortfall(counted(), 1).startswith("no policy of the tests' own decided anything")
    assert list(coverage_lines(counted())) == ["no policy of the tests' own was asked"]
