"""Files of AS relationships in a topology: what becomes of them, and where problems stand."""

from __future__ import annotations

import bz2
import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.errors import PlanError, SpecError
from orchestrator.loading import load
from orchestrator.plan.model import Plan

# Lumen sells to Google and RIPE NCC, Google peers with RIPE NCC; two others know only each other.
AS_REL = "# serial-1\n3356|15169|-1\n3356|3333|-1\n3333|15169|0\n64497|64498|-1\n"
Packing = Callable[[bytes], bytes]


def loaded(folder: Path, text: str, *settings: str, told: list[str] | None = None) -> Plan:
    path = folder / "lab.yaml"
    path.write_text(f"name: lab\n{text}")
    (folder / "as-rel.txt").write_text(AS_REL)
    notes = told if told is not None else []
    return load(path, settings=settings, tell=notes.append)


def test_every_as_gets_a_router_and_its_relations(tmp_path: Path) -> None:
    plan = loaded(tmp_path, "import: {caida: as-rel.txt}\n")
    assert list(plan.nodes) == ["as3333", "as3356", "as15169"]
    assert plan.systems[3333].providers == (3356,)
    assert plan.systems[3333].peers == (15169,)
    assert plan.systems[3356].customers == (3333, 15169)
    assert len(plan.links) == 3


def test_what_hangs_on_nothing_is_told(tmp_path: Path) -> None:
    told: list[str] = []
    loaded(tmp_path, "import: {caida: as-rel.txt}\n", told=told)
    assert told == [f"{tmp_path}/as-rel.txt: ASes left out, as nothing joins them to the others: 2"]
    told.clear()
    loaded(tmp_path, "import: {caida: as-rel.txt, cone_of: 3356}\n", told=told)
    assert told == []


def test_a_part_of_the_file(tmp_path: Path) -> None:
    plan = loaded(tmp_path, "import: {caida: as-rel.txt, cone_of: 64497}\n")
    assert list(plan.systems) == [64497, 64498]
    plan = loaded(tmp_path, "import: {caida: as-rel.txt}\n", "import.top=1")
    assert list(plan.systems) == [3356]


def test_own_ases_beside_it(tmp_path: Path) -> None:
    text = "import: {caida: as-rel.txt, top: 3}\nas:\n  mine: {asn: 64500, providers: [as3356]}\n"
    plan = loaded(tmp_path, text)
    assert plan.systems[64500].providers == (3356,)


@pytest.mark.parametrize(("suffix", "pack"), [(".gz", gzip.compress), (".bz2", bz2.compress)])
def test_a_packed_file(suffix: str, pack: Packing, tmp_path: Path) -> None:
    (tmp_path / f"as-rel.txt{suffix}").write_bytes(pack(AS_REL.encode()))
    text = f"import: {{caida: as-rel.txt{suffix}}}\n"
    assert (
        loaded(tmp_path, text).systems == loaded(tmp_path, "import: {caida: as-rel.txt}\n").systems
    )


@pytest.mark.parametrize("data", [gzip.compress(b"1|2|0")[:-9], b"no gzip"], ids=["cut", "none"])
def test_a_damaged_file(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "cut.gz").write_bytes(data)
    with pytest.raises(SpecError) as caught:
        loaded(tmp_path, "import: {caida: cut.gz}\n")
    assert str(caught.value).startswith(f"{tmp_path}/lab.yaml:2:17: error: cannot read ")


def test_a_packed_file_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It ended in a MemoryError."""
    monkeypatch.setattr("orchestrator.loading._MOST_OCTETS", 1 << 20)
    (tmp_path / "bomb.gz").write_bytes(gzip.compress(bytes(1 << 21)))
    with pytest.raises(SpecError, match="holds more than 1 MiB") as caught:
        loaded(tmp_path, "import: {caida: bomb.gz}\n")
    assert caught.value.problems[0].line == 2


@pytest.mark.parametrize("name", ["..", '"\\0"', "x" * 300])
def test_what_is_no_file(name: str, tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        loaded(tmp_path, f"import: {{caida: {name}}}\n")
    assert str(caught.value).startswith(f"{tmp_path}/lab.yaml:2:17: error: cannot read ")


def test_a_number_that_is_not_private_is_for_imports_only(tmp_path: Path) -> None:
    text = "import: {caida: as-rel.txt}\nas:\n  mine: {asn: 174}\n"
    with pytest.raises(SpecError, match="AS 174 is not reserved for private use"):
        loaded(tmp_path, text)


def test_a_problem_of_an_imported_as_stands_at_the_import(tmp_path: Path) -> None:
    text = "import:\n  caida: as-rel.txt\nnodes:\n  as3356: {role: host}\n"
    with pytest.raises(PlanError) as caught:
        loaded(tmp_path, text)
    (problem,) = caught.value.problems
    assert "'as3356' is taken, by the router of line 3" in problem.message
    text = "import: {caida: as-rel.txt}\n"
    with pytest.raises(PlanError) as caught:
        loaded(
            tmp_path,
            text,
            "as.all={asn: 64500, prefix: 198.18.0.0/15}",
            "as.rest={asn: 64501, prefix: 100.64.0.0/10}",
        )
    (problem,) = caught.value.problems
    assert (problem.line, problem.column) == (2, 17)
