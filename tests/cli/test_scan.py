from __future__ import annotations

import csv
import io
import json
import os
import re
import socket
from pathlib import Path

import pytest

from divbot.scanner.report_documents import OPPORTUNITY_FIELDS
from tests.cli.commands import divbot


def test_a_scan_prints_a_ranked_table(quiet_market: str) -> None:
    run = divbot("scan", "--base-url", quiet_market, "--top", "60", "--best", "3")

    lines = run.stdout.splitlines()
    assert run.returncode == 0
    assert lines[0] == (
        "local exchange USD-M futures, 5m, as of 2024-07-30 09:00 UTC - SIMULATED PRICES"
    )
    assert " ".join(lines[1].split()) == (
        "# symbol signal kind score conf. exp. R RSI R/R stop % price stop target ATR % age "
        "confirmed"
    )
    assert [line.split()[0] for line in lines[2:5]] == ["1", "2", "3"]
    assert re.fullmatch(
        r"past divergences as trades: \d+ reached the target, \d+ the stop, \d+ expired, \d+ are "
        r"not over, \d+ were not entered",
        lines[5],
    )
    assert re.fullmatch(
        r"confidence and expectancy start from [\d,]+ divergences of \d+ weeks \(USD-M futures 5m, "
        r".*\)",
        lines[6],
    )
    assert lines[7].startswith("symbols: 60 listed > 60 tradable > 60 in the universe > ")
    assert lines[7].endswith(" > 3 shown")
    assert re.fullmatch(r"divergences: \d+ found > \d+ open to trade > 3 shown", lines[8])
    assert lines[9] == "60 of 60 symbols scanned"
    assert lines[10].endswith("request weight 167")
    assert run.stderr == ""


def test_json_is_one_document(quiet_market: str) -> None:
    run = divbot("scan", "--base-url", quiet_market, "--top", "60", "--json", "--all")

    document = json.loads(run.stdout)
    assert list(document) == [
        "schema",
        "venue",
        "market",
        "interval",
        "simulated",
        "as_of",
        "notices",
        "summary",
        "timings",
        "opportunities",
        "divergences",
    ]
    assert (document["schema"], document["market"], document["interval"]) == (1, "usdm", "5m")
    assert document["simulated"] is True
    assert set(document["opportunities"][0]) == {*OPPORTUNITY_FIELDS, "score_parts"}
    assert set(document["divergences"][0]) == {
        "symbol",
        "kind",
        "previous_pivot",
        "pivot",
        "confirmed",
    }


def test_a_second_scan_asks_only_for_what_is_new(quiet_market: str, tmp_path: Path) -> None:
    # Another folder for kernels, too, would mean compiling them.
    kernels = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "divbot"
    (tmp_path / "divbot").mkdir()
    for folder in kernels.glob("kernels-*"):
        (tmp_path / "divbot" / folder.name).symlink_to(folder)
    options = ("--base-url", quiet_market, "--top", "60", "--json", "--all")

    cold, warm = (
        json.loads(
            divbot(
                "scan", *options, DIVBOT_KEEP_CANDLES="true", XDG_CACHE_HOME=str(tmp_path)
            ).stdout
        )
        for _ in range(2)
    )

    assert (cold["summary"].pop("request_weight"), warm["summary"].pop("request_weight")) == (
        167,
        107,
    )
    del cold["timings"], warm["timings"]
    assert warm == cold


def test_csv_has_the_rows_of_the_table(quiet_market: str) -> None:
    options = ("--base-url", quiet_market, "--top", "60", "--sequential")

    rows = list(csv.DictReader(io.StringIO(divbot("scan", *options, "--csv").stdout)))
    document = json.loads(divbot("scan", *options, "--json").stdout)

    assert list(rows[0]) == [*OPPORTUNITY_FIELDS, "venue", "market", "interval", "simulated"]
    assert {x["simulated"] for x in rows} == {"true"}
    assert [(x["symbol"], float(x["stop"])) for x in rows] == [
        (x["symbol"], x["stop"]) for x in document["opportunities"]
    ]


@pytest.mark.parametrize(
    ("name", "flags", "begins"),
    [
        ("report.json", [], b"{\n"),
        ("report.csv", [], b"rank,symbol,"),
        ("report.txt", [], b"local exchange USD-M futures"),
        ("report.txt", ["--json"], b"{\n"),
        ("REPORT.JSON", [], b"{\n"),
    ],
)
def test_a_file_is_written_whole_in_the_format_of_its_name(
    quiet_market: str, tmp_path: Path, name: str, flags: list[str], begins: bytes
) -> None:
    run = divbot(
        "scan",
        "--base-url",
        quiet_market,
        "--symbols",
        "BTCUSDT",
        "--output",
        tmp_path / name,
        *flags,
    )

    assert (run.returncode, run.stdout) == (0, "")
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_bytes().startswith(begins)


def test_a_failed_scan_leaves_the_old_file_alone(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    file.write_text("old")

    run = divbot("scan", "--base-url", nobody(), "--output", file)

    assert run.returncode == 3
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [
        ("report.json", "old")
    ]


def test_a_device_is_written_to_and_not_replaced(quiet_market: str) -> None:
    run = divbot(
        "scan", "--base-url", quiet_market, "--symbols", "BTCUSDT", "--output", "/dev/null"
    )

    assert run.returncode == 0
    assert Path("/dev/null").is_char_device()


def test_a_link_stays_one_and_a_file_keeps_its_mode(quiet_market: str, tmp_path: Path) -> None:
    target, link = tmp_path / "target.json", tmp_path / "link.json"
    target.write_text("old")
    target.chmod(0o600)
    link.symlink_to(target)

    run = divbot("scan", "--base-url", quiet_market, "--symbols", "BTCUSDT", "--output", link)

    assert run.returncode == 0
    assert link.is_symlink()
    assert json.loads(target.read_text())["schema"] == 1
    assert target.stat().st_mode & 0o777 == 0o600


def test_a_dash_is_stdout(quiet_market: str, tmp_path: Path) -> None:
    run = divbot(
        "scan", "--base-url", quiet_market, "--symbols", "BTCUSDT", "--output", "-", folder=tmp_path
    )

    assert "1 of 1 symbols scanned" in run.stdout
    assert not list(tmp_path.iterdir())


def test_asking_for_more_than_there_is_scans_all_and_says_so(quiet_market: str) -> None:
    run = divbot("scan", "--base-url", quiet_market, "--top", "500")

    assert run.returncode == 0
    assert run.stderr == (
        "divbot: only 60 symbols to scan, not 500; `divbot universe` tells why the others are left "
        "out\n"
    )


def test_quiet_says_nothing_beside_the_data(quiet_market: str) -> None:
    run = divbot("scan", "--base-url", quiet_market, "--top", "500", "--quiet")

    assert (run.returncode, run.stderr) == (0, "")


def test_variables_and_a_file_reach_the_scan(quiet_market: str, tmp_path: Path) -> None:
    (tmp_path / "divbot.toml").write_text(f'base_url = "{quiet_market}"\ntop = 60\n')

    run = divbot("scan", "--json", folder=tmp_path, DIVBOT_BEST="2", DIVBOT_TOP="50")

    document = json.loads(run.stdout)
    assert document["summary"]["symbols"] == 50
    assert len(document["opportunities"]) == 2


def test_a_demo_needs_nothing_and_says_that_it_is_one() -> None:
    run = divbot("scan", "--demo", "--top", "20")

    assert run.returncode == 0
    assert "SIMULATED PRICES" in run.stdout
    assert "20 of 20 symbols scanned" in run.stdout
    assert run.stderr == (
        "divbot: demo: a local exchange with a synthetic market, not real prices\n"
    )


def nobody() -> str:
    """Return the address of a port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


WRONG = [
    pytest.param(["--top", "0"], 2, "top: .*found 0", id="top of zero"),
    pytest.param(["--top=-3"], 2, "top: .*found -3", id="top below zero"),
    pytest.param(
        ["--top", "ten"],
        2,
        "top: .*from 1 to 5000, found 'ten'",
        id="top that is no number",
    ),
    pytest.param(["--best", "0"], 2, "best: .*found 0", id="best of zero"),
    pytest.param(["--max-age", "-1"], 2, "max_age: .*found -1", id="negative age"),
    pytest.param(["-j", "0"], 2, "workers: .*from 1 to 256, found 0", id="no workers"),
    pytest.param(["-j", "all"], 2, "workers: expected auto or a.*'all'", id="all workers"),
    pytest.param(["-i", "7m"], 2, "interval: .*found '7m'", id="unknown interval"),
    pytest.param(["--market", "forex"], 2, "market: .*found 'forex'", id="unknown market"),
    pytest.param(["--kind", "double"], 2, "kind: .*found 'double'", id="unknown kind"),
    pytest.param(["--side", "HOLD"], 2, "side: .*found 'HOLD'", id="unknown side"),
    pytest.param(["--limit", "50"], 2, "limit: .*301 to 1500, found 50", id="short history"),
    pytest.param(["--symbols", ","], 2, "symbols: expected symbols such as", id="no symbols"),
    pytest.param(["--demo", "--base-url", "https://x"], 2, "exclude each other", id="two venues"),
    pytest.param(["--base-url", "https://x:99999"], 2, "base_url: .*https", id="no port"),
    pytest.param(["--base-url", "https://x/?a=1"], 2, "base_url: .*https", id="a query"),
    pytest.param(["--json", "--csv"], 2, "exclude each other", id="two formats"),
    pytest.param(["--all"], 2, "give --json too", id="all without JSON"),
    pytest.param(["--frobnicate"], 2, "[Nn]o such option.*--frobnicate", id="unknown flag"),
    pytest.param(["--config", "none.toml"], 2, "cannot read.*none.toml", id="missing config"),
    pytest.param(["--config", "bad.toml"], 2, "bad.toml is not TOML", id="malformed config"),
    pytest.param(["--config", "typo.toml"], 2, "'tpo'.*nearest known is 'top'", id="typo"),
    pytest.param(
        ["--output", "no/such/folder/x.json"], 2, "cannot write.*there is no folder", id="no folder"
    ),
    pytest.param(["--tpo", "3"], 2, r"--tpo \(Possible options: --top\)$", id="a flag's slip"),
    pytest.param(["--output", "."], 2, "directory", id="a folder as output"),
    pytest.param(["--base-url", "ftp://x"], 2, "base_url: .*https", id="no web address"),
    pytest.param(
        ["--base-url", nobody()], 3, "cannot reach 127.*refused.*--demo", id="nobody there"
    ),
]


@pytest.mark.parametrize(("arguments", "code", "says"), WRONG)
def test_what_is_wrong_is_told_in_one_line(
    arguments: list[str], code: int, says: str, tmp_path: Path
) -> None:
    (tmp_path / "bad.toml").write_text("top = = 3\n")
    (tmp_path / "typo.toml").write_text("tpo = 3\n")

    run = divbot("scan", *arguments, folder=tmp_path)

    assert (run.returncode, run.stdout, run.stderr.count("\n")) == (code, "", 1)
    assert run.stderr.startswith("divbot: ")
    assert_matches(says, run.stderr)


def test_a_scan_that_the_limit_makes_slow_says_so_before_it_begins() -> None:
    run = divbot("scan", "--limit", "1500", "--base-url", nobody())

    first, second = run.stderr.splitlines()
    assert_matches("request weight of 4047, and divbot uses 1920 a minute: .* 2 min", first)
    assert_matches("cannot reach", second)


@pytest.mark.parametrize(
    ("symbols", "code", "says"),
    [
        (
            "BTC/USDT,ETHUSTD",
            4,
            r"^divbot: ETHUSTD is not scanned: .*not list it; did you mean ETHUSDT\?$",
        ),
        ("NOSUCHUSDT", 2, "unknown symbol 'NOSUCHUSDT': the venue does not list it\n$"),
        ("BTCUSTD", 2, "unknown symbol 'BTCUSTD'.*did you mean BTCUSDT"),
        ("btcusdt", 0, ""),
    ],
)
def test_symbols_are_checked_against_the_listing(
    quiet_market: str, symbols: str, code: int, says: str
) -> None:
    run = divbot("scan", "--base-url", quiet_market, "--symbols", symbols)

    assert run.returncode == code
    assert_matches(says, run.stderr)


def test_an_exclusion_that_matches_nothing_is_told(quiet_market: str) -> None:
    run = divbot(
        "scan", "--base-url", quiet_market, "--top", "2", "--exclude", "ETH/USDT,NOPEUSDT", "--json"
    )

    assert run.returncode == 0
    assert run.stderr == "divbot: exclude: no symbol of the venue matches 'NOPEUSDT'\n"
    assert "ETHUSDT" not in run.stdout


def test_a_symbol_with_too_few_candles_is_a_partial_result(quiet_market: str) -> None:
    # The synthetic market begins in 2020: it has 4 to 5 years of weeks, and fewer than 300.
    run = divbot("scan", "--base-url", quiet_market, "--symbols", "BTCUSDT", "-i", "1w")

    assert run.returncode == 4
    assert_matches(
        r"divbot: BTCUSDT skipped \(insufficient history\): \d+ final candles, at least 300",
        run.stderr,
    )
    assert "0 of 1 symbols scanned, 1 skipped (1 insufficient history)" in run.stdout


def assert_matches(pattern: str, text: str) -> None:
    assert re.search(pattern, text), text
