"""The root user of another account: who makes there what a test needs, and has no say in the lab's own."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from pytest_kmslab import BackendError, KmsKey, Lab

OTHER = "222233334444"


def test_the_root_user_of_another_account_has_no_say_in_the_labs(kmslab: Lab, kms_key: KmsKey) -> None:
    root = kmslab.as_(kmslab.root_of(OTHER))
    assert root.client("sts").get_caller_identity()["Arn"] == f"arn:aws:iam::{OTHER}:root"
    with pytest.raises(ClientError, match="AccessDenied"):
        root.client("kms").describe_key(KeyId=kms_key.arn)
    for wrong in ("test", kmslab.admin.credentials.secret_access_key):
        # The session of the right secret is kept, and is not that of another.
        keys = {"AccessKeyId": OTHER, "SecretAccessKey": wrong}
        with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
            kmslab.as_(keys).client("iam").list_users()


def test_where_there_is_no_other_account_it_is_said(kmslab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    view = kmslab._context.backend.view
    monkeypatch.setattr(view, "credential", lambda access_key_id: None)
    with pytest.raises(BackendError, match=r"the endpoint keeps the account `\d{12}` alone"):
        kmslab.root_of(OTHER)
