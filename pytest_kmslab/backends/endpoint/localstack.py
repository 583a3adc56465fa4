"""LocalStack, or whatever else answers AWS's APIs at an endpoint that a person names."""

from __future__ import annotations

import re

from pytest_kmslab.backends.endpoint.backend import ROOT, EndpointBackend
from pytest_kmslab.backends.protocol import Credentials
from pytest_kmslab.errors import BackendError

URL = re.compile(r"https?://[^\s/?#]+/?", re.ASCII)

HOW = (
    "give one by `--kmslab-endpoint` (ini kmslab_endpoint, environment KMSLAB_ENDPOINT), by "
    "AWS_ENDPOINT_URL, or install localstack-client (`pip install pytest-kmslab[localstack]`), whose "
    "configuration counts last; start LocalStack by `docker run --rm -p 127.0.0.1:4566:4566 "
    "localstack/localstack:4.14`, or ministack by `pip install ministack` and `ministack`"
)
"""The image is the last that starts without an account's token."""


class LocalStackBackend(EndpointBackend):
    """The endpoint that a run was given, with LocalStack's root user unless another was given.

    The root user of an `account` has its twelve digits as access key. Raises BackendError, which says how to
    name an endpoint and how to start one, where there is none.
    """

    name = "localstack"

    def __init__(
        self,
        region: str,
        endpoint: str = "",
        endpoint_access_key: str = "",
        endpoint_secret_key: str = "",
        account: str = "",
    ) -> None:
        url = endpoint or _configured()
        if not URL.fullmatch(url):
            raise BackendError(f"the endpoint `{url}` is not a URL such as `http://localhost:4566`: {HOW}")
        access_key = endpoint_access_key or ROOT.access_key_id
        if account and access_key == ROOT.access_key_id:
            access_key = account
        self._wanted = account
        root = Credentials(access_key, endpoint_secret_key or ROOT.secret_access_key)
        super().__init__(url.rstrip("/"), region, root)

    def _make_sure(self) -> None:
        try:
            super()._make_sure()
        except BackendError as error:
            raise BackendError(f"{error}; {HOW}") from error
        if self._wanted not in ("", self.account):
            raise BackendError(
                f"--kmslab-account is `{self._wanted}`, and access key `{self.root.access_key_id}` is of "
                f"account `{self.account}` at `{self.endpoint_url}`: give kmslab_endpoint_access_key of the "
                "account that you mean, or leave one of the two out"
            )


def _configured() -> str:
    """Where localstack-client says that LocalStack is; raises BackendError without it."""
    try:
        from localstack_client.config import get_service_endpoint
    except ImportError:
        raise BackendError(f"backend `localstack` needs an endpoint: {HOW}") from None
    return str(get_service_endpoint("dynamodb"))
