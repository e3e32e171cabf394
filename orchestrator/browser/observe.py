"""What a page is watched with from its birth, and what it is asked at the end.

The script runs in each new document before the page's own scripts, and watches the entries that no
timeline keeps: long tasks, layout shifts, largest paints. It leaves one property on the window,
under a symbol, so that no page meets it by name.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from orchestrator.browser.cdp import Connection

Entries = dict[str, list[dict[str, Any]]]

WATCH = """(() => {
  const kept = {"largest-contentful-paint": [], "layout-shift": [], "longtask": []};
  const told = (node) => {
    if (!node || !node.tagName) return null;
    const classes = [...node.classList].map((name) => "." + CSS.escape(name)).join("");
    return node.tagName.toLowerCase() + (node.id ? "#" + CSS.escape(node.id) : classes);
  };
  const keep = (entries) => {
    for (const entry of entries) {
      const more = "element" in entry ? {element: told(entry.element)} : {};
      kept[entry.entryType].push({...entry.toJSON(), ...more});
    }
  };
  const observers = Object.keys(kept).map((type) => {
    const observer = new PerformanceObserver((list) => keep(list.getEntries()));
    observer.observe({type, buffered: true});
    return observer;
  });
  const read = () => {
    observers.forEach((observer) => keep(observer.takeRecords()));
    return kept;
  };
  const born = performance.now();
  Object.defineProperty(window, Symbol.for("clicklab"), {value: {born, read}});
})()"""

READ = """(() => {
  const watched = window[Symbol.for("clicklab")];
  return JSON.stringify({
    title: document.title,
    born: watched ? watched.born : null,
    entries: {
      navigation: performance.getEntriesByType("navigation"),
      resource: performance.getEntriesByType("resource"),
      paint: performance.getEntriesByType("paint"),
      ...(watched ? watched.read() : {}),
    },
  });
})()"""


@dataclass(frozen=True)
class Told:
    """What a page says of itself.

    title    its <title>
    born_ms  when its document was made, from the start of the navigation; None: not seen
    entries  its PerformanceEntry objects by type; {} when no page was there to ask
    """

    title: str = ""
    born_ms: float | None = None
    entries: Entries = field(default_factory=dict)


def watch_page(connection: Connection, session: str) -> None:
    """Have every document from now on watched. Raises as Connection.call does."""
    connection.call("Page.addScriptToEvaluateOnNewDocument", session, source=WATCH)


def ask_page(connection: Connection, session: str, deadline: float) -> Told:
    """Ask the page of `session`. Raises TimeoutError after `deadline` (monotonic)."""
    answer = connection.call("Runtime.evaluate", session, deadline=deadline, expression=READ)
    said = json.loads(answer["result"]["value"])
    return Told(said["title"], said["born"], said["entries"])
