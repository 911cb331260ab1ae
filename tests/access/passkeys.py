"""A passkey as a device would have registered it, without a device: nobody can sign with it, but pages can show it."""

import hashlib
import json
from typing import Any

from fido2.utils import websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData

ES256 = {1: 2, 3: -7, -1: 1, -2: b"x" * 32, -3: b"y" * 32}


def registered(number: int) -> dict[str, Any]:
    """The `data` of an Authenticator for a passkey; each `number` makes a different one."""
    key = number.to_bytes(16, "big")
    credential = AttestedCredentialData.create(b"\0" * 16, key, ES256)
    flags = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.AT
    seen = AuthenticatorData.create(hashlib.sha256(b"testserver").digest(), flags, 0, credential)
    asked = {"type": "webauthn.create", "challenge": "AA", "origin": "http://testserver"}
    answer = {
        "clientDataJSON": websafe_encode(json.dumps(asked).encode()),
        "attestationObject": websafe_encode(AttestationObject.create("none", seen, {})),
    }
    identity = websafe_encode(key)
    return {
        "name": "Phone",
        "credential": {"id": identity, "rawId": identity, "type": "public-key", "response": answer},
    }
