"""One suite for every backend: what each answers is asked of all.

Here that is moto's objects and the API in front of a moto server; with `KMSLAB_ENDPOINT`, as tools/localstack
sets it, LocalStack or ministack.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator

import pytest
from helpers.endpoint import Store, moto_server

from pytest_kmslab.backends.endpoint.backend import EndpointBackend
from pytest_kmslab.backends.moto.backend import MotoBackend
from pytest_kmslab.backends.protocol import Backend, Credentials

REGION = "us-east-1"
ENDPOINT = os.environ.get("KMSLAB_ENDPOINT", "")
collect_ignore = ["test_corpus_on_moto.py"] if ENDPOINT else []


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with moto_server() as url:
        yield url


@pytest.fixture(params=["endpoint"] if ENDPOINT else ["moto", "api"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """An account with nothing in it."""
    if request.param == "moto":
        backend: Backend = MotoBackend(REGION)
    elif request.param == "endpoint":
        # The account of an access key of twelve digits is that number: each test has one of its own, since
        # nothing is reset there.
        backend = EndpointBackend(ENDPOINT, REGION, Credentials(f"9{secrets.randbelow(10**11):011d}", "test"))
    else:
        from moto.moto_api._internal.models import moto_api_backend

        server = request.getfixturevalue("server")
        moto_api_backend.reset()
        backend = EndpointBackend(server, REGION, Credentials("FOOBARKEY", "root"))
    backend.start()
    yield Store(backend)
    backend.stop()
