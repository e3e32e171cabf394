"""The verb `link`: show links, impair them, cut them, mend them; live."""

from __future__ import annotations

import time

import click

from orchestrator.cli import interrupts, words
from orchestrator.cli.common import chosen_lab, json_option, name_option, print_json
from orchestrator.cli.groups import Group
from orchestrator.cli.layout import open_output
from orchestrator.cli.links_told import print_counters, print_link, print_links
from orchestrator.cli.saying import say
from orchestrator.errors import Mistake, UsageError
from orchestrator.plan.codec import to_plain
from orchestrator.plan.lookups import find_link
from orchestrator.runtime.links.settings import directions_from, read_settings, shaped
from orchestrator.runtime.links.state import DIRECTIONS
from orchestrator.spec.units import read_duration_s
from orchestrator.verbs.link import links_of

from_option = click.option(
    "--from",
    "sender",
    default="",
    help="Only frames that this end sends.",
    shell_complete=words.nodes_and_switches,
)
link_argument = click.argument("link", shell_complete=words.links)


@click.group("link", cls=Group, invoke_without_command=True)
@name_option
@json_option
@click.pass_context
def link_command(context: click.Context, name: str, as_json: bool) -> None:
    """Show links, impair them, cut them, mend them; live.

    LINK is a link's name, or its two ends: laptop,oak-street-lan
    """
    if context.invoked_subcommand is None:
        with links_of(chosen_lab(name)) as layer:
            links, plan = dict(layer.links), layer.plan
        if as_json:
            print_json({name: to_plain(link) for name, link in links.items()})
        else:
            print_links(open_output(), plan, links)


@link_command.command("show")
@link_argument
@json_option
@name_option
def show_command(link: str, name: str, as_json: bool) -> None:
    """Show what a link does, and what its backend counts."""
    with links_of(chosen_lab(name)) as layer:
        found = find_link(layer.plan, link)
        state, seen = layer.links[found.name], layer.show(found.name)
    if as_json:
        print_json({"link": found.name, **to_plain(state), "seen": seen})
        return
    output = open_output()
    print_link(output, found, state)
    print_counters(output, found, seen)


@link_command.command("set")
@link_argument
@click.argument("settings", nargs=-1, required=True)
@from_option
@name_option
def set_command(name: str, link: str, settings: tuple[str, ...], sender: str) -> None:
    """Change settings, and leave the others.

    \b
    lab link set a--b delay=20ms loss=1%

    \b
    delay=20ms jitter=2ms distribution=normal correlation=25%
    loss=1% | loss=p:1%,r:25%,bad:100%,good:0% | nth=100
    reorder=1% duplicate=1% corrupt=1%
    rate=10Mbit/s | rate=unlimited   queue=100packets | queue=64kB
    """
    spec = read_settings(settings)
    with links_of(chosen_lab(name)) as layer:
        found = find_link(layer.plan, link)
        now = layer.links[found.name]
        layer.change(found.name, shaped(found, now, spec, directions_from(found, sender)))
        print_link(open_output(), found, layer.links[found.name])


@link_command.command("reset")
@link_argument
@name_option
def reset_command(name: str, link: str) -> None:
    """Make a link again what its topology says; cuts are mended."""
    with links_of(chosen_lab(name)) as layer:
        found = find_link(layer.plan, link)
        if layer.links[found.name].down:
            layer.cut(found.name, down=False)
        layer.blackhole(found.name, DIRECTIONS, is_on=False)
        layer.change(found.name, layer.links[found.name].changed(ab=found.ab, ba=found.ba))
        print_link(open_output(), found, layer.links[found.name])


@link_command.command("down")
@link_argument
@name_option
def down_command(name: str, link: str) -> None:
    """Pull the cable: both ends lose their carrier.

    Routing sees it at once.
    """
    _cut(name, link, down=True)


@link_command.command("up")
@link_argument
@name_option
def up_command(name: str, link: str) -> None:
    """Plug the cable in again."""
    _cut(name, link, down=False)


def _cut(name: str, link: str, down: bool, quiet: bool = False) -> None:
    with links_of(chosen_lab(name)) as layer:
        found = find_link(layer.plan, link)
        layer.cut(found.name, down)
        if not quiet:
            print_link(open_output(), found, layer.links[found.name])


@link_command.command("blackhole")
@link_argument
@click.argument("switch", type=click.Choice(["on", "off"]), default="on")
@from_option
@name_option
def blackhole_command(name: str, link: str, switch: str, sender: str) -> None:
    """Let frames vanish while the carrier stays.

    Only BFD or a hold timer notices.
    """
    with links_of(chosen_lab(name)) as layer:
        found = find_link(layer.plan, link)
        layer.blackhole(found.name, directions_from(found, sender), switch == "on")
        print_link(open_output(), found, layer.links[found.name])


@link_command.command("flap")
@link_argument
@click.option("--every", default="2s", show_default=True, help="Down once in so long, for half.")
@click.option("--for", "duration", default="10s", show_default=True, help="How long altogether.")
@name_option
def flap_command(name: str, link: str, every: str, duration: str) -> None:
    """Pull the cable and plug it in again, over and over.

    It is plugged in at the end.
    """
    period_s, duration_s = _seconds(every), _seconds(duration)
    if not 0.1 <= period_s <= duration_s:
        raise UsageError(f"a flap every {every} for {duration}", "every: from 100 ms, at most for")
    end, count = time.monotonic() + duration_s, 0
    try:
        while time.monotonic() < end:
            for down in (True, False):
                _cut(name, link, down, quiet=True)
                time.sleep(period_s / 2)
                interrupts.check()
            count += 1
    finally:
        _cut(name, link, down=False, quiet=True)
    say(f"down {count} times")


def _seconds(text: str) -> float:
    try:
        return read_duration_s(text)
    except Mistake as mistake:
        raise UsageError(str(mistake), mistake.hint) from None
