"""A web server of static files dies."""

from orchestrator.faults.on_servers import server_down, with_role

FAULT = server_down(
    name="web-down",
    about="nginx dies at a web server",
    target="web server",
    servers=with_role("web"),
    affects="static files from {target}, where no edge has them and no other web server is there",
)
