"""One visit with curl: the document alone."""

from __future__ import annotations

from contextlib import closing

from orchestrator.browser import curl
from orchestrator.browser.address import read_address
from orchestrator.browser.click import Click
from orchestrator.browser.client import Client, Evidence, new_folder, remove_folder, take_files
from orchestrator.browser.curl_trace import WANTED, find_start_s, last_request
from orchestrator.browser.har_curl import fetch_to_har
from orchestrator.errors import DeployError
from orchestrator.plan.addresses import Family
from orchestrator.runtime.engine.exec import ExecResult, run_exec

# What a fetch may take beyond its own time limit before it is killed.
GRACE_S = 5.0
# What curl reports, the true clock when it is done, and of its trace what is wanted.
WITH_CLOCK = (
    'mkdir -m 700 "$1" && trace=$1/trace wanted=$2 && shift 2 && "$@" --stderr "$trace"; code=$?; '
    'printf "\\f"; TRUE_CLOCK=1 date +%s.%N; printf "\\f"; grep -aoE "$wanted" "$trace"; '
    '[ "$code" = 2 ] && tail -n 3 "$trace" >&2; exit "$code"'
)


class Fetch:
    """One visit to `url` with curl, which offers HTTP up to version `http` over IP version
    `family`, or over both. Used as `browse.Browser` is, and raises as that does."""

    def __init__(
        self,
        client: Client,
        url: str,
        *,
        timeout_s: float,
        http: str = "2",
        family: Family | None = None,
    ) -> None:
        self._client, self._url, self._folder = client, read_address(url), new_folder()
        self._timeout_s = timeout_s
        self._argv = curl.curl_argv(
            self._url, ca_file=client.ca_file, timeout_s=timeout_s, http=http, family=family
        )
        self._said: ExecResult | None = None
        self._taken = False

    def start(self) -> None:
        """Nothing: curl starts in a moment."""

    def load(self) -> None:
        """Fetch the document. That it failed is a result."""
        client, folder = self._client, self._folder
        self._said = run_exec(
            client.engine,
            client.container,
            ["sh", "-c", WITH_CLOCK, "sh", folder.path, WANTED, *self._argv],
            user=client.user,
            environment={"SSLKEYLOGFILE": folder.keylog},
            timeout_s=2 * self._timeout_s + GRACE_S,
        )

    def end(self) -> None:
        """Nothing: curl has ended."""

    def finish(self, click: Click) -> Evidence:
        """Tell what the visit left. Raises DeployError where curl was ended before it could."""
        said = self._said
        assert said is not None  # loaded
        reports, *rest = said.stdout.decode(errors="replace").rsplit("\f", 2)
        if len(rest) < 2:
            raise DeployError("curl ended before it could say how the visit went")
        ended, trace = rest
        files, self._taken = take_files(self._client, self._folder), True
        report = curl.parse_output(reports or said.stderr.decode(errors="replace"))
        started_s = find_start_s(trace, float(ended) - report["time_total"])
        report = last_request(report, trace)
        visit = curl.to_visit(click, self._url, report, started_s)
        return Evidence(visit, files.keylog, fetch_to_har(visit, report))

    def close(self) -> None:
        """Leave nothing behind."""
        if not self._taken:
            remove_folder(self._client, self._folder)


def fetch(
    client: Client,
    click: Click,
    url: str,
    *,
    timeout_s: float,
    http: str = "2",
    family: Family | None = None,
) -> Evidence:
    """Visit `url` with curl. Raises as `browse.Browser` does."""
    with closing(Fetch(client, url, timeout_s=timeout_s, http=http, family=family)) as fetching:
        fetching.load()
        return fetching.finish(click)
