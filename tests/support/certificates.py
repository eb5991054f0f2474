"""A certificate authority for one test, and certificates that are wrong in one way each."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from pathlib import Path
from typing import Any

import pytest


class Authority:
    """Signs certificates for servers on this computer; ``file`` is what a computer that trusts it has to know."""

    def __init__(self, folder: Path) -> None:
        pytest.importorskip("cryptography", reason="cryptography, which makes certificates, is missing")
        self._folder = folder
        self._key, self._name = _key(), _named("Authority of the tests")
        own = _certificate(self._key, self._name, self._key, self._name, authority=True)
        self.file = folder / "authority.pem"
        self.file.write_bytes(_pem(own))

    def server(self, *names: str, days: tuple[int, int] = (-1, 1), signed: bool = True) -> ssl.SSLContext:
        """What a server shows: valid from and to so many days from now; not ``signed``: by nobody but itself."""
        key, name = _key(), _named(names[0])
        signer, issuer = (self._key, self._name) if signed else (key, name)
        made = _certificate(key, name, signer, issuer, names=names, days=days)
        path = self._folder / f"server-{len(list(self._folder.iterdir()))}.pem"
        path.write_bytes(_pem(made) + _private(key))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context


def _key() -> Any:
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.generate_private_key(ec.SECP256R1())


def _named(name: str) -> Any:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _certificate(
    key: Any,
    name: Any,
    signer: Any,
    issuer: Any,
    *,
    names: tuple[str, ...] = (),
    days: tuple[int, int] = (-9, 9),
    authority: bool = False,
) -> Any:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    now = datetime.datetime.now(datetime.UTC)
    begin, end = (now + datetime.timedelta(days=it) for it in days)
    builder = x509.CertificateBuilder(issuer, name, key.public_key(), x509.random_serial_number(), begin, end)
    builder = builder.add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    builder = builder.add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
    )
    if names:
        alternatives = x509.SubjectAlternativeName([_alternative(it) for it in names])
        builder = builder.add_extension(alternatives, critical=False)
    return builder.sign(signer, hashes.SHA256())


def _alternative(name: str) -> Any:
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _pem(certificate: Any) -> bytes:
    from cryptography.hazmat.primitives import serialization

    return bytes(certificate.public_bytes(serialization.Encoding.PEM))


def _private(key: Any) -> bytes:
    from cryptography.hazmat.primitives import serialization

    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return bytes(key.private_bytes(*form))
