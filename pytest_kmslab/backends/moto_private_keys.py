"""Spares moto an RSA key pair for every symmetric key: 50 ms each, for something that nobody asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from moto.kms.utils import generate_private_key

SYMMETRIC = "SYMMETRIC_DEFAULT"


@contextmanager
def made_when_needed() -> Iterator[None]:
    """While this is open, a symmetric key gets the private key that moto gives it when somebody looks."""

    def generate(key_spec: str) -> Any:
        if key_spec == SYMMETRIC:
            return _Later(lambda: generate_private_key(key_spec))
        return generate_private_key(key_spec)

    with patch("moto.kms.models.generate_private_key", generate):
        yield


class _Later:
    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make

    def __getattr__(self, name: str) -> Any:
        made = self._make()
        self.__dict__.update(made.__dict__)
        self.__class__ = made.__class__
        return getattr(self, name)
