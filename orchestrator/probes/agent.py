"""The process that asks: an event loop that does nothing else, so that questions leave on time.

It reads a Job, one line of JSON, from standard input; writes "ready", then a JSON array for each
sample, to standard output. A second line, "stop", ends it once all answers are in or overdue. The
end of standard input, which is also the end of the program that started it, ends it at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import sys

import docker
import requests.exceptions

from orchestrator.plan.codec import from_plain
from orchestrator.probes import PROBES
from orchestrator.probes.job import Job, Station, to_row
from orchestrator.probes.pacing import Clock, Pacer
from orchestrator.probes.presence import Presence
from orchestrator.probes.question import Asker, Setting
from orchestrator.records.study import ProbeRun, Sample

# Before the daemons of the lab, for a question that is late is a wrong measurement; but after
# `wire`, which carries the packets.
_REAL_TIME = os.SCHED_FIFO | os.SCHED_RESET_ON_FORK
_PREPARED_WITHIN_S = 3.0
_SOON_S = 0.01


async def main() -> None:
    """Do the job that standard input tells of."""
    orders, output = await _pipes()
    job = from_plain(Job, json.loads(await orders.readline()))
    presences = {station.node: _arrive(station) for station in job.stations}
    askers = [_asker(run, job, presences[run.source]) for run in job.probes]
    preparing = [asyncio.create_task(asker.prepare()) for asker in askers]
    if preparing:
        await asyncio.wait(preparing, timeout=_PREPARED_WITHIN_S)
    for task in preparing:
        _drop(task)
    # What lives now lives to the end; nothing that comes is worth a pause in the middle.
    gc.freeze()
    gc.disable()

    def tell(sample: Sample) -> None:
        output.write(json.dumps(to_row(sample)).encode() + b"\n")

    _hurry()
    clock = Clock.now()
    pacers = [Pacer(run, asker, clock, tell) for run, asker in zip(job.probes, askers, strict=True)]
    output.write(b"ready\n")
    for pacer in pacers:
        pacer.start(clock.loop_s + _SOON_S)
    if not await orders.readline():
        os._exit(0)  # nobody listens any more
    await asyncio.gather(*(pacer.stop() for pacer in pacers))
    for asker in askers:
        asker.close()
    await output.drain()


def _drop(task: asyncio.Task[None]) -> None:
    """A probe that could not prepare says so with its first question."""
    if not task.done():
        task.cancel()
    elif not task.cancelled():
        task.exception()


async def _pipes() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    loop = asyncio.get_running_loop()
    orders = asyncio.StreamReader(limit=1 << 24)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin.buffer)
    transport, protocol = await loop.connect_write_pipe(
        lambda: asyncio.streams.FlowControlMixin(loop=loop), sys.stdout.buffer
    )
    return orders, asyncio.StreamWriter(transport, protocol, None, loop)


def _arrive(station: Station) -> Presence:
    presence = Presence(station.node, lambda: _find(station.container))
    presence.enter(station.pid)
    return presence


def _find(container: str) -> int:
    """The container's first process now. Raises OSError while Docker has no word of it."""
    try:
        state = docker.from_env().api.inspect_container(container)["State"]
    except (docker.errors.DockerException, requests.exceptions.RequestException) as error:
        raise OSError(str(error)) from error
    return int(state["Pid"]) if state["Running"] else 0


def _asker(run: ProbeRun, job: Job, presence: Presence) -> Asker:
    station = next(station for station in job.stations if station.node == run.source)
    setting = Setting(run, presence.open, station.resolvers, job.known, station.ca, job.keylog)
    asker = PROBES[run.kind](setting)
    presence.on_loss(asker.close)
    return asker


def _hurry() -> None:
    """Run when there is something to do; threads of ours do not inherit it (sched(7))."""
    with contextlib.suppress(PermissionError):
        lowest = os.sched_param(os.sched_get_priority_min(os.SCHED_FIFO))
        os.sched_setscheduler(0, _REAL_TIME, lowest)


if __name__ == "__main__":
    asyncio.run(main())
