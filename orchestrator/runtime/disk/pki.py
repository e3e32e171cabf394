"""The lab's certificate authority: a root, an intermediate, and a leaf per server that asks.

Keys are ECDSA P-256, made anew for each lab and kept nowhere but in its folder. The profile
follows RFC 5280 and what browsers ask of public CAs (subjectAltName, serverAuth, path length).
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_YEAR = datetime.timedelta(days=365)
_LEAF_LIFE = datetime.timedelta(days=90)
# A node's clock is the host's; still, a certificate that starts this very second is refused
# by a client whose check of the clock rounds down.
_SLACK = datetime.timedelta(hours=1)
_LONGEST_COMMON_NAME = 64  # RFC 5280, appendix A.1: ub-common-name


@dataclass(frozen=True)
class Signed:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> str:
        """The certificate as PEM."""
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def der(self) -> bytes:
        """The certificate as DER."""
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def key_pem(self) -> str:
        """The key as unencrypted PKCS #8 PEM."""
        return self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode()


@dataclass(frozen=True)
class Authority:
    """A root that clients trust, and the intermediate that signs leaves."""

    root: Signed
    intermediate: Signed


def mint_authority(lab: str) -> Authority:
    """A new root and intermediate for a lab."""
    root = _sign(f"Clicklab Root CA {lab}", None, 10 * _YEAR, path_length=1)
    return Authority(root, _sign(f"Clicklab Issuing CA {lab}", root, 5 * _YEAR, path_length=0))


def mint_leaf(authority: Authority, hosts: Sequence[str]) -> Signed:
    """A server's certificate for ``hosts``; its common name is the first, cut where it must."""
    return _sign(hosts[0], authority.intermediate, _LEAF_LIFE, hosts=hosts)


def mint_expired_leaf(
    issuer: Signed, hosts: Sequence[str], key: ec.EllipticCurvePrivateKey, ago: datetime.timedelta
) -> Signed:
    """What a server has that nobody renewed: it was good for its whole life, until ``ago``."""
    end = datetime.datetime.now(datetime.UTC) - ago
    return _sign(hosts[0], issuer, _LEAF_LIFE, hosts=hosts, key=key, born=end - _LEAF_LIFE)


def load_signed(certificate_pem: str, key_pem: str) -> Signed:
    """A certificate and its key again from what ``pem`` and ``key_pem`` wrote."""
    return Signed(x509.load_pem_x509_certificate(certificate_pem.encode()), load_key(key_pem))


def load_key(key_pem: str) -> ec.EllipticCurvePrivateKey:
    """A key again from what ``key_pem`` wrote."""
    key = serialization.load_pem_private_key(key_pem.encode(), password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key


def _sign(
    name: str,
    issuer: Signed | None,
    life: datetime.timedelta,
    path_length: int | None = None,
    hosts: Sequence[str] = (),
    key: ec.EllipticCurvePrivateKey | None = None,
    born: datetime.datetime | None = None,
) -> Signed:
    key = key or ec.generate_private_key(ec.SECP256R1())
    signing_key = issuer.key if issuer else key
    now = born or datetime.datetime.now(datetime.UTC)
    common_name = name[:_LONGEST_COMMON_NAME]
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SLACK)
        .not_valid_after(now + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signing_key.public_key()),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(path_length is not None, path_length), critical=True)
        .add_extension(_usage(is_ca=path_length is not None), critical=True)
    )
    if hosts:
        names = x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts])
        purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        builder = builder.add_extension(names, critical=False)
        builder = builder.add_extension(purpose, critical=False)
    return Signed(builder.sign(signing_key, hashes.SHA256()), key)


def _usage(is_ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_ca,
        key_cert_sign=is_ca,
        crl_sign=is_ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
