"""What Mininet measures of a network, of a lab: who reaches whom, and how much fits through."""

from __future__ import annotations

from collections.abc import Sequence

from mininet.log import output

from orchestrator.errors import UsageError
from orchestrator.mininet import streams
from orchestrator.mininet.nodes import LabNode
from orchestrator.mininet.pings import Outcome, Reach, ping_from, read_timeout
from orchestrator.plan.model import Plan

Row = tuple[LabNode, LabNode, Outcome]


class Measures:
    """Pings and streams between nodes; results are printed and returned, as Mininet does."""

    hosts: list[LabNode]

    def __init__(self, plan: Plan) -> None:
        self.plan, self._reach = plan, Reach(plan)

    def ping(
        self, hosts: Sequence[LabNode] | None = None, timeout: str | float | None = None
    ) -> float:
        """Ping between all pairs of hosts that the plan has a way for.

        ``timeout`` is in seconds. Returns how many of a hundred were lost.
        """
        rows = self._ping(hosts, timeout)
        sent = sum(outcome[0] for *_, outcome in rows)
        received = sum(outcome[1] for *_, outcome in rows)
        if not sent:
            output("*** Warning: No packets sent\n")
            return 0.0
        lost = 100.0 * (sent - received) / sent
        output(f"*** Results: {_whole(lost)}% dropped ({received}/{sent} received)\n")
        return lost

    def pingFull(
        self, hosts: Sequence[LabNode] | None = None, timeout: str | float | None = None
    ) -> list[Row]:
        """The same with all that ping says: (from, to, (sent, received, and the least, mean,
        greatest and mean deviation of round trips in ms))."""
        rows = self._ping(hosts, timeout)
        output("*** Results: \n")
        for source, target, (sent, received, *times) in rows:
            told = "/".join(f"{time:.3f}" for time in times)
            output(f" {source}->{target}: {sent}/{received}, rtt min/avg/max/mdev {told} ms\n")
        return rows

    def _ping(self, hosts: Sequence[LabNode] | None, timeout: str | float | None) -> list[Row]:
        timeout_s = read_timeout(timeout)
        if not hosts:
            output("*** Ping: testing ping reachability\n")
        rows: list[Row] = []
        asked = list(hosts or self.hosts)
        for source in asked:
            others = [target for target in asked if target is not source]
            targets = [target for target in others if self._reach.has_way(source, target)]
            output(f"{source} -> ")
            outcomes = ping_from(source, targets, timeout_s)
            rows += [(source, target, outcomes[target.name]) for target in targets]
            output(" ".join(_mark(target, outcomes.get(target.name)) for target in others), "\n")
        left_out = len(asked) * (len(asked) - 1) - len(rows)
        if left_out:
            output(f"*** Not asked (-): {left_out} pairs: NAT or no route, by the plan\n")
        return rows

    def pingAll(self, timeout: str | float | None = None) -> float:
        """Ping between all hosts; returns the loss in percent."""
        return self.ping(timeout=timeout)

    def pingAllFull(self) -> list[Row]:
        """Ping between all hosts, with times."""
        return self.pingFull()

    def pingPair(self) -> float:
        """Ping between the first two hosts; returns the loss in percent."""
        return self.ping(self.hosts[:2])

    def pingPairFull(self) -> list[Row]:
        """Ping between the first two hosts, with times."""
        return self.pingFull(self.hosts[:2])

    def iperf(
        self,
        hosts: Sequence[LabNode] | None = None,
        l4Type: str = "TCP",
        udpBw: str = "10M",
        fmt: str | None = None,
        seconds: float = 5,
        port: int = 5001,
    ) -> list[str]:
        """Send from the first of two hosts to the other; by default the first and the last.

        Returns what the server received and what the client sent, like ``9.57 Mbits/sec``; of UDP
        the rate asked for comes first. ``fmt`` is iperf's, and changes nothing here. Raises
        UsageError for what cannot be asked, DeployError where nothing gets through.
        """
        client, server = hosts or (self.hosts[0], self.hosts[-1])
        if l4Type not in ("TCP", "UDP"):
            raise UsageError(f"'{l4Type}' is no transport to measure", "TCP or UDP")
        output("*** Iperf: testing", l4Type, "bandwidth between", client, "and", server, "\n")
        ends = _ends(client, server, port)
        if l4Type == "TCP":
            result = [*map(streams.write_rate, streams.measure_tcp(ends, seconds))]
        else:
            rates = streams.measure_udp(ends, seconds, streams.read_rate_bps(udpBw))
            result = [udpBw, *map(streams.write_rate, rates)]
        output(f"*** Results: {result}\n")
        return result


def _ends(client: LabNode, server: LabNode, port: int) -> streams.Ends:
    address = server.IP()
    if address is None:
        raise UsageError(f"{server} has no IPv4 address")
    return streams.Ends(client.place.namespace(), server.place.namespace(), str(address), port)


def _mark(target: LabNode, outcome: Outcome | None) -> str:
    if outcome is None:
        return "-"
    return target.name if outcome[1] else "X"


def _whole(percent: float) -> int:
    """Rounded away from "nothing" and from "everything", which both mean something else."""
    return min(max(round(percent), 1), 99) if 0 < percent < 100 else round(percent)
