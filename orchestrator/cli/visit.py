"""The verb `visit`: one click, and its timing table.

What prints is imported while the browser starts: see verbs/visit.py.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import get_args
from urllib.parse import urlsplit

import click

from orchestrator.cli import words
from orchestrator.cli.common import (
    DEFAULT_CAPTURES,
    chosen_lab,
    json_option,
    name_option,
    print_json,
    print_note,
)
from orchestrator.errors import UsageError
from orchestrator.plan.outside import is_outside, tell_missing, tell_outside
from orchestrator.records.visit import Cold, Visit, to_json
from orchestrator.spec.probing import ClientKind, HttpVersion
from orchestrator.verbs.labs import plan_of
from orchestrator.verbs.visit import Request, visit

_USER = re.compile(r"\s*(\w+:[/\\]{2})?[^/\\?#]*@")


class _Visit(click.Command):
    """`--cold` takes a value, and takes none: click would have it take the URL behind it."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        for value in (arg.partition("=")[2] for arg in args if arg.startswith("--cold=")):
            if value != "all":
                said = f"--cold={value}: it is --cold, or --cold=all to empty the CDN's edges too"
                raise click.UsageError(said, ctx)
        return super().parse_args(ctx, ["--cold-all" if a == "--cold=all" else a for a in args])


@click.command("visit", cls=_Visit)
@click.argument("url", shell_complete=words.sites)
@click.option(
    "--from",
    "source",
    default="",
    help="The host that clicks [default: the first].",
    shell_complete=words.hosts,
)
@click.option(
    "--client",
    type=click.Choice(get_args(ClientKind)),
    default="chromium",
    show_default=True,
    help="A browser loads the page with all its parts, curl the document alone.",
)
@click.option(
    "--http",
    type=click.Choice(get_args(HttpVersion)),
    default="2",
    show_default=True,
    help="Highest version of HTTP to offer.",
)
@click.option(
    "--cold",
    flag_value=True,
    type=click.UNPROCESSED,
    default=False,
    help="Empty lease, ARP and DNS caches first; --cold=all: what the CDN's edges have as well.",
)
@click.option("--cold-all", "cold", flag_value="all", type=click.UNPROCESSED, hidden=True)
@click.option(
    "--warm",
    "cold",
    flag_value=False,
    type=click.UNPROCESSED,
    help="Leave them as they are [default].",
)
@click.option("-4", "--ipv4", "family", flag_value=4, type=int, help="The host has no IPv6.")
@click.option("-6", "--ipv6", "family", flag_value=6, type=int, help="The host has no IPv4.")
@click.option(
    *("-n", "--repeat", "count"),
    type=click.IntRange(1),
    default=1,
    help="So many visits in a row, all but the first one with --warm; then how they compare.",
)
@click.option(
    "--film/--no-film",
    default=True,
    help="Film the screen [default]: what is first drawn is drawn a frame later for it.",
)
@click.option(
    "--journey/--no-journey",
    "told",
    default=True,
    help="Tell the journey at once [default], or leave that to 'lab report'.",
)
@click.option(
    "--allow-degraded",
    is_flag=True,
    help="Exit 0 even if files are missing from a page that came.",
)
@click.option(
    "--timeout", default=30.0, show_default=True, help="Seconds it may take, from 0.001 on."
)
@click.option(
    "--captures",
    type=click.Path(path_type=Path, file_okay=False),
    default=DEFAULT_CAPTURES,
    show_default=True,
    help="Where runs are kept.",
)
@name_option
@json_option
def visit_command(
    url: str,
    source: str,
    client: str,
    http: str,
    cold: Cold,
    family: int | None,
    count: int,
    film: bool,
    told: bool,
    allow_degraded: bool,
    timeout: float,
    captures: Path,
    name: str,
    as_json: bool,
) -> int:
    """Click: load a URL from a host, captured on every interface.

    Exits 1 if the visit, or any of several, fails or its page lacks files; its run is written
    all the same.
    """
    kind = "curl" if client == "curl" else "chromium"
    request = Request(url, source, kind, http, cold, timeout, family, film, told)  # type: ignore[arg-type]
    if count > 1:
        if not told:
            raise UsageError("several visits are compared by their journeys", "omit --no-journey")
        visits = _visit_again(chosen_lab(name), request, captures, count, as_json)
        return exit_code(visits, allow_degraded)
    lab = chosen_lab(name)
    run = visit(lab, request, captures, _import_what_prints, print_note)
    if as_json:
        print_json(to_json(run.visit))
    else:
        from orchestrator.cli.layout import open_output
        from orchestrator.cli.visit_told import print_run

        print_run(open_output(), run)
    _print_notes(lab, run.visit, url)
    return exit_code([run.visit], allow_degraded)


def exit_code(visits: Sequence[Visit], allow_degraded: bool = False) -> int:
    """1 where a visit failed or, unless that is allowed, its page lacks files; else 0."""
    good = (v.error is None if allow_degraded else v.is_whole for v in visits)
    return 0 if all(good) else 1


def _visit_again(
    lab: str, request: Request, captures: Path, count: int, as_json: bool
) -> list[Visit]:
    """Visits in a row, and how the last one's journey compares with the first one's."""
    from orchestrator.analysis.figures.compare import compare_journeys
    from orchestrator.cli.compare_told import Comparison, comparison_to_plain, print_comparison
    from orchestrator.cli.layout import open_output
    from orchestrator.cli.visit_told import print_short

    runs, output = [], open_output()
    for place in range(count):
        again = replace(request, cold=False if place else request.cold)
        runs.append(visit(lab, again, captures, wait=print_note))
        if not as_json:
            print_short(output, runs[-1])
            output.say(f"evidence: {runs[-1].folder}/", "  ")
    visits = [run.visit for run in runs]
    journeys = [run.journey for run in runs if run.journey is not None]
    comparison = Comparison(visits, compare_journeys(journeys[0], journeys[-1]))
    if as_json:
        print_json(comparison_to_plain(comparison))
    else:
        print_comparison(output, comparison)
    _print_notes(lab, visits[-1], request.url)
    return visits


def _import_what_prints() -> None:
    import_module("orchestrator.cli.visit_told")


def _print_notes(lab: str, record: Visit, typed: str) -> None:
    """What was not sent, and that nothing answered because the lab never had such a host."""
    if _USER.match(typed):
        print_note("the user and the password in the address were left out")
    if record.error is None or record.status is not None:
        return
    plan, host = plan_of(lab), urlsplit(record.url).hostname or ""
    if is_outside(plan, host):
        print_note(tell_outside(plan, host))
    elif record.error == "dns" and host not in plan.sites and (told := tell_missing(plan, host)):
        print_note(told)
