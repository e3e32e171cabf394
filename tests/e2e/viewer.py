"""The lab's own browser, to look at a file with as a reader would: with keys, at any size."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import docker

from orchestrator.browser.cdp import Connection
from orchestrator.browser.chromium import FIXED_FLAGS, PROGRAM, Chromium
from orchestrator.browser.client import Client, new_folder, remove_folder
from orchestrator.runtime.engine.exec import open_exec, run_exec

DOMAINS = ("Page", "Network", "Log", "Runtime")
COMPLAINTS = ("Log.entryAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled")
KEYS: dict[str, dict[str, Any]] = {
    "Tab": {"key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9},
    "Enter": {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "text": "\r"},
}


@dataclass(frozen=True)
class Viewer:
    """A page that is open in a browser."""

    connection: Connection
    session: str

    def call(self, method: str, **params: object) -> dict[str, Any]:
        return self.connection.call(method, self.session, **params)

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression, by way of JSON."""
        answer = self.call("Runtime.evaluate", expression=f"JSON.stringify({expression})")
        assert "exceptionDetails" not in answer, answer
        return json.loads(answer["result"].get("value", "null"))

    def show(self, width: int, height: int, *, dark: bool = False) -> None:
        """Be a screen of this size."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1}
        self.call("Emulation.setDeviceMetricsOverride", mobile=width < 600, **size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])

    def press(self, key: str) -> None:
        for event in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=event, **KEYS[key])

    def screenshot(self) -> bytes:
        """The whole page, as PNG."""
        shot = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        return base64.b64decode(shot["data"])

    def said(self, *methods: str) -> list[dict[str, Any]]:
        """What the browser told of itself so far."""
        events = self.connection.events
        return [event["params"] for event in events if event["method"] in methods]


@contextmanager
def view(engine: docker.DockerClient, container: str, html: bytes) -> Iterator[Viewer]:
    """A page, open from a file of a client's container, in a browser of its own."""
    client, folder = Client(engine, container), new_folder()
    page = f"{folder.path}.html"
    argv = [PROGRAM, *FIXED_FLAGS, f"--user-data-dir={folder.profile}"]
    _write(client, page, html)
    try:
        with Chromium(engine, container, argv, folder, user=client.user) as chromium:
            yield _open(chromium.connection, f"file://{page}")
    finally:
        run_exec(engine, container, ["rm", "-f", page], user=client.user)
        remove_folder(client, folder)


def _write(client: Client, path: str, content: bytes) -> None:
    argv = ["sh", "-c", 'head -c "$2" > "$1"', "sh", path, str(len(content))]
    with open_exec(client.engine, client.container, argv, user=client.user) as stream:
        stream.write(content)
        assert stream.exit_code() == 0


def _open(connection: Connection, address: str) -> Viewer:
    target = connection.call("Target.createTarget", url="about:blank")["targetId"]
    attached = connection.call("Target.attachToTarget", targetId=target, flatten=True)
    viewer = Viewer(connection, attached["sessionId"])
    for domain in DOMAINS:
        viewer.call(f"{domain}.enable")
    viewer.call("Emulation.setFocusEmulationEnabled", enabled=True)
    connection.events.clear()
    assert not viewer.call("Page.navigate", url=address).get("errorText")
    deadline = time.monotonic() + 10
    while not viewer.said("Page.loadEventFired"):
        connection.pump(deadline)
    return viewer
