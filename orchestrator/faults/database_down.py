"""The database dies: pages without rows still work."""

from orchestrator.faults.on_servers import server_down, with_role

FAULT = server_down(
    name="database-down",
    about="PostgreSQL dies at a database server",
    target="database",
    servers=with_role("database"),
    affects="every page with rows from {target}; static files and pages in caches go on",
)
