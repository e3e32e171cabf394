"""An exchange's route server dies: members that peer through it lose those routes."""

from orchestrator.faults.on_servers import server_down, with_role

FAULT = server_down(
    name="route-server-down",
    about="BIRD dies at an exchange's route server",
    target="route server",
    servers=with_role("routeserver"),
    affects="routes that members hear from {target} alone; bilateral peerings and packets go on",
)
