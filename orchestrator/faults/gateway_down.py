"""A home's gateway loses power: no way out, no addresses, no names."""

from orchestrator.faults.on_servers import server_down, with_role

FAULT = server_down(
    name="gateway-down",
    about="A home's gateway loses power",
    target="gateway",
    servers=with_role("gateway"),
    power=True,
    affects="everybody behind {target}: no way out, no DHCP, no names; addresses held stay",
)
