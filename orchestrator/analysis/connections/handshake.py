"""The TLS handshake of a connection, as the client's file has it (RFC 8446, RFC 5246)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from orchestrator.analysis.connections.certificates import (
    Certificate,
    is_signed_in_turn,
    read_chain,
)
from orchestrator.analysis.evidence import Dissection
from orchestrator.analysis.packets.frames import TCP

# What tshark must read for it.
FIELDS = (
    "tls.handshake.type",
    "tls.handshake.version",
    "tls.handshake.ciphersuite",
    "tls.handshake.random",
    "tls.handshake.extension.type",
    "tls.handshake.extensions_server_name",
    "tls.handshake.extensions_alpn_str",
    "tls.handshake.extensions.supported_version",
    "tls.handshake.extensions_key_share_group",
    "tls.handshake.certificate",
    "tls.record.content_type",
    "tls.record.opaque_type",
    "tls.alert_message.desc",
    "tls.alert_message.level",
)
CLIENT_HELLO, SERVER_HELLO, ENCRYPTED_EXTENSIONS, CERTIFICATE, FINISHED = 1, 2, 8, 11, 20
PRE_SHARED_KEY, EARLY_DATA, TLS_1_3, CLOSE_NOTIFY = 41, 42, 0x0304, 0
_SERVER_MESSAGES = (SERVER_HELLO, ENCRYPTED_EXTENSIONS, CERTIFICATE, 12, 14, 15, FINISHED)
_CHANGE_CIPHER_SPEC, _APPLICATION_DATA = 20, 23
# The random number of a ServerHello that asks for another ClientHello (RFC 8446, 4.1.3).
_RETRY = "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c"
VERSIONS = {0x0304: "TLS 1.3", 0x0303: "TLS 1.2", 0x0302: "TLS 1.1", 0x0301: "TLS 1.0"}
CIPHERS = {
    0x1301: "TLS_AES_128_GCM_SHA256",
    0x1302: "TLS_AES_256_GCM_SHA384",
    0x1303: "TLS_CHACHA20_POLY1305_SHA256",
    0xC02B: "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    0xC02C: "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    0xC02F: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    0xC030: "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    0xCCA8: "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    0xCCA9: "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
}
GROUPS = {
    23: "secp256r1",
    24: "secp384r1",
    25: "secp521r1",
    29: "x25519",
    30: "x448",
    4587: "SecP256r1MLKEM768",
    4588: "X25519MLKEM768",
    4589: "SecP384r1MLKEM1024",
    25497: "X25519Kyber768Draft00",
}
ALERTS = {
    0: "close_notify",
    40: "handshake_failure",
    42: "bad_certificate",
    45: "certificate_expired",
    46: "certificate_unknown",
    48: "unknown_ca",
    70: "protocol_version",
    80: "internal_error",
    112: "unrecognized_name",
    116: "certificate_required",
    120: "no_application_protocol",
}


@dataclass(frozen=True)
class Handshake:
    """The messages of a handshake; None is what was not seen, or not decrypted.

    hello, answer  the first ClientHello, the ServerHello that chose (not one that asks again)
    retry          a ServerHello that asks for another ClientHello
    certificate    the server's Certificate message
    flight_end     the last frame of the server's first flight
    finished       the client's Finished; where it is encrypted, what the client sent at its place
    alert          an alert that says more than goodbye, of either side
    """

    hello: Dissection
    answer: Dissection | None
    retry: Dissection | None
    certificate: Dissection | None
    flight_end: Dissection | None
    finished: Dissection | None
    alert: Dissection | None
    is_decrypted: bool

    @property
    def server_name(self) -> str:
        """The server name that the client asked for (SNI, RFC 6066); "" without one."""
        return self.hello.one("tls.handshake.extensions_server_name")

    @property
    def version(self) -> int:
        """What the server chose; 0 if it did not answer."""
        if self.answer is None:
            return 0
        chosen = self.answer.one("tls.handshake.extensions.supported_version")
        return int(chosen or self.answer.one("tls.handshake.version") or "0", 0)

    @property
    def is_resumed(self) -> bool:
        """Whether the server took the key of an earlier session (RFC 8446, 2.2; RFC 5246, 7.3)."""
        if self.answer is None:
            return False
        if self.version < TLS_1_3:  # a certificate is in clear there, and its lack can be seen
            return self.certificate is None and self.finished is not None
        return PRE_SHARED_KEY in numbers(self.answer, "tls.handshake.extension.type")

    @property
    def is_early(self) -> bool:
        """Whether the server took what the client sent before it answered (RFC 8446, 2.3)."""
        offered = EARLY_DATA in numbers(self.hello, "tls.handshake.extension.type")
        flight = (self.answer, self.flight_end)
        taken = (numbers(e, "tls.handshake.extension.type") for e in flight if e)
        return offered and self.is_resumed and any(EARLY_DATA in types for types in taken)

    @property
    def round_trips(self) -> int:
        """How many it takes before the client may send what it is for."""
        if self.is_early:
            return 0
        if self.version == TLS_1_3:
            return 1 + (self.retry is not None)
        return 2 - self.is_resumed

    @property
    def chain(self) -> tuple[Certificate, ...]:
        """The server's certificates; empty where none was seen."""
        return read_chain(self._encoded)

    @property
    def is_chain_signed(self) -> bool:
        """Whether each certificate of the chain is signed by the next."""
        return is_signed_in_turn(self._encoded)

    @property
    def _encoded(self) -> tuple[str, ...]:
        return self.certificate.all("tls.handshake.certificate") if self.certificate else ()


def numbers(entry: Dissection, field: str) -> tuple[int, ...]:
    """The values of a field, without those that mean nothing (GREASE, RFC 8701)."""
    found = tuple(int(value, 0) for value in entry.all(field))
    return tuple(value for value in found if value & 0x0F0F != 0x0A0A or value < 0x0A0A)


def read_handshake(entries: Iterable[Dissection]) -> Handshake | None:
    """The handshake in a connection's frames at the client; None without a ClientHello."""
    spoken = [e for e in entries if e.frame.protocol == TCP and e.has("tls")]
    hello = next((e for e in spoken if e.frame.outbound and _has(e, CLIENT_HELLO)), None)
    if hello is None:
        return None
    heard = [e for e in spoken if not e.frame.outbound]
    answers = [e for e in heard if _has(e, SERVER_HELLO)]
    answer = next((e for e in answers if not _is_retry(e)), None)
    finished = _finished(spoken, answer) if answer else None
    flight = [e for e in heard if any(_has(e, kind) for kind in _SERVER_MESSAGES)]
    in_time = [e for e in flight if finished is None or e.frame.number < finished.frame.number]
    return Handshake(
        hello=hello,
        answer=answer,
        retry=next((e for e in answers if _is_retry(e)), None),
        certificate=next((e for e in heard if e.has("tls.handshake.certificate")), None),
        flight_end=in_time[-1] if in_time else None,
        finished=finished,
        alert=next((e for e in spoken if _is_failure(e)), None),
        is_decrypted=any(_has(e, FINISHED) for e in spoken),
    )


def _has(entry: Dissection, kind: int) -> bool:
    return str(kind) in entry.all("tls.handshake.type")


def _is_retry(entry: Dissection) -> bool:
    return _RETRY in entry.one("tls.handshake.random").replace(":", "")


def _is_failure(entry: Dissection) -> bool:
    return any(int(value) != CLOSE_NOTIFY for value in entry.all("tls.alert_message.desc"))


def _finished(spoken: list[Dissection], answer: Dissection) -> Dissection | None:
    later = [e for e in spoken if e.frame.outbound and e.frame.number > answer.frame.number]
    told = next((e for e in later if _has(e, FINISHED)), None)
    # Without keys: the first that the client sends after the ServerHello and is under way.
    sealed = (str(_CHANGE_CIPHER_SPEC), str(_APPLICATION_DATA))
    kinds = ("tls.record.content_type", "tls.record.opaque_type")
    hidden = (e for e in later if any(v in sealed for kind in kinds for v in e.all(kind)))
    return told or next((e for e in hidden if not e.has("tls.alert_message.desc")), None)
