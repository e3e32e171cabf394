"""An application server dies; the balancer's checks find out."""

from orchestrator.faults.on_servers import server_down, with_role

FAULT = server_down(
    name="app-down",
    about="The application dies at an application server",
    target="app",
    servers=with_role("app"),
    affects="requests under way at {target}; the balancer sends new ones to the others, if any",
)
