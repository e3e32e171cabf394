"""From HTML to pixels: parsed, painted, DOMContentLoaded, load, by the page's own timeline.

W3C Navigation Timing, Paint Timing, Largest Contentful Paint; HTML, 13.2.7 (the end of parsing).

Parsing lasts. The others are milestones: moments, told at the time that the browser gives them; how
long each waited for what it names is a detail of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from orchestrator.analysis.step import Detail, Proof, Step
from orchestrator.analysis.story import Story
from orchestrator.analysis.teller import Teller

KIND = "page"


Entry = Mapping[str, Any]
_Fits = Callable[[Entry], bool]
_FILE = "timeline.json"
_NAVIGATION = "/navigation/0"


def _tell(story: Story) -> Iterator[Step]:
    entries = story.evidence.timeline.get("navigation") or []
    if story.visit.status is not None and entries:
        page = _Page(story, entries[0])
        steps = (page.parse(), *page.paints(), page.largest(), page.content(), page.load())
        yield from (step for step in steps if step is not None)


class _Page:
    """One page's timeline. Its times are milliseconds from the start of the navigation."""

    def __init__(self, story: Story, navigation: Entry) -> None:
        self.story, self.navigation = story, navigation

    def parse(self) -> Step | None:
        """Until the document is whole, and scripts that hold up the parser have run."""
        began_ms, pointer = self._parse_start()
        ended_ms = self._time("domInteractive")
        if not ended_ms:
            return None
        response_ms = self._time("responseEnd")
        told = (
            f"The browser parses the HTML, from {began_ms:.1f} to {ended_ms:.1f} ms. The last byte "
            f"of it came at {response_ms:.1f} ms; what stylesheets, scripts and images it names "
            "is asked for as soon as it is found."
        )
        proofs = (
            Proof(_FILE, 0, f"{_NAVIGATION}/domInteractive", "the parser is done"),
            Proof(_FILE, 0, pointer, "it begins"),
            Proof(_FILE, 0, f"{_NAVIGATION}/responseEnd", "the last byte of the HTML"),
        )
        details: dict[str, Detail] = {"dom_interactive_ms": round(ended_ms, 1)}
        size = self.navigation.get("decodedBodySize")
        if size:
            details["html_bytes"] = int(size)
        title = "The browser parses the HTML"
        return self._step(title, told, began_ms, ended_ms, proofs, details, ("parser", "DOM"))

    def paints(self) -> Iterator[Step]:
        """First paint and first contentful paint, in one step where they are one."""
        paints = [*enumerate(self.story.evidence.timeline.get("paint") or [])]
        at_ms: dict[float, list[tuple[int, str]]] = {}
        for place, entry in paints:
            name = str(entry["name"]).replace("-", " ")
            at_ms.setdefault(float(entry["startTime"]), []).append((place, name))
        for ended_ms, named in at_ms.items():
            yield self._paint(ended_ms, named)

    def _paint(self, ended_ms: float, named: list[tuple[int, str]]) -> Step:
        names = " and ".join(name for _, name in named)
        place, waited = self._last_before(ended_ms, _is_blocking)
        began_ms, why = ended_ms, ""
        proofs = [Proof(_FILE, 0, f"/paint/{number}/startTime", name) for number, name in named]
        if waited is not None:
            began_ms = float(waited["responseEnd"])
            why = (
                f" Before it stands {_name(waited)}, which blocks rendering, and "
                f"{self._ended(waited)} at {began_ms:.1f} ms."
            )
            proofs.append(_end_of(place, waited))
        told = f"The screen shows something of the page: {names}, at {ended_ms:.1f} ms.{why}"
        details: dict[str, Detail] = {
            f"{name.replace(' ', '_')}_ms": round(ended_ms, 1) for _, name in named
        }
        terms = ("first contentful paint", "render-blocking")
        title = names.capitalize()
        return self._milestone(title, told, began_ms, ended_ms, proofs, details, terms)

    def largest(self) -> Step | None:
        """The largest text or image; the last candidate counts."""
        entries = self.story.evidence.timeline.get("largest-contentful-paint") or []
        if not entries:
            return None
        last, place = entries[-1], len(entries) - 1
        ended_ms = float(last["startTime"])
        what = str(last.get("element") or "an element")
        url = str(last.get("url") or "")
        source, waited = self._last_before(ended_ms, lambda e: bool(url) and e["name"] == url)
        began_ms = float(waited["responseEnd"]) if waited else ended_ms
        why = f" Its image, {_name(waited)}, had come at {began_ms:.1f} ms." if waited else ""
        told = f"The largest thing on the screen, {what}, is drawn at {ended_ms:.1f} ms.{why}"
        pointer = f"/largest-contentful-paint/{place}/startTime"
        proofs = [Proof(_FILE, 0, pointer, "largest contentful paint")]
        if waited is not None:
            proofs.append(_end_of(source, waited))
        details: dict[str, Detail] = {
            "largest_contentful_paint_ms": round(ended_ms, 1),
            "element": what,
            "size_px": int(last.get("size") or 0),
        }
        terms = ("largest contentful paint",)
        title = "Largest contentful paint"
        return self._milestone(title, told, began_ms, ended_ms, proofs, details, terms)

    def content(self) -> Step | None:
        """Parsed, and deferred scripts have run."""
        ended_ms = self._time("domContentLoadedEventStart")
        if not ended_ms:
            return None
        parsed_ms = self._time("domInteractive")
        place, waited = self._last_before(ended_ms, _is_script)
        began_ms, why = parsed_ms, "It waited for nothing but the parser"
        proofs = [
            Proof(_FILE, 0, f"{_NAVIGATION}/domContentLoadedEventStart", "DOMContentLoaded"),
            Proof(_FILE, 0, f"{_NAVIGATION}/domInteractive", "the parser is done"),
        ]
        if waited is not None and float(waited["responseEnd"]) > parsed_ms:
            began_ms = float(waited["responseEnd"])
            script = f"{_name(waited)}, which {self._ended(waited)} at {began_ms:.1f} ms"
            why = f"It waited for the script {script}"
            proofs.append(_end_of(place, waited))
        told = f"The document is whole: DOMContentLoaded, at {ended_ms:.1f} ms. {why}."
        details: dict[str, Detail] = {"dom_content_loaded_ms": round(ended_ms, 1)}
        title, terms = "DOMContentLoaded", ("DOMContentLoaded", "DOM")
        return self._milestone(title, told, began_ms, ended_ms, proofs, details, terms)

    def load(self) -> Step | None:
        """All that the page named is there."""
        ended_ms = self._time("loadEventStart")
        if not ended_ms:
            return None
        content_ms = self._time("domContentLoadedEventStart")
        place, waited = self._last_before(ended_ms, lambda e: True)
        began_ms, why = content_ms, ""
        proofs = [Proof(_FILE, 0, f"{_NAVIGATION}/loadEventStart", "load")]
        if waited is not None:
            began_ms = max(content_ms, float(waited["responseEnd"]))
            at_ms = float(waited["responseEnd"])
            why = f" Last, {_name(waited)} {self._ended(waited)} at {at_ms:.1f} ms."
            proofs.append(_end_of(place, waited))
        told = f"{self._whole()}: load, at {ended_ms:.1f} ms.{why}"
        details: dict[str, Detail] = {
            "load_ms": round(ended_ms, 1),
            "resources": sum(1 for e in self._resources if float(e["responseEnd"]) <= ended_ms),
            **self._vitals(),
        }
        terms = ("load event",)
        return self._milestone("Load", told, began_ms, ended_ms, proofs, details, terms)

    def _vitals(self) -> dict[str, Detail]:
        found: dict[str, Detail] = {}
        tasks = self.story.evidence.timeline.get("longtask")
        if tasks is not None:
            found["long_tasks"] = len(tasks)
        if self.story.visit.vitals.cumulative_layout_shift is not None:
            shift = self.story.visit.vitals.cumulative_layout_shift
            found["cumulative_layout_shift"] = round(shift, 4)
        return found

    def _time(self, name: str) -> float:
        """0 for what did not happen."""
        return float(self.navigation.get(name) or 0)

    def _parse_start(self) -> tuple[float, str]:
        """By the moments, if the run has them; else it cannot begin before the first byte."""
        for place, moment in enumerate(self.story.evidence.timeline.get("moment") or []):
            if moment["name"] == "parse-start":
                return float(moment["startTime"]), f"/moment/{place}/startTime"
        return self._time("responseStart"), f"{_NAVIGATION}/responseStart"

    @property
    def _resources(self) -> Sequence[Entry]:
        return self.story.evidence.timeline.get("resource") or []

    def _last_before(
        self, end_ms: float, fits: Callable[[Entry], bool]
    ) -> tuple[int, Entry | None]:
        """The resource that came last before a moment, and its place; none is (0, None)."""
        ended = [
            (float(entry["responseEnd"]), place)
            for place, entry in enumerate(self._resources)
            if 0 < float(entry["responseEnd"]) <= end_ms and fits(entry)
        ]
        if not ended:
            return 0, None
        place = max(ended)[1]
        return place, self._resources[place]

    def _whole(self) -> str:
        """Whether the load event has all of the page."""
        missing = len(self.story.visit.missing)
        if not missing:
            return "All that the page is made of is there"
        lacking = "1 file is" if missing == 1 else f"{missing} files are"
        return f"The browser waits for nothing more, though {lacking} missing"

    def _ended(self, entry: Entry) -> str:
        """Whether a resource came at the end of it, or was only no longer waited for."""
        missing = {resource.url for resource in self.story.visit.missing}
        return "was given up" if entry["name"] in missing else "came"

    def _milestone(
        self,
        title: str,
        told: str,
        waited_since_ms: float,
        at_ms: float,
        proofs: Sequence[Proof],
        details: Mapping[str, Detail],
        terms: tuple[str, ...],
    ) -> Step:
        """A moment. Where it began to wait earlier, how long it did is told with it."""
        waited_ms = round(at_ms - waited_since_ms, 1)
        known = {**details, "waited_ms": waited_ms} if waited_ms > 0 else details
        return self._step(title, told, at_ms, at_ms, tuple(proofs), known, terms)

    def _step(
        self,
        title: str,
        told: str,
        began_ms: float,
        ended_ms: float,
        proofs: tuple[Proof, ...],
        details: Mapping[str, Detail],
        terms: tuple[str, ...],
    ) -> Step:
        return Step(
            kind=KIND,
            title=title,
            told=told,
            nodes=(self.story.client.name,),
            start_ns=self.story.at(min(began_ms, ended_ms)),
            end_ns=self.story.at(ended_ms),
            proofs=proofs,
            details=details,
            terms=terms,
        )


def _is_blocking(entry: Entry) -> bool:
    return entry.get("renderBlockingStatus") == "blocking"


def _is_script(entry: Entry) -> bool:
    return entry.get("initiatorType") == "script"


def _name(entry: Entry) -> str:
    parts = urlsplit(str(entry["name"]))
    return parts.path.rpartition("/")[2] or parts.netloc


def _end_of(place: int, entry: Entry) -> Proof:
    return Proof(_FILE, 0, f"/resource/{place}/responseEnd", f"{_name(entry)} ends")


TELLER = Teller(KIND, _tell, folds=False)
