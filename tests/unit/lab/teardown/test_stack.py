from __future__ import annotations

from datetime import datetime, timezone

import pytest

from pytest_kmslab.errors import TeardownError
from pytest_kmslab.lab.kinds.iam.user import USER
from pytest_kmslab.lab.kinds.kms.key import KMS_KEY
from pytest_kmslab.lab.kinds.table import TABLE
from pytest_kmslab.lab.resource_kind import ResourceRef
from pytest_kmslab.lab.teardown.stack import TeardownStack


def failing(error: Exception) -> None:
    raise error


def test_the_newest_goes_first() -> None:
    teardown, gone = TeardownStack(), []
    for what in ("key", "table", "user"):
        teardown.confirm(teardown.intend(what), f"arn:{what}", lambda what=what: gone.append(what))
    teardown.unwind()
    assert gone == ["user", "table", "key"]


def test_an_error_does_not_stop_the_rest_and_every_error_is_told() -> None:
    teardown, gone = TeardownStack(), []
    teardown.intend("key", lambda: gone.append("key"))
    teardown.intend("table", lambda: failing(ValueError("still in use")))
    teardown.intend("alarm", lambda: gone.append("alarm"))
    teardown.intend("user", lambda: failing(KeyError("group")))
    with pytest.raises(TeardownError) as caught:
        teardown.unwind()
    assert gone == ["alarm", "key"]
    assert [(what, type(error)) for what, error in caught.value.failures] == [
        ("user", KeyError),
        ("table", ValueError),
    ]
    assert "table: ValueError: still in use" in str(caught.value)


def test_a_second_try_is_made_only_of_what_is_left() -> None:
    teardown, tried = TeardownStack(), []
    teardown.intend("key", lambda: tried.append("key"))
    teardown.intend("table", lambda: (tried.append("table"), failing(ValueError("in use")))[0])
    for _ in range(2):
        with pytest.raises(TeardownError):
            teardown.unwind()
    assert tried == ["table", "key", "table"]


def test_what_a_lost_answer_may_have_left_is_removed_too() -> None:
    teardown, gone = TeardownStack(), []
    teardown.intend("table", lambda: gone.append("table"))
    teardown.unwind()
    assert gone == ["table"]


def test_what_was_never_confirmed_and_cannot_be_told_is_passed_over() -> None:
    teardown = TeardownStack()
    teardown.intend("key")
    teardown.unwind()


def test_a_key_that_stays_keeps_its_users() -> None:
    teardown, gone = TeardownStack(), []
    teardown.intend(ResourceRef(USER, "admin"), lambda: gone.append("admin"))
    key = teardown.intend(ResourceRef(KMS_KEY, "orders"), lambda: failing(ValueError("denied")))
    teardown.intend(ResourceRef(TABLE, "orders"), lambda: gone.append("table"))
    with pytest.raises(
        TeardownError, match="IAM user `admin`: ResourceError: left in place, because KMS key `orders`"
    ):
        teardown.unwind()
    assert gone == ["table"]
    teardown.confirm(key, "arn", lambda: gone.append("key"))
    teardown.unwind()
    assert gone == ["table", "key", "admin"]


def test_what_is_kept_is_not_removed_and_the_rest_is() -> None:
    teardown, gone = TeardownStack(), []
    teardown.intend("environment", lambda: gone.append("environment"))
    teardown.confirm(teardown.intend(ResourceRef(KMS_KEY, "orders"), lambda: gone.append("key")), "arn:key")
    teardown.intend(ResourceRef(TABLE, "lost"), lambda: gone.append("lost"))
    assert teardown.retain(datetime.now(timezone.utc)) == [ResourceRef(KMS_KEY, "orders", arn="arn:key")]
    teardown.unwind()
    assert gone == ["lost", "environment"]


def test_what_is_gone_already_is_not_removed() -> None:
    teardown, gone = TeardownStack(), []
    step = teardown.intend("key", lambda: gone.append("key"))
    teardown.undone(step)
    teardown.unwind()
    assert gone == []


def test_a_person_can_interrupt_it() -> None:
    teardown, gone = TeardownStack(), []

    def interrupted() -> None:
        raise KeyboardInterrupt

    teardown.intend("key", lambda: gone.append("key"))
    teardown.intend("table", interrupted)
    with pytest.raises(KeyboardInterrupt):
        teardown.unwind()
    assert gone == []
