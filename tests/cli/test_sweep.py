"""`divbot sweep` and `divbot sweeps` in this process, on recordings that are made up."""

from __future__ import annotations

import json
import os
import re
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import divbot as package
from divbot.app.trials import open_trials
from divbot.cli import command_line, exit_code, past
from divbot.domain.durations import MINUTE
from divbot.domain.errors import InputError, SettingsError
from divbot.research.sweep import parcels
from divbot.research.sweep import run as core
from divbot.research.trials.entries import Opening, Trial
from divbot.settings import load_settings
from tests.cli.pages import Browse
from tests.research.fakes import START, walk
from tests.research.trials import execute

HOURS = 4
ROWS = 6 * 260
SPACE = ("--set", "stop_atr=0.5,1", "--set", "reward_risk=1.5,2")
WIDE = ("--min-age", "0", "--limit", "330", "--sequential", "--no-portfolio")
PLAIN = (*SPACE, *WIDE)


def write(path: Path, *, sealed_seed: int = 0, sealed_from: int = ROWS) -> Path:
    """Write half a year and more of 4h candles; those from a row on are of another seed."""
    frames = []
    for number in range(5):
        one, other = (
            walk(seed, ROWS, step=0.02, price=20.0) for seed in (number, number + 100 * sealed_seed)
        )
        times = START + HOURS * 60 * MINUTE * np.arange(ROWS)
        columns = {
            name: np.concatenate([x[:sealed_from], y[sealed_from:]])
            for name, x, y in zip(("open", "high", "low", "close"), one[1:], other[1:], strict=True)
        }
        frames.append(
            pd.DataFrame(
                {"symbol": f"{'ABCDE'[number]}AAUSDT", "open_time": times, **columns, "volume": 1e3}
            )
        )
    pd.concat(frames).to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("recording") / "market.csv")


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where candles are kept in columns, for all tests."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    monkeypatch.setenv("DIVBOT_INTERVAL", "4h")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def divbot(*arguments: Any) -> None:
    command_line()([str(x) for x in arguments], prog_name="divbot", standalone_mode=False)


def swept(recording: Path, *more: Any) -> None:
    divbot("sweep", "--recorded", recording, *PLAIN, *more)


def document_of(recording: Path, capsys: pytest.CaptureFixture[str], *more: Any) -> dict[str, Any]:
    swept(recording, "--json", *more)
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


def test_a_sweep_says_what_it_takes_and_prints_verdict_settings_and_limits(
    recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    swept(recording)
    printed = capsys.readouterr()

    assert "divbot: 4 settings on 5 symbols over 2" in printed.err
    assert re.search(r"about a minute or less and \d\.\d GB of memory", printed.err)
    lines = printed.out.splitlines()
    assert lines[0] == "Binance USD-M futures 4h"
    assert re.match(r"(NO EDGE FOUND|EVERY SETTING LOSES|NOT CONFIRMED|EDGE CONFIRMED): ", lines[1])
    assert "would usually be missed" in lines[1]
    assert re.match(r"development 20\d\d-.* runs of 7 days; holdout 20\d\d-.*, ", lines[3])
    assert "R a trade  about 9 in 10  trades  runs" in printed.out
    assert "of the grid lies on a plateau" in printed.out
    assert "the best t without any edge: " in printed.out
    assert "\nlimits: No edge found is not no edge" in printed.out
    assert re.search(r"\ntrial 1, ledger \d:[0-9a-f]{16} ", printed.out)


def test_the_table_has_a_column_for_each_setting_that_varies_and_words_for_kinds(
    recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kinds = "kind=regular_bullish+regular_bearish,hidden_bullish+hidden_bearish"
    divbot(
        *("sweep", "--recorded", recording, *WIDE),
        *("--set", kinds, "--set", "max_holding=12h", "--set", "stop_atr=0.5,1"),
    )
    lines = capsys.readouterr().out.splitlines()

    (head,) = (x for x in lines if x.startswith("kind "))
    assert re.split("  +", head)[:3] == ["kind", "stop_atr", "R a trade"]
    assert sum(bool(re.match(r"(regular|hidden) +(0\.5|1\.0) ", x)) for x in lines) == 4


def test_what_it_takes_counts_the_symbols_that_are_asked_for_and_unknown_funding_is_told(
    recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    divbot(
        *("sweep", "--recorded", recording, *WIDE),
        *("--set", "stop_atr=1", "--exclude", "A*,BAAUSDT"),
    )
    told = capsys.readouterr().err

    assert "divbot: 1 setting on 3 symbols over 2" in told
    assert "divbot: funding is not known of 3 symbols: positions in them pay and get none" in told


def test_settings_that_hardly_trade_are_told_beforehand_and_counted(
    recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    divbot(
        *("sweep", "--recorded", recording, *WIDE),
        *("--set", "reward_risk=0.5,1,2", "--set", "stop_atr=0.5,1"),
    )
    printed = capsys.readouterr()

    assert "divbot: 4 settings with a reward_risk of up to 1 hardly enter a trade: " in printed.err
    assert "after all costs it is to be 1 at least; see --min-reward-risk" in printed.err
    assert "\n4 settings traded in too few runs of days to be judged\n" in printed.out


def test_the_page_draws_luck_the_winner_and_a_heat_map_and_fits_a_telephone(
    browse: Browse, home: Path, recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kinds = "kind=regular_bullish+regular_bearish,hidden_bullish+hidden_bearish"
    swept(recording, "--set", kinds, "--report", home / "page.html")
    capsys.readouterr()

    seen = browse(
        home,
        (home / "page.html").read_text(),
        """
        document.body.style.width = "390px";
        dispatchEvent(new Event("resize"));
        await new Promise((done) => setTimeout(done, 500));
        const parts = [...document.querySelectorAll("header, main > section, .chart, .scroll")];
        const luck = document.getElementById("luck")._fullLayout;
        return {
          problems, pairs: document.getElementById("pair").options.length,
          charts: document.querySelectorAll(".js-plotly-plot").length,
          widest: Math.max(...parts.map((x) => x.getBoundingClientRect().right)),
          kinds: document.getElementById("heat").data[0].x,
          lanes: [luck.yaxis2.domain[1] < luck.yaxis.domain[0], luck.xaxis.title.text],
          example: document.querySelector(".filter input").placeholder,
          shaded: document.getElementById("winner")._fullLayout.annotations[0].text,
        };
        """,
    )

    assert seen["problems"] == []
    assert (seen["charts"], seen["pairs"]) == (3, 3)
    assert seen["widest"] <= 390
    assert seen["kinds"] == ["hidden", "regular"]
    assert seen["lanes"] == [True, "t on development"]
    assert seen["example"] in ("such as hidden", "such as regular")
    assert seen["shaded"] in ("sealed", "opened")


def test_trials_are_listed_with_their_market_by_either_command_and_shown_with_what_they_paid(
    recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    swept(recording)
    capsys.readouterr()
    divbot("sweeps")
    listed = capsys.readouterr().out
    divbot("sweeps", "show", 1)
    shown = capsys.readouterr().out

    assert re.search(r"sweep +usdm +4h +20", listed)
    assert "costs        fee 0.0005, slippage 0.0002, spread 0.0004" in shown
    assert "None" not in shown
    divbot("sweeps", "--json")
    assert len(json.loads(capsys.readouterr().out)["trials"]) == 1
    divbot("sweeps", "--simulated")
    assert "no trials in" in capsys.readouterr().out
    assert exit_code(["sweeps", "--json", "show", "1"]) == 2
    assert "flags belong after the command: divbot sweeps show --json" in capsys.readouterr().err


def test_the_same_again_is_the_same_and_another_order_of_values_too(
    recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = document_of(recording, capsys)
    divbot(
        *("sweep", "--recorded", recording, "--json", *WIDE),
        *("--set", "reward_risk=2,1.5,2.0", "--set", "stop_atr=1:1:1,0.5"),
    )
    again = json.loads(capsys.readouterr().out)

    assert again.pop("ledger")["is_repeated"]
    first.pop("ledger")
    assert again == first


def test_what_lies_in_sealed_days_shows_in_nothing_that_is_told(
    home: Path, recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Another world after development: output, page, settings, kept files, ledger are the same."""
    first = document_of(recording, capsys)
    assert not first["opened"]
    sealed_from = int(pd.Timestamp(first["holdout"][0], tz="UTC").value // 1_000_000)
    row = (sealed_from - START) // (HOURS * 60 * MINUTE)
    other = write(home / "other.csv", sealed_seed=1, sealed_from=row)

    seen = []
    for number, path in enumerate((recording, other)):
        folder = home / f"{number}"
        folder.mkdir()
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("XDG_STATE_HOME", str(folder))
            document = document_of(
                path, capsys, "--report", folder / "page.html", "--save-config", folder / "a.toml"
            )
            document.pop("ledger")
            swept(path)
            text = capsys.readouterr().out.rpartition("\ntrial ")[0]
            divbot("sweeps", "show", "1", "--json")
            shown = json.loads(capsys.readouterr().out)
            for name in ("data", "at"):
                shown.pop(name)
            page = (folder / "page.html").read_text()
            config = (folder / "a.toml").read_text()
        seen.append((document, text, shown, page, config))

    assert seen[0][0] == seen[1][0]
    assert seen[0] == seen[1]


def test_what_a_search_keeps_for_going_on_has_no_result_of_a_sealed_day(
    recording: Path,
    cache: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept: list[np.ndarray[Any, Any]] = []
    real = core.search

    def search(*given: Any, **named: Any) -> core.Searched:
        found = real(*given, **named)
        if named["kept"] is not None:
            sealed = slice(named["sealed"].start - found.results.days.start, None)
            kept.append(found.results.net_r[:, sealed])
        return found

    monkeypatch.setattr(core, "search", search)
    swept(recording)

    assert len(kept) == 1
    assert not kept[0].any()
    assert not list((cache / "divbot" / "sweeps").iterdir())


def test_a_sweep_that_is_interrupted_goes_on_and_says_so(
    recording: Path,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    calm = [str(x) for x in ("sweep", "--recorded", recording, *PLAIN)]
    monkeypatch.setattr(parcels, "_SECONDS", 0.0)  # each unit goes by itself
    real, done = core.sums_of_all, []

    def sums_of_all(parcel: Any) -> Any:
        done.append(parcel.units[0])
        if len(done) == 4:
            raise KeyboardInterrupt
        return real(parcel)

    monkeypatch.setattr(core, "sums_of_all", sums_of_all)
    assert exit_code([*calm, "--resume"]) == 2
    assert "--resume: expected a sweep of these settings" in capsys.readouterr().err

    assert exit_code(calm) == 130
    assert "interrupted; what is done is kept" in capsys.readouterr().err
    assert open_trials(is_simulated=False).read().written == ()
    before = len(done)
    (kept,) = (tmp_path / "cache" / "divbot" / "sweeps").iterdir()
    others = {days: kept.with_name(f"left-{days}-days-ago") for days in (13, 15)}
    for days, folder in others.items():
        folder.mkdir()
        at = kept.stat().st_mtime - days * 86_400
        os.utime(folder, (at, at))
    swept(recording, "--resume")

    assert list(kept.parent.iterdir()) == [others[13]]

    fresh = len({(x.month, x.plans.tobytes()) for x in done})
    assert len(done) - before == fresh - 3


def test_a_backtest_is_a_trial_and_spends_what_is_sealed(
    recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sealed = document_of(recording, capsys)["holdout"]
    wide = ("--min-age", "0", "--limit", "330", "--sequential")
    divbot("backtest", "--recorded", recording, *wide)
    told = capsys.readouterr().err

    assert f"{sealed[0]} to {sealed[1]} were sealed by sweep 1: this backtest spends them" in told
    after = document_of(recording, capsys, "--seed", "1")
    assert after["finding"] == "NOT ENOUGH DATA"
    assert "days that a search or a backtest has used can judge no more" in after["verdict"][0]
    assert after["verdict"][1] == "This history could have confirmed no edge, however large."
    assert after["standings"] == []


def test_the_same_backtest_twice_is_one_trial(recording: Path) -> None:
    wide = ("--min-age", "0", "--limit", "330", "--sequential", "-q")
    for _ in range(2):
        divbot("backtest", "--recorded", recording, *wide)

    (written,) = open_trials(is_simulated=False).read().written
    assert isinstance(written.entry, Trial)
    assert written.entry.source == "backtest"
    assert written.results is not None
    assert written.results.trades.sum() > 0


def test_the_settings_of_the_winner_load(
    recording: Path, capsys: pytest.CaptureFixture[str], home: Path
) -> None:
    document = document_of(
        recording,
        capsys,
        "--save-config",
        "best.toml",
        "--set",
        "kind=regular_bullish,regular_bullish+hidden_bullish",
        "--set",
        "symbols=AAAUSDT+BAAUSDT+CAAUSDT",
        "--set",
        "exit_on_opposite=true",
    )

    loaded = load_settings({}, home / "best.toml")
    values = next(x["values"] for x in document["standings"] if x["setting"] == document["winner"])
    assert f"{loaded.stop_atr}" == values["stop_atr"]
    assert {*loaded.kind} == {*values["kind"].split("+")}
    assert loaded.symbols == ("AAAUSDT", "BAAUSDT", "CAAUSDT")
    assert loaded.exit_on_opposite
    assert (loaded.limit, loaded.interval.value) == (330, "4h")


def test_a_revealed_holdout_is_told_and_spent(
    recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = document_of(recording, capsys, "--reveal")

    assert document["winner_on_holdout"]["trades"] > 0
    (look,) = [
        x.entry
        for x in open_trials(is_simulated=False).read().written
        if isinstance(x.entry, Opening)
    ]
    assert look.look == 1
    divbot("sweeps")
    assert re.search(r"sweep .* spent ", capsys.readouterr().out)


def test_winner_and_neighbours_stand_beside_their_portfolios(
    recording: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stages: list[str] = []
    monkeypatch.setattr(past, "progress", lambda **_: nullcontext(lambda *x: stages.append(x[0])))
    divbot("sweep", "--recorded", recording, "--json", *PLAIN[:-1])

    assert {x.split(",")[0] for x in stages} == {
        *("candles", "settings"),
        *(f"portfolio {x} of 3" for x in (1, 2, 3)),
    }
    document = json.loads(capsys.readouterr().out)
    rows = document["portfolios"]
    assert rows[0]["setting"] == document["winner"]
    assert len(rows) == 3
    assert all(x["portfolio"]["trades"] < x["signals"]["trades"] for x in rows)
    contents = open_trials(is_simulated=False).read()
    assert [x for x in contents.written if getattr(x.entry, "source", "") == "backtest"] == []


def test_a_ledger_that_was_tampered_with_makes_the_verdict_say_so(
    recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = document_of(recording, capsys)
    divbot("sweeps", "verify")
    assert "each as it was written" in capsys.readouterr().out
    execute(open_trials(is_simulated=False).path, "UPDATE entry SET at = 0 WHERE seq = 1")

    assert exit_code(["sweeps", "verify"]) == 5
    assert "looks are unknown: entry 1 is not what was written" in capsys.readouterr().out
    swept(recording, "--seed", "1")
    assert "LOOKS UNKNOWN: entry 1 is not what was written" in capsys.readouterr().out
    divbot("sweeps", "list")
    assert "looks are unknown: entry 1" in capsys.readouterr().err
    assert exit_code(["sweeps", "verify", "--head", first["ledger"]["head"]]) == 5


def test_other_candles_of_the_same_days_are_another_trial(
    home: Path, recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, again = (document_of(recording, capsys)["ledger"] for _ in range(2))
    other = document_of(write(home / "other.csv", sealed_seed=1, sealed_from=ROWS // 2), capsys)

    assert (first["is_repeated"], again["is_repeated"]) == (False, True)
    assert not other["ledger"]["is_repeated"]


def test_costs_of_the_command_are_in_what_settings_come_to(
    recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def worth(seed: int, *cost: str) -> dict[str, float]:
        document = document_of(recording, capsys, "--min-reward-risk", "0", "--seed", seed, *cost)
        return {x["setting"]: x["r"] for x in document["standings"]}

    usual = worth(1)
    dearer = [worth(2, "--spread", "0.4%"), worth(3, "--fee", "0.2%"), worth(4, "--slippage", "1%")]

    for found in dearer:
        assert all(found[setting] < r - 0.01 for setting, r in usual.items())


def test_python_gives_settings_days_and_verdict(recording: Path) -> None:
    found = package.sweep(
        {"stop_atr": [0.5, 1], "trail_atr": [None, 2]},
        recorded=recording,
        min_age=0,
        limit=330,
        sequential=True,
        portfolios=False,
    )

    assert set(found.settings["setting"]) == set(found.daily.columns)
    assert list(found.settings.columns[-2:]) == ["stop_atr", "trail_atr"]
    assert found.daily.index[-1] < pd.Timestamp(found.to_document()["holdout"][0], tz="UTC")
    assert str(found).startswith(found.verdict.finding.value)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param({"timerange": "yesterday"}, "timerange: ", id="range"),
        pytest.param({"sample": 0}, "sample: expected ", id="sample"),
        pytest.param({"seed": -1}, "seed: expected ", id="seed"),
        pytest.param({"detail": "1 minute"}, "detail: expected ", id="detail"),
        pytest.param({"universe": "later"}, "universe: expected ", id="universe"),
        pytest.param({"spread": 2}, "spread: expected ", id="spread"),
    ],
)
def test_python_tells_which_argument_cannot_be(
    given: dict[str, Any], expected: str, recording: Path
) -> None:
    with pytest.raises(InputError, match=expected):
        package.sweep({"stop_atr": [0.5, 1]}, recorded=recording, **given)


@pytest.mark.parametrize(
    ("given", "error", "expected"),
    [
        pytest.param(["--set", "stop_art=1"], SettingsError, "nearest known is stop_atr", id="key"),
        pytest.param(["--set", "stop_atr="], SettingsError, "found an empty one", id="empty"),
        pytest.param([], SettingsError, "such as --set stop_atr=0.25", id="none"),
        pytest.param(["--set", "min_score=1,2"], SettingsError, "a search trades all", id="score"),
        pytest.param(
            [
                "--set",
                "stop_atr=0.01:100:0.01",
                "--set",
                "pivot_left=1:50:1",
                "--set",
                "range_max=10:40:1",
            ],
            InputError,
            "give fewer values, or draw some",
            id="millions",
        ),
        pytest.param(["--set", "interval=1h,4h"], InputError, "found a recording of 4h", id="1h"),
        pytest.param(
            [*SPACE, "--timerange", "20300101-"],
            InputError,
            "choose another --timerange",
            id="days",
        ),
        pytest.param(
            [*SPACE, "--scheduler", "nowhere"],
            InputError,
            "distributed is needed|--scheduler",
            id="dask",
        ),
        pytest.param(["--space", "none.toml"], SettingsError, "cannot read none.toml", id="file"),
        pytest.param([*SPACE, "--report", "a.txt"], InputError, "ends in .html", id="page"),
        pytest.param(
            [*SPACE, "--data", "file"], InputError, "--recorded and --data each name", id="data"
        ),
    ],
)
def test_bad_input_is_told_in_a_line_and_nothing_is_kept(
    given: list[str], error: type[Exception], expected: str, recording: Path, home: Path
) -> None:
    (home / "file").touch()

    with pytest.raises(Exception) as raised:  # noqa: PT011
        divbot("sweep", "--recorded", recording, *WIDE, *given)

    assert re.search(expected, str(raised.value))
    assert "\n" not in str(raised.value)
    assert not (home / "state").exists()


def test_a_trade_longer_than_the_history_allows_is_not_enough_data(
    recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = document_of(recording, capsys, "--set", "max_holding=60d")

    assert document["finding"] == "NOT ENOUGH DATA"
    assert "days are too few: with a gap of" in document["verdict"][0]
