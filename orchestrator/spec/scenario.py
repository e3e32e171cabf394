"""What may be written in a scenario: a topology, probes, a timeline of faults, what is expected.

Times are milliseconds, relative to the moment the probes of a trial begin.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple, get_args

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from orchestrator.errors import Mistake
from orchestrator.spec.kinds import Label, nothing_to_mapping
from orchestrator.spec.units import read_bound, read_span_ms
from orchestrator.spec.wires import Shape

# The same as in records/study.py, which is above; a test holds them together.
ProbeKind = Literal["http", "icmp", "dns", "tcp", "visit"]
FailureKind = Literal[
    "lost", "unreachable", "refused", "reset", "dns", "tls", "http", "wrong", "skipped"
]
Phase = Literal["before", "during", "after"]
PROBE_KINDS: tuple[ProbeKind, ...] = get_args(ProbeKind)
PHASES: tuple[Phase, ...] = get_args(Phase)
Sign = Literal["<=", ">=", "="]
Unit = Literal["ms", "%", ""]
# How long an answer may take where the scenario does not say.
TIMEOUT_MS: dict[ProbeKind, float] = {
    "http": 2_000.0,
    "icmp": 1_000.0,
    "dns": 2_000.0,
    "tcp": 1_000.0,
    "visit": 20_000.0,
}


class Bound(NamedTuple):
    """The most, the least, or just what a figure may be. In ``unit``: 600 "ms", 1.5 "%", 3 ""."""

    sign: Sign
    value: float
    unit: Unit

    def holds(self, measured: float) -> bool:
        """Whether a figure, in the bound's own unit, is within it."""
        if self.sign == "<=":
            return measured <= self.value
        return measured >= self.value if self.sign == ">=" else measured == self.value

    def __str__(self) -> str:
        sign = "" if self.sign == "=" else f"{self.sign} "
        return f"{sign}{self.value:g} {self.unit}".strip()


def _read_time_bound(written: Any) -> Bound:
    bound = Bound(*read_bound(written))  # type: ignore[arg-type]  # read_bound knows only these
    if bound.unit != "ms":
        raise Mistake(f"'{written}' is not a bound of a time", "write it like '<= 600 ms'")
    if bound.sign == "=" and bound.value:
        hint = f"write '<= {written}' or '>= {written}'"
        raise Mistake(f"'{written}' says neither at most nor at least", hint)
    return bound


def _read_count_bound(written: Any) -> Bound:
    bound = Bound(*read_bound(written))  # type: ignore[arg-type]
    if bound.unit == "ms":
        raise Mistake(f"'{written}' is not a number", "write it like '0', '<= 3' or '<= 1 %'")
    if bound.unit == "%" and bound.value > 100:
        raise Mistake(f"'{written}' is more than all", "at most 100 %")
    return bound


def _read_option(value: Any) -> Any:
    """An option of a fault is text; YAML has made numbers and truths of some."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value


def _read_version(value: Any) -> Any:
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


# For editors: what is written, which is not what it is read as.
_TEXT = WithJsonSchema({"type": "string"})
_TEXT_OR_COUNT = WithJsonSchema({"type": ["string", "integer"]})
_SCALAR = WithJsonSchema({"type": ["string", "number", "boolean"]})

Span = Annotated[float, BeforeValidator(read_span_ms), _TEXT]
TimeBound = Annotated[Bound, BeforeValidator(_read_time_bound), _TEXT_OR_COUNT]
CountBound = Annotated[Bound, BeforeValidator(_read_count_bound), _TEXT_OR_COUNT]
Option = Annotated[str, BeforeValidator(_read_option), _SCALAR]
HttpVersion = Annotated[
    Literal["1.1", "2"],
    BeforeValidator(_read_version),
    WithJsonSchema({"enum": ["1.1", "2", 1.1, 2]}),
]
Port = Annotated[int, Field(ge=1, le=65535)]


class ProbeSpec(Shape):
    """What is asked over and over: exactly one of a URL, a name to ping, to look up, to connect
    to, or a page to visit; ``from`` is the host that asks.

    ``server`` is the node or address that is asked for a name, ``answer`` the address, or the node
    with the address, that is the right answer. A visit is made by ``client`` over HTTP ``version``.
    """

    http: str | None = None
    icmp: str | None = None
    dns: str | None = None
    tcp: str | None = None
    visit: str | None = None
    from_: str = Field(alias="from")
    every: Span
    timeout: Span | None = None
    slow: Span | None = None
    family: Literal[4, 6] | None = None
    server: str | None = None
    answer: str | None = None
    port: Port | None = None
    version: HttpVersion | None = None
    client: Literal["chromium", "curl"] | None = None

    @property
    def kind(self) -> ProbeKind:
        """Which of the five it is."""
        return next(kind for kind in PROBE_KINDS if getattr(self, kind) is not None)

    @property
    def target(self) -> str:
        """The URL, name or address that it asks."""
        return str(getattr(self, self.kind))

    @property
    def timeout_ms(self) -> float:
        """How long an answer may take."""
        return TIMEOUT_MS[self.kind] if self.timeout is None else self.timeout

    @model_validator(mode="after")
    def _check_kind(self) -> ProbeSpec:
        kinds = [kind for kind in PROBE_KINDS if getattr(self, kind) is not None]
        if len(kinds) != 1:
            written = f"this one is {' and '.join(kinds)}" if kinds else "this one asks nothing"
            listed, hint = ", ".join(PROBE_KINDS), "make two of it" if kinds else ""
            raise Mistake(f"a probe is exactly one of {listed}: {written}", hint)
        return self


class FaultSpec(Shape):
    """A fault of the timeline: ``at`` after the probes began, healed ``for`` later, or at the
    trial's end; ``jitter`` is the most by which it is put off, at random."""

    fault: str
    target: str
    at: Span
    for_: Span | None = Field(default=None, alias="for")
    jitter: Span = 0.0
    with_: Annotated[dict[str, Option], BeforeValidator(nothing_to_mapping)] = Field(
        default_factory=dict, alias="with"
    )


class PathSpec(Shape):
    """Nodes on the way in each phase, in this order, others between them; those of ``not`` are
    on the way in none of the phases that are named here."""

    before: tuple[str, ...] | None = None
    during: tuple[str, ...] | None = None
    after: tuple[str, ...] | None = None
    not_: tuple[str, ...] = Field(default=(), alias="not")

    @property
    def phases(self) -> dict[Phase, tuple[str, ...]]:
        """What is written, by phase."""
        written = {phase: getattr(self, phase) for phase in PHASES}
        return {phase: nodes for phase, nodes in written.items() if nodes is not None}


class MedianSpec(Shape):
    """The median answer of a phase, in ms."""

    of: Phase
    at_most: Span | None = Field(default=None, alias="at-most")
    at_least: Span | None = Field(default=None, alias="at-least")


class ExpectSpec(Shape):
    """What must hold of a probe in every trial; ``spread`` of its outages over all of them."""

    probe: str
    outage: TimeBound | None = None
    spread: TimeBound | None = None
    lost: CountBound | None = None
    failed: CountBound | None = None
    slow: CountBound | None = None
    failures: tuple[FailureKind, ...] | None = None
    path: PathSpec | None = None
    median: MedianSpec | None = None


class Scenario(Shape):
    """A study as it is written. ``set`` goes into the topology as `lab up --set` would."""

    name: Label
    about: str = ""
    topology: str = "internet"
    set_: Annotated[dict[str, Option], BeforeValidator(nothing_to_mapping)] = Field(
        default_factory=dict, alias="set"
    )
    repeats: Annotated[int, Field(ge=1, le=1000)] = 1
    seed: int = 1
    duration: Span
    probes: Annotated[dict[Label, ProbeSpec], Field(min_length=1)]
    faults: tuple[FaultSpec, ...] = ()
    expect: tuple[ExpectSpec, ...] = ()

    @property
    def settings(self) -> list[str]:
        """The scenario's own settings, each as KEY=VALUE."""
        return [f"{key}={value}" for key, value in self.set_.items()]
