"""What an address holds of secrets stays out of all that divbot prints, logs and keeps."""

from __future__ import annotations

from pathlib import Path

import pytest

from divbot import cli
from divbot.alerts.address import Addresses
from divbot.domain.values import VenueAddress
from divbot.setting_table import SETTINGS

CANARY = "CANARY0123"
NOBODY = "127.0.0.1:9"
SERVERS = [name for name, row in SETTINGS.items() if isinstance(row.reader, VenueAddress)]
SINKS = [name for name, row in SETTINGS.items() if isinstance(row.reader, Addresses)]
SPOILED = {
    "another scheme": f"ftp://me:{CANARY}@host",
    "a name alone": f"ftp://{CANARY}@host",
    "a password alone": f"ftp://:{CANARY}@host",
    "no scheme": f"me:{CANARY}@host",
    "a slash in the password": f"https://me:{CANARY[:3]}/{CANARY}@host",
    "an at sign in the password": f"http://me:{CANARY[:3]}@{CANARY}@host",
    "no host": f"https://me:{CANARY}",
    "a token that is asked with": f"https://host/?token={CANARY}",
    "a token behind a #": f"https://host/#{CANARY}",
    "a blank": f"https://me: {CANARY}@host:x",
}
UNREACHED = {
    "limits": ["limits"],
    "doctor": ["doctor", "--json"],
    "watch": ["watch", "--sequential", "--duration", "1s", "--log-file", "log"],
    "paper": ["paper", "--sequential", "--duration", "1s", "--log-file", "log"],
    "download": ["data", "download", "--days", "1", "-i", "1h", "--symbols", "BTCUSDT"],
}
ON_THE_COMMAND_LINE = {
    "an argument too many": ["limits", f"https://me:{CANARY}@host"],
    "an address of alerts": ["watch", f"tgram://{CANARY}/chat"],
    "of the page": ["watch", "--web", f"http://me:{CANARY}@host"],
    "of data": ["sweep", "--data", f"nofs://me:{CANARY}@host/store", "--set", "stop_atr=1,2"],
    "of a file": ["scan", "--config", f"https://me:{CANARY}@host/divbot.toml"],
    "of a recording": ["backtest", "--recorded", f"https://me:{CANARY}@host/candles.csv"],
}


@pytest.fixture(autouse=True)
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for variable in ("XDG_STATE_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(variable, str(tmp_path / variable))
    return tmp_path


def told(capsys: pytest.CaptureFixture[str], folder: Path) -> str:
    """Return all that was printed, and all that any file below `folder` holds."""
    captured = capsys.readouterr()
    kept = b"".join(x.read_bytes() for x in folder.rglob("*") if x.is_file())
    return captured.out + captured.err + kept.decode("utf-8", "replace")


@pytest.mark.parametrize("address", SPOILED.values(), ids=SPOILED)
@pytest.mark.parametrize("name", SERVERS)
def test_an_address_that_cannot_be_is_told_without_its_secret(
    name: str,
    address: str,
    desk: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(f"DIVBOT_{name.upper()}", address)

    code = cli.exit_code(["limits"])

    assert code == 2
    assert f"{name}: expected https://HOST" in (said := told(capsys, desk))
    assert CANARY not in said


@pytest.mark.parametrize("name", SERVERS)
def test_a_list_of_addresses_is_told_without_their_secrets(
    name: str, desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = desk.parent / "divbot.toml"
    config.write_text(f'{name} = ["https://me:{CANARY}@host"]')

    code = cli.exit_code(["limits", "--config", str(config)])

    assert code == 2
    assert CANARY not in told(capsys, desk)


@pytest.mark.parametrize("name", [*SERVERS[1:], *SINKS])
def test_a_wrong_address_is_a_finding_without_its_secret(
    name: str,
    desk: Path,
    quiet_market: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(f"DIVBOT_{name.upper()}", f"webhook:ftp://me:{CANARY}@host")

    code = cli.exit_code(["doctor", "--json", "--base-url", quiet_market])

    assert code == 4
    assert CANARY not in told(capsys, desk)


@pytest.mark.parametrize("command", UNREACHED.values(), ids=UNREACHED)
def test_a_venue_that_is_not_reached_is_told_without_its_password(
    command: list[str],
    desk: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in SERVERS:
        monkeypatch.setenv(f"DIVBOT_{name.upper()}", f"http://me:{CANARY}@{NOBODY}")

    code = cli.exit_code(command)

    assert code in (3, 4)
    assert NOBODY in (said := told(capsys, desk))
    assert CANARY not in said


def test_a_proxy_that_is_not_reached_is_told_without_its_password(
    desk: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://me:{CANARY}@{NOBODY}")
    monkeypatch.setenv("DIVBOT_USE_PROXIES", "true")

    codes = [
        cli.exit_code([x, "--base-url", f"https://me:{CANARY}@venue.example"])
        for x in ("limits", "doctor")
    ]

    assert codes == [3, 4]
    assert f"through the proxy {NOBODY}" in (said := told(capsys, desk))
    assert CANARY not in said


@pytest.mark.parametrize("command", ON_THE_COMMAND_LINE.values(), ids=ON_THE_COMMAND_LINE)
def test_a_wrong_command_line_is_told_without_its_secrets(
    command: list[str], desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = cli.exit_code(command)

    assert code == 2
    assert CANARY not in told(capsys, desk)


@pytest.mark.parametrize("command", ["watch", "paper"])
def test_nothing_that_a_program_keeps_has_the_password_of_the_venue(
    command: str,
    desk: Path,
    quiet_market: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(desk / "cache"))
    address = quiet_market.replace("//", f"//me:{CANARY}@")
    market = ["--base-url", address, "--top", "3", "--sequential"]

    code = cli.exit_code([command, *market, "--duration", "1s", "--log-file", "log", "--jsonl"])

    assert code == 0
    assert "log" in {x.name for x in desk.rglob("*")}
    assert CANARY not in told(capsys, desk)
