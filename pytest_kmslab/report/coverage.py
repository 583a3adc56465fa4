"""Policy coverage: which statements of the policies under test decided something, and which none.

A policy is known by its text, with what differs from run to run taken out of it (the run's suffix of a name,
the id of a key), so that a policy that a fixture makes for each test is one policy, and workers of xdist
count together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pytest_kmslab.authz.arn import name_in, resource_of
from pytest_kmslab.authz.deciding import deciding_statements
from pytest_kmslab.authz.decision import PolicyType
from pytest_kmslab.authz.policy import NamedPolicy, Policies, Policy, print_policy
from pytest_kmslab.enforcement.entry import Origin
from pytest_kmslab.matrix.subjects import caller_of
from pytest_kmslab.report.collecting import Collector
from pytest_kmslab.report.policy_owner import Share, owner_of, share_of_lab, without_ids

if TYPE_CHECKING:
    from pytest_kmslab.account.model import AccountView
    from pytest_kmslab.authz.request import Request
    from pytest_kmslab.enforcement.entry import TrailEntry

NEW_KEY = "key/*"
"""What a key is called that is not made yet."""
KEY = "key/KEY-ID"
"""What a key is called that has no alias."""
_UNNAMED = {NEW_KEY: "of a key without alias", KEY: "of a key without alias"}
TESTS_NAMED = 3
"""Tests that are named at most for one statement."""
MOST_KNOWN = 1_000
"""Policies whose texts are kept at most, so that they are not written anew for each decision."""


@dataclass(frozen=True, slots=True)
class StatementCoverage:
    """One statement, and what it decided."""

    name: str
    """Its Sid, or `Statement[n]`, counted from 0."""
    effect: str
    """`Allow` or `Deny`."""
    decided: int = 0
    """How many requests it allowed or denied; those that the lab made for itself do not count."""
    tests: tuple[str, ...] = ()
    """Some of the tests in which it did."""
    by_lab: bool = False
    """Whether the lab wrote it for nobody but its own users: it does not count."""


@dataclass(frozen=True, slots=True)
class PolicyCoverage:
    """One policy, and what its statements decided."""

    policy_type: str
    """The word that AWS has for it: `key policy`, `identity-based policy`, `permissions boundary` …"""
    name: str
    """Its name, or what it hangs on; without what differs from run to run."""
    text: str
    """The document as JSON text, likewise."""
    owner: str
    """Whose it is: `test`, or `lab` (a key policy that the lab wrote for its own users alone) or `AWS` (a
    managed policy), which are not under test."""
    statements: tuple[StatementCoverage, ...]
    """Its statements, in their order."""
    test: str = ""
    """The first test, by its node id, that had it; empty where none is known."""
    title: str = ""
    """Its type and name; where others have the same, the test too, and a number."""

    @property
    def is_under_test(self) -> bool:
        """Whether its statements count."""
        return self.owner == "test"

    @property
    def counted(self) -> tuple[StatementCoverage, ...]:
        """The statements that count."""
        return tuple(one for one in self.statements if self.is_under_test and not one.by_lab)

    @property
    def untested(self) -> tuple[StatementCoverage, ...]:
        """Those of them that decided nothing."""
        return tuple(statement for statement in self.counted if not statement.decided)


@dataclass(frozen=True, slots=True)
class Coverage:
    """The policies of a run, and what their statements decided."""

    policies: tuple[PolicyCoverage, ...]
    """All policies, those under test first; by type and name."""
    uncounted: int = 0
    """Decisions whose policies memory was too small for: what they covered is not known."""

    @property
    def under_test(self) -> tuple[PolicyCoverage, ...]:
        """The policies that count."""
        return tuple(policy for policy in self.policies if policy.is_under_test)

    @property
    def statements(self) -> int:
        """How many statements of the policies under test count."""
        return sum(len(policy.counted) for policy in self.under_test)

    @property
    def covered(self) -> int:
        """How many of them decided something."""
        return self.statements - sum(len(policy.untested) for policy in self.under_test)

    @property
    def percent(self) -> float:
        """How many of a hundred did; 0 where there is none."""
        return 100 * self.covered / self.statements if self.statements else 0.0

    @property
    def untested_denies(self) -> tuple[tuple[PolicyCoverage, StatementCoverage], ...]:
        """The Deny statements that denied nothing in any test."""
        return tuple(
            (policy, statement)
            for policy in self.under_test
            for statement in policy.untested
            if statement.effect == "Deny"
        )

    def as_json(self) -> dict[str, Any]:
        """All of it, as `json.dumps` takes it."""
        return {
            "statements": self.statements,
            "covered": self.covered,
            "percent": round(self.percent, 1),
            "lost": self.uncounted,
            "policies": [asdict(policy) for policy in self.policies],
        }


_RESOURCE_WORDS = {"kms": "key policy", "dynamodb": "table policy", "sts": "trust policy"}
_OF_DATA = ("kms", "dynamodb")
"""The services whose resources' policies are under test whoever used them first. The lab assumes roles for
a test, so that a role's trust policy is under test only where the test itself assumes it."""
_MAKING = ("iam:CreateUser", "iam:CreateRole")
_PUTTING = ("kms:PutKeyPolicy", "dynamodb:PutResourcePolicy")
_COUNTED = (PolicyType.IDENTITY, PolicyType.RESOURCE, PolicyType.PERMISSIONS_BOUNDARY, PolicyType.SESSION)

Known = tuple[str, str]
"""What a policy is known by: the word for its type, and its text."""


@dataclass(slots=True)
class _Seen:
    """What is known of one policy so far."""

    name: str
    owner: str
    statements: list[tuple[str, str, bool]]
    test: str = ""
    decided: Counter[int] = field(default_factory=Counter)
    tests: dict[int, list[str]] = field(default_factory=dict)


class CoverageCounter(Collector):
    """Counts, test by test and worker by worker, what statements decided.

    `administrator` is the name of the lab's administrator, whose policies are not under test.
    """

    def __init__(self, administrator: str = "") -> None:
        self._administrator = administrator
        self._seen: dict[Known, _Seen] = {}
        self._known: dict[tuple[PolicyType, int], tuple[Policy, Known]] = {}
        self._lost = 0
        self._unnamed: list[_Seen] = []
        """Those that were noted before it was told of which test they are."""

    def add(self, test: str, entries: Iterable[TrailEntry]) -> None:
        """Count the decisions of one test, which was given its node id."""
        for entry in _without_refused(entries):
            if entry.policies is None:
                # The trail of a long test has let go of its oldest decisions' policies.
                self._lost += entry.origin is not Origin.LAB
                continue
            self._note_policies(entry, entry.policies)
            if entry.origin is not Origin.LAB:
                self._count(test, entry, entry.policies)
        for seen in self._unnamed:
            seen.test = test
        self._unnamed.clear()

    def look(self, view: AccountView, entries: Iterable[TrailEntry]) -> None:
        """Note the policies of the users and roles that these decisions let be made: nobody may ask under
        them ever."""
        for entry in entries:
            arn = entry.request.resource
            is_made = entry.request.action in _MAKING and entry.decision.allowed
            if is_made and view.principal_exists(arn):
                policies = view.policies(caller_of(arn), "*")
                # As if the new one had asked: so are told the policies too under which nobody asks in any
                # test.
                asking = entry._replace(request=entry.request._replace(principal=arn), origin=Origin.TEST)
                self._note_own(asking, policies)

    def result(self) -> Coverage:
        """What was counted."""
        policies = []
        for (kind, text), seen in self._seen.items():
            statements = tuple(
                StatementCoverage(name, effect, seen.decided[index], tuple(seen.tests.get(index, ())), by_lab)
                for index, (name, effect, by_lab) in enumerate(seen.statements)
            )
            policies.append(PolicyCoverage(kind, seen.name, text, seen.owner, statements, seen.test))
        ordered = sorted(
            policies, key=lambda one: (not one.is_under_test, one.policy_type, one.name, one.text)
        )
        return Coverage(_titled(ordered), self._lost)

    def data(self) -> dict[str, Any]:
        """What was counted, in a form that one process can send to another."""
        policies = [
            [
                *known,
                seen.name,
                seen.owner,
                seen.test,
                seen.statements,
                sorted(seen.decided.items()),
                sorted(seen.tests.items()),
            ]
            for known, seen in self._seen.items()
        ]
        return {"lost": self._lost, "policies": policies}

    def take(self, data: Mapping[str, Any]) -> None:
        """Count what another process has counted; nothing of one that crashed."""
        self._lost += data.get("lost", 0)
        for kind, text, name, owner, first, statements, decided, tests in data.get("policies", ()):
            listed = [(one, effect, by_lab) for one, effect, by_lab in statements]
            # By type and text: what two workers have under one name counts together.
            seen = self._seen.setdefault((kind, text), _Seen(name, owner, listed, first))
            for index, number in decided:
                seen.decided[index] += number
            for index, named in tests:
                for test in named:
                    self._name_test(seen, index, test)

    def _note_policies(self, entry: TrailEntry, policies: Policies) -> None:
        """Remember the policies of a decision. What the lab asks for itself shows its administrator's,
        which are not under test, and those of keys and tables, which are."""
        is_labs = entry.origin is Origin.LAB
        if policies.resource is not None and (_service(entry) in _OF_DATA or not is_labs):
            self._note(PolicyType.RESOURCE, policies.resource, entry)
        if not is_labs:
            self._note_own(entry, policies)

    def _note_own(self, entry: TrailEntry, policies: Policies) -> None:
        for named in policies.identity:
            self._note(PolicyType.IDENTITY, named, entry)
        if policies.permissions_boundary is not None:
            self._note(PolicyType.PERMISSIONS_BOUNDARY, policies.permissions_boundary, entry)
        for named in policies.session:
            self._note(PolicyType.SESSION, named, entry)

    def _note(self, kind: PolicyType, named: NamedPolicy, entry: TrailEntry) -> _Seen | None:
        """What is known of a policy; None of one that is not there yet, or has nothing that could decide."""
        policy = named.policy
        if policy.error or not policy.statements or (kind is PolicyType.RESOURCE and not _is_real(entry)):
            return None
        kept = self._known.get((kind, id(policy)))
        if kept is None:
            word = _RESOURCE_WORDS[_service(entry)] if kind is PolicyType.RESOURCE else kind.value
            known = word, without_ids(print_policy(policy))
            # A run may have a policy of its own in each test: what is known of them is worked out again then.
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            # The policy is kept too: its id could be another's once it is gone.
            kept = self._known[kind, id(policy)] = (policy, known)
        if kept[1] not in self._seen:
            self._seen[kept[1]] = self._new(kind, named, entry)
            self._unnamed.append(self._seen[kept[1]])
        seen = self._seen[kept[1]]
        if seen.name.startswith((NEW_KEY, KEY)):  # a key has its alias later than its policy
            seen.name = _name(kind, named, entry, self._share(kind, policy))
        return seen

    def _new(self, kind: PolicyType, named: NamedPolicy, entry: TrailEntry) -> _Seen:
        share = self._share(kind, named.policy)
        whole = owner_of(kind, named, entry.request.principal, self._administrator)
        listed = [
            (one.name, "Deny" if one.denies else "Allow", by_lab)
            for one, by_lab in zip(named.policy.statements, share.statements, strict=True)
        ]
        return _Seen(_name(kind, named, entry, share), "lab" if all(share.statements) else whole, listed)

    def _share(self, kind: PolicyType, policy: Policy) -> Share:
        if kind is PolicyType.RESOURCE:
            return share_of_lab(policy, self._administrator)
        return Share((False,) * len(policy.statements))

    def _count(self, test: str, entry: TrailEntry, policies: Policies) -> None:
        for one in deciding_statements(entry.request, policies, entry.grants, entry.decision):
            seen = self._note(one.policy_type, one.policy, entry) if one.policy_type in _COUNTED else None
            if seen is not None:
                seen.decided[one.index] += 1
                self._name_test(seen, one.index, test)

    @staticmethod
    def _name_test(seen: _Seen, index: int, test: str) -> None:
        named = seen.tests.setdefault(index, [])
        if test not in named and len(named) < TESTS_NAMED:
            named.append(test)


def _titled(policies: Sequence[PolicyCoverage]) -> tuple[PolicyCoverage, ...]:
    """The policies with titles of which there is only one each."""
    plain = [f"{one.policy_type} {_UNNAMED.get(one.name, one.name)}" for one in policies]
    # First the test is told where titles are alike, then a number where that does not tell them apart.
    longer = [
        f"{title}, in {one.test}" if plain.count(title) > 1 and one.test else title
        for title, one in zip(plain, policies, strict=True)
    ]
    numbers = [longer[: at + 1].count(title) for at, title in enumerate(longer)]
    titles = [
        f"{title} ({number})" if longer.count(title) > 1 else title
        for title, number in zip(longer, numbers, strict=True)
    ]
    return tuple(replace(one, title=title) for one, title in zip(policies, titles, strict=True))


def _is_real(entry: TrailEntry) -> bool:
    """Whether the resource's policy of a decision is one that somebody wrote. IAM asks no trust policy; and
    of a key that is not made yet only the policy that it will have is somebody's."""
    request = entry.request
    if not request.resource.endswith(NEW_KEY):
        return _service(entry) in _RESOURCE_WORDS
    return request.action == "kms:PutKeyPolicy"


def _without_refused(entries: Iterable[TrailEntry]) -> Iterator[TrailEntry]:
    """The decisions but those by which a new policy was refused: nothing ever had that policy.

    A key policy or table policy about to be put is asked whether the caller could put it again; the
    question has the context of the call that puts it.
    """
    asked: Request | None = None
    for entry in entries:
        request = entry.request
        is_new = request.resource.endswith(NEW_KEY) or (
            asked is not None and asked.context is request.context
        )
        asked = request
        if entry.decision.allowed or not is_new or request.action not in _PUTTING:
            yield entry


def _service(entry: TrailEntry) -> str:
    return entry.request.action.partition(":")[0].lower()


def _name(kind: PolicyType, named: NamedPolicy, entry: TrailEntry, share: Share) -> str:
    """What to call a policy: of a key its alias, where it has one, and whom a test made its users."""
    if kind is not PolicyType.RESOURCE:
        return without_ids(name_in(named.name))
    aliases = entry.request.context.get("kms:ResourceAliases") or entry.request.context.get(
        "kms:RequestAlias"
    )
    name = without_ids(aliases[0] if aliases else resource_of(entry.request.resource))
    return f"{name} (names {', '.join(share.named)})" if share.named else name
