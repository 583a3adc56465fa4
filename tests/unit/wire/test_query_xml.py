"""What is written in the query protocol reads back as it was."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest
from botocore.parsers import create_parser

from pytest_kmslab.wire.models import service_model
from pytest_kmslab.wire.writing import response_xml

MOMENT = datetime(2026, 11, 29, 12, 30, tzinfo=timezone.utc)
RESPONSES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "bytes": (
        "iam",
        "CreateVirtualMFADevice",
        {"VirtualMFADevice": {"SerialNumber": "s", "Base32StringSeed": b"JBSW", "QRCodePNG": b"\x89PNG\xff"}},
    ),
    "bytes of a report": ("iam", "GetCredentialReport", {"Content": b"user,arn\n", "GeneratedTime": MOMENT}),
    "a list, a moment and a truth": (
        "iam",
        "ListAccessKeys",
        {"AccessKeyMetadata": [{"UserName": "ana", "CreateDate": MOMENT}], "IsTruncated": False},
    ),
    "a map": ("iam", "GetAccountSummary", {"SummaryMap": {"Users": 2}}),
    "a number": ("sts", "AssumeRole", {"PackedPolicySize": 6}),
}


@pytest.mark.parametrize("what", RESPONSES)
def test_a_response_reads_back(what: str) -> None:
    service, name, response = RESPONSES[what]
    operation = service_model(service).operation_model(name)
    written = {"body": response_xml(operation, response, "r"), "headers": {}, "status_code": 200}
    read = create_parser("query").parse(written, operation.output_shape)
    del read["ResponseMetadata"]
    assert read == response
