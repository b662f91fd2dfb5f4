"""Telegram, Discord, Slack, e-mail, ntfy and a hundred others: whatever Apprise knows.

What Apprise says goes nowhere: its log lines and its errors may hold the address. Of them a status
and a kind are read, and told in words of our own.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from divbot.alerts.address import Address
from divbot.alerts.alert import Alert, AlertMessage
from divbot.alerts.sinks.port import NotDelivered, Refused, not_taken
from divbot.domain.errors import InputError
from divbot.domain.suggestions import nearest
from divbot.extras import APPRISE, how_to_install

if TYPE_CHECKING:
    from apprise import NotifyBase

_STATUS = re.compile(r"error\s*=\s*(\d{3})\b")
_SMTP = re.compile(r"\((5\d\d), b['\"]")
"""In an error of smtplib: what no second try will change."""
_WEB = ("http", "https")
_FORMS = "https://appriseit.com has the forms of all"


class AppriseSink:
    """Send messages by one of Apprise's services.

    Raise InputError where Apprise is missing, and for an address that it does not understand.
    """

    is_for_people = True

    def __init__(self, address: Address) -> None:
        self.address = address
        self._service = _service(address)

    def send(self, alerts: Sequence[Alert], waiting: int, why: str) -> None:
        """Send one message."""
        from apprise import NotifyFormat, OverflowMode

        message = AlertMessage.of(alerts, waiting, why)
        _EAR.lines.clear()
        was_taken = self._service.notify(
            body=message.text or message.title,
            title=message.title if message.text else "",
            body_format=NotifyFormat.TEXT,
            overflow=OverflowMode.SPLIT,
        )
        if not was_taken:
            raise _reason(_EAR.lines)


def _service(address: Address) -> NotifyBase:
    try:
        import apprise
    except ImportError:
        raise InputError(
            f"notify_to: {address} is sent by Apprise, which is not installed; run: "
            f"{how_to_install(APPRISE)}"
        ) from None
    logger = logging.getLogger("apprise")
    logger.addFilter(_EAR)
    logger.setLevel(logging.DEBUG)  # of a mail, only that has the status
    # Nothing is kept on disk, and no text is taken for more than text.
    asset = apprise.AppriseAsset(storage_mode="memory", async_mode=False)
    found = apprise.Apprise.instantiate(address.secret.text, asset=asset, suppress_exceptions=True)
    if found is None:
        raise InputError(f"notify_to: {address}: {_advice(address)}")
    if found.request_rate_per_sec == apprise.NotifyBase.request_rate_per_sec:
        # No service asks for that pause of 5.5 s, and `alerts_per_minute` is the user's word.
        found.request_rate_per_sec = 0.0
    return found


def _advice(address: Address) -> str:
    from apprise.manager_plugins import NotificationManager

    known: set[str] = set(NotificationManager().schemas())  # type: ignore[no-untyped-call]
    if address.scheme in known:
        return f"something in it is missing or wrong; {_FORMS}"
    if address.scheme in _WEB:
        return "no service of Apprise has such an address; for a webhook write webhook: before it"
    near = nearest(address.scheme, known)
    return f"Apprise knows no such service; {f'did you mean {near}://?' if near else _FORMS}"


class _Ear(logging.Filter):
    """Let nothing pass that Apprise logs, whoever listens; keep the lines of each thread."""

    def __init__(self) -> None:
        super().__init__()
        self._of_thread = threading.local()

    def filter(self, record: logging.LogRecord) -> bool:
        self.lines.append(record.getMessage())
        return False

    @property
    def lines(self) -> list[str]:
        """Return what was said in this thread since it was last cleared."""
        if not hasattr(self._of_thread, "lines"):
            self._of_thread.lines = []
        lines: list[str] = self._of_thread.lines
        return lines


_EAR = _Ear()


def _reason(lines: Sequence[str]) -> NotDelivered:
    for line in lines:
        if status := _STATUS.search(line):
            return not_taken(int(status[1]))
        if status := _SMTP.search(line):
            return Refused(f"the mail server answered with {status[1]}")
    if any("onnection" in line for line in lines):
        return NotDelivered("no connection, or no answer in time")
    return NotDelivered("it did not take the message")
