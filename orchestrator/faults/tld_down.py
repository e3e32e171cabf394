"""The servers of a top-level domain die."""

from orchestrator.faults.on_servers import of_zones, server_down

FAULT = server_down(
    name="tld-down",
    about="BIND dies at a top-level domain's server, or at all of a domain's",
    target="TLD",
    servers=of_zones(lambda plan, zone: zone != "." and zone.count(".") == 1),
    affects="names below {target} whose servers no resolver has in its cache",
)
