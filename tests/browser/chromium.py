"""Chromium without a window, driven over a pipe by its own protocol: no driver, no port, no package.

https://chromedevtools.github.io/devtools-protocol/
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    *("--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
    *("--no-first-run", "--disable-background-networking", "--disable-component-update", "--mute-audio"),
    *("--disable-dev-shm-usage", "--disable-extensions", "--disable-sync"),
)
PATIENCE = 60.0
KEYS = {
    "Tab": (9, ""),
    "Enter": (13, "\r"),
    "Escape": (27, ""),
    "ArrowDown": (40, ""),
    "ArrowUp": (38, ""),
    "End": (35, ""),
    "Home": (36, ""),
    " ": (32, " "),
}
"""Of each key its number, and the text that it types."""


def program() -> str:
    """Where the browser is; raises LookupError where there is none."""
    for name in NAMES:
        if found := shutil.which(name):
            return found
    raise LookupError(f"none of {', '.join(NAMES)} is here: `tox -e browser` installs Debian's")


class Page:
    """One page: what it says and shows, and keys for it."""

    def __init__(self, send: int, receive: int) -> None:
        self._send = send
        self._receive = receive
        self._number = 0
        self._buffer = b""
        self._session = ""
        self.errors: list[str] = []
        """What was written to its console as an error, and exceptions that nothing caught."""
        self.requested: list[str] = []
        """What it asked of a network or a disk."""

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """A command of the protocol, and its answer."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._send, json.dumps(message).encode() + b"\0")
        while True:
            told = self._read()
            if told.get("id") == self._number:
                assert "error" not in told, f"{method}: {told['error']}"
                answer: dict[str, Any] = told["result"]
                return answer
            self._note(told)

    def open(self) -> None:
        """Make the page."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.call("Performance.enable", timeDomain="threadTicks")

    def show(self, path: Path, width: int = 1280, height: int = 900) -> float:
        """Open a file, and wait until it says that it is drawn; answers the seconds that took."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        began = time.monotonic()
        self.call("Page.navigate", url=path.resolve().as_uri())
        self.wait("document.documentElement?.dataset.ready")
        return time.monotonic() - began

    def worked(self) -> float:
        """How many seconds of a processor the pages so far took, whatever else runs on the machine."""
        metrics = self.call("Performance.getMetrics")["metrics"]
        return float(next(one["value"] for one in metrics if one["name"] == "TaskDuration"))

    def wait(self, expression: str) -> Any:
        """Until it is true; raises AssertionError where it never is."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if value := self.js(expression):
                return value
        raise AssertionError(f"never true: {expression}; {self.errors}")

    def js(self, expression: str) -> Any:
        """The value of an expression in the page."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            number, text = KEYS[key]
            for kind in ("keyDown", "keyUp"):
                typed = {"text": text} if text and kind == "keyDown" else {}
                self.call(
                    "Input.dispatchKeyEvent",
                    type=kind,
                    key=key,
                    code=key,
                    windowsVirtualKeyCode=number,
                    **typed,
                )

    def media(self, *, scheme: str = "light", kind: str = "") -> None:
        """As whom to show it: `light` or `dark`, on the screen or in `print`."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.call("Emulation.setEmulatedMedia", media=kind, features=features)

    def picture(self, path: Path, *, whole: bool = False) -> None:
        """Keep what is in view, or the whole page, as a PNG."""
        if whole:
            # What was never in view is not laid out, and its height only guessed: the end would be cut off.
            self.js("document.querySelectorAll('section').forEach(part => part.scrollIntoView())")
            self.js(
                "new Promise(drawn => requestAnimationFrame(() => { scrollTo(0, 0); setTimeout(drawn); }))"
            )
        taken = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(taken["data"]))

    def printed(self) -> bytes:
        """The page on paper, as a PDF."""
        return base64.b64decode(self.call("Page.printToPDF", printBackground=True)["data"])

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            part = os.read(self._receive, 1 << 20)
            assert part, "the browser has ended"
            self._buffer += part
        message, _, self._buffer = self._buffer.partition(b"\0")
        told: dict[str, Any] = json.loads(message)
        return told

    def _note(self, told: dict[str, Any]) -> None:
        method, params = told.get("method"), told.get("params", {})
        if method == "Runtime.exceptionThrown":
            self.errors.append(str(params["exceptionDetails"]))
        if method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning", "assert"):
            self.errors.append(str(params["args"]))
        if method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
            self.errors.append(str(params["entry"]))
        if method == "Network.requestWillBeSent":
            self.requested.append(params["request"]["url"])


@contextmanager
def browser() -> Iterator[Page]:
    """A browser with one page, ended afterwards."""
    to_read, send = os.pipe()
    receive, to_write = os.pipe()
    folder = tempfile.mkdtemp(prefix="kmslab-browser-")

    def connect() -> None:
        """The browser reads at 3 and writes at 4; these numbers may be in use already."""
        spare = os.dup(to_read), os.dup(to_write)
        high = [os.dup(one) for one in spare]
        os.dup2(high[0], 3)
        os.dup2(high[1], 4)

    command = [program(), *FLAGS, f"--user-data-dir={folder}", "about:blank"]
    process = subprocess.Popen(
        command,
        preexec_fn=connect,  # noqa: PLW1509 (no thread of ours runs yet)
        close_fds=False,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(to_read)
    os.close(to_write)
    try:
        page = Page(send, receive)
        page.open()
        yield page
    finally:
        process.kill()
        process.wait()
        os.close(send)
        os.close(receive)
        shutil.rmtree(folder, ignore_errors=True)
