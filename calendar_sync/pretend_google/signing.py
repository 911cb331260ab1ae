"""The key that signs ID tokens, and the two forms in which Google publishes it.

The only module that needs more than the standard library for its cryptography: RS256 and an X.509 certificate.
"""

import base64
import json
from datetime import UTC, datetime
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class SigningKey:
    def __init__(self) -> None:
        self._private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.id = f"{x509.SubjectKeyIdentifier.from_public_key(self._private.public_key()).digest.hex()}"

    def sign(self, claims: dict[str, Any]) -> str:
        """A JSON web token with these claims."""
        header = {"alg": "RS256", "kid": self.id, "typ": "JWT"}
        signed = ".".join(_text(json.dumps(part).encode()) for part in (header, claims))
        return f"{signed}.{_text(self._private.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))}"

    def as_jwks(self) -> dict[str, Any]:
        numbers = self._private.public_key().public_numbers()
        n, e = (_text(number.to_bytes((number.bit_length() + 7) // 8)) for number in (numbers.n, numbers.e))
        return {"keys": [{"kty": "RSA", "alg": "RS256", "use": "sig", "kid": self.id, "n": n, "e": e}]}

    def as_certificates(self) -> dict[str, str]:
        """The older form, which allauth reads: a certificate under the key's id."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "pretend-google")])
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self._private.public_key())
            .serial_number(1)
            .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
            .not_valid_after(datetime(2120, 1, 1, tzinfo=UTC))
            .sign(self._private, hashes.SHA256())
        )
        return {self.id: certificate.public_bytes(serialization.Encoding.PEM).decode()}


@cache
def signing_key() -> SigningKey:
    """One key a process: making it takes longer than anything else here."""
    return SigningKey()
