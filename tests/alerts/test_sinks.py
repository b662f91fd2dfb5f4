"""Sinks, each with a real receiver at its other end; none of them tells its secret."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from divbot.alerts.address import Addresses, Secret, SecretText
from divbot.alerts.alert import Alert
from divbot.alerts.sinks.opening import Means, open_sinks
from divbot.alerts.sinks.port import NotDelivered, Refused, Sink
from divbot.domain.clock import ManualClock
from divbot.domain.errors import InputError
from divbot.settings import load_settings
from tests.alerts.alerts import alert
from tests.alerts.receivers import http_receiver

CANARY = "CANARY0123456789abcdefCANARY"
SIGNING = "whsec_" + base64.b64encode(b"a key of thirty-two bytes, or so").decode()


def sink(text: str, *, secret: str | None = None, ring: Callable[[], None] = list) -> Sink:
    means = Means(ManualClock(1_800_000_000_500), ring, Secret(secret) if secret else None)
    (found,) = open_sinks(Addresses().read([text]), means)
    return found


def send(found: Sink, *alerts: Alert) -> None:
    found.send(alerts or [alert()], len(alerts) or 1, "")


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return int(unused.getsockname()[1])


@pytest.mark.parametrize(
    ("secret", "key"),
    [(SIGNING, b"a key of thirty-two bytes, or so"), ("plain words", b"plain words")],
    ids=["base64", "plain"],
)
def test_a_webhook_gets_a_document_that_is_signed_as_standard_webhooks_are(
    secret: str, key: bytes
) -> None:
    with http_receiver() as receiver:
        send(sink(f"webhook:http://127.0.0.1:{receiver.port}/hook?a=b", secret=secret))

    (headers,), (body,) = receiver.headers, receiver.bodies
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    assert json.loads(body) == alert().document()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert headers["webhook-timestamp"] == "1800000000"
    assert receiver.paths == ["/hook?a=b"]


def test_a_webhook_without_a_secret_is_not_signed() -> None:
    with http_receiver() as receiver:
        send(sink(f"webhook:http://127.0.0.1:{receiver.port}/"))

    assert "webhook-signature" not in receiver.headers[0]


STATUSES = {301: False, 400: True, 404: True, 408: False, 413: True, 429: False, 503: False}
"""Whether each says that this alert will never be taken."""


@pytest.mark.parametrize("form", ["webhook:http://127.0.0.1:{}/", "gotify://127.0.0.1:{}/token"])
@pytest.mark.parametrize(("status", "is_refused"), STATUSES.items())
def test_a_refusal_is_told_from_an_outage(form: str, status: int, is_refused: bool) -> None:
    with http_receiver(status) as receiver, pytest.raises(NotDelivered) as caught:
        send(sink(form.format(receiver.port)))

    assert isinstance(caught.value, Refused) is is_refused


@pytest.mark.parametrize("status", [301, 400, 404, 500, 503])
def test_a_webhook_that_answers_otherwise_has_not_taken_it(status: int) -> None:
    with (
        http_receiver(status) as receiver,
        pytest.raises(NotDelivered, match=f"^it answered with HTTP {status}$"),
    ):
        send(sink(f"webhook:http://127.0.0.1:{receiver.port}/{CANARY}"))

    assert len(receiver.bodies) == 1


def test_apprise_reaches_a_server_of_its_own_kind() -> None:
    """Gotify: a POST of title and message."""
    with http_receiver() as receiver:
        send(sink(f"gotify://127.0.0.1:{receiver.port}/{CANARY}"))

    sent = json.loads(receiver.bodies[0])
    assert sent["title"] == alert().title
    assert "price 1" in sent["message"]


def test_apprise_reaches_a_server_of_ntfy() -> None:
    """A POST of topic, title and message; the token is a header."""
    with http_receiver() as receiver:
        send(sink(f"ntfy://{CANARY}@127.0.0.1:{receiver.port}/signals?auth=token"))

    sent = json.loads(receiver.bodies[0])
    assert (sent["topic"], sent["title"]) == ("signals", alert().title)
    assert "price 1" in sent["message"]


def test_apprise_itself_delays_no_message(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr("time.sleep", waits.append)
    with http_receiver() as receiver:
        found = sink(f"ntfy://127.0.0.1:{receiver.port}/signals")
        for key in "12":
            found.send([alert(key)], 1, "")

    assert len(receiver.bodies) == 2
    assert [x for x in waits if x >= 1] == []


def test_several_alerts_are_one_message_with_their_count() -> None:
    with http_receiver() as receiver:
        found = sink(f"gotify://127.0.0.1:{receiver.port}/{CANARY}")
        found.send([alert("1"), alert("2")], 12, "the quiet hours")

    (body,) = receiver.bodies
    assert json.loads(body)["title"] == "2 of 12 alerts, held back by the quiet hours"
    assert json.loads(body)["message"].count("price 1") == 2


class Mailbox:
    """Takes mails to anybody but nobody@example.org."""

    def __init__(self) -> None:
        self.mails: list[Any] = []

    async def handle_RCPT(  # noqa: N802 - its name
        self, _: object, __: object, envelope: Any, address: str, ___: object
    ) -> str:
        if address.startswith("nobody"):
            return "550 no such user here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _: object, __: object, envelope: Any) -> str:  # noqa: N802 - its
        self.mails.append(envelope)
        return "250 OK"


@pytest.fixture
def mail_server(closed_port: int) -> Iterator[Mailbox]:
    mailbox = Mailbox()
    server = Controller(mailbox, hostname="127.0.0.1", port=closed_port)
    server.start()
    yield mailbox
    server.stop()


MAIL = "mailto://127.0.0.1:{}?from=bot@example.org&to={}@example.org&mode=insecure"


def test_a_mailbox_that_is_none_refuses(mail_server: Mailbox, closed_port: int) -> None:
    with pytest.raises(Refused, match=r"^the mail server answered with 550$"):
        send(sink(MAIL.format(closed_port, "nobody")))

    assert mail_server.mails == []


def test_a_mail_arrives(mail_server: Mailbox, closed_port: int) -> None:
    send(sink(MAIL.format(closed_port, "me")))

    (mail,) = mail_server.mails
    assert mail.rcpt_tos == ["me@example.org"]
    assert b"price 1" in mail.content


def test_each_alert_is_a_line_of_json_and_a_torn_line_stays_alone(tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    path.write_text('{"torn": ')

    send(sink(f"jsonl:{path}"), alert("1"), alert("2"))

    torn, *lines = path.read_text().splitlines()
    assert torn == '{"torn": '
    assert [json.loads(x)["id"] for x in lines] == ["1", "2"]


def test_the_bell_rings_once_for_all_that_comes_at_once() -> None:
    rung: list[str] = []

    send(sink("bell", ring=lambda: rung.append("ding")), alert("1"), alert("2"))

    assert rung == ["ding"]


WRONG = {
    f"{CANARY}": "address 1 of the list has no such form",
    f"telegram/{CANARY}": "address 1 of the list has no such form",
    f"tgram:{CANARY}": "address 1 of the list has no ://",
    f"tgram://{CANARY}": "notify_to: tgram, address 1: something in it is missing or wrong",
    f"tgrm://{CANARY}/1": "tgrm, address 1: Apprise knows no such service; did you mean tgram://?",
    f"https://example.org/{CANARY}": "for a webhook write webhook: before it",
    f"webhook:ftp://example.org/{CANARY}": "expected webhook:https://HOST/..., found another form",
    f"webhook:https://[{CANARY}": "expected webhook:https://HOST/..., found another form",
    f"jsonl:/{CANARY}/alerts": "jsonl, address 1: the folder of the file is not there",
}


@pytest.mark.parametrize(("text", "expected"), WRONG.items(), ids=range(len(WRONG)))
def test_a_wrong_address_is_named_without_its_secret(text: str, expected: str) -> None:
    with pytest.raises(InputError) as caught:
        open_sinks(load_settings({"notify_to": text}).notify_to, Means(ManualClock(), list, None))

    assert expected in str(caught.value)
    assert CANARY not in str(caught.value)


DOWN = (
    "webhook:http://{canary}:{canary}@127.0.0.1:{port}/{canary}",
    "gotify://127.0.0.1:{port}/{canary}",
    "json://{canary}:{canary}@127.0.0.1:{port}/{canary}",
    "mailto://{canary}:{canary}@127.0.0.1:{port}?from=a@example.org&to=b@example.org&cto=0.2",
)


@pytest.mark.parametrize("form", DOWN, ids=lambda x: x.partition(":")[0])
@pytest.mark.parametrize("status", [None, 401], ids=["nobody", "refused"])
def test_no_secret_is_in_what_is_said_logged_or_printed(
    form: str,
    status: int | None,
    closed_port: int,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)

    with http_receiver(status or 200) as receiver:
        port = receiver.port if status else closed_port
        found = sink(form.format(canary=CANARY, port=port))
        with pytest.raises(NotDelivered) as caught:
            send(found)

    said = [str(caught.value), repr(found), str(found.address), found.address.mark]
    printed = capfd.readouterr()
    mine = [x.getMessage() for x in caplog.records if not x.name.startswith(("urllib3", "asyncio"))]
    for text in (*said, printed.out, printed.err, *mine):
        assert CANARY not in text


def test_settings_do_not_show_their_secrets() -> None:
    settings = load_settings({"notify_to": f"gotify://h/{CANARY}", "webhook_secret": CANARY})

    for text in (repr(settings), str(settings), repr(settings.notify_to), str(settings.__dict__)):
        assert CANARY not in text


@pytest.mark.parametrize("name", ["notify_to", "webhook_secret"])
@pytest.mark.parametrize("value", [{CANARY: 1}, 5, [5, CANARY], f" {CANARY[:6]}"], ids=str)
def test_a_value_of_the_wrong_type_is_not_shown(name: str, value: object) -> None:
    reader = SecretText() if name == "webhook_secret" else Addresses()

    with pytest.raises(ValueError, match="expected") as caught:
        reader.read(value)

    assert CANARY[:6] not in str(caught.value)


def test_the_extra_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)

    with pytest.raises(InputError, match=r"not installed; run: .* pip install 'apprise>=1.9'"):
        sink("tgram://a/b")


def test_several_addresses_stand_in_one_text() -> None:
    text = f"mailto://u:p@h?to=a@b.c,d@e.f, bell jsonl:x.jsonl,webhook:https://h/{CANARY}"

    found = Addresses().read(text)

    assert [x.scheme for x in found] == ["mailto", "bell", "jsonl", "webhook"]
    assert found[0].secret.text.endswith("d@e.f")
