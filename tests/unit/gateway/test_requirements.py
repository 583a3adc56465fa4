"""A gateway says what to install where the extra `gateway` is not there."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from pytest_kmslab.cli.main import main
from pytest_kmslab.errors import BackendError
from pytest_kmslab.gateway.embedded import INSTALL, PACKAGES, open_gateway

UNUSED: Any = None


@pytest.mark.parametrize("module", PACKAGES)
def test_serve_names_what_is_missing(
    module: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    assert main(["serve", "--port", "0"]) == 2
    said = capsys.readouterr().err
    assert f"needs {PACKAGES[module]}, which a plain install leaves out" in said
    assert INSTALL in said


def test_the_gateway_of_a_run_names_all_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in PACKAGES:
        monkeypatch.setitem(sys.modules, module, None)
    with (
        pytest.raises(BackendError, match=f"needs {' and '.join(PACKAGES.values())}"),
        open_gateway(UNUSED, UNUSED),
    ):
        pass
