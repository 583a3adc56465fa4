"""Whatever signs a request carries, it is decided or nobody's; and moto's own routing has the last word."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from helpers.fake_upstream import FakeUpstream
from helpers.gateway import HOST, ROOT, GatewayUnderTest, signed
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import Client

from pytest_kmslab.backends.moto.backend import MotoBackend
from pytest_kmslab.gateway.upstreams.moto import MotoUpstream

FORM = "application/x-www-form-urlencoded"
LIST_USERS = "Action=ListUsers&Version=2010-05-08"

TARGET_SIGNS = {"": None, "AmazonSQS.ListQueues": None, "TrentService.ListKeys": "kms"}
SCOPE_SIGNS = {"": None, "s3": None, "sqs": None, "kms": "kms", "iam": "iam", "sts": "sts"}
FIELD_SIGNS = {"": None, "Action=ListQueues&Version=2012-11-05": None, LIST_USERS: "iam"}
HOST_SIGNS = {HOST: None, "kms.us-east-1.amazonaws.com": "kms", "sts.amazonaws.com": "sts"}


@given(
    target=st.sampled_from(sorted(TARGET_SIGNS)),
    scope=st.sampled_from(sorted(SCOPE_SIGNS)),
    query=st.sampled_from(sorted(FIELD_SIGNS)),
    form=st.sampled_from(sorted(FIELD_SIGNS)),
    host=st.sampled_from(sorted(HOST_SIGNS)),
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_the_signs_a_request_is_decided_or_is_nobodys(
    backend: MotoBackend, target: str, scope: str, query: str, form: str, host: str
) -> None:
    upstream = FakeUpstream()
    gateway = GatewayUnderTest(backend, upstream)
    headers = {"Host": host, "Content-Type": FORM, **({"X-Amz-Target": target} if target else {})}
    path = f"/?{query}" if query else "/"
    if scope:
        headers = {**signed(scope, form.encode(), headers, ROOT, method="POST", target=path), "Host": host}
    gateway.send(form.encode(), headers, target=path)
    looked_at = {"s3": ""}.get(scope, form)
    signs = {
        TARGET_SIGNS[target],
        SCOPE_SIGNS[scope],
        FIELD_SIGNS[query],
        FIELD_SIGNS[looked_at],
        HOST_SIGNS[host],
    } - {None}
    assert bool(upstream.forwarded) == (not signs)
    if upstream.sent:
        assert len(signs) == 1
        assert SCOPE_SIGNS[scope] in signs
        assert gateway.trail.since(), "it reached the backend without a decision"


GUARDED = [
    ("/", {"Authorization": "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/kms/aws4_request, x"}, b"{}"),
    ("/", {"Authorization": "Any a/20260101/us-east-1/KMS/x"}, b"{}"),
    ("/", {"Authorization": "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/kms.x/aws4_request, x"}, b""),
    ("/kms_us-east-1/", {}, b""),
    ("/iam_us-east-1/", {}, b""),
    ("/moto-api/reset", {}, b""),
    ("/", {"Content-Type": FORM}, urlencode({"Action": "AssumeRoleWithWebIdentity"}).encode()),
]


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize(("target", "headers", "body"), GUARDED)
def test_motos_own_routing_has_the_last_word(target: str, headers: dict[str, str], body: bytes) -> None:
    """Whatever got so far: an application of an enforced service is never made."""
    client = Client(MotoUpstream().forward)
    response = client.open(target, method="POST", headers=headers, data=body)
    assert response.status_code == 403
    assert "would take this undecided request" in response.get_data(as_text=True)
