"""TLS handshakes: full, resumed, failed, and without keys."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from orchestrator.analysis.step import Step
from orchestrator.analysis.steps import tls
from orchestrator.analysis.story import Story
from orchestrator.records.visit import Timings
from tests.unit.analysis.builders import VISIT, at
from tests.unit.analysis.talking import FINISHED, HELLO, SERVER_HELLO, Talk, shake_hands, talk

FAILED = replace(
    VISIT,
    url="https://192.0.2.1/",
    status=None,
    timings_ms=Timings(),
    error="tls",
    error_detail="net::ERR_CERT_COMMON_NAME_INVALID",
)


@cache
def chain(host: str = "www.example.com", *, honest: bool = True) -> tuple[str, ...]:
    """A leaf and its authority in DER; ``honest`` is signed by the one that it names."""
    key, other = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = certificate("Issuing CA", "Root CA", key, other)
    leaf = certificate(host, "Issuing CA", other, key if honest else other, host)
    return leaf, authority


def certificate(
    subject: str,
    issuer: str,
    key: ec.EllipticCurvePrivateKey,
    signer: ec.EllipticCurvePrivateKey,
    host: str = "",
) -> str:
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    name, by = (
        x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, n)]) for n in (subject, issuer)
    )
    builder = x509.CertificateBuilder(by, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(begin).not_valid_after(begin + timedelta(days=90))
    if host:
        names = x509.SubjectAlternativeName([x509.DNSName(host)])
        builder = builder.add_extension(names, critical=False)
    return builder.sign(signer, hashes.SHA256()).public_bytes(Encoding.DER).hex()


def named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])


def steps(story: Story) -> list[Step]:
    return list(tls.TELLER.tell(story))


def secured(certificates: tuple[str, ...] = ()) -> Talk:
    connection = talk()
    connection.open()
    shake_hands(connection, 20, certificates)
    return connection


def test_a_full_handshake_tells_offer_choice_and_who_vouches() -> None:
    (step,) = steps(secured(chain()).recording.story())
    assert step.title == "TLS 1.3 with edge"
    assert "for www.example.com (SNI)" in step.told
    assert "offers TLS 1.3 and TLS 1.2, h2 and http/1.1 (ALPN)" in step.told
    assert "edge chooses TLS 1.3, TLS_AES_128_GCM_SHA256, X25519MLKEM768 and h2." in step.told
    assert "from 2026-01-01 to 2026-04-01, and Issuing CA vouches for it" in step.told
    assert "for that one, Root CA does" in step.told
    assert "It took 1 round trip: 20.0 ms" in step.told
    assert (step.start_ns, step.end_ns) == (at(20), at(40))
    assert (step.as_expected, step.saved) == (True, "")


def test_its_proofs_show_the_values() -> None:
    (step,) = steps(secured(chain()).recording.story())
    shown = {p.says: p.shows for p in step.proofs}
    assert shown["ServerHello"] == (
        "tls.handshake.type == 2 && tls.handshake.ciphersuite == 0x1301"
        " && tls.handshake.extensions.supported_version == 0x0304"
    )
    assert shown["certificate"].endswith('x509ce.dNSName == "www.example.com"')
    assert shown["ALPN chosen"].endswith('alpn_str == "h2"')


@pytest.mark.parametrize(
    "certificates", [chain("other.example"), chain(honest=False)], ids=["other name", "forged"]
)
def test_a_certificate_that_the_plan_does_not_have_is_not_as_expected(
    certificates: tuple[str, ...],
) -> None:
    (step,) = steps(secured(certificates).recording.story())
    assert step.as_expected is False


def test_a_resumed_session_saves_the_certificate() -> None:
    connection = talk()
    connection.open()
    connection.up(20, HELLO)
    took = {**SERVER_HELLO, "tls.handshake.extension.type": ("43", "51", "41")}
    connection.down(26, took)
    connection.up(34, FINISHED)
    (step,) = steps(connection.recording.story())
    assert step.title == "TLS 1.3 with edge, resumed"
    assert step.details["resumed"] is True
    assert step.saved.startswith("a certificate to send and to check")
    assert step.as_expected is None


def test_early_data_that_is_taken_needs_no_round_trip() -> None:
    connection = talk()
    connection.open()
    connection.up(20, {**HELLO, "tls.handshake.extension.type": ("42", "41")})
    connection.down(26, {**SERVER_HELLO, "tls.handshake.extension.type": ("43", "41", "42")})
    connection.up(34, FINISHED)
    (step,) = steps(connection.recording.story())
    assert (step.details["early_data"], step.details["round_trips"]) == (True, 0)


def test_a_server_that_asks_for_another_hello_costs_a_round_trip() -> None:
    connection = talk()
    connection.open()
    retry = "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c"
    connection.up(20, HELLO)
    connection.down(26, {**SERVER_HELLO, "tls.handshake.random": retry})
    connection.up(32, HELLO)
    connection.down(38, SERVER_HELLO)
    connection.up(44, FINISHED)
    (step,) = steps(connection.recording.story())
    assert step.details["round_trips"] == 2


def test_tls_1_2_takes_two_round_trips() -> None:
    connection = talk()
    connection.open()
    old = {"tls.handshake.version": "0x0303", "tls.handshake.ciphersuite": "0xc02b"}
    leaf, authority = chain()
    shown = {"tls.handshake.type": ("2", "11"), "tls.handshake.certificate": (leaf, authority)}
    connection.up(20, {"tls.handshake.type": "1"})
    connection.down(26, {**old, **shown})
    connection.up(34, {"tls.handshake.type": "16", "tls.record.content_type": "20"})
    (step,) = steps(connection.recording.story())
    assert step.title == "TLS 1.2 with edge"
    assert step.details["round_trips"] == 2
    assert "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256" in step.told


def test_a_wrong_name_is_told_with_the_alert_and_the_verdict() -> None:
    connection = talk(FAILED)
    connection.open()
    hello = {k: v for k, v in HELLO.items() if k != "tls.handshake.extensions_server_name"}
    connection.up(20, hello)
    connection.down(26, {**SERVER_HELLO, "tls.handshake.certificate": chain()})
    connection.up(35, {"tls.alert_message.desc": "46"})
    (step,) = steps(connection.recording.story())
    assert step.title == "TLS with edge fails"
    assert "The address bar says 192.0.2.1, which is none of the certificate's names." in step.told
    assert "laptop breaks the handshake off: alert certificate_unknown." in step.told
    assert "net::ERR_CERT_COMMON_NAME_INVALID" in step.told
    shown = {p.file: p.shows for p in step.proofs}
    assert shown["visit.json"] == "/error_detail"
    assert step.end_ns == at(35)


def test_close_notify_is_no_failure() -> None:
    connection = secured(chain())
    connection.up(500, {"tls.alert_message.desc": "0"})
    (step,) = steps(connection.recording.story())
    assert step.title == "TLS 1.3 with edge"


def test_without_keys_the_rest_is_said_to_be_encrypted() -> None:
    connection = talk()
    connection.open()
    clear = {k: v for k, v in SERVER_HELLO.items() if k != "tls.handshake.extensions_alpn_str"} | {
        "tls.handshake.type": "2"
    }
    connection.up(20, HELLO)
    connection.down(26, clear)
    connection.up(40, {"tls.record.content_type": "20", "tls.record.opaque_type": "23"})
    (step,) = steps(connection.recording.story())
    assert "All that follows is encrypted" in step.told
    assert (step.details["alpn"], step.details["certificate"]) == ("encrypted", "encrypted")
    assert step.end_ns == at(40)


def test_a_hello_without_an_answer() -> None:
    connection = talk()
    connection.open()
    connection.up(20, HELLO)
    (step,) = steps(connection.recording.story())
    assert step.title == "TLS: no answer from edge"


def test_a_connection_without_tls_is_not_told() -> None:
    connection = talk(server_port=80)
    connection.open()
    assert steps(connection.recording.story()) == []
