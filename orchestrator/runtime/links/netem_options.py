"""netem's options as the kernel reads and writes them: a struct, then attributes.

The layout is that of linux/pkt_sched.h, the meaning that of net/sched/sch_netem.c. pyroute2's own
netem knows neither Gilbert-Elliott, nor distributions, nor nanoseconds, so they are packed here.
Every attribute is there every time, because a change leaves alone what it does not mention.
Nothing in here talks to a kernel; netem.py does.

How netem differs from `wire`:

- Jitter without a rate reorders, as each frame waits for a time of its own. With a rate frames
  stay in order, so one late frame delays those behind it and the mean grows.
- A frame that overtakes (``reorder``) would also bypass the rate: the two are not combined.
- ``queue`` is netem's `limit`, which counts frames that wait for the rate and those that wait
  for their delay alike. So the limit set is the queue's length plus as many full-size frames
  as the rate puts in flight during the longest delay. That is exact for full-size frames once
  the link is loaded. A burst into an idle link finds the queue longer by what is not yet in
  flight; a flood of small frames finds it shorter. Without a rate nothing queues, and the
  limit is out of reach (UNLIMITED and the queue's length).
- Loss is drawn once per super-frame where offloads are on: switch tso and gso off first.
- Correlation averages each random number with the last, which narrows the spread: a correlated
  loss of 1 % loses less than that. `wire` does the same.
"""

from __future__ import annotations

import functools
import math
import struct
from collections.abc import Callable
from statistics import NormalDist

from orchestrator.plan.impairment import (
    LOSSLESS,
    Bernoulli,
    Distribution,
    GilbertElliott,
    Impairment,
    Loss,
    Nth,
    Queue,
)
from orchestrator.runtime.kernel.netlink import read_attributes, write_attribute

# struct tc_netem_qopt: delay and jitter in ticks, which the attributes in nanoseconds overrule.
_HEAD = struct.Struct("=6I")
_CORRELATION, _DISTRIBUTION, _REORDER, _CORRUPT, _LOSS, _RATE = 1, 2, 3, 4, 5, 6
_RATE64, _DELAY64, _JITTER64 = 8, 10, 11
_GILBERT_ELLIOTT = 2

_CERTAIN = 0xFFFFFFFF
_JITTER_LIMIT_MS = (2**31 - 1) / 1e6  # beyond it the kernel cuts
_FULL_FRAME = 1514
UNLIMITED = 100_000

_TABLE_SIZE, _DEVIATION, _FARTHEST = 4096, 8192, 32767
# How many times its jitter a frame can be late.
_SPREAD: dict[Distribution, int] = {"uniform": 1, "normal": 4, "pareto": 4, "paretonormal": 4}


# ── what netem can do ─────────────────────────────────────────────────────────


def can_express(impairment: Impairment) -> bool:
    """Whether netem does exactly this."""
    return not obstacle(impairment)


def obstacle(impairment: Impairment) -> str:
    """What of an impairment netem cannot do; empty where it can do all of it."""
    if isinstance(impairment.loss, Nth):
        return "lose every n-th frame"
    if impairment.queue.counted == "bytes":
        return "count its queue in bytes"
    if impairment.reorder and impairment.rate_bps is not None:
        return "reorder frames and hold a rate"
    if impairment.jitter_ms > _JITTER_LIMIT_MS:
        return f"do a jitter beyond {_JITTER_LIMIT_MS:.0f} ms"
    return ""


def quantised(impairment: Impairment) -> Impairment:
    """What the kernel makes of it: whole nanoseconds, shares of 1e-9, whole bytes a second."""
    return decode_options(encode_options(impairment), impairment.distribution)


# ── options as bytes ──────────────────────────────────────────────────────────


def encode_options(impairment: Impairment) -> bytes:
    """The payload of TCA_OPTIONS: a struct tc_netem_qopt, then attributes."""
    loss, rate = impairment.loss, _bytes_per_s(impairment.rate_bps)
    random = loss if isinstance(loss, Bernoulli) else Bernoulli(0)
    reorder = _of_share(impairment.reorder)
    limit = impairment.queue.length + _frames_in_flight(impairment)
    attributes = {
        _CORRELATION: _words(_of_share(impairment.correlation), _of_share(random.correlation), 0),
        _REORDER: _words(reorder, 0),
        _CORRUPT: _words(_of_share(impairment.corrupt), 0),
        _RATE: _words(min(rate, _CERTAIN), 0, 0, 0),
        _RATE64: struct.pack("=Q", rate),
        _DELAY64: struct.pack("=q", _ns(impairment.delay_ms)),
        _JITTER64: struct.pack("=q", _ns(impairment.jitter_ms)),
    }
    if isinstance(loss, GilbertElliott):
        attributes[_LOSS] = _encode_bursts(loss)
    if impairment.distribution != "uniform":
        attributes[_DISTRIBUTION] = distribution_table(impairment.distribution)
    lost, duplicate = _of_share(random.probability), _of_share(impairment.duplicate)
    head = _HEAD.pack(0, limit, lost, 1 if reorder else 0, duplicate, 0)
    return head + b"".join(write_attribute(kind, value) for kind, value in attributes.items())


def decode_options(options: bytes, distribution: Distribution) -> Impairment:
    """The impairment that a payload of TCA_OPTIONS stands for."""
    _, limit, lost, gap, duplicate, _ = _HEAD.unpack_from(options)
    attributes = read_attributes(options[_HEAD.size :])
    delay_corr, loss_corr, _ = struct.unpack("=3I", attributes[_CORRELATION])
    plain = Impairment(
        delay_ms=_first("=q", attributes[_DELAY64]) / 1e6,
        jitter_ms=_first("=q", attributes[_JITTER64]) / 1e6,
        distribution=distribution,
        correlation=_to_share(delay_corr),
        loss=_decode_loss(attributes.get(_LOSS, b""), lost, loss_corr),
        reorder=_to_share(_first("=I", attributes[_REORDER])) if gap else 0.0,
        duplicate=_to_share(duplicate),
        corrupt=_to_share(_first("=I", attributes[_CORRUPT])),
        rate_bps=8 * _decode_rate(attributes) or None,
    )
    return plain.changed(queue=Queue(max(0, limit - _frames_in_flight(plain))))


def _encode_bursts(loss: GilbertElliott) -> bytes:
    """struct tc_netem_gemodel: p, r, h (what gets through in the bad state), k1 (lost in the
    good one)."""
    shares = (loss.p, loss.r, 1 - loss.bad_loss, loss.good_loss)
    return write_attribute(_GILBERT_ELLIOTT, _words(*map(_of_share, shares)))


def _decode_loss(model: bytes, lost: int, correlation: int) -> Loss:
    if model:
        p, r, through, good = struct.unpack("=4I", read_attributes(model)[_GILBERT_ELLIOTT])
        bad_loss = round(1 - _to_share(through), 9)
        return GilbertElliott(_to_share(p), _to_share(r), _to_share(good), bad_loss)
    return Bernoulli(_to_share(lost), _to_share(correlation)) if lost else LOSSLESS


def _decode_rate(attributes: dict[int, bytes]) -> int:
    """Bytes a second. The kernel leaves RATE64 out where 32 bits are enough."""
    wide = attributes.get(_RATE64)
    return _first("=Q", wide) if wide else _first("=I", attributes[_RATE])


def _frames_in_flight(impairment: Impairment) -> int:
    """How many full-size frames the rate lets into the longest delay, and the one being sent."""
    if impairment.rate_bps is None:
        return UNLIMITED
    spread = _SPREAD[impairment.distribution] * _ns(impairment.jitter_ms)
    longest_ns = _ns(impairment.delay_ms) + spread
    return _bytes_per_s(impairment.rate_bps) * longest_ns // (_FULL_FRAME * 10**9) + 1


def _bytes_per_s(rate_bps: int | None) -> int:
    return 0 if rate_bps is None else max(1, round(rate_bps / 8))


def _ns(time_ms: float) -> int:
    return round(time_ms * 1e6)


# Nine decimals are coarser than the kernel's 32 bits, so what is written is what is read back.
def _of_share(share: float) -> int:
    return round(round(share, 9) * _CERTAIN)


def _to_share(word: int) -> float:
    return round(word / _CERTAIN, 9)


def _words(*values: int) -> bytes:
    return struct.pack(f"={len(values)}I", *values)


def _first(layout: str, payload: bytes) -> int:
    return int(struct.unpack_from(layout, payload)[0])


# ── distributions ─────────────────────────────────────────────────────────────


def _pareto(share: float) -> float:
    """Shape 3, moved to a mean of 0 and scaled as iproute2's table is."""
    return (math.pow(1 - share, -1 / 3) - 1.5) * 4 / 3


def _pareto_normal(share: float) -> float:
    return 0.25 * NormalDist().inv_cdf(share) + 0.75 * _cut(_pareto(share))


def _cut(deviations: float) -> float:
    return min(deviations, _FARTHEST / _DEVIATION)


_QUANTILES: dict[Distribution, Callable[[float], float]] = {
    "normal": NormalDist().inv_cdf,
    "pareto": _pareto,
    "paretonormal": _pareto_normal,
}


@functools.cache
def distribution_table(distribution: Distribution) -> bytes:
    """4096 signed 16-bit values, the inverse of the distribution in 1/8192 of the jitter."""
    quantile = _QUANTILES[distribution]
    steps = ((step + 0.5) / _TABLE_SIZE for step in range(_TABLE_SIZE))
    values = (round(_cut(quantile(share)) * _DEVIATION) for share in steps)
    return struct.pack(f"={_TABLE_SIZE}h", *values)
