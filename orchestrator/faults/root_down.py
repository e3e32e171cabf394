"""A root server dies, or all of them: what resolvers have in their caches they still answer."""

from orchestrator.faults.on_servers import of_zones, server_down

FAULT = server_down(
    name="root-down",
    about="BIND dies at a root server, or at all of them",
    target="root server",
    servers=of_zones(lambda plan, zone: zone == "."),
    affects="of root servers: {target}; resolvers ask another, and only then names no cache has",
)
