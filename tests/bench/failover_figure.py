"""docs/figures/failover.svg: the transit cut with BFD and without, in one picture, as measured.

    python -m tests.bench.failover_figure            run both scenarios, and draw them
    python -m tests.bench.failover_figure RUN RUN    draw two studies there are

Both plots are of the trial nearest to the median, over the same stretch of time.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from orchestrator.analysis.failover.findings import StudyFinding
from orchestrator.records.study import Trial
from orchestrator.report.failover.choose import longest, typical
from orchestrator.report.failover.layout import Window, origin_ns
from orchestrator.report.failover.plot import Panel, draw, panel_of
from orchestrator.verbs.study_report import find_results

SCENARIOS = ("transit-cut", "transit-cut-no-bfd")
PROBE = "ping"
REPOSITORY = Path(__file__).resolve().parents[2]
PICTURE = REPOSITORY / "docs" / "figures" / "failover.svg"
MOST_BYTES = 60_000
LAB = Path(sys.executable).with_name("lab")
# Before the fault, and beyond the longer outage's end.
BEFORE_MS, AFTER_SHARE = 1_000.0, 1.15

Results = tuple[StudyFinding, tuple[Trial, ...]]


def run(scenario: str) -> Path:
    """Run a shipped scenario; its folder. A study that did not pass is no figure: SystemExit."""
    done = subprocess.run(
        [LAB, "study", scenario, "--json"], stdout=subprocess.PIPE, text=True, cwd=REPOSITORY
    )
    if done.returncode:
        raise SystemExit(f"{scenario} did not pass (exit {done.returncode}): nothing is drawn")
    return REPOSITORY / str(json.loads(done.stdout)["run"])


def over_ms(results: Results) -> float:
    """When the probe was answered again, in ms after the fault began; 0 without an outage."""
    finding, trials = results
    chosen = typical(finding)
    if chosen is None or (outage := longest(chosen.probes[PROBE])) is None:
        return 0.0
    trial = next(trial for trial in trials if trial.number == chosen.number)
    return (outage.end_ns - origin_ns(trial)) / 1e6


def picture(studies: list[Results]) -> str:
    """Both studies as one SVG."""
    window = Window(-BEFORE_MS, AFTER_SHARE * max(map(over_ms, studies)))
    panels = [
        panel_of(finding, trials, probes=[PROBE], window=window) for finding, trials in studies
    ]
    drawn: list[Panel] = [panel for panel in panels if panel is not None]
    return draw(drawn, "The transit cut, with BFD and without")


def main() -> None:
    """Draw, and say what the picture shows."""
    folders = [Path(given) for given in sys.argv[1:]] or [run(scenario) for scenario in SCENARIOS]
    studies = [find_results(folder) for folder in folders]
    text = picture(studies)
    if len(text) > MOST_BYTES:
        raise SystemExit(f"the picture has {len(text)} bytes, of {MOST_BYTES} at most")
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    PICTURE.write_text(text, encoding="utf-8")
    for finding, _ in studies:
        spread = finding.outage_ms[PROBE]
        told = f"{spread.median:,.0f} ms ({spread.least:,.0f} to {spread.most:,.0f})"
        print(f"{finding.name:24} {PROBE} cut off for {told}")
    print(f"wrote {PICTURE.relative_to(REPOSITORY)}")


if __name__ == "__main__":
    main()
