"""What a balancer's servers say when it asks how they are."""

from __future__ import annotations

from orchestrator.analysis.story import Story
from orchestrator.analysis.web.http import HttpExchange, pair_messages

_FIRST_ILL = 400  # HAProxy's `option httpchk` takes 2xx and 3xx for well


def find_ill(story: Story, balancer: str) -> dict[str, HttpExchange]:
    """The last health check that was answered, of each server whose answer was an error."""
    last: dict[str, HttpExchange] = {}
    for exchange in pair_messages(story.messages.get(balancer, ())):
        asked = exchange.request.frame
        if asked.outbound and exchange.is_health_check and exchange.response is not None:
            owner = story.plan.owner_of(asked.target_address)
            last[owner.name if owner else str(asked.target_address)] = exchange
    return {
        server: exchange
        for server, exchange in last.items()
        if exchange.response is not None and exchange.response.status >= _FIRST_ILL
    }
