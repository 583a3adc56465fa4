"""What holds of every decision, whatever the policies."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields, replace
from random import Random
from typing import Any

from helpers.factories import allow, deny
from helpers.strategies import FIELDS, NAMING, World, grants, statements, worlds
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_kmslab.authz.authorize import authorize
from pytest_kmslab.authz.decision import Effect, Outcome
from pytest_kmslab.authz.evaluation import Evaluation
from pytest_kmslab.authz.guardrails import applicable_policies
from pytest_kmslab.authz.principal import PrincipalKind, identify

many = settings(max_examples=100, deadline=None)


def bears(world: World) -> set[str]:
    """The fields whose policies bear on the request."""
    evaluation = Evaluation(world.request, bounded=world.permissions_boundary is not None)
    return {FIELDS[kind] for kind, _ in applicable_policies(evaluation, world.policies)}


def universal(make: Any, field: str) -> dict[str, Any]:
    return make(Sid="universal", **({"Principal": "*"} if field in NAMING else {}))


def test_worlds_of_every_outcome_are_drawn() -> None:
    """A theorem of what is allowed says nothing where hardly anything is."""
    found: Counter[Outcome] = Counter()

    @settings(max_examples=100, deadline=None, derandomize=True, database=None)
    @given(worlds())
    def draw(world: World) -> None:
        found[world.decide().decision] += 1

    draw()
    assert found[Outcome.ALLOWED] >= 25, found
    assert min(found[outcome] for outcome in Outcome) >= 3, found


@many
@given(worlds(), st.data())
def test_an_explicit_deny_wins(world: World, data: st.DataObject) -> None:
    places = [place for place in world.places() if place[0] in bears(world)]
    if places:
        place = data.draw(st.sampled_from(places))
        decision = world.adding(place, universal(deny, place[0])).decide()
        assert decision.decision is Outcome.EXPLICIT_DENY
        assert "universal" in {reason.statement for reason in decision.reasons}


@many
@given(worlds())
def test_no_allow_no_access(world: World) -> None:
    def denies(statements: tuple[dict[str, Any], ...]) -> tuple[dict[str, Any], ...]:
        return tuple(statement for statement in statements if statement["Effect"] == "Deny")

    bare = replace(
        world,
        identity=tuple(denies(policy) for policy in world.identity),
        resource=None if world.resource is None else denies(world.resource),
        grants=(),
    )
    root = identify(world.request.principal).kind is PrincipalKind.ROOT
    if not root or Evaluation(world.request, bounded=False).requires_resource_trust:
        assert not bare.allowed


@many
@given(worlds(), st.randoms())
def test_order_and_duplicates_do_not_matter(world: World, random: Random) -> None:
    def stirred(held: Any) -> Any:
        if not isinstance(held, tuple):
            return held
        mixed = [stirred(item) for item in held]
        mixed += random.sample(mixed, random.randint(0, len(mixed)))
        random.shuffle(mixed)
        return tuple(mixed)

    changes = {field.name: stirred(getattr(world, field.name)) for field in fields(world)[1:]}
    first, second = world.decide(), replace(world, **changes).decide()
    assert first.decision is second.decision
    assert set(first.reasons) == set(second.reasons)


@many
@given(worlds(), st.data())
def test_adding_an_allow_never_removes_access(world: World, data: st.DataObject) -> None:
    if world.allowed:
        for place in world.places():
            assert world.adding(place, data.draw(statements(place[0], "Allow"))).allowed
        more = data.draw(statements("identity", "Allow"))
        assert replace(world, identity=(*world.identity, (more,))).allowed
        assert replace(world, grants=(*world.grants, data.draw(grants()))).allowed


@many
@given(worlds(), st.data())
def test_adding_a_deny_never_gives_access(world: World, data: st.DataObject) -> None:
    if not world.allowed:
        for place in world.places():
            assert not world.adding(place, data.draw(statements(place[0], "Deny"))).allowed


@many
@given(worlds(), st.data())
def test_retiring_a_grant_never_gives_access(world: World, data: st.DataObject) -> None:
    if world.grants and not world.allowed:
        index = data.draw(st.integers(0, len(world.grants) - 1))
        assert not replace(world, grants=world.grants[:index] + world.grants[index + 1 :]).allowed


@many
@given(worlds())
def test_a_decision_depends_on_its_arguments_only(world: World) -> None:
    decision = world.decide()
    assert world.decide() == decision
    assert authorize(world.request, world.policies, list(world.grants)) == decision


@many
@given(worlds())
def test_the_reasons_bear_out_the_decision(world: World) -> None:
    decision = world.decide()
    effects = {reason.effect for reason in decision.reasons}
    expected = {
        Outcome.ALLOWED: {Effect.ALLOW},
        Outcome.EXPLICIT_DENY: {Effect.DENY},
        Outcome.IMPLICIT_DENY: {Effect.MISSING},
    }
    assert effects == expected[decision.decision]


@many
@given(worlds())
def test_everything_allowed_everywhere_is_allowed(world: World) -> None:
    """With every Deny out and an Allow in everywhere, all but the impossible goes through."""
    open_world = World(
        world.request,
        identity=((universal(allow, "identity"),),),
        resource=(universal(allow, "resource"),),
        session=((universal(allow, "session"),),),
        grants=world.grants,
    )
    evaluation = Evaluation(world.request, bounded=False)
    if evaluation.cross_account_allowed and evaluation.action != "kms:retiregrant":
        assert open_world.allowed
