"""Start and end one headless Chromium inside a client's container.

Each browser is new: its own folder under /tmp with profile, key log and NetLog, gone afterwards.
Its sandbox is on, which needs a non-root user and a seccomp profile that allows user namespaces.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import docker

from orchestrator.browser.address import check_http_version, split_address
from orchestrator.browser.cdp import Connection
from orchestrator.errors import DeployError
from orchestrator.runtime.engine.exec import ExecStream, open_exec

# Debian's /usr/bin/chromium is a shell script that adds extensions, GPU rasterization and 40 ms.
PROGRAM = "/usr/lib/chromium/chromium"
# Descriptors 3 and 4 are the protocol's; what Chromium prints goes to standard error.
ON_PIPES = 'mkdir -m 700 "$1" && shift && exec "$@" 3<&0 4>&1 </dev/null >&2'
CLOSE_TIMEOUT_S = 3.0

HTTP_FLAGS = {
    "1.1": ("--disable-http2", "--disable-quic"),
    "2": ("--disable-quic",),
    "3": ("--enable-quic",),
}

QUIET_FEATURES = (
    # Beside each address Chromium asks for an HTTPS record (RFC 9460), at the same moment; the
    # lab's zones have none, and two walks of the DNS tree at once hide the order of one.
    "UseDnsHttpsSvcb",
    "AutofillServerCommunication",
    "CertificateTransparencyComponentUpdater",
    "DialMediaRouteProvider",
    "HttpsUpgrades",
    "InterestFeedContentSuggestions",
    "MediaRouter",
    "NetworkTimeServiceQuerying",
    "OptimizationHints",
    "Translate",
    "WebUIOmniboxAimPopup",
    "WebUIOmniboxPopup",
)

FIXED_FLAGS = (
    "--headless",
    "--remote-debugging-pipe",
    "--no-startup-window",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-pings",
    "--disable-background-networking",
    "--disable-breakpad",
    "--disable-client-side-phishing-detection",
    "--disable-component-extensions-with-background-pages",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-dev-shm-usage",  # Docker's /dev/shm holds 64 MB, a page can want more
    "--disable-domain-reliability",
    "--disable-extensions",
    "--disable-field-trial-config",
    "--disable-gpu",
    "--disable-search-engine-choice-screen",
    "--disable-sync",
    "--hide-scrollbars",
    "--metrics-recording-only",
    "--mute-audio",
    "--password-store=basic",
    "--window-size=1280,800",
    f"--disable-features={','.join(QUIET_FEATURES)}",
)


@dataclass(frozen=True)
class Folder:
    """Where one browser keeps its files, inside the container."""

    path: str

    @property
    def keylog(self) -> str:
        """TLS secrets in the NSS key log format."""
        return f"{self.path}/keys.log"

    @property
    def netlog(self) -> str:
        """Chromium's own account of its network stack, JSON, whole once the browser has ended."""
        return f"{self.path}/netlog.json"

    @property
    def profile(self) -> str:
        return f"{self.path}/profile"


def managed_policy(ca_der: bytes) -> dict[str, object]:
    """The policy file of a client: trust this root, predict nothing, report nothing.

    `ca_der` is the root certificate in DER. As JSON the result belongs in a file under
    /etc/chromium/policies/managed. Without NetworkPredictionOptions 2 Chromium connects before it
    navigates, and Navigation Timing shows no DNS and no connect.
    https://chromeenterprise.google/policies/
    """
    return {
        "CACertificates": [base64.b64encode(ca_der).decode()],
        "NetworkPredictionOptions": 2,
        "AlternateErrorPagesEnabled": False,
        "BackgroundModeEnabled": False,
        "BrowserNetworkTimeQueriesEnabled": False,
        "BrowserSignin": 0,
        "ComponentUpdatesEnabled": False,
        "DefaultSearchProviderEnabled": False,
        "DnsOverHttpsMode": "off",
        "DomainReliabilityAllowed": False,
        "HttpsUpgradesEnabled": False,
        "MetricsReportingEnabled": False,
        "PasswordManagerEnabled": False,
        "SafeBrowsingProtectionLevel": 0,
        "SearchSuggestEnabled": False,
        "SpellCheckServiceEnabled": False,
        "SyncDisabled": True,
        "TranslateEnabled": False,
        "UrlKeyedAnonymizedDataCollectionEnabled": False,
    }


def resolver_rules(hosts: Sequence[str], zones: Sequence[str]) -> str:
    """Rules under which only `hosts`, and `zones` with all below them, are ever looked up.

    Chromium asked for a name ~NOTFOUND once ^NOTFOUND had become its word for none (119).
    >>> resolver_rules(["www.example.com"], ["example.com."])
    'MAP * ^NOTFOUND , EXCLUDE www.example.com , EXCLUDE example.com , EXCLUDE *.example.com'
    """
    names = [zone.strip(".") for zone in zones]
    patterns = [*hosts, *(pattern for name in names for pattern in (name, f"*.{name}"))]
    return " , ".join(["MAP * ^NOTFOUND", *(f"EXCLUDE {p}" for p in dict.fromkeys(patterns))])


def chromium_argv(url: str, folder: Folder, *, zones: Sequence[str], http: str) -> list[str]:
    """The command line of the browser that will visit `url`, which it does not open by itself.

    The host of `url` is always looked up, so that a name which is not in the lab fails in the
    lab's DNS and not before it. `http` is "1.1", "2" or "3". QUIC refuses roots that are not
    built in, unless it is forced on for the origin: HTTP/3 is therefore used at once.
    Raises UsageError for another `http`, or when `url` is not an http(s) URL.
    """
    check_http_version(http)
    parts = split_address(url)
    host = parts.hostname or ""
    flags = [
        *FIXED_FLAGS,
        *HTTP_FLAGS[http],
        f"--user-data-dir={folder.profile}",
        f"--ssl-key-log-file={folder.keylog}",
        f"--log-net-log={folder.netlog}",
        "--net-log-capture-mode=Everything",
        f"--host-resolver-rules={resolver_rules([host], zones)}",
    ]
    if http == "3":
        flags.append(f"--origin-to-force-quic-on={host}:{parts.port or 443}")
    return [PROGRAM, *flags]


class Chromium:
    """A browser that runs; `end` it, or use it as a context manager.

    Raises DeployError, with the browser's last words, when it does not start.
    """

    def __init__(
        self,
        client: docker.DockerClient,
        container: str,
        argv: Sequence[str],
        folder: Folder,
        *,
        user: str,
    ) -> None:
        command = ["sh", "-c", ON_PIPES, "sh", folder.path, *argv]
        # What Chromium would leave in /tmp when killed goes with the folder.
        environment = {"TMPDIR": folder.path}
        self._container = container
        self._stream = open_exec(client, container, command, user=user, environment=environment)
        self._ended = False
        self.connection = Connection(self._stream)

    @contextmanager
    def explaining(self) -> Iterator[None]:
        """What the browser does not do in time, or at all, is an error with its last words."""
        try:
            yield
        except (DeployError, TimeoutError) as error:
            hint = last_words(self._stream.stderr.decode(errors="replace"))
            message = f"{self._container}: the browser failed: {error}"
            raise DeployError(message, hint) from error

    def end(self) -> None:
        """Have it close, or kill it where it does not; it is gone then, and its files whole."""
        if self._ended:
            return
        self._ended = True
        with self._stream as stream:
            _end(self.connection, stream)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.end()


def last_words(stderr: str) -> str:
    """The last three lines that a browser printed, its complaints about a missing D-Bus aside."""
    lines = [line.strip()[:200] for line in stderr.splitlines() if "dbus" not in line.lower()]
    return "\n".join([line for line in lines if line][-3:])


def _end(connection: Connection, stream: ExecStream) -> None:
    """Ask the browser to close, and kill it if it does not within CLOSE_TIMEOUT_S."""
    deadline = time.monotonic() + CLOSE_TIMEOUT_S
    try:
        with suppress(DeployError):
            connection.send("Browser.close")
            while True:
                connection.pump(deadline)
    except TimeoutError:
        stream.kill()
    stream.exit_code()
