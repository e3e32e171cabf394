"""A cache of ROAs dies: routers go on with what they know until it expires."""

from orchestrator.faults.on_servers import server_down, with_role

FAULT = server_down(
    name="rpki-down",
    about="stayrtr dies at a cache of ROAs",
    target="cache",
    servers=with_role("rpki"),
    affects="nothing for two hours, for which routers keep what {target} told them (RFC 8210, "
    "section 6); then they validate no origins, and would believe a hijack",
)
