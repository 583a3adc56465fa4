"""Attributes are in place for a block, and then as they were."""

from __future__ import annotations

import types

import pytest

from pytest_kmslab.backends.moto.patches.replacing import Replaced, Replacement


class Base:
    inherited = "base"


class Owner(Base):
    own = "own"

    @classmethod
    def made(cls) -> str:
        return cls.__name__

    @staticmethod
    def alone() -> str:
        return "alone"


def test_an_attribute_is_replaced_and_put_back_as_it_stood() -> None:
    before = dict(vars(Owner))
    replaced = [Replacement(Owner, name, "other") for name in ("own", "made", "alone", "inherited")]
    with Replaced(*replaced):
        assert (Owner.own, Owner.made, Owner.alone, Owner.inherited) == ("other",) * 4  # type: ignore[comparison-overlap]
    assert dict(vars(Owner)) == before
    assert Owner.inherited == "base"
    assert (Owner.made(), Owner.alone()) == ("Owner", "alone")


def test_blocks_within_one_another_end_in_the_reverse_order() -> None:
    module = types.ModuleType("module")
    module.name = "first"  # type: ignore[attr-defined]
    with Replaced(Replacement(module, "name", "second"), Replacement(module, "name", "third")):
        with Replaced(Replacement(module, "name", "fourth")):
            assert module.name == "fourth"
        assert module.name == "third"
    assert module.name == "first"


def test_an_error_in_the_block_goes_on_and_everything_is_put_back() -> None:
    with pytest.raises(KeyError), Replaced(Replacement(Owner, "own", "other")):
        raise KeyError
    assert Owner.own == "own"
