"""A running lab as Mininet scripts know their networks: nodes, links, `cmd`, `pingAll`, `CLI`.

    from orchestrator.mininet import CLI, net

    lab = net("internet")
    print(lab["laptop"].cmd("ip route"))
    lab.configLinkStatus("alder-core", "tundra-fra", "down")
    CLI(lab)
    lab.stop()  # lets go of the lab, which stays up

Nothing here makes, configures or removes anything on the host: nodes and links are those of the
lab's containers. Of Mininet itself only what talks to nodes is used; its `mnexec`, its limits and
its cleanup are not.

Raises NotInstalled where Mininet is not; the extra `clicklab[mininet]` brings it.
"""

from orchestrator.errors import NotInstalled

try:
    import mininet.net  # noqa: F401 (and with it distutils, which newer Pythons have from setuptools)
except ImportError as reason:
    raise NotInstalled("mininet", reason) from None

from orchestrator.mininet.console import CLI
from orchestrator.mininet.net import LabNet, net

__all__ = ["CLI", "LabNet", "net"]
