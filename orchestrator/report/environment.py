"""What the templates of reports are rendered by: a name that one does not know is an error."""

from __future__ import annotations

import base64
import functools
import re
from importlib.resources import files

from jinja2 import BaseLoader, Environment, StrictUndefined, TemplateNotFound

from orchestrator.report import words
from orchestrator.report.glossary import define
from orchestrator.report.material import Picture
from orchestrator.report.packets import hex_lines
from orchestrator.report.proofs import command
from orchestrator.visible import visible

_TEMPLATES = files("orchestrator.report").joinpath("templates")
_INCLUDED = re.compile(r'include "([^"]+)"')


def read_template(name: str) -> str:
    """A file among the templates, as it is."""
    return _TEMPLATES.joinpath(name).read_text(encoding="utf-8")


class _PackageLoader(BaseLoader):
    """Templates out of the package, wherever it is installed."""

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, None]:
        source = _TEMPLATES.joinpath(template)
        if not source.is_file():
            raise TemplateNotFound(template)
        return source.read_text(encoding="utf-8"), template, None


def _shown(value: object) -> object:
    """What a template writes; of text that is not markup already, all can be seen."""
    return visible(value) if isinstance(value, str) and not hasattr(value, "__html__") else value


@functools.cache
def environment(*, autoescape: bool) -> Environment:
    """What the templates of reports are rendered by."""
    made = Environment(
        loader=_PackageLoader(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=autoescape,
        finalize=_shown,
    )
    made.filters |= {
        "ms": words.in_ms,
        "in_bytes": words.in_bytes,
        "rows": words.detail_rows,
        "hex_lines": hex_lines,
        "command": command,
        "data_uri": data_uri,
        "packet": words.call_packet,
        "slug": words.slug,
        "short": words.short,
    }
    made.globals |= {"define": define, "counted": words.counted}
    return made


def compile_template(name: str, *, autoescape: bool) -> None:
    """Compile a template, with all that it includes, before it is wanted."""
    environment(autoescape=autoescape).get_template(name)
    for included in _INCLUDED.findall(read_template(name)):
        compile_template(included, autoescape=autoescape)


def data_uri(picture: Picture) -> str:
    """An image as an address that holds it (RFC 2397)."""
    return f"data:{picture.media_type};base64,{base64.b64encode(picture.data).decode()}"
