"""The TLS handshake: what was offered, what was chosen, and who vouches for the server."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.analysis.connections.certificates import Certificate
from orchestrator.analysis.connections.handshake import (
    ALERTS,
    CIPHERS,
    ENCRYPTED_EXTENSIONS,
    FIELDS,
    FINISHED,
    GROUPS,
    TLS_1_3,
    VERSIONS,
    Handshake,
    numbers,
    read_handshake,
)
from orchestrator.analysis.connections.peers import (
    Peer,
    dissections_of,
    find_peer,
    how_many,
    in_words,
)
from orchestrator.analysis.evidence import Dissection
from orchestrator.analysis.step import Detail, Proof, Step
from orchestrator.analysis.story import Connection, Story, proof
from orchestrator.analysis.teller import Teller
from orchestrator.analysis.web.urls import find_start, host_of

KIND = "tls"


_ALPN, _GROUP = "tls.handshake.extensions_alpn_str", "tls.handshake.extensions_key_share_group"
_OFFERED_VERSION = "tls.handshake.extensions.supported_version"


def _tell(story: Story) -> Iterator[Step]:
    for connection in story.connections:
        entries = [*dissections_of(story, connection.frames)]
        found = read_handshake(entries)
        if found is not None:
            yield _Telling(story, connection, found, entries).step()


class _Telling:
    """One handshake and the words for it."""

    def __init__(
        self, story: Story, connection: Connection, found: Handshake, entries: list[Dissection]
    ) -> None:
        self.story, self.found, self.entries = story, found, entries
        self.peer: Peer = find_peer(story, connection)
        self.client = story.client.name
        self.chain: tuple[Certificate, ...] = found.chain
        main = story.main_connection
        is_main = main is not None and main.frames[0] == connection.frames[0]
        self.failed = found.alert is not None or (story.visit.error == "tls" and is_main)

    def step(self) -> Step:
        last = self._last()
        told = [self._offer(), self._choice(), self._vouching(), self._outcome(last)]
        return Step(
            kind=KIND,
            title=self._title(),
            told=" ".join(text for text in told if text),
            nodes=(self.client, self.peer.node) if self.peer.node else (self.client,),
            start_ns=self.found.hello.frame.time_ns,
            end_ns=last.frame.time_ns,
            proofs=tuple(self._proofs()),
            details={**self._details(), "handshake_ms": round(self._took_ms(last), 3)},
            saved=self._saved(),
            expected=self._expected(),
            as_expected=self._as_expected(),
            terms=("TLS", "certificate", "SNI", "ALPN", "key exchange"),
            milestone=f"{'TLS fails' if self.failed else 'TLS begins'} with {self.peer.short}",
            moment_ns=last.frame.time_ns if self.failed else None,
        )

    def _last(self) -> Dissection:
        found = self.found
        if self.failed:
            ends = (found.alert, found.finished, found.flight_end, found.hello)
        else:
            ends = (found.finished, found.flight_end, found.answer, found.hello)
        return next(entry for entry in ends if entry is not None)

    def _took_ms(self, last: Dissection) -> float:
        return (last.frame.time_ns - self.found.hello.frame.time_ns) / 1e6

    @property
    def _version(self) -> str:
        return VERSIONS.get(self.found.version, f"version {self.found.version:#06x}")

    def _title(self) -> str:
        if self.failed:
            return f"TLS with {self.peer.short} fails"
        if self.found.answer is None:
            return f"TLS: no answer from {self.peer.short}"
        resumed = ", resumed" if self.found.is_resumed else ""
        return f"{self._version} with {self.peer.short}{resumed}"

    def _alpn(self) -> str:
        """What the server chose; in TLS 1.3 it says so under the new keys."""
        heard = (e for e in self.entries if not e.frame.outbound and e.has(_ALPN))
        return next((entry.one(_ALPN) for entry in heard), "")

    def _offer(self) -> str:
        hello = self.found.hello
        name = self.found.server_name
        whom = f"asks {self.peer.called} for {name} (SNI)" if name else f"greets {self.peer.called}"
        told = f"{self.client} {whom} and offers {in_words(_names(hello, _OFFERED_VERSION))}"
        alpn = in_words(hello.all(_ALPN))
        told += f", {alpn} (ALPN)" if alpn else ""
        groups = in_words(_names(hello, _GROUP))
        return told + (f", and a key share of {groups}." if groups else ".")

    def _choice(self) -> str:
        answer = self.found.answer
        if answer is None:
            return ""
        cipher = in_words(_names(answer, "tls.handshake.ciphersuite"))
        group = in_words(_names(answer, _GROUP))
        picked = [self._version, cipher, group, self._alpn()]
        told = f"{self.peer.short} chooses {in_words(filter(None, picked))}."
        if self.found.is_resumed:
            told += " It takes a ticket of an earlier session in place of a certificate."
        if self.found.version == TLS_1_3 and not self.found.is_decrypted:
            told += " All that follows is encrypted, and the keys of this connection are not known."
        return told

    def _vouching(self) -> str:
        if not self.chain:
            return ""
        leaf, *above = self.chain
        told = (
            f"Its certificate is for {in_words(leaf.hosts) or leaf.subject}, from "
            f"{leaf.not_before} to {leaf.not_after}, and {leaf.issuer} vouches for it"
        )
        for issuer in above:
            own = issuer.issuer == issuer.subject
            told += "" if own else f"; for that one, {issuer.issuer} does"
        return f"{told}."

    def _outcome(self, last: Dissection) -> str:
        if self.failed:
            return self._failure()
        if self.found.answer is None:
            return "No answer to that was seen."
        if self.found.finished is None:
            return "The client did not finish the handshake."
        trips = how_many(self.found.round_trips, "round trip")
        return f"It took {trips}: {self._took_ms(last):.1f} ms from ClientHello to Finished."

    def _failure(self) -> str:
        host = host_of(find_start(self.story))
        told = []
        if self.chain and host not in self.chain[0].hosts and self._is_name_wrong():
            told.append(f"The address bar says {host}, which is none of the certificate's names.")
        if self.found.alert is not None:
            who = self.client if self.found.alert.frame.outbound else self.peer.short
            told.append(f"{who} breaks the handshake off: alert {self._alert()}.")
        if self.story.visit.error == "tls" and self.story.visit.error_detail:
            told.append(f"The client's verdict: {self.story.visit.error_detail}.")
        return " ".join(told) or "The handshake fails."

    def _is_name_wrong(self) -> bool:
        return not self.chain[0].hosts or "NAME" in self.story.visit.error_detail.upper()

    def _alert(self) -> str:
        number = _failure_of(self.found.alert) if self.found.alert else 0
        return ALERTS.get(number, str(number))

    def _details(self) -> dict[str, Detail]:
        found, hello = self.found, self.found.hello
        details: dict[str, Detail] = {
            "server_name": found.server_name or "none",
            "offered_versions": _names(hello, _OFFERED_VERSION),
            "offered_alpn": hello.all(_ALPN),
            "offered_key_shares": _names(hello, _GROUP),
        }
        if found.answer is not None:
            details |= {
                "version": self._version,
                "cipher": in_words(_names(found.answer, "tls.handshake.ciphersuite")),
                "group": in_words(_names(found.answer, _GROUP)),
                "alpn": self._alpn() or ("none" if found.is_decrypted else "encrypted"),
                "resumed": found.is_resumed,
                "early_data": found.is_early,
                "round_trips": found.round_trips,
            }
        if self.chain:
            details |= self._chain_details()
        elif found.answer is not None and not found.is_resumed:
            details["certificate"] = "not seen" if found.is_decrypted else "encrypted"
        return details | ({"alert": self._alert()} if found.alert else {})

    def _chain_details(self) -> dict[str, Detail]:
        leaf = self.chain[0]
        return {
            "certificate_subject": leaf.subject,
            "certificate_names": leaf.hosts,
            "certificate_issuer": leaf.issuer,
            "certificate_valid_from": leaf.not_before,
            "certificate_valid_to": leaf.not_after,
            "certificate_chain": tuple(f"{c.subject} ← {c.issuer}" for c in self.chain),
            "certificate_chain_signed": self.found.is_chain_signed,
        }

    def _proofs(self) -> Iterator[Proof]:
        found = self.found
        name = found.server_name
        sni = f' && tls.handshake.extensions_server_name == "{name}"' if name else ""
        yield proof(found.hello.frame, f"tls.handshake.type == 1{sni}", "ClientHello")
        if found.answer is not None:
            yield proof(found.answer.frame, _shows_choice(found), "ServerHello")
        if self.chain and found.certificate is not None:
            yield proof(found.certificate.frame, _shows_certificate(self.chain[0]), "certificate")
        chosen = next((e for e in self.entries if _says(e, ENCRYPTED_EXTENSIONS)), None)
        if chosen is not None and chosen.has(_ALPN):
            shows = f'tls.handshake.type == 8 && {_ALPN} == "{chosen.one(_ALPN)}"'
            yield proof(chosen.frame, shows, "ALPN chosen")
        if found.finished is not None:
            done = "tls.handshake.type == 20" if _says(found.finished, FINISHED) else "tls.record"
            yield proof(found.finished.frame, done, "Finished" if "==" in done else "encrypted")
        if found.alert is not None:
            shows = f"tls.alert_message.desc == {_failure_of(found.alert)}"
            yield proof(found.alert.frame, shows, f"alert {self._alert()}")
        if self.failed and self.story.visit.error_detail:
            yield Proof("visit.json", 0, "/error_detail", self.story.visit.error_detail)

    def _saved(self) -> str:
        if not self.found.is_resumed or self.failed:
            return ""
        return "a certificate to send and to check: the key of an earlier session is used again"

    def _wanted(self) -> set[str]:
        wanted = (r for r in self.story.plan.certificates if r.node == self.peer.node)
        return {host for request in wanted for host in request.hosts}

    def _expected(self) -> str:
        wanted = self._wanted()
        if not wanted or not self.chain:
            return ""
        return f"a certificate for {in_words(sorted(wanted))}"

    def _as_expected(self) -> bool | None:
        if not self._expected():
            return None
        return self.found.is_chain_signed and bool(self._wanted() & set(self.chain[0].hosts))


def _failure_of(entry: Dissection) -> int:
    return next((int(v) for v in entry.all("tls.alert_message.desc") if int(v)), 0)


def _says(entry: Dissection, kind: int) -> bool:
    return str(kind) in entry.all("tls.handshake.type")


def _names(entry: Dissection, field: str) -> tuple[str, ...]:
    """A field's values by name; what has none, as its number."""
    known = {
        _OFFERED_VERSION: VERSIONS,
        "tls.handshake.ciphersuite": CIPHERS,
        _GROUP: GROUPS,
    }[field]
    return tuple(known.get(value, f"{value:#06x}") for value in numbers(entry, field))


def _shows_choice(found: Handshake) -> str:
    shows = "tls.handshake.type == 2"
    for cipher in found.answer.all("tls.handshake.ciphersuite")[:1] if found.answer else ():
        shows += f" && tls.handshake.ciphersuite == {cipher}"
    if found.version == TLS_1_3:
        shows += f" && {_OFFERED_VERSION} == {TLS_1_3:#06x}"
    return shows


def _shows_certificate(leaf: Certificate) -> str:
    shows = "tls.handshake.type == 11"
    named = [host for host in leaf.hosts if any(c.isalpha() for c in host) and ":" not in host]
    return shows + "".join(f' && x509ce.dNSName == "{host}"' for host in named[:1])


def _round_trips(step: Step) -> int:
    """TLS 1.3 has one round trip, none with early data (RFC 8446, 2); TLS 1.2 has two, one when a
    session is resumed (RFC 5246, 7.3).
    """
    if step.details.get("early_data"):
        return 0
    old = step.details.get("version") in ("TLS 1.2", "TLS 1.1", "TLS 1.0")
    return 2 if old and not step.details.get("resumed") else 1


TELLER = Teller(KIND, _tell, FIELDS, answered=True, round_trips=_round_trips)
