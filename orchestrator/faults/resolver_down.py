"""A resolver dies: who asks it waits, and asks another one if they know any."""

from orchestrator.faults.on_servers import server_down, with_role

FAULT = server_down(
    name="resolver-down",
    about="BIND dies at a resolver",
    target="resolver",
    servers=with_role("resolver"),
    affects="names asked of {target} that no cache nearer has; a shared address moves elsewhere",
)
