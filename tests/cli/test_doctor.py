"""`divbot doctor`: each check says how it is, and what to do."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from divbot import cli
from divbot.alerts.outbox import Outbox
from divbot.app import checkup
from divbot.app.alerting import outbox_of_run
from divbot.app.checkup import Check, Health
from divbot.app.trials import open_trials
from divbot.binance.limits import Limits
from divbot.binance.market_data import BinanceListing
from divbot.cli import compiling
from divbot.cli.destination import Fit
from divbot.cli.doctor_text import check_line
from divbot.domain.market import Interval, Market
from divbot.extras import how_to_install
from divbot.history.kind import StoredKind
from divbot.history.shelf import Shelf
from divbot.kernels import place
from divbot.kernels.place import Place
from divbot.research.trials.entries import Lost
from divbot.trading.journal.journal import Journal
from divbot.version import __version__
from tests.alerts.alerts import alert
from tests.trading.stories import STARTED

RUN = "2026-01-01T000000-usdm-5m.db"
SUBJECTS = [
    *("settings", "compiled code", "versions", "cache folder", "state folder", "data folder"),
    *("files", "journals", "outboxes", "trials", "store"),
    *("certificates", "alerts", "network", "clock", "weight"),
]


@pytest.fixture
def doctor(
    quiet_market: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., tuple[int, dict[str, Any]]]:
    """Return what runs the command in an empty home, and gives its exit code and its checks."""
    for variable in ("XDG_STATE_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(variable, str(tmp_path / variable))
    for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.chdir(tmp_path)

    def run(*flags: str, address: str = quiet_market) -> tuple[int, dict[str, Any]]:
        code = cli.exit_code(["doctor", "--json", "--base-url", address, *flags])
        document = json.loads(capsys.readouterr().out)
        assert document["is_well"] is (code == 0)
        assert document["version"] == __version__
        return code, {x["subject"]: x for x in document["checks"]}

    return run


def healths(checks: dict[str, Any]) -> dict[str, str]:
    return {name: x["health"] for name, x in checks.items() if x["health"] != "ok"}


def limits(**changes: Any) -> Limits:
    usual = {"used": 6, "limit": 2400, "clock_offset": 1.5, "latency": 20.0, "simulated": False}
    return Limits(**{**usual, **changes})


def test_what_is_well_is_said_of_each_check(
    doctor: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BinanceListing, "limits", lambda _: limits())

    code, checks = doctor()

    assert (code, healths(checks)) == (0, {})
    assert list(checks) == SUBJECTS
    assert checks["weight"]["found"] == "6 of 2400 used this minute; 1914 left to divbot"
    assert checks["network"]["found"].endswith(" answers in 20 ms")
    assert checks["clock"]["found"] == "the venue is 0.002 s ahead of this machine"
    assert checks["journals"]["found"] == "there is no run yet"
    assert checks["outboxes"]["found"] == "no alert has been kept yet"
    assert checks["trials"]["found"] == "entries in the ledgers of trials: 0"
    assert checks["store"]["found"] == "there are no candles of the past yet"
    assert "divbot data download" in checks["store"]["advice"]
    assert re.fullmatch(r"\d+ can be open at once", checks["files"]["found"])
    assert checks["certificates"]["found"] == "those that come with certifi"
    assert checks["alerts"]["found"] == "nobody is told: notify_to names no address"
    assert checks["compiled code"]["found"] == "made for this machine"
    assert checks["settings"] == {
        "subject": "settings",
        "health": "ok",
        "found": "no settings file",
        "advice": None,
    }


def test_it_is_a_line_each_for_people(
    doctor: object, quiet_market: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = cli.exit_code(["doctor", "--base-url", quiet_market])

    lines = capsys.readouterr().out.splitlines()
    assert code == 0
    assert [x[9:24].strip() for x in lines[:-2]] == SUBJECTS
    assert lines[-1] == "16 checks: 16 ok"


@pytest.mark.parametrize(
    ("met", "subject", "says", "advice"),
    [
        ({"clock_offset": -5000.0}, "clock", "5.000 s behind this machine", "chrony"),
        ({"latency": 2000.0}, "network", "answers in 2000 ms", "a nearer network"),
        ({"used": 2000}, "weight", "2000 of 2400 used this minute; 0 left", "weight_share"),
    ],
    ids=["clock", "latency", "weight"],
)
def test_a_venue_that_is_met_badly_is_a_warning(
    doctor: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    met: dict[str, Any],
    subject: str,
    says: str,
    advice: str,
) -> None:
    monkeypatch.setattr(BinanceListing, "limits", lambda _: limits(**met))

    code, checks = doctor()

    assert (code, healths(checks)) == (0, {subject: "warning"})
    assert says in checks[subject]["found"]
    assert advice in checks[subject]["advice"]


def test_without_a_network_all_else_is_checked(doctor: Callable[..., Any]) -> None:
    code, checks = doctor(address="http://127.0.0.1:9")

    assert (code, healths(checks)) == (4, {"network": "failed"})
    assert "cannot reach 127.0.0.1:9" in checks["network"]["found"]
    assert "look after the network" in checks["network"]["advice"]


def test_a_proxy_that_is_no_address_is_named_as_what_to_mend(
    doctor: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "ftp://proxy")
    monkeypatch.setenv("DIVBOT_USE_PROXIES", "true")

    code, checks = doctor(address="https://venue.example")

    assert (code, healths(checks)) == (4, {"network": "failed"})
    assert "names a proxy that is no address" in checks["network"]["found"]
    assert checks["network"]["advice"] is None


def test_settings_that_cannot_be_are_a_check_that_failed(
    doctor: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BinanceListing, "limits", lambda _: limits())
    monkeypatch.setenv("DIVBOT_TOP", "zero")

    code, checks = doctor()

    assert (code, healths(checks)) == (4, {"settings": "failed"})
    assert checks["settings"]["found"].startswith("top: expected a whole number")
    assert "checked with the defaults" in checks["settings"]["advice"]


def damage_a_journal(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = folder / "XDG_STATE_HOME" / "divbot" / "runs" / RUN
    run.parent.mkdir(parents=True)
    run.write_bytes(b"no journal" * 1000)


def damage_an_outbox(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outbox = folder / "XDG_STATE_HOME" / "divbot" / "alerts" / "venue" / "usdm-5m.outbox"
    outbox.parent.mkdir(parents=True)
    outbox.write_bytes(b"no outbox" * 1000)


def damage_the_ledger_of_trials(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = folder / "XDG_STATE_HOME" / "divbot" / "trials-simulated.db"
    ledger.parent.mkdir(parents=True)
    ledger.write_bytes(b"no ledger" * 1000)


def name_no_certificates(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(folder / "none.pem"))


def name_a_wrong_address(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIVBOT_NOTIFY_TO", "webhook:ftp://CANARY0123@example.com")


def make_the_store_newer(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = folder / "XDG_DATA_HOME" / "divbot" / "history"
    store.mkdir(parents=True)
    (store / ".divbot-store.json").write_text('{"version": 99}')


def fill_the_disk(folder: Path, monkeypatch: pytest.MonkeyPatch, free: int = 50_000_000) -> None:
    usage = shutil.disk_usage(folder)._replace(free=free)
    monkeypatch.setattr(checkup.shutil, "disk_usage", lambda _: usage)


FAULTS = {
    "journals": (damage_a_journal, RUN),
    "outboxes": (damage_an_outbox, "venue/usdm-5m.outbox"),
    "trials": (damage_the_ledger_of_trials, "trials-simulated.db: it is no ledger of trials"),
    "certificates": (name_no_certificates, "none.pem"),
    "alerts": (name_a_wrong_address, "webhook"),
    "store": (make_the_store_newer, "newer divbot"),
    "state folder": (fill_the_disk, "0.1 GB free"),
}


@pytest.mark.parametrize("subject", FAULTS)
def test_what_is_broken_is_named(
    doctor: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, subject: str
) -> None:
    break_it, says = FAULTS[subject]
    break_it(tmp_path, monkeypatch)

    code, checks = doctor()

    assert code == 4
    assert checks[subject]["health"] == "failed"
    assert says in checks[subject]["found"]
    assert "CANARY" not in json.dumps(checks)


def leave_little_room(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill_the_disk(folder, monkeypatch, 999_999_999)


def leave_room(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill_the_disk(folder, monkeypatch, 1_000_000_000)


def take_extras_away(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lacking = {"notify": ["apprise>=1.9"], "report": ["plotly>=6"]}
    monkeypatch.setattr(checkup, "missing_extras", lambda: lacking)


def name_certificates(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "own.pem").write_text("-----BEGIN CERTIFICATE-----")
    monkeypatch.setenv("SSL_CERT_FILE", str(folder / "own.pem"))


def keep_two_runs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for day in ("01", "02"):
        run = folder / "XDG_STATE_HOME" / "divbot" / "runs" / RUN.replace("-01T", f"-{day}T")
        Journal.create(run, STARTED).close()


def keep_compiled_code_elsewhere(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = Place(folder, "compiled code is kept in /tmp/other, not in the cache: move it")
    monkeypatch.setattr(compiling, "place_of", lambda _: elsewhere)


def compile_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, "place_of", lambda _: Place(folder))


def name_an_address(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIVBOT_NOTIFY_TO", "jsonl:alerts.jsonl webhook:https://CANARY@host")


def name_a_settings_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "divbot.toml").write_text("top = 9")


def keep_secrets_openly(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = folder / "divbot.toml"
    file.write_text(
        'notify_to = ["webhook:https://CANARY@host"]\nweb_token = "CANARY-CANARY-CANARY"'
    )
    file.chmod(0o644)


def keep_secrets(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_secrets_openly(folder, monkeypatch)
    (folder / "divbot.toml").chmod(0o600)


def note_a_look(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_trials(is_simulated=False).open() as ledger:
        ledger.append(Lost("a test", sweeps=0, openings=0))


FOUND = {
    "settings": (name_a_settings_file, ("settings", "ok", "those of divbot.toml", None)),
    "secrets": (keep_secrets, ("settings", "ok", "those of divbot.toml", None)),
    "secrets for all": (
        keep_secrets_openly,
        (
            *("settings", "warning", "which holds notify_to, web_token, and which others can read"),
            "chmod 600 divbot.toml",
        ),
    ),
    "trials": (
        note_a_look,
        ("trials", "warning", "in the ledgers of trials: 1; ", "put back a backup"),
    ),
    "little room": (
        leave_little_room,
        ("state folder", "warning", "1.0 GB free", "free some space on the disk"),
    ),
    "room": (leave_room, ("state folder", "ok", "1.0 GB free", None)),
    "extras": (
        take_extras_away,
        (
            *("versions", "ok", "; without the extras notify, report, which are optional"),
            how_to_install("apprise>=1.9", "plotly>=6"),
        ),
    ),
    "certificates": (name_certificates, ("certificates", "ok", "/own.pem", None)),
    "journals": (keep_two_runs, ("journals", "ok", "runs read whole: 2", None)),
    "code elsewhere": (
        keep_compiled_code_elsewhere,
        ("compiled code", "warning", "kept in /tmp/other, not in the cache: move it", None),
    ),
    "no code": (compile_nothing, ("compiled code", "ok", "only the first start does so", None)),
    "alerts": (
        name_an_address,
        ("alerts", "ok", "to jsonl, address 1, webhook, address 2", "--test-notify"),
    ),
}


@pytest.mark.parametrize(("arrange", "expected"), FOUND.values(), ids=FOUND)
def test_what_is_found_is_said_in_words(
    doctor: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arrange: Callable[..., None],
    expected: tuple[str, str, str, str | None],
) -> None:
    monkeypatch.setattr(BinanceListing, "limits", lambda _: limits())
    arrange(tmp_path, monkeypatch)

    code, checks = doctor()

    subject, health, found, advice = expected
    assert (code, checks[subject]["health"]) == (0, health)
    assert found in checks[subject]["found"]
    assert (advice or "") in (checks[subject]["advice"] or "")
    assert bool(advice) is bool(checks[subject]["advice"])


def test_a_store_is_counted_by_its_symbols(
    doctor: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BinanceListing, "limits", lambda _: limits())
    history = tmp_path / "XDG_DATA_HOME" / "divbot" / "history"
    for interval, symbol in ((Interval.M5, "A"), (Interval.H1, "A"), (Interval.H1, "B")):
        shelf = Shelf(Market.USDM, StoredKind.KLINES, interval, f"{symbol}USDT")
        shelf.folder(history).mkdir(parents=True)
        (shelf.folder(history) / "2024-01.parquet").touch()

    _, checks = doctor()

    assert checks["store"]["found"] == f"{history} holds {Market.USDM.title} symbols: 2"


def test_a_folder_that_cannot_be_written_to_is_named(
    doctor: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_only = Path("/proc/self")  # for root, too
    monkeypatch.setenv("XDG_STATE_HOME", str(read_only))

    code, checks = doctor()

    assert code == 4
    assert checks["state folder"]["found"] == "/proc/self cannot be written to"


def test_a_folder_that_cannot_even_be_looked_at_ends_no_other_check(
    doctor: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", f"/{'x' * 300}")  # too long a name, for root, too

    code, checks = doctor()

    assert code == 4
    assert list(checks) == SUBJECTS
    assert {"journals", "outboxes", "trials"} <= healths(checks).keys()
    assert checks["state folder"]["advice"] == "let this user read and write it"


def test_a_folder_that_others_can_write_to_is_a_warning(
    doctor: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    monkeypatch.setenv("XDG_STATE_HOME", str(shared))

    _, checks = doctor()

    assert checks["state folder"]["health"] == "warning"
    assert checks["state folder"]["advice"].endswith(f"chmod go-w {shared}")


def test_the_proxy_is_named_without_its_password(
    doctor: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BinanceListing, "limits", lambda _: limits())
    monkeypatch.setenv("HTTPS_PROXY", "http://user:CANARY@proxy.example:3128")
    monkeypatch.setenv("DIVBOT_USE_PROXIES", "true")

    _, checks = doctor(address="https://venue.example")

    assert "through the proxy proxy.example:3128" in checks["network"]["found"]
    assert "CANARY" not in json.dumps(checks)


def test_a_file_in_the_place_of_a_folder_is_named(
    doctor: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "home").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "home"))

    code, checks = doctor()

    assert code == 4
    assert checks["state folder"]["found"] == f"{tmp_path / 'home'} is no folder"


def test_a_local_exchange_has_a_clock_of_its_own(doctor: Callable[..., Any]) -> None:
    _, checks = doctor()

    assert checks["clock"]["health"] == "ok"
    assert checks["clock"]["found"].endswith("a local exchange has a time of its own")
    assert " (a local exchange) answers in " in checks["network"]["found"]


def test_the_password_of_an_address_is_not_shown(
    doctor: Callable[..., Any], quiet_market: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, checks = doctor(address=quiet_market.replace("//", "//user:CANARY@"))

    assert code == 0
    assert checks["network"]["found"].startswith(f"{quiet_market} ")
    assert "CANARY" not in json.dumps(checks)


def test_a_wrong_flag_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    code = cli.exit_code(["doctor", "--base-url", "ftp://venue"])

    out, error = capsys.readouterr()
    assert (code, out) == (2, "")
    assert error.startswith("divbot: base_url: expected https://HOST")


def test_an_alert_that_was_refused_is_a_warning(
    doctor: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BinanceListing, "limits", lambda _: limits())
    folder = tmp_path / "XDG_STATE_HOME" / "divbot"
    watched, traded = folder / "alerts" / "venue" / "usdm-5m.outbox", folder / "runs" / RUN
    Journal.create(traded, STARTED).close()
    with closing(Outbox.open(outbox_of_run(traded))) as outbox:
        outbox.send_to(["mail:1"])
        outbox.keep([alert("1"), alert("2")], now=0)
    with closing(Outbox.open(watched)) as outbox:
        outbox.send_to(["mail:1", "hook:2"])
        outbox.keep([alert("1")], now=0)
        outbox.set_aside("mail:1", 1, "HTTP 413", now=0)

    code, checks = doctor()

    assert (code, healths(checks)) == (0, {"outboxes": "warning"})
    assert checks["outboxes"]["found"] == (
        f"outboxes read whole: 2; alerts still to be sent: 3; some were refused, see {watched}"
    )
    assert "--refused --outbox" in checks["outboxes"]["advice"]


def test_entries_that_are_missing_from_the_ledger_of_trials_are_a_warning(
    doctor: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BinanceListing, "limits", lambda _: limits())
    note_a_look(tmp_path, monkeypatch)
    (tmp_path / "XDG_STATE_HOME" / "divbot" / "trials.db").unlink()

    code, checks = doctor()

    assert (code, healths(checks)) == (0, {"trials": "warning"})
    assert "trials.db: 1 entries were written, of which 0 are there" in checks["trials"]["found"]
    assert "backup" in checks["trials"]["advice"]


def test_a_line_says_what_to_do_and_is_broken_where_the_terminal_ends() -> None:
    narrow = Fit(50, is_coloured=False)
    check = Check("clock", Health.DOUBTFUL, "an hour\33 late", "let the network set it")

    assert check_line(check, narrow) == (
        "warning  clock          an hour? late. To do: let the\n"
        "                        network set it\n"
    )


def test_advice_where_all_is_well_goes_on_in_the_line() -> None:
    check = Check("store", Health.GOOD, "none yet", "download some")

    assert check_line(check, Fit(None, is_coloured=True)) == (
        "\33[32mok       \33[0mstore          none yet; download some\n"
    )
