from __future__ import annotations

import re
import runpy
import tomllib
from datetime import timedelta
from pathlib import Path

import pytest

from divbot.domain.bounds import Bounds
from divbot.domain.durations import Duration
from divbot.domain.errors import SettingsError
from divbot.domain.market import Interval, Market
from divbot.domain.signals import Kind, Side
from divbot.setting_table import SETTINGS
from divbot.settings import Settings, load_settings

PROJECT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_flag_beats_a_variable_beats_the_file_beats_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('top = 10\nbest = 11\nmax_age = 12\ninterval = "1h"\n')
    monkeypatch.setenv("DIVBOT_BEST", "21")
    monkeypatch.setenv("DIVBOT_MAX_AGE", "22")

    settings = load_settings({"max_age": 32, "market": None}, file)

    assert (settings.top, settings.best, settings.max_age) == (10, 21, 32)
    assert (settings.interval, settings.market) == (Interval.H1, Market.USDM)


def test_divbot_toml_of_the_folder_is_read_by_itself(tmp_path: Path) -> None:
    (tmp_path / "divbot.toml").write_text("top = 7\n")

    assert load_settings({}).top == 7


def test_a_variable_may_name_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "other.toml").write_text("top = 8\n")
    monkeypatch.setenv("DIVBOT_CONFIG", "other.toml")

    assert load_settings({}).top == 8


def test_lists_are_written_with_commas_or_as_lists(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "divbot.toml").write_text('symbols = ["btcusdt", "ETHUSDT"]\n')
    monkeypatch.setenv("DIVBOT_KIND", "regular-bullish, hidden_bearish")

    settings = load_settings({"side": "buy"})

    assert settings.symbols == ("BTCUSDT", "ETHUSDT")
    assert settings.kind == (Kind.REGULAR_BULLISH, Kind.HIDDEN_BEARISH)
    assert settings.side == (Side.BUY,)


@pytest.mark.parametrize("how", ["90m", "1.5h", timedelta(minutes=90)])
def test_a_time_is_given_with_its_unit_or_as_a_timedelta(how: object) -> None:
    assert load_settings({"cooldown": how}).cooldown == timedelta(minutes=90)


@pytest.mark.parametrize("how", ["0.5%", "0.005", 0.005])
def test_a_part_is_given_in_per_cent_or_as_a_number(how: object) -> None:
    settings = load_settings({"risk": how, "max_spread": how})

    assert (str(settings.risk), settings.max_spread) == ("0.005", 0.005)


def test_symbols_may_be_written_as_other_programs_do() -> None:
    settings = load_settings(
        {"symbols": "BTC/USDT,ETHUSDT.P", "include": ["btc-usdt", "1000*"], "exclude": "*_2409*"}
    )

    assert settings.symbols == ("BTCUSDT", "ETHUSDT")
    assert settings.include == ("BTCUSDT", "1000*")
    assert settings.exclude == ("*_2409*",)


@pytest.mark.parametrize(
    ("text", "workers"),
    [("auto", "auto"), ("AUTO", "auto"), (" 3 ", 3), ("256", 256)],
)
def test_workers_are_counted_or_left_to_divbot(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, workers: object
) -> None:
    monkeypatch.setenv("DIVBOT_WORKERS", text)
    (tmp_path / "divbot.toml").write_text(f'workers = "{text}"\n')

    by_variable = load_settings({}).workers
    monkeypatch.delenv("DIVBOT_WORKERS")
    by_file = load_settings({}).workers

    assert by_variable == by_file == load_settings({"workers": text}).workers == workers
    assert Settings().workers == "auto"


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        pytest.param({"top": 0}, "top: expected a whole .* from 1 to 5000, found 0$", id="zero"),
        pytest.param({"top": -5}, "top: .*found -5", id="negative"),
        pytest.param({"top": "many"}, "top: expected a whole .*found 'many'", id="no number"),
        pytest.param(
            {"balance": "10000.123456789"},
            "balance: expected .* at most 8 decimal places, found 10000.123456789",
            id="parts of a hundred-millionth",
        ),
        pytest.param({"max_positions": True}, "max_positions: .*found true", id="positions by yes"),
        pytest.param({"sequential": 2}, "sequential: expected true or false, found 2", id="no yes"),
        pytest.param({"symbols": 5}, "symbols: expected symbols such as.*found 5", id="no names"),
        pytest.param({"symbols": [""]}, "symbols: .*found none", id="an empty name"),
        pytest.param({"symbols": "BTC*"}, r"symbols: .*'BTC\*'; patterns are for", id="a pattern"),
        pytest.param(
            {"exclude": "(BTC|ETH)USDT"},
            r"exclude: expected a symbol or a pattern .*found '\(BTC\|ETH\)USDT'",
            id="an expression",
        ),
        pytest.param({"include": "BTC USDT"}, "include: .*found 'BTC USDT'", id="a blank within"),
        pytest.param({"base_url": 5}, "base_url: expected https.*, found 5", id="no address"),
        pytest.param({"interval": "7m"}, "interval: .*one of 1s, .*5m.*found '7m'", id="interval"),
        pytest.param({"market": "forex"}, "market: .*found 'forex'", id="market"),
        pytest.param({"kind": "double"}, "kind: .*found 'double'", id="kind"),
        pytest.param({"side": "HOLD"}, "side: .*found 'HOLD'", id="side"),
        pytest.param({"limit": 300}, "limit: .*301 to 1500, found 300", id="too short a history"),
        pytest.param(
            {"rsi_length": 60, "limit": 400}, "limit: .*660 to 1500 on usdm", id="longer inputs"
        ),
        pytest.param(
            {"rsi_length": 100, "pivot_left": 50, "range_max": 300, "market": "spot"},
            "these need 1256 candles, and spot gives 1000",
            id="inputs beyond what the venue gives",
        ),
        pytest.param(
            {"range_min": 30, "range_max": 20}, "range_min: .*at most range_max, 20", id="range"
        ),
        pytest.param({"rsi_length": 1}, "rsi_length: .*2 to 100, found 1", id="an RSI of nothing"),
        pytest.param({"limit": 1501}, "limit: .*301 to 1500, found 1501", id="too long a history"),
        pytest.param(
            {"limit": 1001, "market": "spot"}, "limit: .*301 to 1000 on spot", id="spot limit"
        ),
        pytest.param({"interval": "1s"}, "interval 1s exists on spot only", id="seconds"),
        pytest.param({"workers": 0}, "workers: .*auto .*1 to 256, found 0", id="no workers"),
        pytest.param({"workers": 257}, "workers: .*1 to 256, found 257", id="many workers"),
        pytest.param({"workers": "al"}, "workers: .*found 'al'", id="workers in words"),
        pytest.param({"workers": 2.5}, "workers: .*found 2.5", id="half a worker"),
        pytest.param({"workers": True}, "workers: .*found true", id="workers by yes"),
        pytest.param({"stop_atr": float("nan")}, "stop_atr: .*found nan", id="nan"),
        pytest.param({"base_url": "http://example.com"}, "base_url: .*https", id="plain http"),
        pytest.param({"base_url": "file:///etc/passwd"}, "base_url: .*https", id="a file"),
        pytest.param({"tpo": 3}, "unknown setting 'tpo'.*'top'", id="unknown keyword"),
    ],
)
def test_a_value_that_cannot_be_is_told_in_one_line(flags: dict[str, object], message: str) -> None:
    with pytest.raises(SettingsError, match=message) as caught:
        load_settings(flags)

    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(
            "max_aeg = 3\n", "unknown setting 'max_aeg'.*nearest known is 'max_age'", id="typo"
        ),
        pytest.param(
            "[paper]\ntop = 3\n", "unknown setting 'paper' .* it is a table.*brackets$", id="table"
        ),
        pytest.param("paper = 3\n", r"unknown setting 'paper' in .*bad\.toml$", id="nothing near"),
        pytest.param("top = \n", "is not TOML", id="malformed"),
        pytest.param("\udcff", "is not TOML", id="not UTF-8"),
    ],
)
def test_a_file_that_cannot_be_is_told_in_one_line(
    tmp_path: Path, content: str, message: str
) -> None:
    file = tmp_path / "bad.toml"
    file.write_bytes(content.encode("utf-8", "surrogateescape"))

    with pytest.raises(SettingsError, match=message) as caught:
        load_settings({}, file)

    assert "\n" not in str(caught.value)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"cannot read .*none\.toml: No such file"):
        load_settings({}, tmp_path / "none.toml")


def test_a_variable_that_is_near_to_none_is_refused_without_a_guess(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DIVBOT_FOO", "3")

    with pytest.raises(SettingsError, match=r"'DIVBOT_FOO' in the environment$"):
        load_settings({})


def test_an_unknown_variable_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIVBOT_TPO", "3")

    with pytest.raises(SettingsError, match=r"'DIVBOT_TPO' in the environment.*'DIVBOT_TOP'"):
        load_settings({})


@pytest.mark.parametrize(
    "url", ["https://fapi.binance.com", "http://127.0.0.1:8000", "http://[::1]:1"]
)
def test_safe_addresses_are_taken(url: str) -> None:
    assert load_settings({"base_url": url}).base_url == url


@pytest.mark.parametrize("made", ["config.example.toml", "docs/settings.md"])
def test_what_is_made_of_the_table_is_as_the_table_has_it(made: str) -> None:
    texts = runpy.run_path(str(PROJECT / "docs/settings.py"))
    text = texts["example_text" if made.endswith("toml") else "page_text"]()

    assert (PROJECT / made).read_text("utf-8") == text


def test_the_example_file_holds_every_setting_at_its_default() -> None:
    text = (PROJECT / "config.example.toml").read_text("utf-8")
    commented = re.findall(r"^# (\w+) = ", text, re.M)

    given = tomllib.loads(text)
    uncommented = tomllib.loads(re.sub(r"^# (?=\w+ = )", "", text, flags=re.M))

    assert {x: SETTINGS[x].reader.read(value) for x, value in given.items()} == {
        x: SETTINGS[x].value for x in given
    }
    assert sorted([*given, *commented]) == sorted(uncommented) == sorted(SETTINGS)
    assert all(SETTINGS[name].default is None for name in commented)
    assert Settings(**uncommented).base_url == "http://127.0.0.1:8000"


NUMBERS = [x for x, row in SETTINGS.items() if isinstance(row.reader, Bounds | Duration)]


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("how", ["a file", "a flag"])
def test_a_boolean_is_no_number(tmp_path: Path, name: str, how: str) -> None:
    (tmp_path / "divbot.toml").write_text(f"{name} = true\n" if how == "a file" else "")

    with pytest.raises(SettingsError) as caught:
        load_settings({name: True} if how == "a flag" else {})

    assert re.fullmatch(
        rf"{name}: expected a .*(number|time) from .*, found true", str(caught.value)
    )


@pytest.mark.parametrize("name", NUMBERS)
def test_a_word_in_a_variable_is_no_number(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"DIVBOT_{name.upper()}", "true")

    with pytest.raises(SettingsError, match=f"^{name}: "):
        load_settings({})


def test_workers_are_a_number_or_auto_but_no_boolean() -> None:
    with pytest.raises(SettingsError, match="workers: expected"):
        load_settings({"workers": True})
