"""The proof that policies are the smallest: what was done is decided again, and with each part taken out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pytest_kmslab.authz.context import Context
from pytest_kmslab.privilege.conditions import OPERATIONS, Conditions, conditions_of
from pytest_kmslab.privilege.statements import Statement, documents_of
from pytest_kmslab.privilege.use import PolicySet, Use, all_allowed


@dataclass(frozen=True, slots=True)
class Proof:
    """What came of deciding everything again."""

    decisions: int
    """How many requests were decided again, all that were allowed."""
    denied: tuple[str, ...]
    """Those that the policies do not allow: none, or the policies are wrong."""
    removals: int
    """How many statements, actions, resources and values of conditions were taken out, each alone."""
    idle: tuple[str, ...]
    """Those without which everything is allowed all the same: none, or the policies are not the smallest."""
    wider: tuple[str, ...] = ()
    """What the policies allow besides, as no policy of AWS can say less: grants of fewer operations."""

    @property
    def holds(self) -> bool:
        """Whether everything is allowed, and nothing can be taken out; of nothing there is no proof."""
        return bool(self.decisions) and not self.denied and not self.idle

    def as_json(self) -> dict[str, Any]:
        """All of it, as `json.dumps` takes it."""
        return {
            "holds": self.holds,
            "decisions": self.decisions,
            "denied": list(self.denied),
            "removals": self.removals,
            "idle": list(self.idle),
            "wider": list(self.wider),
        }


def prove(statements: Sequence[Statement], uses: Sequence[Use], distinct: Sequence[Use]) -> Proof:
    """Decide all `uses` under the statements; and with each part taken out the `distinct` ones, of which each
    stands for all that no policy made here tells apart."""
    whole = PolicySet.of(*documents_of(statements))
    refused = [one.request for one in uses if not one.is_allowed_by(whole)]
    denied = [f"{request.action} on {request.resource}" for request in refused]
    removals = list(_removals(statements))
    idle = [what for what, rest in removals if all_allowed(distinct, PolicySet.of(*documents_of(rest)))]
    wider = dict.fromkeys(_wider(distinct, whole))
    return Proof(len(uses), tuple(dict.fromkeys(denied)), len(removals), tuple(idle), tuple(wider))


def _wider(uses: Sequence[Use], policies: PolicySet) -> Iterator[str]:
    """Grants like those that were made, but for one operation, that are allowed too and that nobody made."""
    made = {_grant_of(use) for use in uses}
    for use in uses:
        operations = use.request.context.get(OPERATIONS) or ()
        for operation, rest in _one_less(tuple(sorted(operations))) if conditions_of(use.request) else ():
            context = Context({**dict(use.request.context.pairs()), OPERATIONS: rest})
            smaller = replace(use, request=use.request._replace(context=context))
            if _grant_of(smaller) not in made and smaller.is_allowed_by(policies):
                yield f"a grant without {operation} of {use.request.resource}"


def _grant_of(use: Use) -> tuple[str, str, Conditions]:
    return use.actor, use.request.resource, conditions_of(use.request)


def _removals(statements: Sequence[Statement]) -> Iterator[tuple[str, list[Statement]]]:
    """Every part that can be taken out, and the statements without it."""
    for index, statement in enumerate(statements):
        others = [*statements[:index], *statements[index + 1 :]]
        yield f"statement {index}", others
        for what, smaller in _parts(statement):
            yield f"`{what}` of statement {index}", [*others, smaller]


def _parts(statement: Statement) -> Iterator[tuple[str, Statement]]:
    """A statement with one action, resource or value less; the last of them goes with the statement."""
    for value, rest in _one_less(statement.actions):
        yield value, statement._replace(actions=rest)
    for value, rest in _one_less(statement.resources):
        yield value, statement._replace(resources=rest)
    for place, condition in enumerate(statement.conditions):
        for value, rest in _one_less(condition.values):
            smaller = condition._replace(values=rest)
            conditions = (*statement.conditions[:place], smaller, *statement.conditions[place + 1 :])
            yield value, statement._replace(conditions=conditions)


def _one_less(values: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    # The last value is not taken out by itself: an empty list makes another statement, often an invalid one.
    for index, value in enumerate(values if len(values) > 1 else ()):
        yield value, (*values[:index], *values[index + 1 :])
