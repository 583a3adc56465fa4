"""Tags of devices and providers count at an endpoint that keeps none."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from pytest_kmslab.account.model import Caller
from pytest_kmslab.backends.endpoint.clients import EndpointClients
from pytest_kmslab.backends.endpoint.fixups.iam_tags import TAGS, keep_made
from pytest_kmslab.backends.endpoint.principals import ApiIdentities
from pytest_kmslab.calls.api_call import ApiCall, ServiceError

ROOT = "arn:aws:iam::111122223333:root"
DEVICE = ROOT.replace("root", "mfa/phone")
RED = [{"Key": "team", "Value": "red"}]


class Clients:
    """Those of an endpoint that answers every operation on tags with one error."""

    do_or = EndpointClients.do_or

    def __init__(self, code: str, status: int) -> None:
        self.code, self.status = code, status

    def do(self, call: ApiCall) -> Any:
        raise ServiceError(self.code, "no", self.status)

    def of(self, _service: str) -> Any:
        response = {"Error": {"Code": self.code}, "ResponseMetadata": {"HTTPStatusCode": self.status}}

        def refuse(**_named: Any) -> None:
            raise ClientError(cast(Any, response), "ListMFADeviceTags")

        return SimpleNamespace(list_mfa_device_tags=refuse)


class Store:
    """Records of an endpoint."""

    def __init__(self) -> None:
        records: dict[str, Any] = {}
        self.get, self.put = records.get, records.__setitem__


def at(clients: Clients) -> Any:
    cache = SimpleNamespace(get=lambda _name, read: read(), drop=lambda: None)
    return SimpleNamespace(
        clients=clients, identities=ApiIdentities(cast(Any, clients), cast(Any, Store()), cast(Any, cache))
    )


def call(operation: str, **params: Any) -> ApiCall:
    return ApiCall("iam", operation, params, "us-east-1", Caller(ROOT, "111122223333", ROOT, "", "Account"))


def test_they_are_kept_where_the_endpoint_keeps_none() -> None:
    view = at(Clients("InternalFailure", 501))
    made = {"VirtualMFADevice": {"SerialNumber": DEVICE}}
    keep_made(view, call("CreateVirtualMFADevice", Tags=RED), made)
    assert view.identities.tags_of_other(DEVICE) == {"team": "red"}
    for tag in ({"Key": "TEAM", "Value": "x"}, {"Key": "b", "Value": "y"}):
        TAGS["iam:TagMFADevice"](view, call("TagMFADevice", SerialNumber=DEVICE, Tags=[tag]))
    assert view.identities.tags_of_other(DEVICE) == {"TEAM": "x", "b": "y"}
    TAGS["iam:UntagMFADevice"](view, call("UntagMFADevice", SerialNumber=DEVICE, TagKeys=["B"]))
    listed = TAGS["iam:ListMFADeviceTags"](view, call("ListMFADeviceTags", SerialNumber=DEVICE))
    assert listed == {"Tags": [{"Key": "TEAM", "Value": "x"}], "IsTruncated": False}
    keep_made(view, call("CreateVirtualMFADevice"), made)
    assert view.identities.tags_of_other(DEVICE) == {}


def test_an_endpoint_that_has_the_operation_answers_it() -> None:
    view = at(Clients("NoSuchEntity", 404))
    with pytest.raises(ServiceError, match="NoSuchEntity"):
        TAGS["iam:TagMFADevice"](view, call("TagMFADevice", SerialNumber=DEVICE, Tags=RED))
    assert view.identities.tags_of_other(DEVICE) == {}
