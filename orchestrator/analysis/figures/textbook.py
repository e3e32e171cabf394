"""A visit's times beside the ranges that textbooks give, in eight rows (docs/cli.md has them).

What takes round trips is counted in those. Their ranges leave room, and what the two ends compute
is not held against them: on a line of 4 ms it is most of a handshake. All are times: what is
quicker than the range is as good as what lies in it. What failed is compared with nothing, since a
quick failure is no merit; nor is a page whose edge had to ask for it first, of which no book tells.
Where they are from: TCP and TLS, RFC 9293 and RFC 8446, 2; the request, Lighthouse's audit
server-response-time; first byte and paint, https://web.dev/articles/ttfb and …/fcp; the others are
what courses on web performance teach, and hold for orders of magnitude.
"""

from __future__ import annotations

from orchestrator.analysis.figures.handshakes import compare_handshakes
from orchestrator.analysis.figures.lookups import compare_lookup
from orchestrator.analysis.figures.pages import compare_page
from orchestrator.analysis.figures.usual import Comparison as Comparison
from orchestrator.analysis.story import Story


def compare_with_textbook(story: Story) -> tuple[Comparison, ...]:
    """What the literature says of each figure that this visit has."""
    return (*compare_lookup(story), *compare_handshakes(story), *compare_page(story))
