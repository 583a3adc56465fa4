"""Deciding a call and doing it is one turn: what another thread does comes before it or after it.

Nothing is left to chance here. The first thread stops in the middle of its turn until the second either has
to wait for the lock or is through; without the lock it is through first, and each test says so.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event, RLock, current_thread, main_thread
from typing import Any

import pytest
from helpers.account import Account, allow
from helpers.raw_requests import post, signed
from moto.iam.models import IAMBackend
from moto.kms.models import KmsBackend

from pytest_kmslab.backends.moto.backend import MotoBackend
from pytest_kmslab.backends.moto.door import DOOR
from pytest_kmslab.enforcement.pipeline import Pipeline

HANGS = 30
"""Seconds after which a thread that is waited for has failed; none takes any while all is well."""


class WatchedLock:
    """The door's lock, which says when somebody has to wait for it."""

    def __init__(self) -> None:
        self._lock = RLock()
        self.somebody_waits = Event()

    def __enter__(self) -> None:
        if not self._lock.acquire(blocking=False):
            self.somebody_waits.set()
            self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


class NoLock(WatchedLock):
    """Lets everybody in at once."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        pass


Site = tuple[Any, str]
"""A class and its method."""
Act = Callable[[], Any]


@dataclass(frozen=True)
class Race:
    """Two calls, the second of which is made in the middle of the first."""

    stops: Site
    """Where the first stops."""
    seen: Site
    """What the second must not have done before the first went on."""
    calls: Callable[[Account], tuple[Act, Act]]


def using_and_taking_away(account: Account) -> tuple[Act, Act]:
    iam, ana = account.session_of_root().client("iam"), account.user("ana", allow("kms:ListKeys"))
    kms = ana.client("kms")
    return kms.list_keys, lambda: iam.delete_user_policy(UserName="ana", PolicyName="p0")


def using_by_signature_and_taking_away(account: Account) -> tuple[Act, Act]:
    """The first by a client of HTTP that nobody could ask."""
    iam, ana = account.session_of_root().client("iam"), account.user("ana", allow("kms:ListKeys"))
    return (
        lambda: post(*signed("kms", ana)),
        lambda: iam.delete_user_policy(UserName="ana", PolicyName="p0"),
    )


def changing_and_asking(account: Account) -> tuple[Act, Act]:
    iam = account.session_of_root().client("iam")
    kms = account.user("ana").client("kms")
    return lambda: iam.create_user(UserName="eva"), kms.list_keys


RACES = {
    "a right is taken away between the decision and the deed": Race(
        (KmsBackend, "list_keys"), (IAMBackend, "delete_user_policy"), using_and_taking_away
    ),
    "the same of a request that goes by its signature": Race(
        (KmsBackend, "list_keys"), (IAMBackend, "delete_user_policy"), using_by_signature_and_taking_away
    ),
    "another call is decided while moto changes what it reads": Race(
        (IAMBackend, "create_user"), (Pipeline, "judge"), changing_and_asking
    ),
    "another call is decided before what moto drops is kept": Race(
        (MotoBackend, "after_call"), (Pipeline, "judge"), changing_and_asking
    ),
}


def run(race: Race, lock: WatchedLock, patched: pytest.MonkeyPatch, account: Account) -> list[str]:
    """Who was through first."""
    first, second = race.calls(account)
    done: list[str] = []
    threads, started = ThreadPoolExecutor(1), list[Future[Any]]()

    def stopping(act: Callable[..., Any]) -> Callable[..., Any]:
        def act_later(*arguments: Any, **more: Any) -> Any:
            if not started and current_thread() is main_thread():
                started.append(threads.submit(second))
                started[0].add_done_callback(lambda _: lock.somebody_waits.set())
                assert lock.somebody_waits.wait(HANGS)
                done.append("first")
            return act(*arguments, **more)

        return act_later

    def seen(act: Callable[..., Any]) -> Callable[..., Any]:
        def act_and_tell(*arguments: Any, **more: Any) -> Any:
            if current_thread() is not main_thread():
                done.append("second")
            return act(*arguments, **more)

        return act_and_tell

    for (owner, name), wrapped in ((race.stops, stopping), (race.seen, seen)):
        patched.setattr(owner, name, wrapped(getattr(owner, name)))
    patched.setattr(DOOR, "lock", lock)
    patched.setattr(MotoBackend, "exclusive", lock)
    first()
    (second_call,) = started
    threads.shutdown()
    second_call.exception()
    return done


@pytest.mark.parametrize("race", RACES.values(), ids=RACES)
def test_no_call_comes_between_the_two_halves_of_another(
    race: Race, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(race, WatchedLock(), monkeypatch, account)[0] == "first"


@pytest.mark.parametrize("race", RACES.values(), ids=RACES)
def test_without_the_lock_one_does(race: Race, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the test above is known to notice."""
    assert run(race, NoLock(), monkeypatch, account)[0] == "second"
