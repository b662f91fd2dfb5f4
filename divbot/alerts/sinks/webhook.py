"""A webhook: JSON by POST, signed as standardwebhooks.com says, so that its libraries check it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from divbot.alerts.address import Address, Secret
from divbot.alerts.alert import Alert
from divbot.alerts.sinks.port import NotDelivered, not_taken
from divbot.domain.clock import Clock
from divbot.domain.errors import InputError
from divbot.version import __version__

_TIMEOUT = (5.0, 10.0)
"""Seconds to connect, and to wait for an answer."""
_ENCODED = "whsec_"


@dataclass(frozen=True, slots=True)
class Webhook:
    """Send each alert as a document."""

    address: Address
    clock: Clock
    secret: Secret | None
    use_proxies: bool
    is_for_people: bool = False

    def send(self, alerts: Sequence[Alert], waiting: int, why: str) -> None:  # noqa: ARG002 - each comes alone
        """POST `alerts`; only an answer of 2xx means that one was taken."""
        for alert in alerts:
            self._post(alert.key, json.dumps(alert.document(), allow_nan=False).encode())

    def _post(self, key: str, body: bytes) -> None:
        import requests

        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"divbot/{__version__}",
            **signed_headers(key, self.clock.now() // 1000, body, self.secret),
        }
        try:
            with requests.Session() as session:
                session.trust_env = self.use_proxies
                answer = session.post(
                    self.address.target,
                    data=body,
                    headers=headers,
                    timeout=_TIMEOUT,
                    allow_redirects=False,
                    stream=True,  # whatever it says, nobody reads it
                )
                status = answer.status_code
                answer.close()
        # The words of requests hold the address.
        except requests.exceptions.SSLError:
            raise NotDelivered("its certificate cannot be trusted") from None
        except requests.Timeout:
            raise NotDelivered("no answer in time") from None
        except (requests.RequestException, OSError, ValueError):
            raise NotDelivered("no connection") from None
        if not 200 <= status < 300:
            raise not_taken(status)


def signed_headers(key: str, at: int, body: bytes, secret: Secret | None) -> dict[str, str]:
    """Return what tells the receiver which alert it is, when it was sent (s UTC), and by whom."""
    name = hashlib.sha256(key.encode()).hexdigest()[:32]
    headers = {"webhook-id": name, "webhook-timestamp": str(at)}
    if secret is not None:
        signed = f"{name}.{at}.".encode() + body
        mac = hmac.new(key_of(secret), signed, hashlib.sha256).digest()
        headers["webhook-signature"] = f"v1,{base64.b64encode(mac).decode()}"
    return headers


def key_of(secret: Secret) -> bytes:
    """Return the bytes to sign with; of `whsec_...` what follows is base64."""
    if not secret.text.startswith(_ENCODED):
        return secret.text.encode()
    try:
        return base64.b64decode(secret.text.removeprefix(_ENCODED), validate=True)
    except ValueError:
        raise InputError(f"webhook_secret: expected base64 after {_ENCODED}") from None


def check_target(address: Address) -> None:
    """Raise InputError where nothing can be posted to `address`."""
    try:
        parts = urlsplit(address.target)
        is_good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_good = False
    if not is_good:
        raise InputError(
            f"notify_to: {address}: expected webhook:https://HOST/..., found another form"
        )
