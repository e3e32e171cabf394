"""What may be written in a scenario: a topology, probes, a timeline of faults, what is expected.

Times are milliseconds, relative to the moment the probes of a trial begin.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from orchestrator.errors import Mistake
from orchestrator.spec.kinds import Label, nothing_to_mapping
from orchestrator.spec.probing import (
    KINDS,
    PHASES,
    ClientKind,
    FailureKind,
    HttpVersion,
    Phase,
    ProbeKind,
)
from orchestrator.spec.units import (
    WRITTEN_COUNT_BOUND,
    WRITTEN_SPAN,
    WRITTEN_TIME_BOUND,
    read_bound,
    read_span_ms,
)
from orchestrator.spec.wires import Shape

Sign = Literal["<=", ">=", "="]
Unit = Literal["ms", "%", ""]


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


_COUNT = {"type": "integer", "minimum": 0}

Span = Annotated[float, BeforeValidator(read_span_ms), WithJsonSchema(WRITTEN_SPAN)]
TimeBound = Annotated[Bound, BeforeValidator(_read_time_bound), WithJsonSchema(WRITTEN_TIME_BOUND)]
CountBound = Annotated[
    Bound,
    BeforeValidator(_read_count_bound),
    WithJsonSchema({"anyOf": [_COUNT, WRITTEN_COUNT_BOUND]}),
]
Option = Annotated[
    str,
    BeforeValidator(_read_option),
    WithJsonSchema({"type": ["string", "number", "boolean"]}),
]
Settings = Annotated[
    dict[str, Option],
    BeforeValidator(nothing_to_mapping, json_schema_input_type=dict[str, Option] | None),
]
Version = Annotated[
    HttpVersion,
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

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": [kind]} for kind in KINDS]})

    http: str | None = Field(
        default=None,
        description="A GET of this URL over a new connection.",
        examples=["https://direct.example.com/healthz"],
    )
    icmp: str | None = Field(default=None, description="An echo request to this name.")
    dns: str | None = Field(
        default=None, description="One query over UDP for this name, never repeated."
    )
    tcp: str | None = Field(
        default=None, description="A request to this name over one connection that is kept open."
    )
    visit: str | None = Field(default=None, description="The page of this URL in a browser.")
    from_: str = Field(alias="from", description="The host that asks.")
    every: Span = Field(
        description="The pause between two questions: at least 5 ms, 20 ms by 'http', "
        "1 s by 'visit'."
    )
    timeout: Span | None = Field(
        default=None,
        description="When a question is lost: after 1 s by 'icmp' and 'tcp', 2 s by 'dns' and "
        "'http', 20 s by 'visit' otherwise.",
    )
    slow: Span | None = Field(
        default=None, description="A good answer that took longer is counted as slow."
    )
    family: Literal[4, 6] | None = Field(
        default=None, description="IPv4 or IPv6; what the host would choose otherwise."
    )
    server: str | None = Field(
        default=None,
        description="By 'dns': whom to ask, a node or an address; the host's resolver else.",
    )
    answer: str | None = Field(
        default=None, description="By 'dns': the right answer, an address or a node; any else."
    )
    port: Port | None = Field(default=None, description="By 'tcp', which has to have one.")
    version: Version | None = Field(default=None, description="By 'visit': HTTP 1.1, or 2.")
    client: ClientKind | None = Field(
        default=None, description="By 'visit': a browser, or the document alone."
    )

    @property
    def kind(self) -> ProbeKind:
        """Which of them it is."""
        return next(kind for kind in KINDS if getattr(self, kind) is not None)

    @property
    def target(self) -> str:
        """The URL, name or address that it asks."""
        return str(getattr(self, self.kind))

    @property
    def timeout_ms(self) -> float:
        """How long an answer may take."""
        return KINDS[self.kind].timeout_ms if self.timeout is None else self.timeout

    @model_validator(mode="after")
    def _check_kind(self) -> ProbeSpec:
        kinds = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(kinds) != 1:
            written = f"this one is {' and '.join(kinds)}" if kinds else "this one asks nothing"
            listed, hint = ", ".join(KINDS), "make two of it" if kinds else ""
            raise Mistake(f"a probe is exactly one of {listed}: {written}", hint)
        return self


class FaultSpec(Shape):
    """A fault of the timeline: ``at`` after the probes began, healed ``for`` later, or at the
    trial's end; ``jitter`` is the most by which it is put off, at random."""

    fault: str = Field(description="Its name: see 'lab fault list'.")
    target: str = Field(description="What it is done to: 'lab fault NAME' lists what there is.")
    at: Span = Field(description="When it begins, after the probes did.")
    for_: Span | None = Field(
        default=None,
        alias="for",
        description="How long until it is healed; at the trial's end otherwise.",
    )
    jitter: Span = Field(
        default=0.0,
        description="It begins up to so much later, at random, in each trial anew.",
        json_schema_extra={"default": "0 ms"},
    )
    with_: Settings = Field(default_factory=dict, alias="with", description="Options of the fault.")


class PathSpec(Shape):
    """Nodes on the way in each phase, in this order, others between them; those of ``not`` are
    on the way in none of the phases that are named here."""

    before: tuple[str, ...] | None = Field(
        default=None, description="Until the first fault begins."
    )
    during: tuple[str, ...] | None = Field(
        default=None, description="Until the last fault begins to be healed."
    )
    after: tuple[str, ...] | None = Field(default=None, description="What follows.")
    not_: tuple[str, ...] = Field(
        default=(), alias="not", description="Nodes that are on the way in none of these phases."
    )

    @property
    def phases(self) -> dict[Phase, tuple[str, ...]]:
        """What is written, by phase."""
        written = {phase: getattr(self, phase) for phase in PHASES}
        return {phase: nodes for phase, nodes in written.items() if nodes is not None}


class MedianSpec(Shape):
    """The median answer of a phase, in ms."""

    of: Phase = Field(description="Of which phase the answers are.")
    at_most: Span | None = Field(default=None, alias="at-most", description="The most it may be.")
    at_least: Span | None = Field(
        default=None, alias="at-least", description="The least it may be."
    )


class ExpectSpec(Shape):
    """What must hold of a probe in every trial; ``spread`` of its outages over all of them."""

    probe: str = Field(description="One of the probes above.")
    outage: TimeBound | None = Field(
        default=None, description="How long the longest outage was; quote what starts with >."
    )
    spread: TimeBound | None = Field(
        default=None, description="How far apart the outages of the trials are; needs 'repeats'."
    )
    lost: CountBound | None = Field(
        default=None, description="Questions without an answer in time."
    )
    failed: CountBound | None = Field(default=None, description="Questions that failed in any way.")
    slow: CountBound | None = Field(
        default=None, description="Good answers that took longer than the probe's 'slow'."
    )
    failures: tuple[FailureKind, ...] | None = Field(
        default=None, description="The kinds of failure that are allowed; any other fails."
    )
    path: PathSpec | None = Field(default=None, description="Nodes on the way, by phase.")
    median: MedianSpec | None = Field(default=None, description="The median of the good answers.")


class Scenario(Shape):
    """A study as it is written. ``set`` goes into the topology as `lab up --set` would."""

    name: Label = Field(description="What the study is called.")
    about: str = Field(default="", description="A sentence.")
    topology: str = Field(
        default="internet", description="A file beside this one, or the name of a shipped one."
    )
    set_: Settings = Field(
        default_factory=dict,
        alias="set",
        description="Values put into the topology, as 'lab up --set KEY=VALUE' does.",
    )
    repeats: Annotated[int, Field(ge=1, le=1000)] = Field(default=1, description="How many trials.")
    seed: int = Field(default=1, description="Of the pauses that 'jitter' asks for.")
    duration: Span = Field(description="How long a trial lasts, at most 60 min.")
    probes: Annotated[dict[Label, ProbeSpec], Field(min_length=1)] = Field(
        description="What is asked all the time, by name."
    )
    faults: tuple[FaultSpec, ...] = Field(default=(), description="What is broken, and when.")
    expect: tuple[ExpectSpec, ...] = Field(default=(), description="What must come of it.")

    @property
    def settings(self) -> list[str]:
        """The scenario's own settings, each as KEY=VALUE."""
        return [f"{key}={value}" for key, value in self.set_.items()]
