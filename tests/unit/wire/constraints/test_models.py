"""Each member of every operation, held to botocore's model; what is known otherwise has tests of its own."""

from __future__ import annotations

from typing import Any

import pytest
from helpers.botocore_models import every_operation, operation
from helpers.fake_account import user
from unit.wire.constraints.sites import Site, inside, nulls, outside, sites

from pytest_kmslab.calls.api_call import ApiCall, ServiceError
from pytest_kmslab.wire.constraints import check_constraints
from pytest_kmslab.wire.constraints.known_otherwise import ROWS, Row


def refusal(service: str, name: str, params: dict[str, Any]) -> ServiceError | None:
    try:
        check_constraints(ApiCall(service, name, params, "us-east-1", user()))
    except ServiceError as error:
        return error
    return None


def known_otherwise(service: str, *names: str) -> bool:
    return any(name in ROWS[service] for name in names)


def modelled(service: str, name: str) -> list[Site]:
    found = sites(operation(service, name).input_shape)
    return [site for site in found if not known_otherwise(service, site.shape.name, site.owner)]


CODES = {"iam": "ValidationError", "sts": "ValidationError"}


@pytest.mark.parametrize(("service", "name"), every_operation())
def test_a_value_just_outside_is_refused_and_one_just_inside_is_not(service: str, name: str) -> None:
    for site in modelled(service, name):
        place = f"at '{site.where}' failed to satisfy constraint: "
        for value, constraint in outside(site.shape):
            error = refusal(service, name, site.put(value))
            assert error is not None, (site.where, value)
            assert error.code == CODES.get(service, "ValidationException")
            assert place in error.message, (site.where, error.message)
            assert constraint in error.message
        for value in inside(site.shape):
            error = refusal(service, name, site.put(value))
            assert error is None or place not in error.message, (site.where, value, error)


@pytest.mark.parametrize(("service", "name"), every_operation())
def test_a_required_member_must_not_be_null(service: str, name: str) -> None:
    for where, owner, params in nulls(operation(service, name).input_shape):
        structure, _, member = owner.partition(".")
        if known_otherwise(service, owner) or member in ROWS[service].get(structure, Row()).optional:
            continue
        error = refusal(service, name, params)
        assert error is not None, where
        assert f"at '{where}' failed to satisfy constraint: Member must not be null" in error.message


def test_most_of_the_models_is_looked_at() -> None:
    """A change that makes values of fewer members than today must say so here."""
    places = [site for service, name in every_operation() for site in modelled(service, name)]
    assert sum(bool(list(outside(site.shape))) for site in places) > 800
