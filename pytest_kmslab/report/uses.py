"""What principals did in the tests of a run, under names that are the same in every run."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pytest_kmslab.authz.context import Context
from pytest_kmslab.authz.principal import PrincipalKind
from pytest_kmslab.cases.case import Case
from pytest_kmslab.cases.read import parse_case
from pytest_kmslab.cases.write import case_as_json
from pytest_kmslab.enforcement.entry import Origin
from pytest_kmslab.lab.naming import EXPIRES_TAG, RUN_TAG, WORKER_TAG
from pytest_kmslab.privilege.use import Use, actor_of, identity_of
from pytest_kmslab.report.collecting import Collector
from pytest_kmslab.report.names import StableNames

if TYPE_CHECKING:
    from pytest_kmslab.enforcement.entry import TrailEntry
    from pytest_kmslab.enforcement.trail import Trail

PASSING = frozenset(
    {
        *("aws:currenttime", "aws:epochtime", "aws:tokenissuetime", "aws:userid"),
        *(
            f"aws:{of}tag/{tag}"
            for of in ("principal", "resource", "request")
            for tag in (RUN_TAG, WORKER_TAG, EXPIRES_TAG)
        ),
    }
)
"""Condition keys whose value is another in each run or test, and which tell no two requests apart here."""
TESTS_NAMED = 5
"""Tests that are remembered at most for one request."""


class UseCollector(Collector):
    """Collects the requests that were allowed, each once, with some of the tests that led to it."""

    def __init__(self, trail: Trail) -> None:
        self._trail = trail
        self._names = StableNames()
        self._found: dict[str, tuple[Use, list[str]]] = {}
        self._denied: Counter[str] = Counter()

    def add(self, test: str, entries: Sequence[TrailEntry]) -> None:
        """Take what was allowed in one test."""
        uses = self._trail.uses(entries)
        names = self._names.of_test(uses, self._trail.logical_ids)
        for use in uses:
            if use.identity.kind in _ACTORS:
                self._note(names.use(use, test), [test])
        for entry in entries:
            is_somebodys = identity_of(entry.request).kind in _ACTORS and entry.origin is not Origin.LAB
            if is_somebodys and not entry.decision.allowed:
                self._denied[names.text(actor_of(entry.request))] += 1

    def data(self) -> Any:
        """Every request as the JSON text of a case, with its tests; and how often each was denied."""
        return [(text, tests) for text, (_, tests) in self._found.items()], dict(self._denied)

    def take(self, data: Any) -> None:
        """Take what another process has found."""
        found, denied = data
        self._denied.update(denied)
        for text, tests in found:
            case = parse_case(text)
            self._note(Use(case.request, case.policies, case.grants, tests[0]), tests)

    def of_actors(self) -> Mapping[str, list[Use]]:
        """What each user and role did, by its ARN."""
        actors: dict[str, list[Use]] = {}
        for use, _ in self._found.values():
            actors.setdefault(use.actor, []).append(use)
        return dict(sorted(actors.items()))

    def only_denied(self) -> Mapping[str, int]:
        """How often each user and role was denied that was allowed nothing, by its ARN."""
        actors = self.of_actors()
        return {actor: number for actor, number in sorted(self._denied.items()) if actor not in actors}

    def tests_of(self, use: Use) -> list[str]:
        """Some of the tests that led to a request."""
        return self._found[_text_of(use)][1]

    def _note(self, use: Use, tests: Iterable[str]) -> None:
        # By its text: the same request in two tests, or in two workers, is one.
        _, named = self._found.setdefault(_text_of(use), (use, []))
        for test in tests:
            if test not in named and len(named) < TESTS_NAMED:
                named.append(test)


_ACTORS = (PrincipalKind.USER, PrincipalKind.ROLE, PrincipalKind.FEDERATED)
"""Whom policies can be given to: the root user needs none, and a service has none."""


def _text_of(use: Use) -> str:
    pairs = {name: values for name, values in use.request.context.pairs() if name.lower() not in PASSING}
    if len(Context(pairs)) < len(pairs):  # names that differ by case alone are one key to a policy
        pairs = dict(Context(pairs))
    request = use.request._replace(context=Context(pairs))
    return json.dumps(case_as_json(Case("use", request, use.policies, use.grants)), sort_keys=True)
