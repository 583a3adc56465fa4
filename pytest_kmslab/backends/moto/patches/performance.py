"""Spares moto what costs it most and gives nobody anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from threading import RLock
from typing import Any
from unittest.mock import patch

from moto.core.custom_responses_mock import CallbackResponse
from moto.core.utils import method_names_from_class
from moto.kms.models import KmsBackend
from moto.kms.utils import KeySpec, generate_private_key

from pytest_kmslab.backends.moto.key_pairs import new_private_key
from pytest_kmslab.calls.kms.specs import KEY_SPECS

MOTO_SPECS = frozenset(KeySpec.key_specs())

_method_names = lru_cache(maxsize=256)(method_names_from_class)
_check_spec_of_moto: Any = KmsBackend.__dict__["_KmsBackend__ensure_valid_key_spec"]
_callback_response = lru_cache(maxsize=4096)(CallbackResponse)


@contextmanager
def fast_moto() -> Iterator[None]:
    """While this is open: a key gets the private key that moto gives it when somebody looks (an RSA key
    pair takes 50 ms and more), keys can have the KeySpecs that moto does not know, the methods of a service
    are listed once and not at every call (0.1 ms), and the answers to the `requests` library, a thousand
    and more, are made once and not at every start (3 ms).
    """
    with (
        patch("moto.kms.models.generate_private_key", _generate),
        patch("moto.kms.models.KmsBackend._KmsBackend__ensure_valid_key_spec", _check_spec),
        patch("moto.core.responses.method_names_from_class", _method_names),
        patch("moto.core.models.CallbackResponse", _callback_response),
    ):
        yield


def _check_spec(backend: KmsBackend, key_spec: str) -> None:
    if key_spec not in KEY_SPECS:
        _check_spec_of_moto(backend, key_spec)


def _generate(key_spec: str) -> Any:
    """The key pair of a key: an RSA one takes up to a second, and most are never looked at."""
    if key_spec in MOTO_SPECS or key_spec not in KEY_SPECS:
        return _Later(lambda: generate_private_key(key_spec))
    return _Later(lambda: KeyPair(new_private_key(key_spec)))


class KeyPair:
    """A key pair of a KeySpec that moto has not."""

    def __init__(self, private_key: Any) -> None:
        self.private_key = private_key


class _Later:
    def __init__(self, make: Callable[[], Any]) -> None:
        self._make, self._lock = make, RLock()

    def __getattr__(self, name: str) -> Any:
        with self.__dict__["_lock"]:  # two threads that look at the same time see one key pair
            if type(self) is _Later:
                made = self._make()
                self.__dict__.update(made.__dict__)
                self.__class__ = made.__class__
        return getattr(self, name)
