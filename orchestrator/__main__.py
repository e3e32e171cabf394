"""`python -m orchestrator` is `lab`."""

from orchestrator.cli.main import run

if __name__ == "__main__":
    run()
