"""A CDN edge dies while its node lives: the health check withdraws the shared address."""

from orchestrator.faults.on_servers import server_down, with_role

FAULT = server_down(
    name="edge-down",
    about="nginx dies at a CDN edge; its node lives",
    target="edge",
    servers=with_role("edge"),
    affects="visitors that {target} serves, until its route is withdrawn and another edge answers",
)
