"""What is no part of a lab: names and addresses of the Internet that it does not have."""

from __future__ import annotations

from ipaddress import ip_address
from itertools import chain

from orchestrator.errors import did_you_mean, near_to
from orchestrator.plan.addresses import holds
from orchestrator.plan.model import Plan
from orchestrator.spec.domains import zone_of

_MOST_TOLD = 8


def is_outside(plan: Plan, host: str) -> bool:
    """Whether ``host`` is a name in no zone of the lab, or an address in no prefix of it."""
    try:
        address = ip_address(host)
    except ValueError:
        return zone_of(host.rstrip(".").lower(), plan.zones) is None
    prefixes = [
        *chain.from_iterable(system.prefixes for system in plan.systems.values()),
        *chain.from_iterable(switch.prefixes for switch in plan.switches.values()),
        *chain.from_iterable(service.prefixes for service in plan.anycast.values()),
    ]
    return not any(holds(prefix, address) for prefix in prefixes)


def tell_outside(plan: Plan, host: str) -> str:
    """That it is, and what could be visited instead: the site that was meant, or all."""
    sites = ", ".join(plan.sites[:_MOST_TOLD])
    more = f" and {len(plan.sites) - _MOST_TOLD} more" if len(plan.sites) > _MOST_TOLD else ""
    all_there_are = f"its sites are {sites}{more}" if sites else "and no site"
    instead = did_you_mean(host, plan.sites) or all_there_are
    return f"'{host}' is not in lab '{plan.name}', which has no Internet behind it; {instead}"


def tell_missing(plan: Plan, host: str) -> str:
    """That no site has a name, and the one of its zone that was meant; "" where none is near."""
    asked, zone = host.rstrip(".").lower(), zone_of(host.rstrip(".").lower(), plan.zones)
    own = {site.removesuffix(f".{zone}"): site for site in plan.sites if site.endswith(f".{zone}")}
    near = near_to(asked.removesuffix(f".{zone}"), own)
    return f"lab '{plan.name}' has no site '{host}'; did you mean '{own[near]}'?" if near else ""
