"""What is the same for every node of a role is asked of the role: nobody else keeps a list."""

from __future__ import annotations

from orchestrator.roles import ROLES
from tests.unit.literals import find_literals

# Whole packages that are about roles.
PLACES = (
    "roles/",
    "compile/",  # decides which nodes there are, and what each must know
    "spec/",  # below roles/: what a user may write
)
# In these each module is about nodes of one role, and names it.
ONE_EACH = ("faults/", "analysis/steps/")
# What a module asks of nodes of this role alone, whatever roles there will be.
MAY_NAME = {
    # Who wrote a log, and so in which form; requests are followed from log to log.
    "analysis/web/serving.py": {"edge", "balancer", "app", "web"},
    "analysis/web/fetch.py": {"edge", "balancer"},
    "analysis/figures/pages.py": {"edge"},  # a MISS there is told as such
    "analysis/web/edges.py": {"edge"},
    "cli/planned.py": {"nameserver", "edge"},  # who serves a zone, and who is before a site
    "runtime/daemons/caches.py": {"resolver", "gateway", "edge"},  # each emptied by its own means
    "events/caches.py": {"edge"},  # which answers of a cache are events
}
# The same letters, and another meaning.
NO_ROLES = {
    "analysis/steps/balancer.py": {"balancer", "web"},  # its kind, and a backend of HAProxy's
    "analysis/waits/losses.py": {"edge", "balancer"},  # what a stretch of time was waited for
    "analysis/waits/stations.py": {"edge", "balancer"},
    "cli/main.py": {"host"},  # a heading of the help: verbs about this machine
    "probes/run.py": {"nameserver"},  # resolv.conf(5)
    "runtime/engine/images.py": {"host"},  # a network of Docker's
}


def test_roles_are_named_where_they_must_be() -> None:
    named: dict[str, set[str]] = {}
    for literal in find_literals(ROLES, *PLACES):
        named.setdefault(literal.module, set()).add(literal.word)
    known = MAY_NAME | NO_ROLES
    others = {
        module: words
        for module, words in named.items()
        if module not in known and not (module.startswith(ONE_EACH) and len(words) == 1)
    }
    assert others == {}, "ask the Role (orchestrator/roles/base.py), or say here why not"
    assert {module: named[module] for module in known} == known


def test_there_is_no_list_of_roles() -> None:
    """Not where roles are placed either. Readers of logs are one, by who wrote them."""
    places = ("roles/", "spec/", "analysis/web/serving.py", *NO_ROLES)
    found = [str(literal) for literal in find_literals(ROLES, *places) if literal.listed]
    assert found == []
