"""Certificates as a server showed them (X.509, RFC 5280)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import InvalidSignature


@dataclass(frozen=True)
class Certificate:
    """What a certificate says. Names are common names; days are in UTC, as "2026-01-31".

    ``hosts`` are the DNS names and IP addresses that it is for.
    """

    subject: str
    issuer: str
    hosts: tuple[str, ...]
    not_before: str
    not_after: str


def read_chain(encoded: Iterable[str]) -> tuple[Certificate, ...]:
    """Certificates in DER, as hexadecimal text, the server's own first.

    It ends before the first that cannot be read.
    """
    chain = []
    for text in encoded:
        try:
            chain.append(_read(_parse(text)))
        except ValueError:
            break
    return tuple(chain)


def is_signed_in_turn(encoded: Iterable[str]) -> bool:
    """Whether each certificate is signed by the key of the next one."""
    try:
        for signed, signer in pairwise(map(_parse, encoded)):
            signed.verify_directly_issued_by(signer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _parse(encoded: str) -> x509.Certificate:
    return x509.load_der_x509_certificate(bytes.fromhex(encoded.replace(":", "")))


def _read(found: x509.Certificate) -> Certificate:
    return Certificate(
        subject=_common_name(found.subject),
        issuer=_common_name(found.issuer),
        hosts=_hosts(found),
        not_before=found.not_valid_before_utc.date().isoformat(),
        not_after=found.not_valid_after_utc.date().isoformat(),
    )


def _common_name(name: x509.Name) -> str:
    found = name.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(found[0].value) if found else name.rfc4514_string()


def _hosts(found: x509.Certificate) -> tuple[str, ...]:
    try:
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    addresses = names.get_values_for_type(x509.IPAddress)
    return (*names.get_values_for_type(x509.DNSName), *(str(a) for a in addresses))
