"""A study as files: a plot, a page, tables; and two studies side by side."""

from orchestrator.report.failover.compare import Comparison, Difference, compare_studies
from orchestrator.report.failover.page import write_html
from orchestrator.report.failover.plot import write_svg
from orchestrator.report.failover.tables import write_csv, write_samples

__all__ = [
    "Comparison",
    "Difference",
    "compare_studies",
    "write_csv",
    "write_html",
    "write_samples",
    "write_svg",
]
