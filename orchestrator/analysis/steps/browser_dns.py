"""The first DNS cache that is asked: the browser's own, as its NetLog tells."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.analysis.step import Step
from orchestrator.analysis.story import Story
from orchestrator.analysis.teller import Teller
from orchestrator.analysis.web.netlog import Event, read_events

KIND = "browser_dns"


_JOB, _HIT = "HOST_RESOLVER_MANAGER_JOB", "HOST_RESOLVER_MANAGER_CACHE_HIT"
# Others look names up too: the estimator of the network's quality does for every response.
_CONNECTING = ("SSL_CONNECT_JOB", "TCP_CONNECT_JOB")
_TERMS = ("DNS", "cache")


def _tell(story: Story) -> Iterator[Step]:
    hits: dict[str, dict[tuple[str, int], Event]] = {}
    for event in read_events(story, _JOB, _HIT):
        if event.name == _JOB and event.phase == "begin" and _is_of_lab(story, _host(event)):
            yield _miss(story, event)
        elif event.name == _HIT and event.source[0] in _CONNECTING:
            name = next(iter(event.params.get("results", {}).get("aliases", ())), "")
            hits.setdefault(name, {}).setdefault(event.source, event)
    for name, found in hits.items():
        if _is_of_lab(story, name):
            yield _hit(story, name, list(found.values()))


def _host(event: Event) -> str:
    return str(event.params.get("host", ""))


def _is_of_lab(story: Story, host: str) -> bool:
    """Not what a browser asks its maker; ``host`` is with its scheme and port, if odd."""
    name = host.partition("://")[2].partition(":")[0] or host
    return any(name == zone or name.endswith(f".{zone}") for zone in story.plan.zones)


def _miss(story: Story, event: Event) -> Step:
    host = _host(event)
    return Step(
        kind=KIND,
        title=f"The browser has no address of {host}",
        told=(
            f"The browser looks into its own DNS cache, finds nothing for {host} (it keeps names "
            "apart by scheme and by the site that wants them), and starts a lookup."
        ),
        nodes=(story.client.name,),
        start_ns=event.time_ns,
        end_ns=event.time_ns,
        proofs=(event.proof("/params/host", "a job for this host: only made on a miss"),),
        details={"cache": "miss", "host": host},
        terms=_TERMS,
    )


def _hit(story: Story, name: str, events: list[Event]) -> Step:
    """``events`` are one for each connection that needed the name."""
    known = events[0].params["results"].get("ip_endpoints", ())
    addresses = tuple(entry.get("endpoint_address", "") for entry in known)
    once = len(events) == 1
    more = "Another connection needs" if once else f"{len(events)} more connections need"
    return Step(
        kind=KIND,
        title=f"The browser still knows {name}",
        told=(
            f"{more} {name}. The browser has its addresses in its own DNS cache by now: "
            f"{', '.join(addresses)}."
        ),
        nodes=(story.client.name,),
        start_ns=events[0].time_ns,
        end_ns=events[-1].time_ns,
        proofs=tuple(e.proof("/params/results/aliases/0", "a hit in its cache") for e in events),
        details={"cache": "hit", "host": name, "addresses": addresses, "times": len(events)},
        saved="a DNS lookup" if once else f"{len(events)} DNS lookups",
        terms=_TERMS,
    )


TELLER = Teller(KIND, _tell)
