from __future__ import annotations

from datetime import datetime, timezone

import pytest

from pytest_kmslab.errors import TeardownError
from pytest_kmslab.resources.things import KMS_KEY, TABLE, USER, Thing
from pytest_kmslab.resources.undo import Undo


def failing(error: Exception) -> None:
    raise error


def test_the_newest_goes_first() -> None:
    undo, gone = Undo(), []
    for what in ("key", "table", "user"):
        undo.confirm(undo.intend(what), f"arn:{what}", lambda what=what: gone.append(what))
    undo.unwind()
    assert gone == ["user", "table", "key"]


def test_an_error_does_not_stop_the_rest_and_every_error_is_told() -> None:
    undo, gone = Undo(), []
    undo.intend("key", lambda: gone.append("key"))
    undo.intend("table", lambda: failing(ValueError("still in use")))
    undo.intend("alarm", lambda: gone.append("alarm"))
    undo.intend("user", lambda: failing(KeyError("group")))
    with pytest.raises(TeardownError) as caught:
        undo.unwind()
    assert gone == ["alarm", "key"]
    assert [(what, type(error)) for what, error in caught.value.failures] == [
        ("user", KeyError),
        ("table", ValueError),
    ]
    assert "table: ValueError: still in use" in str(caught.value)


def test_a_second_try_is_made_only_of_what_is_left() -> None:
    undo, tried = Undo(), []
    undo.intend("key", lambda: tried.append("key"))
    undo.intend("table", lambda: (tried.append("table"), failing(ValueError("in use")))[0])
    for _ in range(2):
        with pytest.raises(TeardownError):
            undo.unwind()
    assert tried == ["table", "key", "table"]


def test_what_a_lost_answer_may_have_left_is_removed_too() -> None:
    undo, gone = Undo(), []
    undo.intend("table", lambda: gone.append("table"))
    undo.unwind()
    assert gone == ["table"]


def test_what_was_never_confirmed_and_cannot_be_told_is_passed_over() -> None:
    undo = Undo()
    undo.intend("key")
    undo.unwind()


def test_a_key_that_stays_keeps_its_users() -> None:
    undo, gone = Undo(), []
    undo.intend(Thing(USER, "admin"), lambda: gone.append("admin"))
    key = undo.intend(Thing(KMS_KEY, "orders"), lambda: failing(ValueError("denied")))
    undo.intend(Thing(TABLE, "orders"), lambda: gone.append("table"))
    with pytest.raises(
        TeardownError, match="IAM user `admin`: ResourceError: left, because KMS key `orders`"
    ):
        undo.unwind()
    assert gone == ["table"]
    undo.confirm(key, "arn", lambda: gone.append("key"))
    undo.unwind()
    assert gone == ["table", "key", "admin"]


def test_what_is_kept_is_not_removed_and_the_rest_is() -> None:
    undo, gone = Undo(), []
    undo.intend("environment", lambda: gone.append("environment"))
    undo.confirm(undo.intend(Thing(KMS_KEY, "orders"), lambda: gone.append("key")), "arn:key")
    undo.intend(Thing(TABLE, "lost"), lambda: gone.append("lost"))
    assert undo.keep(datetime.now(timezone.utc)) == [Thing(KMS_KEY, "orders", arn="arn:key")]
    undo.unwind()
    assert gone == ["lost", "environment"]


def test_what_is_gone_already_is_not_removed() -> None:
    undo, gone = Undo(), []
    step = undo.intend("key", lambda: gone.append("key"))
    undo.undone(step)
    undo.unwind()
    assert gone == []


def test_a_person_can_interrupt_it() -> None:
    undo, gone = Undo(), []

    def interrupted() -> None:
        raise KeyboardInterrupt

    undo.intend("key", lambda: gone.append("key"))
    undo.intend("table", interrupted)
    with pytest.raises(KeyboardInterrupt):
        undo.unwind()
    assert gone == []
