"""moto in this process: the embedded default."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import timezone
from typing import TYPE_CHECKING, Any

from pytest_kmslab.apicall import ApiCall
from pytest_kmslab.backends.base import Capabilities, Credentials, EncryptionChanges
from pytest_kmslab.errors import BackendError

if TYPE_CHECKING:
    from moto.core.models import MockAWS

    from pytest_kmslab.backends.moto_facts import MotoFacts
    from pytest_kmslab.backends.moto_mends import MotoMends

AWS_DOMAINS = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws")


class MotoBackend:
    """moto's own account, empty at the first `start` and forgotten at the last `stop`.

    Where a test has started moto's `mock_aws` itself, the lab lives in that account and nothing is
    reset. The root user's credentials are made anew for each run, so no credential a person has
    lying about is root by accident.
    """

    name = "moto"
    capabilities = Capabilities(resets=True, settles=True, enforces=False)
    endpoint_url: str | None = None

    def __init__(self, region: str) -> None:
        from moto.core.models import DEFAULT_ACCOUNT_ID

        from pytest_kmslab.backends.moto_facts import MotoFacts
        from pytest_kmslab.backends.moto_mends import MotoMends

        self.region = region
        self.account: str = DEFAULT_ACCOUNT_ID
        self.root = Credentials("AKIAROOT" + secrets.token_hex(6).upper(), secrets.token_urlsafe(30))
        self.facts: MotoFacts = MotoFacts(self.account, self.root)
        self._mends: MotoMends = MotoMends(self.facts)
        self._mocks: list[MockAWS] = []

    @property
    def running(self) -> bool:
        """Whether it is between `start` and the last `stop`."""
        return bool(self._mocks)

    def start(self) -> None:
        """Start moto's mock; the first one of the process empties the account."""
        from moto import mock_aws

        mock = mock_aws()
        mock.start()
        self._mocks.append(mock)

    def stop(self) -> None:
        """Undo one `start`; the last one of the process forgets the account."""
        self._mocks.pop().stop()

    def send(self, request: Any) -> Any:
        """Let moto answer, for clients made before moto was imported too.

        Raises BackendError where moto does not know the address and it is AWS's.
        """
        from moto.core.models import botocore_stubber

        response = botocore_stubber("before-send", request)
        if response is None and _is_aws(request.url):
            raise BackendError(
                f"a call to `{request.url}` would leave this machine for AWS: moto does not serve it"
            )
        return response

    def prepare(self, call: ApiCall) -> Mapping[str, Any]:
        """Seed what the call names, and say which parameters moto must get in another form."""
        return self._mends.prepare(call)

    def answer(self, call: ApiCall) -> dict[str, Any] | None:
        """Answer what moto lacks."""
        return self._mends.answer(call)

    def settle(self, call: ApiCall, response: dict[str, Any]) -> None:
        """Keep what moto drops."""
        self._mends.settle(call, response)

    def set_table_key(self, table_arn: str, key_arn: str | None) -> None:
        """Set the key in moto's own table, so DescribeTable shows it."""
        table = self.facts.moto_table(table_arn)
        if table is not None:
            table.sse_specification = key_arn and {
                "Enabled": True,
                "SSEType": "KMS",
                "KMSMasterKeyId": key_arn,
            }

    def encryption_changes(self, table_arn: str) -> EncryptionChanges | None:
        """Kept on moto's own table, so they go with it."""
        table = self.facts.moto_table(table_arn)
        if table is None:
            return None
        changes: list[float] = table.__dict__.setdefault("kmslab_encryption_changes", [])
        return EncryptionChanges(table.created_at.replace(tzinfo=timezone.utc).timestamp(), changes)

    def add_table_grants(self, table_arn: str, key_arn: str) -> None:
        """Leave DynamoDB's two grants on moto's own key."""
        self._mends.add_table_grants(table_arn, key_arn)

    def retire_table_grants(self, table_arn: str) -> None:
        """Take them off again."""
        self._mends.retire_table_grants(table_arn)


def _is_aws(url: str) -> bool:
    from urllib.parse import urlsplit

    return (urlsplit(url).hostname or "").endswith(AWS_DOMAINS)
