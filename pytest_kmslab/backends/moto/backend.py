"""moto in this process: the embedded default."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from datetime import timezone
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pytest_kmslab.account.model import AccountView
from pytest_kmslab.authz.arn import ACCOUNT_ID, partition_of
from pytest_kmslab.backends.addresses import leads_to_aws
from pytest_kmslab.backends.moto.door import DOOR, Doorkeeper
from pytest_kmslab.backends.moto.patches.request_scope import ACCOUNT_HEADER
from pytest_kmslab.backends.protocol import Administrator, Capabilities, Credentials, EncryptionChanges
from pytest_kmslab.calls.api_call import ApiCall
from pytest_kmslab.calls.resource_owner import account_of_call
from pytest_kmslab.errors import BackendError

if TYPE_CHECKING:
    from pytest_kmslab.backends.moto.fixups.operations import MotoFixups
    from pytest_kmslab.backends.moto.reader import MotoAccountReader
    from pytest_kmslab.backends.moto.stacks.service_calls import ServiceCalls
    from pytest_kmslab.wire.http_message import Reply
    from pytest_kmslab.wire.writing import JudgedRequest


DEFAULT_ACCOUNT = "123456789012"
"""moto's own, where nobody asks for another."""
MOTO_ACCOUNT = "MOTO_ACCOUNT_ID"
"""The environment variable by which moto is told of another account."""
STREAMS_OF_ACCOUNT = re.compile(r"//[0-9]{12}\.streams-ddb\.")
UNSERVED_DOMAINS = (".api.aws", ".api.amazonwebservices.com.cn")
"""AWS's dual-stack addresses: moto matches `amazonaws.com` only, and lets everything else through."""
OTHER_ADDRESSES = re.compile(
    r"//(?P<service>streams[.-]dynamodb|dynamodb|kms|sts|iam)(?:-fips)?\.(?P<place>[a-z0-9-]+\.)?"
    r"(?:amazonaws\.com|api\.aws|api\.amazonwebservices\.com)(?P<china>\.cn)?(?=[:/]|$)"
)
"""The FIPS and dual-stack addresses of the enforced services.
https://docs.aws.amazon.com/general/latest/gr/rande.html"""


class MotoBackend:
    """moto's own account, empty at the first `start` and forgotten at the last `stop`.

    Where a test has started moto's `mock_aws` itself, the lab lives in that account and nothing is
    reset. The root user's credentials are made anew for each run, so no credential a person has
    lying about is root by accident. `root` gives others, for clients in other processes. The same secret
    with an account's twelve digits as access key is the root user of that account.
    """

    name = "moto"
    capabilities = Capabilities(is_ephemeral=True, is_strongly_consistent=True, enforces=False)
    administrator: Administrator | None = None
    endpoint_url: str | None = None
    makes_stacks_alone = False
    """Each resource of a stack is made by a call that is decided."""
    exclusive: AbstractContextManager[Any] = DOOR.lock
    """One call at a time: moto's models are plain Python objects that are not made for threads."""

    def __init__(self, region: str, account: str = "", root: Credentials | None = None) -> None:
        from pytest_kmslab.backends.moto.fixups.operations import MotoFixups
        from pytest_kmslab.backends.moto.reader import MotoAccountReader
        from pytest_kmslab.backends.moto.services import MotoServices

        self.region = region
        # moto itself lives in the account of this variable, so a lab in another would see nothing.
        self.account = account or os.environ.get(MOTO_ACCOUNT) or DEFAULT_ACCOUNT
        self.root = root or Credentials("AKIAROOT" + secrets.token_hex(6).upper(), secrets.token_urlsafe(30))
        self.reader: MotoAccountReader = MotoAccountReader(
            self.account, self.root, partition=partition_of(region).name
        )
        self.view = AccountView(self.reader)
        self._fixups: MotoFixups = MotoFixups(self.reader)
        self._started: list[ExitStack] = []
        self.running = False
        self._service_calls: ServiceCalls | None = None
        self._services = MotoServices()
        self._doorkeeper: Doorkeeper | None = None
        self.discards_account = False
        """Whether it was this backend that started moto's mock, and not somebody around the lab."""

    def start(self) -> None:
        """Start moto's mock; the first one of the process empties the account.

        Raises BackendError for a MOTO_ACCOUNT_ID that is no account, and for a Region of a partition that
        moto does not know.
        """
        from moto import mock_aws
        from moto.core.models import MockAWS

        from pytest_kmslab.backends.moto.organizations import access_roles_of_members
        from pytest_kmslab.backends.moto.patches.fast_requests import fast_requests
        from pytest_kmslab.backends.moto.patches.fast_routing import fast_routing
        from pytest_kmslab.backends.moto.patches.performance import fast_moto
        from pytest_kmslab.backends.moto.patches.request_scope import request_scope
        from pytest_kmslab.backends.moto.stacks.installation import stacks_made_by_calls
        from pytest_kmslab.backends.moto.tagging_api import tagging_by_calls

        _check_place(self.account, self.region)
        # Whoever started moto's mock before us owns the account, and throws it away.
        if not self._started:
            self.discards_account = MockAWS._nested_count == 0
        started = ExitStack()
        started.enter_context(fast_moto())
        started.enter_context(fast_requests())
        started.enter_context(fast_routing())
        started.enter_context(mock_aws())
        started.enter_context(request_scope(self.account))
        for correction in _corrections():
            started.enter_context(correction)
        if not self._started and self._service_calls is not None:
            started.enter_context(stacks_made_by_calls(self._service_calls))
            started.enter_context(tagging_by_calls(self._service_calls))
        if not self._started:
            started.enter_context(access_roles_of_members())
        if not self._started and self._doorkeeper is not None:
            started.enter_context(DOOR.guarded_by(self._doorkeeper))
        self._started.append(started)
        self.running = True

    def send(self, request: JudgedRequest) -> Reply:
        """Do a request that was decided, through the guarded door; raises what moto raises where it fails."""
        return self._services.send(request)

    def connect_services(self, calls: ServiceCalls) -> None:
        """Let what other services make or tag go through a pipeline; the first one that comes stays."""
        self._service_calls = self._service_calls or calls

    def guard_door(self, keeper: Doorkeeper) -> None:
        """Let nothing of an enforced service reach moto but by this doorkeeper, from the next `start` on."""
        self._doorkeeper = keeper

    def stop(self) -> None:
        """Undo one `start`; the last one of the process forgets the account."""
        stopped = self._started.pop()
        self.running = bool(self._started)
        stopped.close()

    @property
    def revision(self) -> int:
        """Of the one account store that moto has in this process."""
        return DOOR.revision

    def note_change(self) -> None:
        """A decision that was made before is made again before it is acted on."""
        DOOR.revision += 1

    def forget(self) -> None:
        """No other process has this account."""

    def owns_url(self, url: str) -> bool:
        """moto answers what would go to AWS, and nothing else."""
        return leads_to_aws(url)

    def attach_client(self, events: Any, url: str) -> None:
        """Let moto answer clients that were made before it was imported too. Raises BackendError for an
        address of AWS that moto does not serve.
        """
        from moto.core.models import botocore_stubber

        if (urlsplit(self.served_url(url)).hostname or "").endswith(UNSERVED_DOMAINS):
            raise BackendError(f"a call to `{url}` would leave this machine for AWS: moto does not serve it")
        # botocore calls all its handlers: were moto's there twice, each call would be done twice.
        events.unregister("before-send", botocore_stubber)
        events.register("before-send", botocore_stubber)

    def served_url(self, url: str) -> str:
        """The address that moto answers in place of another."""
        # Newer botocore sends DynamoDB Streams to an address with the account in it, and FIPS and IPv6 have
        # addresses of their own: moto knows nothing of them.
        if "streams-ddb" in url:
            return STREAMS_OF_ACCOUNT.sub("//streams.dynamodb.", url)
        return OTHER_ADDRESSES.sub(_plain_address, url) if "-fips" in url or ".api." in url else url

    def before_call(self, call: ApiCall) -> Mapping[str, Any]:
        """Seed what the call names, and say which parameters moto must get in another form."""
        return self._fixups.before_call(call)

    def extra_headers(self, call: ApiCall) -> Mapping[str, str]:
        """In which account moto is to look."""
        # That of the account which owns what is named: moto looks in the caller's alone, where another
        # account's table or key does not exist.
        account = account_of_call(call, self.reader)
        return {} if account == call.account == self.account else {ACCOUNT_HEADER: account}

    def emulate(self, call: ApiCall) -> dict[str, Any] | None:
        """Answer what moto lacks."""
        return self._fixups.emulate(call)

    def after_call(self, call: ApiCall, response: dict[str, Any]) -> None:
        """Keep what moto drops."""
        self._fixups.after_call(call, response)

    def go_by(self, now: Callable[[], float]) -> None:
        """Nothing: what the clock ends is ended when it is moved on."""

    def pass_time(self, now: float) -> None:
        """Delete the keys whose deletion was scheduled for before now, rotate others, let imported material
        expire: moto never does."""
        from pytest_kmslab.backends.moto.fixups.keys import delete_due_keys
        from pytest_kmslab.backends.moto.fixups.kms.rotations import pass_time

        delete_due_keys(now)
        pass_time(now)

    def set_table_key(self, table_arn: str, key_arn: str | None) -> None:
        """Set the key in moto's own table, so DescribeTable shows it."""
        table = self.reader.moto_table(table_arn)
        if table is not None:
            table.sse_specification = key_arn and {
                "Enabled": True,
                "SSEType": "KMS",
                "KMSMasterKeyId": key_arn,
            }

    def encryption_changes(self, table_arn: str) -> EncryptionChanges | None:
        """When a table was created and its encryption changed."""
        table = self.reader.moto_table(table_arn)
        if table is None:
            return None
        # Kept on moto's own table, so that they go with it.
        changes: list[float] = table.__dict__.setdefault("kmslab_encryption_changes", [])
        return EncryptionChanges(table.created_at.replace(tzinfo=timezone.utc).timestamp(), changes)

    def check_stacks(self) -> None:
        """Raise BackendError where moto's CloudFormation lacks what it imports."""
        from pytest_kmslab.backends.moto.stacks.installation import check_installed

        check_installed()

    def add_table_grants(self, table_arn: str, key_arn: str) -> None:
        """Leave DynamoDB's two grants on moto's own key."""
        self._fixups.add_table_grants(table_arn, key_arn)

    def retire_table_grants(self, table_arn: str) -> None:
        """Take them off again."""
        self._fixups.retire_table_grants(table_arn)


def _corrections() -> tuple[AbstractContextManager[object], ...]:
    """The patches by which moto does as AWS does."""
    from pytest_kmslab.backends.moto.patches.conditions import conditions_of_dynamodb
    from pytest_kmslab.backends.moto.patches.indexed_items import checked_index_keys
    from pytest_kmslab.backends.moto.patches.item_errors import readable_item_errors
    from pytest_kmslab.backends.moto.patches.item_values import item_values_of_dynamodb
    from pytest_kmslab.backends.moto.patches.keys import multi_region_ciphertexts, without_moto_policy_check
    from pytest_kmslab.backends.moto.patches.streams import only_changes_in_streams
    from pytest_kmslab.backends.moto.patches.transactions import transactions_taken_back

    return (
        multi_region_ciphertexts(),
        without_moto_policy_check(),
        only_changes_in_streams(),
        readable_item_errors(),
        item_values_of_dynamodb(),
        conditions_of_dynamodb(),
        checked_index_keys(),
        transactions_taken_back(),
    )


def _check_place(account: str, region: str) -> None:
    """Raise BackendError for what is no account, and for a Region of a partition that moto does not know."""
    from moto.utilities.utils import PARTITION_NAMES

    # Nobody would have a right in it: ARNs and policies name accounts by twelve digits.
    if not ACCOUNT_ID.fullmatch(account):
        raise BackendError(f"{MOTO_ACCOUNT} is `{account}`: give the 12 digits of an account's id")
    partition = partition_of(region).name
    if partition not in PARTITION_NAMES:
        # moto would take it for one of `aws`, and AWS's managed policies would not be found.
        known = ", ".join(f"`{name}`" for name in sorted(PARTITION_NAMES))
        raise BackendError(f"--kmslab-region is `{region}`: moto has no partition `{partition}`, but {known}")


def _plain_address(address: re.Match[str]) -> str:
    # IAM has one for all Regions of a partition, whatever a dual-stack address calls its place.
    place = "" if address["service"] == "iam" else address["place"] or ""
    service = address["service"].replace("streams-", "streams.")
    return f"//{service}.{place}amazonaws.com{address['china'] or ''}"
