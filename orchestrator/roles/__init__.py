"""One module per role, and this list of them."""

from orchestrator.plan.model import Node
from orchestrator.roles import (
    access,
    app,
    balancer,
    database,
    edge,
    gateway,
    host,
    nameserver,
    resolver,
    router,
    routeserver,
    rpki,
    web,
)
from orchestrator.roles.base import Role
from orchestrator.roles.speaking import with_speaker

# A network with nodes of several roles is what the first of them makes it (Role.network).
ROLES: dict[str, Role] = {
    "access": access.ROLE,
    "edge": edge.ROLE,
    "balancer": balancer.ROLE,
    "nameserver": nameserver.ROLE,
    "resolver": resolver.ROLE,
    "app": app.ROLE,
    "database": database.ROLE,
    "gateway": gateway.ROLE,
    "host": host.ROLE,
    "router": router.ROLE,
    "routeserver": routeserver.ROLE,
    "rpki": rpki.ROLE,
    "web": web.ROLE,
}


def role_of(node: Node) -> Role:
    """How a node is run: as its role says, and with what a BGP speaker beside it needs."""
    role = ROLES[node.role]
    return with_speaker(role) if node.speaker else role
