"""What a report tells of one call."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from pytest_kmslab import KmsKey, Lab, Trail
from pytest_kmslab.calls.api_call import ApiCall
from pytest_kmslab.matrix.subjects import caller_of
from pytest_kmslab.report.evidence.call_facts import call_fact


def test_who_would_lock_themselves_out_is_told_that_it_is_the_new_policy(
    kmslab: Lab, kms_key: KmsKey, kmslab_trail: Trail
) -> None:
    """The present policy allows what the new one does not: a reader has to know which was asked."""
    use = {"Effect": "Allow", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*"}
    new = json.dumps({"Version": "2012-10-17", "Statement": [use]})
    kms = kmslab.as_(kmslab.admin).client("kms")
    mark = kmslab_trail.mark()
    with pytest.raises(ClientError):
        kms.put_key_policy(KeyId=kms_key.id, Policy=new)
    with pytest.raises(ClientError):
        kms.create_key(Policy=new)
    entries = kmslab_trail.since(mark)
    call = ApiCall("kms", "PutKeyPolicy", {"Policy": new}, "us-east-1", caller_of(kmslab.admin.arn))
    facts = call_fact(call, entries, None, 0.0).decisions
    assert [fact.decision == "allowed" for fact in facts] == [True, False, True, False]
    for fact in (facts[1], facts[3]):
        assert "because\n  the new key policy does not allow it" in fact.explanation
        assert "looked at\n  new key policy: 1 statement" in fact.explanation


def test_a_policy_that_nobody_can_read_is_told_as_it_stands() -> None:
    deep, caller = "[" * 20_000, caller_of("arn:aws:iam::123456789012:user/ana")
    call = ApiCall("kms", "PutKeyPolicy", {"KeyId": "k", "Policy": deep}, "us-east-1", caller)
    change = call_fact(call, (), None, 0.0).change
    assert change is not None
    assert change.after == deep
