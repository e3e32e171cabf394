"""One module per role, and this list of them."""

from orchestrator.roles import (
    app,
    balancer,
    database,
    edge,
    gateway,
    host,
    nameserver,
    resolver,
    router,
    web,
)
from orchestrator.roles.base import Role

ROLES: dict[str, Role] = {
    "app": app.ROLE,
    "balancer": balancer.ROLE,
    "database": database.ROLE,
    "edge": edge.ROLE,
    "gateway": gateway.ROLE,
    "host": host.ROLE,
    "nameserver": nameserver.ROLE,
    "resolver": resolver.ROLE,
    "router": router.ROLE,
    "web": web.ROLE,
}
