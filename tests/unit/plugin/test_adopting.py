"""`kmslab.adopt` takes what other processes made through the run's gateway."""

from __future__ import annotations

import boto3
import pytest

from pytest_kmslab import Lab, ResourceError


def test_what_is_made_through_the_gateway_can_be_adopted(kmslab: Lab, kmslab_endpoint: str) -> None:
    keys = kmslab.admin.credentials
    kms = boto3.client(
        "kms",
        region_name=kmslab.region,
        endpoint_url=kmslab_endpoint,
        aws_access_key_id=keys.access_key_id,
        aws_secret_access_key=keys.secret_access_key,
    )
    arn = kms.create_key()["KeyMetadata"]["Arn"]
    with kmslab.nested() as lab:
        assert lab.adopt(arn).arn == arn
    assert kms.describe_key(KeyId=arn)["KeyMetadata"]["KeyState"] == "PendingDeletion"
    with pytest.raises(ResourceError, match="this run was not seen to make it"):
        kmslab.adopt(arn[:-12] + "0" * 12)
