"""A load balancer dies, and all behind it is out of reach."""

from orchestrator.faults.on_servers import server_down, with_role

FAULT = server_down(
    name="balancer-down",
    about="HAProxy dies at a load balancer",
    target="balancer",
    servers=with_role("balancer"),
    affects="every site behind {target}; edges go on with what is in their caches",
)
