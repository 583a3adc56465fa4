"""What the environment says to other processes, and clients of this one take no notice of.

A process that a test starts inherits its environment. Where the backend is in this process, the environment
leads AWS clients to an address where nobody is (`NOWHERE`), so that none of them calls AWS; the clients of
this process are to keep AWS's own addresses, by which the backend knows their calls.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from inspect import signature
from typing import Any

from pytest_kmslab.backends.addresses import ENDPOINT_PREFIX, NOWHERE

OWN_ADDRESS: dict[str, Any] = {"ignore_configured_endpoint_urls": True}
"""What to make a client's Config of that is to keep the address it would have without the environment."""


def without_nowhere(create_client: Callable[..., Any], arguments: Any, named: Any) -> tuple[Any, Any]:
    """The arguments by which botocore makes a client that is not led to `NOWHERE`."""
    if os.environ.get(ENDPOINT_PREFIX) != NOWHERE:
        return arguments, named
    call = signature(create_client).bind(*arguments, **named)
    if call.arguments.get("endpoint_url") is None:
        call.arguments["config"] = _own_address(call.arguments.get("config"))
    return call.args, call.kwargs


def _own_address(config: Any) -> Any:
    from botocore.config import Config

    ignoring = Config(**OWN_ADDRESS)
    if config is None:
        return ignoring
    return config.merge(ignoring) if config.ignore_configured_endpoint_urls is None else config
