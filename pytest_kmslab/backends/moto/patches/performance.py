"""Performance patches for moto: RSA keys, listings of names, response attributes, and what its start repeats.

A lab for each test starts moto, makes three users, a key and a table, and stops moto: what moto works out
anew each time and always finds the same is worked out once here. No answer of moto's is kept.
"""

from __future__ import annotations

import string
from collections.abc import Callable
from functools import lru_cache
from threading import RLock
from typing import Any

from moto.core import models, responses
from moto.core.serialize import AttributePickerContext, XFormedAttributePicker
from moto.core.utils import camelcase_to_underscores, method_names_from_class
from moto.kms import models as kms_models
from moto.kms.models import KmsBackend
from moto.kms.utils import KeySpec, generate_private_key
from moto.moto_api._internal.moto_random import MotoRandom

from pytest_kmslab.backends.moto.key_pairs import CHINESE, new_private_key
from pytest_kmslab.backends.moto.patches.replacing import Replaced, Replacement
from pytest_kmslab.calls.kms.specs import KEY_SPECS

MOTO_SPECS = frozenset(KeySpec.key_specs())

_method_names = lru_cache(maxsize=256)(method_names_from_class)
_CHECK_SPEC = "_KmsBackend__ensure_valid_key_spec"
_check_spec_of_moto: Any = vars(KmsBackend)[_CHECK_SPEC]
_underscores = lru_cache(maxsize=4096)(camelcase_to_underscores)
_names_of_attribute = XFormedAttributePicker.get_possible_keys
_enable_patching = models.MockAWS._enable_patching

_attribute_names: dict[tuple[object, ...], tuple[str, ...]] = {}
_callbacks: dict[Any, dict[str, list[Any]]] = {}
"""What answers `requests`, by HTTP method, for the function that it hands a request to."""


def fast_moto() -> Replaced:
    """Have moto do quickly, while this is open, what costs a lab most.

    A key gets its private key when somebody looks at it (an RSA key pair takes 50 ms and more), also one of a
    KeySpec that moto does not know. The names of a service's methods, and those by which a response's member
    may stand in moto's objects, are listed once (0.1 ms and 0.5 ms a call). What answers the `requests`
    library, nearly two thousand objects, is made once and not at every start (2 ms).
    """
    return Replaced(
        Replacement(kms_models, "generate_private_key", _private_key),
        Replacement(KmsBackend, _CHECK_SPEC, _check_spec),
        Replacement(responses, "method_names_from_class", _method_names),
        Replacement(responses, "camelcase_to_underscores", _underscores),
        Replacement(XFormedAttributePicker, "get_possible_keys", _possible_names),
        Replacement(MotoRandom, "get_random_string", _random_string),
        Replacement(models.MockAWS, "_enable_patching", _start_answering),
    )


def _check_spec(backend: KmsBackend, key_spec: str) -> None:
    if key_spec not in KEY_SPECS:
        _check_spec_of_moto(backend, key_spec)


def _private_key(key_spec: str) -> Any:
    # The key pair of a key: an RSA one takes up to a second, and most are never looked at.
    # moto has an RSA key for SM2.
    if key_spec != CHINESE and (key_spec in MOTO_SPECS or key_spec not in KEY_SPECS):
        return _MadeLater(lambda: generate_private_key(key_spec))
    return _MadeLater(lambda: KeyPair(new_private_key(key_spec)))


class KeyPair:
    """A key pair of a KeySpec that moto has not."""

    def __init__(self, private_key: Any) -> None:
        self.private_key = private_key


def _possible_names(picker: XFormedAttributePicker, context: AttributePickerContext) -> tuple[str, ...]:
    # The names under which a member is looked for: they hang on the model and the object's class alone.
    key = (*picker.alias_providers, context.shape, context.key, type(context.obj))
    names = _attribute_names.get(key)
    if names is None:
        names = _attribute_names[key] = tuple(dict.fromkeys(_names_of_attribute(picker, context)))
    return names


def _random_string(
    random: MotoRandom, length: int = 20, include_digits: bool = True, lower_case: bool = False
) -> str:
    # As moto's own, drawn at once and not letter by letter: each response has an id of 52.
    pool = string.ascii_letters + string.digits if include_digits else string.ascii_letters
    text = "".join(random.choices(pool, k=length))
    return text.lower() if lower_case else text


def _start_answering(mock: models.MockAWS, reset: bool = True) -> None:
    # As moto's own; the first start makes the callbacks, each later one registers the same again.
    handler = models.botocore_stubber.process_request
    if not reset or handler not in _callbacks:
        _enable_patching(mock, reset=reset)
        if reset:
            _callbacks.clear()
            _callbacks[handler] = {method: list(made) for method, made in _registered().items()}
        return
    models.botocore_stubber.enabled = True
    mock.reset()
    models.responses_mock.start()
    for method, callbacks in _callbacks[handler].items():
        _registered()[method].extend(callbacks)


def _registered() -> dict[str, list[Any]]:
    registered: dict[str, list[Any]] = models.responses_mock._registry._registered  # type: ignore[attr-defined]
    return registered


class _MadeLater:
    """Becomes what it stands for when an attribute is asked for."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make, self._lock = make, RLock()

    def __getattr__(self, name: str) -> Any:
        with self.__dict__["_lock"]:  # two threads that look at the same time see one key pair
            if type(self) is _MadeLater:
                made = self._make()
                self.__dict__.update(made.__dict__)
                self.__class__ = made.__class__
        return getattr(self, name)
