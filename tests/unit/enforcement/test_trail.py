from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from pytest_kmslab.authz.decision import Decision, Outcome
from pytest_kmslab.authz.request import Request
from pytest_kmslab.enforcement.trail import Trail

ASKED = Request("arn:aws:iam::111122223333:user/u", "kms:Decrypt", "*")
ALLOWED = Decision(Outcome.ALLOWED, ())


def test_many_threads_write_and_read() -> None:
    trail = Trail(kept=50)

    def write(_: int) -> int:
        for _ in range(500):
            trail.record("kms:Decrypt", ASKED, ALLOWED)
            numbers = [entry.number for entry in trail.since()]
            assert numbers == sorted(set(numbers))
        return 500

    with ThreadPoolExecutor(8) as threads:
        written = sum(threads.map(write, range(8)))
    assert trail.mark() == written
    assert [entry.number for entry in trail.since()] == list(range(written - 49, written + 1))
