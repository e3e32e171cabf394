"""Which AS may originate what: route origin validation (RFC 6811)."""

from __future__ import annotations

from orchestrator.plan.addresses import Prefix
from orchestrator.plan.kept import kept
from orchestrator.plan.model import Plan
from orchestrator.plan.routing import Roa, RpkiSettings, RtrServer
from orchestrator.routes.prefixes import PrefixIndex


class Validator:
    """The ROAs of a plan's caches, as the routers that ask them see them."""

    def __init__(self, plan: Plan) -> None:
        self._roas = {
            node.name: PrefixIndex((roa.prefix, roa) for roa in node.settings.roas)
            for node in plan.nodes.values()
            if isinstance(node.settings, RpkiSettings)
        }

    @kept
    def is_invalid(self, caches: tuple[RtrServer, ...], prefix: Prefix, origin: int) -> bool:
        """Whether ROAs cover ``prefix`` and none lets ``origin`` announce it at that length."""
        covering = [roa for cache in caches for roa in self._around(cache.node, prefix)]
        return bool(covering) and not any(
            roa.asn == origin and prefix.prefixlen <= roa.max_length for roa in covering
        )

    def _around(self, cache: str, prefix: Prefix) -> list[Roa]:
        return list(self._roas[cache].around(prefix)) if cache in self._roas else []
