from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator

import pytest

from pytest_kmslab.session.sigterm import SigtermHandler


@pytest.fixture
def sigterm() -> Iterator[SigtermHandler]:
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    sigterm = SigtermHandler()
    sigterm.install()
    yield sigterm
    sigterm.restore()
    signal.signal(signal.SIGTERM, before)


def terminate() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def test_the_first_signal_ends_the_run_and_later_ones_change_nothing(sigterm: SigtermHandler) -> None:
    with pytest.raises(KeyboardInterrupt, match="SIGTERM"):
        terminate()
    terminate()


def test_it_waits_for_what_is_being_removed(sigterm: SigtermHandler) -> None:
    removed = []

    def remove() -> None:
        with sigterm.put_off():
            with sigterm.put_off():
                terminate()
                removed.append("the inner")
            removed.append("the outer")

    with pytest.raises(KeyboardInterrupt):
        remove()
    assert removed == ["the inner", "the outer"]


def test_an_error_of_what_was_removed_is_not_hidden(sigterm: SigtermHandler) -> None:
    def remove() -> None:
        with sigterm.put_off():
            terminate()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        remove()


def test_it_is_given_back(sigterm: SigtermHandler) -> None:
    sigterm.restore()
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_somebody_elses_handler_stays() -> None:
    def theirs(*_: object) -> None:
        """Nothing."""

    before = signal.signal(signal.SIGTERM, theirs)
    try:
        sigterm = SigtermHandler()
        sigterm.install()
        assert signal.getsignal(signal.SIGTERM) is theirs
        sigterm.restore()
        assert signal.getsignal(signal.SIGTERM) is theirs
    finally:
        signal.signal(signal.SIGTERM, before)


def test_it_does_nothing_in_another_thread() -> None:
    before = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=SigtermHandler().install)
    thread.start()
    thread.join()
    assert signal.getsignal(signal.SIGTERM) is before
