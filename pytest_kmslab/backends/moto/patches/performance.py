"""Spares moto what costs it most and gives nobody anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any
from unittest.mock import patch

from moto.core.custom_responses_mock import CallbackResponse
from moto.core.utils import method_names_from_class
from moto.kms.utils import generate_private_key

from pytest_kmslab.calls.kms.specs import SYMMETRIC

_method_names = lru_cache(maxsize=256)(method_names_from_class)
_callback_response = lru_cache(maxsize=4096)(CallbackResponse)


@contextmanager
def fast_moto() -> Iterator[None]:
    """While this is open: a symmetric key gets the private key that moto gives it when somebody looks (an RSA
    key pair takes 50 ms), the methods of a service are listed once and not at every call (0.1 ms), and the
    answers to the `requests` library, a thousand and more, are made once and not at every start (3 ms).
    """
    with (
        patch("moto.kms.models.generate_private_key", _generate),
        patch("moto.core.responses.method_names_from_class", _method_names),
        patch("moto.core.models.CallbackResponse", _callback_response),
    ):
        yield


def _generate(key_spec: str) -> Any:
    if key_spec == SYMMETRIC:
        return _Later(lambda: generate_private_key(key_spec))
    return generate_private_key(key_spec)


class _Later:
    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make

    def __getattr__(self, name: str) -> Any:
        made = self._make()
        self.__dict__.update(made.__dict__)
        self.__class__ = made.__class__
        return getattr(self, name)
