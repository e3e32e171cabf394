"""What `lab schema` prints, held to what we ship and write of it by a validator of others."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import Field, TypeAdapter

from orchestrator.cli.topology import schema_command
from orchestrator.spec.load import parse
from orchestrator.spec.schema import MODELS, json_schema
from orchestrator.spec.wires import Shape
from tests.documented import REPOSITORY, examples

CHECK = Path(sys.executable).with_name("check-jsonschema")
ERRORS = REPOSITORY / "tests/errors"
# Of the files in tests/errors. What the others have wrong takes more than the file and its keys:
# names that lead nowhere, addresses that are taken, providers in a circle.
REFUSED = {
    "topology": "announced-form bad-asn bad-counts bad-expectation bad-interior bad-names "
    "bad-place bad-prefix bad-record duplicate-as duplicate-key empty-file hosts-none import-form "
    "ixp-alone link-address-form missing-as missing-asn missing-name name-too-long not-a-mapping "
    "only-comments router-names routing-values syntax-colon-in-text syntax-indentation syntax-tab "
    "syntax-two-documents syntax-unclosed-list syntax-unclosed-quote unknown-anchor unknown-key "
    "unknown-key-nested unknown-peering unknown-role wire-bursts wire-everywhere "
    "wire-loss-and-nth wire-out-of-range wire-units wire-unknown-key wire-unknown-profile "
    "wrong-types",
    "scenario": "greater-unquoted nothing-to-ask probe-kinds units unknown-keys",
}
WRONG = {
    # The validator itself does not end over a million aliases.
    "topology": [path for path in ERRORS.glob("*.yaml") if path.stem != "alias-bomb"],
    "scenario": list((ERRORS / "scenarios").glob("*.yaml")),
}
GOOD = {
    "topology": [
        *(REPOSITORY / "topologies").glob("*.yaml"),
        *(REPOSITORY / "tests/golden").glob("*/topology.yaml"),
    ],
    "scenario": list((REPOSITORY / "topologies/scenarios").glob("*.yaml")),
}
PAGES = {"topology": "docs/topology.md", "scenario": "docs/scenarios.md"}
KINDS = pytest.mark.parametrize("kind", MODELS)


def refused(schema: Mapping[str, Any], files: Iterable[Path], folder: Path) -> dict[str, str]:
    """The files that check-jsonschema refuses by a schema, and why."""
    path = folder / "schema.json"
    path.write_text(json.dumps(schema))
    command = [str(CHECK), "-o", "json", "--schemafile", str(path), *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    told = json.loads(done.stdout)
    found = {error["filename"]: json.dumps(error) for error in told.get("errors", [])}
    broken = {error["filename"]: json.dumps(error) for error in told.get("parse_errors", [])}
    assert done.returncode == (1 if found or broken else 0)
    return {**found, **broken}


@KINDS
def test_what_we_ship_and_document_is_accepted(kind: str, tmp_path: Path) -> None:
    files = list(GOOD[kind])
    for number, example in enumerate(examples(PAGES[kind])):
        # A section that is shown alone gets what every file has to have.
        text = example if example.startswith("name:") else f"name: part\n{example}"
        files.append(tmp_path / f"example-{number}.yaml")
        files[-1].write_text(text)
    assert len(files) >= 14
    assert refused(json_schema(kind), files, tmp_path) == {}


@KINDS
def test_mistakes_that_a_schema_can_see_are_refused(kind: str, tmp_path: Path) -> None:
    found = refused(json_schema(kind), WRONG[kind], tmp_path)
    assert sorted(Path(name).stem for name in found) == REFUSED[kind].split()


def test_a_key_that_is_no_name_is_refused() -> None:
    validator = Draft202012Validator(json_schema("topology"))
    for name in ("Isp_1", "-a", "x" * 64):
        assert not validator.is_valid({"name": "lab", "as": {name: {"asn": 64501}}})
    assert validator.is_valid({"name": "lab", "as": {"isp-1": {"asn": 64501}}})


@KINDS
def test_each_is_a_schema(kind: str) -> None:
    Draft202012Validator.check_schema(json_schema(kind))


def test_plain_scalars_mean_the_same_to_the_validator(tmp_path: Path) -> None:
    """Its YAML is 1.2, as ours is."""
    written = "NO no yes on y True TRUE true ~ Null 12:30 190:20:30 010 0o10 08 0x1F 1e3 1. -.5 "
    written += "+12 00 e3 02:4c:00:00:00:01 2026-01-01 2001:db8::1 1.2.3.4"
    words = "".join(f"- {word}\n" for word in written.split())
    path = tmp_path / "scalars.yaml"
    path.write_text(f"words:\n{words}- !!str 12\nall: &all {{a: 1}}\nmerged: {{<<: *all, b: NO}}\n")
    data = parse(path.read_bytes(), "scalars.yaml").data
    assert data["words"][:3] == ["NO", "no", "yes"]
    assert refused({"const": data}, [path], tmp_path) == {}


def test_numbers_to_the_validator_that_are_text_to_us(tmp_path: Path) -> None:
    """Whoever writes a number so learns it from `lab check`."""
    path = tmp_path / "scalars.yaml"
    path.write_text("- 1_000\n- 0b11\n- -0x1\n")
    assert parse(b"a: [1_000, 0b11, -0x1]", "it").data == {"a": ["1_000", "0b11", "-0x1"]}
    assert refused({"const": [1000, 3, -1]}, [path], tmp_path) == {}


def schemas(schema: Any) -> Iterator[dict[str, Any]]:
    """A schema and all in it."""
    if isinstance(schema, list):
        for each in schema:
            yield from schemas(each)
    elif isinstance(schema, dict):
        yield schema
        for key, each in schema.items():
            if key not in ("examples", "default", "enum", "const"):
                yield from schemas(each)


@KINDS
def test_every_key_is_described(kind: str) -> None:
    whole = json_schema(kind)
    for mapping in (whole, *whole["$defs"].values()):
        for key, each in mapping["properties"].items():
            assert each.get("description", "").endswith("."), (mapping["title"], key)
            assert "``" not in json.dumps(mapping)


@KINDS
def test_examples_are_good_ones(kind: str) -> None:
    given = [each for each in schemas(json_schema(kind)) if isinstance(each.get("examples"), list)]
    assert len(given) > 5
    for each in given:
        for example in each["examples"]:
            if "$ref" not in json.dumps(each):
                Draft202012Validator(each).validate(example)


def test_defaults_are_what_one_would_write() -> None:
    """And mean what the model has."""
    mappings = [each for kind in MODELS for each in json_schema(kind)["$defs"].values()]
    checked = 0
    for model in shapes():
        fields = {field.alias or name: field for name, field in model.model_fields.items()}
        # What is only built upon has no mapping of its own.
        mapping = [each for each in mappings if each["properties"].keys() == fields.keys()]
        for key, written in mapping[0]["properties"].items() if mapping else ():
            if "default" in written:
                field = fields[key]
                form = Annotated[field.annotation, Field(), *field.metadata]
                read = TypeAdapter(form).validate_python(written["default"])
                assert read == field.get_default(), (model, key)
                checked += 1
    assert checked > 20


def shapes(above: type[Shape] = Shape) -> Iterator[type[Shape]]:
    """Every mapping that a file may hold."""
    for model in above.__subclasses__():
        yield model
        yield from shapes(model)


@KINDS
def test_the_verb_prints_it(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    schema_command.main([kind], standalone_mode=False)
    assert json.loads(capsys.readouterr().out) == json_schema(kind)
