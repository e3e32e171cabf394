"""The name servers of a zone die, or one of them."""

from orchestrator.faults.on_servers import of_zones, server_down

FAULT = server_down(
    name="nameserver-down",
    about="BIND dies at a zone's name server, or at all of a zone's",
    target="name server",
    servers=of_zones(lambda plan, zone: zone.rstrip(".") in plan.zones),
    affects="names of the zones at {target} that no cache has, unless another server has them",
)
