import pytest

from pytest_kmslab.run import BACKENDS


@pytest.mark.parametrize("name", BACKENDS)
def test_what_is_said_of_a_backend_without_loading_it_is_true(name: str) -> None:
    place = BACKENDS[name]
    assert place.load().name == name
    assert place.load().capabilities.resets is place.resets
