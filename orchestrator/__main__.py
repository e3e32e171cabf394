"""`python -m orchestrator` is `lab`."""

from orchestrator.cli.entry import run

if __name__ == "__main__":
    run()
