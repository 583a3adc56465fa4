"""Puts a patch in place once moto itself has loaded a service.

Some of moto's services take seconds to load and packages of their own (`moto[cloudformation]`, `moto[glue]`),
which nobody installs for a lab: they are taken in hand when moto loads them, and never loaded for it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from threading import Lock
from typing import Any
from unittest.mock import patch


@contextmanager
def when_loaded(module: str, make: Callable[[], AbstractContextManager[object]]) -> Iterator[None]:
    """While this is open, have what `make` answers open too, from the moment on that a module is loaded.

    `module` is the `models` of one of moto's services, which moto loads when the service is first asked for.
    """
    import moto.backends

    original = moto.backends.get_backend
    with ExitStack() as installed:

        def get_backend(name: Any) -> Any:
            backends = original(name)
            if not done:
                install()
            return backends

        def install() -> None:
            with installing:
                if module in sys.modules and not done:
                    done.append(True)
                    installed.enter_context(make())

        done: list[bool] = []
        installing = Lock()
        installed.enter_context(patch("moto.backends.get_backend", get_backend))
        install()
        yield
