"""Who may ask, attack by attack."""

from __future__ import annotations

import pytest

from divbot.alerts.address import Secret
from divbot.web.gatekeeper import Gatekeeper
from tests.web.boards import TOKEN

LOCAL = Gatekeeper(is_local=True, names=frozenset({"pi.local"}))
OPEN = Gatekeeper(is_local=False, names=frozenset({"pi.local"}), token=Secret(TOKEN))
HERE = "127.0.0.1:8420"
KNOWN = {"Authorization": f"Bearer {TOKEN}"}


def code(
    guard: Gatekeeper,
    hosts: list[str],
    *,
    is_open: bool = False,
    is_page: bool = False,
    **headers: str,
) -> str:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    found = guard.refusal(named, hosts, is_open=is_open, is_page=is_page)
    return found.code if found else ""


HOSTS = {
    "an address of this machine": (LOCAL, [HERE], ""),
    "by name": (LOCAL, ["localhost"], ""),
    "with a dot at its end": (LOCAL, ["localhost.:8420"], ""),
    "IPv6": (LOCAL, ["[::1]:8420"], ""),
    "another port, through a container": (LOCAL, ["127.0.0.1:9000"], ""),
    "a name that was allowed": (LOCAL, ["PI.local"], ""),
    "DNS rebinding": (LOCAL, ["evil.example:8420"], "host"),
    "an address inside a name": (LOCAL, ["127.0.0.1.evil.example"], "host"),
    "a name that ends like one of ours": (LOCAL, ["xpi.local"], "host"),
    "another machine, which cannot be": (LOCAL, ["192.168.1.5:8420"], "host"),
    "a user before the host": (LOCAL, ["127.0.0.1@evil.example"], "host"),
    "an octal address": (LOCAL, ["0177.0.0.1"], "host"),
    "none at all": (LOCAL, [], "host"),
    "two of them": (LOCAL, [HERE, "evil.example"], "host"),
    "an empty one": (LOCAL, [""], "host"),
    "rebinding where all may come": (OPEN, ["evil.example"], "host"),
}


@pytest.mark.parametrize(("guard", "hosts", "expected"), HOSTS.values(), ids=HOSTS)
def test_only_hosts_that_no_name_server_can_make_are_served(
    guard: Gatekeeper, hosts: list[str], expected: str
) -> None:
    assert code(guard, hosts, Authorization=f"Bearer {TOKEN}") == expected


ORIGINS = {
    "no browser": ({}, ""),
    "this page": ({"Origin": f"http://{HERE}"}, ""),
    "this page through TLS": ({"Origin": f"https://{HERE}"}, ""),
    "another page": ({"Origin": "http://evil.example"}, "origin"),
    "another port": ({"Origin": "http://127.0.0.1:3000"}, "origin"),
    "a file, a sandbox": ({"Origin": "null"}, "origin"),
    "no address": ({"Origin": "http://["}, "origin"),
    "an image of another page": ({"Sec_Fetch_Site": "cross-site"}, "origin"),
    "another port of this machine": ({"Sec_Fetch_Site": "same-site"}, "origin"),
    "this very page": ({"Sec_Fetch_Site": "same-origin"}, ""),
    "an address that was typed": ({"Sec_Fetch_Site": "none"}, ""),
}


@pytest.mark.parametrize(("headers", "expected"), ORIGINS.values(), ids=ORIGINS)
def test_no_other_page_may_ask(headers: dict[str, str], expected: str) -> None:
    assert code(LOCAL, [HERE], **headers) == expected


def test_a_link_may_lead_to_the_page_and_to_nothing_else() -> None:
    link = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate"}

    assert code(LOCAL, [HERE], is_page=True, **link) == ""
    assert code(LOCAL, [HERE], **link) == "origin"


TOKENS = {
    "the token": (f"Bearer {TOKEN}", ""),
    "in other letters": (f"bearer  {TOKEN} ", ""),
    "none": ("", "token"),
    "another one": ("Bearer x", "token"),
    "a part of it": (f"Bearer {TOKEN[:-1]}", "token"),
    "more than it": (f"Bearer {TOKEN}x", "token"),
    "another scheme": (f"Basic {TOKEN}", "token"),
    "no ASCII": ("Bearer \udcff\xe9", "token"),
}


@pytest.mark.parametrize(("given", "expected"), TOKENS.values(), ids=TOKENS)
def test_who_does_not_know_the_token_learns_nothing(given: str, expected: str) -> None:
    assert code(OPEN, [HERE], Authorization=given) == expected


def test_the_page_itself_tells_nothing_and_needs_no_token() -> None:
    assert code(OPEN, [HERE], is_open=True) == ""
