"""The steps of a journey, as an explicit list. To add one: a module, and its line in TELLERS.

A module has a TELLER: what it is called, the fields that tshark is to read for it, and the
function that finds its steps in a story. A teller finds nothing where nothing of its kind
happened, or where the evidence for it is not there; it never raises for the want of evidence.
"""

from __future__ import annotations

from orchestrator.analysis.steps import tcp
from orchestrator.analysis.teller import Teller

# In the order in which they happen, for those that begin at the same moment.
TELLERS: tuple[Teller, ...] = (tcp.TELLER,)


def fields() -> tuple[str, ...]:
    """All that tshark is asked for, each once."""
    return tuple(dict.fromkeys(name for teller in TELLERS for name in teller.fields))
