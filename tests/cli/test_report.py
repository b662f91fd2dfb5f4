"""The page of `divbot stats --report`: what is in it, and what a browser makes of it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plotly.offline import get_plotlyjs

from divbot.cli.report.charts import MOST_POINTS, chart_data, thinned
from divbot.cli.report.page import filled
from divbot.cli.report.stats import page_text
from divbot.trading.figures.stats import measure
from divbot.trading.journal.journal import JournalCopy
from tests.cli.pages import EVIL, Browse, Markup, without_links
from tests.cli.recordings import Terminal, terminal
from tests.trading.stories import (
    HOUR,
    START,
    STARTED,
    dealt,
    entered,
    five_trades,
    marked,
    nothing_yet,
    recorded,
    simulated,
)

__all__ = ["terminal"]


def page(run: JournalCopy, script: str = "") -> str:
    return page_text(run, measure(run.events, run.ledger), script)


def charts(run: JournalCopy) -> dict[str, Any]:
    return chart_data(measure(run.events, run.ledger), run.ledger)


def test_a_page_has_every_figure_of_the_text_and_every_trade() -> None:
    text = page(five_trades())

    assert escape("95% interval 4.6% to 69.9%") in text
    assert escape("n/a (needs 30 whole days)") in text
    trades = Markup(text).rows[-6:]
    assert trades[0][:12] == [
        *("#", "symbol", "side", "kind", "opened", "closed", "held"),
        *("entry", "exit", "reason", "profit", "R"),
    ]
    assert [row[1] for row in trades[1:]] == [
        *("BTCUSDT", "ETHUSDT", "币安人生USDT", "BTCUSDT", "ETHUSDT"),
    ]
    assert trades[2][8:12] == ["110", "stop", "-10.45", "-1.04"]


def test_a_page_refers_to_nothing_outside_itself() -> None:
    text = without_links(page(five_trades()))

    assert Markup(text).references == []
    assert 'http-equiv="Content-Security-Policy" content="default-src \'none\';' in text
    assert not re.search(r"\{\{|https?://|@import|url\(", text)


def test_whatever_a_symbol_is_called_it_stays_text() -> None:
    run = recorded(STARTED, *dealt(1, START, START + HOUR, "5", symbol=EVIL))

    text = page(run)

    assert "img" not in Markup(text).tags
    assert "<img" not in text
    assert text.count("</script>") == page(five_trades()).count("</script>")
    (data,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', text)
    assert json.loads(data)["symbols"][0]["name"] == EVIL
    # Charts take the text that is shown beside the pointer for markup.
    assert "&lt;img" in json.loads(data)["profits"]["text"][0]


def test_what_is_filled_in_is_not_filled_in_again() -> None:
    assert filled("{{one}} {{two}}", {"one": "{{two}}", "two": "2"}) == "{{two}} 2"


def test_simulated_prices_are_called_so() -> None:
    assert "SIMULATED PRICES</h1>" in page(simulated(five_trades()))
    assert "SIMULATED" not in page(five_trades())


def test_charts_show_what_the_journal_knows() -> None:
    found = charts(five_trades())

    assert found["balance"] == 1000
    assert found["equity"]["equity"] == [1000, 1018.90, 1008.45, 1004.45, 1002.10]
    assert found["equity"]["underwater"] == pytest.approx(
        [0, 0, -1.0256, -1.4182, -1.6488], abs=1e-4
    )
    assert found["drawdown"] == {
        "peak": START + 3 * HOUR,
        "trough": START + 45 * HOUR,
        "recovered": None,
    }
    assert found["profits"]["total"] == pytest.approx([18.90, 8.45, 4.45, 4.45])
    assert [(x["name"], len(x["trades"])) for x in found["symbols"]] == [
        ("BTCUSDT", 2),
        ("ETHUSDT", 2),
        ("币安人生USDT", 1),
    ]
    assert found["symbols"][1]["trades"][1] == {
        "text": "trade 5: ETHUSDT BUY, open",
        "side": "BUY",
        "entered": START + 44 * HOUR,
        "entry": 100,
        "exited": None,
        "exit": None,
        "is_won": False,
        "stop": 90,
        "target": 120,
    }


@given(st.lists(st.integers(0, 50), min_size=1, max_size=400), st.integers(8, 60))
def test_a_thinned_curve_keeps_its_ends_and_its_extremes(values: list[int], most: int) -> None:
    places = thinned(values, most)

    kept = [values[place] for place in places]
    assert places == sorted(set(places))
    assert len(places) <= most + 4
    assert (places[0], places[-1]) == (0, len(values) - 1)
    assert (min(kept), max(kept)) == (min(values), max(values))


def test_weeks_of_valuations_make_no_endless_page() -> None:
    run = recorded(
        STARTED,
        entered(1, START),
        *(marked(START + i * 60_000, str(1000 + i % 97)) for i in range(1, 10_000)),
    )

    assert len(charts(run)["equity"]["at"]) <= MOST_POINTS + 4


def test_the_command_writes_the_page_and_the_figures(terminal: Terminal, tmp_path: Path) -> None:
    path = tmp_path / "report.html"

    text = terminal.run(five_trades(), "stats", "--no-candles", "--report", str(path))

    assert text.startswith("Binance USD-M")
    text = path.read_text("utf-8")
    assert text.startswith("<!doctype html>")
    assert text.count("* plotly.js v") == 1
    assert [x.name for x in tmp_path.iterdir()] == ["report.html"]


DRAWN = """
    const drawn = [...document.querySelectorAll(".chart")].map((x) => x.querySelectorAll("svg").length > 0);
    return [problems, drawn];
"""  # noqa: E501 - of another language


@pytest.mark.parametrize(
    ("run", "charts_drawn"),
    [
        pytest.param(five_trades(), 3, id="five trades"),
        pytest.param(nothing_yet(), 1, id="none yet"),
        pytest.param(recorded(STARTED, entered(1, START)), 2, id="one that goes on"),
        pytest.param(
            recorded(STARTED, *dealt(1, START, START + HOUR, "5", symbol=EVIL)), 3, id="a bad name"
        ),
    ],
)
def test_a_browser_draws_every_chart(
    browse: Browse, tmp_path: Path, run: JournalCopy, charts_drawn: int
) -> None:
    assert browse(tmp_path, page(run, get_plotlyjs()), DRAWN) == [[], [True] * charts_drawn]


SORTED = """
    const table = [...document.querySelectorAll("table")].at(-1);
    const column = (name) => [...table.tHead.rows[0].cells].find((x) => x.textContent === name);
    const numbers = () => [...table.tBodies[0].rows].map((x) => Number(x.cells[0].textContent));
    return NAMES.map((name) => {
      column(name).firstElementChild.click();
      return [numbers(), column(name).getAttribute("aria-sort")];
    });
"""


def test_a_click_on_a_title_sorts_the_trades(browse: Browse, tmp_path: Path) -> None:
    names: Sequence[str] = ["profit", "profit", "held", "symbol", "closed"]

    found = browse(
        tmp_path, page(five_trades(), get_plotlyjs()), SORTED.replace("NAMES", json.dumps(names))
    )

    assert found == [
        [[2, 3, 4, 1, 5], "ascending"],
        [[1, 4, 3, 2, 5], "descending"],
        [[5, 3, 1, 2, 4], "ascending"],
        [[1, 4, 5, 2, 3], "ascending"],
        [[1, 2, 3, 4, 5], "ascending"],
    ]


def test_another_symbol_is_a_choice_away(browse: Browse, tmp_path: Path) -> None:
    probe = """
        const select = document.getElementById("symbol");
        const count = () => document.getElementById("fills").data.find((x) => x.name === "exit").x.length;
        const before = count();
        select.value = "2";
        select.dispatchEvent(new Event("change"));
        return [problems, [...select.options].map((x) => x.text), before, count()];
    """  # noqa: E501 - of another language

    assert browse(tmp_path, page(five_trades(), get_plotlyjs()), probe) == [
        *([], ["BTCUSDT (2)", "ETHUSDT (2)", "币安人生USDT (1)"]),
        *(2, 1),
    ]
