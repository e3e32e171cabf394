"""Where the `lab` command begins and ends: ^C has its meaning from before the first import on.

Python's own way with a ^C that nobody caught, or that comes when it has put its handlers away, is
to die of the signal. A shell would then see another end than 130, and ours would have said nothing.
"""

from __future__ import annotations

import gc
import sys

from orchestrator.cli import interrupts

INTERRUPTED = 130
# Modules and plans, which last as long as the command, are most of what Python makes here: looking
# through them for garbage every 700 objects takes a tenth of a visit.
_OBJECTS_BETWEEN_COLLECTIONS = 50_000


def run() -> None:
    """The entry point. Exit codes are those of docs/design.md, section 2."""
    code = INTERRUPTED
    try:
        interrupts.install()
        gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
        from orchestrator.cli.main import main  # the first that takes time

        code = main()
    except KeyboardInterrupt:  # at the import, or a second one while the first was dealt with
        pass
    except Exception as error:
        if not interrupts.caused(error):
            raise
    interrupts.ignore()
    sys.exit(code)
