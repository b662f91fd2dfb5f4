"""The page in a real browser: it is live, opens charts, obeys keys, fits a phone and shuts out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from divbot.domain.market import Interval
from divbot.web.port import Showing
from tests.cli.pages import BROWSER
from tests.cli.paper_runs import NOW
from tests.web.boards import EVIL, MOMENT, TOKEN, Board, published, scanned, scans, serve

REPORT = scanned()[0]
ROWS = "#opportunities tbody tr"
WIDE, PHONE = (1600, 1000), (390, 844)
expect.set_options(timeout=30_000)
EXPECTED = ("Applying inline style violates", "Failed to load resource: the server responded")
"""Plotly brings a style of maps, which nobody draws: the policy forbids it, as it should. What a
server refuses is told by Chromium, too."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if BROWSER is None:
        pytest.skip("no chromium on this machine")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield found
        found.close()


@contextmanager
def opened(
    browser: Browser,
    board: Board,
    size: tuple[int, int] = WIDE,
    scheme: str = "light",
    fragment: str = "",
) -> Iterator[Page]:
    """Show the page; fail for whatever it complains of, and for what leaves this machine."""
    problems: list[str] = []
    width, height = size
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=scheme,  # type: ignore[arg-type]
        has_touch=size == PHONE,
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.set_default_timeout(30_000)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("dialog", lambda dialog: problems.append(f"dialog {dialog.message}"))
    page.on(
        "console",
        lambda said: (
            problems.append(said.text)
            if said.type == "error" and not said.text.startswith(EXPECTED)
            else None
        ),
    )
    page.on(
        "request",
        lambda asked: (
            None
            if asked.url.startswith((board.url, "data:", "blob:")) and TOKEN not in asked.url
            else problems.append(asked.url)
        ),
    )
    try:
        page.goto(f"{board.url}/{fragment}")
        yield page
    finally:
        context.close()
    assert problems == []


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """Show a page that stays as it is, for those who look and close what they opened."""
    with serve() as board, opened(browser, board) as found:
        yield found


ALL_BUT_DRAWINGS = {"exclude": [[".svg-container"]]}
"""What plotly draws are thousands of nodes, which their figure has a name for."""
ALONE = replace(MOMENT, run=None, run_name="")
"""Without a curve: what draws is slow to load."""


def newer(count: int) -> Showing:
    """Return the next report, with fewer opportunities."""
    fewer = published(replace(REPORT, open_to_trade=REPORT.open_to_trade[:count]))
    second = replace(fewer, findings=replace(fewer.findings, version=2))
    return replace(ALONE, scans=(scans(published=second),))


def test_the_table_follows_each_report_and_keeps_order_filter_and_focus(browser: Browser) -> None:
    with serve(ALONE) as board, opened(browser, board) as page:
        expect(page.locator(ROWS)).to_have_count(len(REPORT.open_to_trade))
        expect(page.locator("#state")).to_contain_text("live")
        page.locator("#opportunities th button", has_text="score").click()
        page.locator(f"{ROWS} button").last.focus()
        name = page.evaluate("document.activeElement.textContent")

        board.program.moment = newer(3)

        expect(page.locator(ROWS)).to_have_count(3)
        expect(page.locator(".filter output")).to_have_text("3 of 3 rows")
        scores = page.locator(f"{ROWS} td:nth-child(4)").all_inner_texts()
        assert scores == sorted(scores, key=float)
        assert page.evaluate("document.activeElement.textContent") == name

        board.program.moment = replace(newer(3), at=NOW + 10_000)

        # A clock that goes on is no news for who listens.
        expect(page.locator("#state")).to_contain_text("19:03:15 UTC")
        expect(page.locator("#news")).to_have_text("live, 11-20 19:03:05 UTC")
        assert page.locator("#state[role], #state[aria-live]").count() == 0


def test_the_account_and_what_stands_behind_the_numbers_are_shown(page: Page) -> None:
    expect(page.locator("#positions tbody tr")).to_have_count(3)
    expect(page.locator("#tiles")).to_contain_text("equity")
    expect(page.locator("#run-note")).to_contain_text(
        page.locator("#tiles .value").first.inner_text()
    )
    expect(page.locator("#statistics dt")).to_have_text("Sharpe")
    expect(page.locator("#calibration")).to_contain_text("5,000 divergences of 50 weeks")
    expect(page.locator("#health")).to_contain_text("846 of 1,920 a minute")


def test_the_keyboard_opens_a_chart_that_says_why(page: Page) -> None:
    page.locator(ROWS).first.wait_for()
    page.keyboard.press("/")
    page.keyboard.type("s00")
    named = [x for x in REPORT.open_to_trade if "S00" in x.divergence.symbol]
    assert 0 < len(named) < len(REPORT.open_to_trade)
    expect(page.locator(f"{ROWS}:not([hidden])")).to_have_count(len(named))
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")

    expect(page.locator("#charts .main-svg").first).to_be_visible()
    expect(page.locator("#charts .why li")).to_contain_text("passed universe")
    expect(page.locator("#look-title")).to_contain_text("USDT")
    assert page.evaluate("document.querySelectorAll('#charts .candles .xy path').length") > 0
    page.locator("#charts summary").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#charts .past li").first).to_contain_text("confirmed 2024-07-29")
    expect(page.locator("#charts .words tbody tr")).to_have_count(50)
    page.keyboard.press("Escape")
    expect(page.locator("#look")).to_be_hidden()
    expect(page.locator(f"{ROWS}:not([hidden]) button").first).to_be_focused()
    page.locator(".filter input").fill("")


def focused(page: Page) -> str:
    """Return where the focus is, and fail where nobody can see it."""
    style = "getComputedStyle(document.activeElement).outlineStyle"
    assert page.evaluate(style) != "none"
    return str(page.evaluate("document.activeElement.textContent.trim()"))


def test_each_part_is_a_few_keys_away_and_the_focus_is_seen(page: Page) -> None:
    page.reload()
    page.locator(ROWS).first.wait_for()
    page.keyboard.press("Tab")
    first = focused(page)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    title = focused(page)
    page.keyboard.press("Enter")
    page.locator(f"{ROWS} button").first.focus()
    page.keyboard.press("ArrowDown")
    row = focused(page)
    page.keyboard.press("Tab")

    assert first == "Skip to the content"
    assert title == "symbol"
    expect(page.locator("#opportunities th").first).to_have_attribute("aria-sort", "ascending")
    assert row == page.locator(f"{ROWS} button").nth(1).inner_text()
    # One row is on the way of the Tab key.
    expect(page.locator("#symbol")).to_be_focused()


def test_hostile_words_stay_words(page: Page) -> None:
    cell = page.locator(f"{ROWS} button", has_text="<img").first
    expect(cell).to_have_text(EVIL)
    expect(page.locator("#events")).to_contain_text(EVIL)
    cell.click()

    expect(page.locator("#look-note")).to_contain_text("expected a symbol")
    assert page.locator("img").count() == 0
    page.keyboard.press("Escape")


def test_nothing_keeps_anybody_out(page: Page) -> None:
    page.locator(f"{ROWS} button", has_text="S0").first.click()
    page.locator("#charts .main-svg").first.wait_for()

    assert grave_faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= WIDE[0]
    page.keyboard.press("Escape")


def test_a_phone_at_night_shows_all_of_it_on_its_width(browser: Browser) -> None:
    moment = replace(MOMENT, scans=(scans(), scans(Interval.H1)))
    with serve(moment) as board, opened(browser, board, PHONE, "dark") as page:
        page.locator(f"{ROWS} button", has_text="S0").first.click()
        # A hostile name leaves room for what is said of it.
        assert page.locator(f"{ROWS} td").first.evaluate("x => x.offsetWidth") < PHONE[0] / 2
        # The intervals that are scanned stand one beside the other.
        expect(page.locator("#charts .candles")).to_have_count(2)
        page.locator("#run").scroll_into_view_if_needed()
        expect(page.locator("#equity .main-svg").first).to_be_visible()

        assert grave_faults(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]


def test_a_page_of_journals_shows_past_alerts_and_offers_the_interval_of_its_run(
    browser: Browser,
) -> None:
    assert MOMENT.run
    run = replace(MOMENT.run, interval=Interval.H1)
    with (
        serve(replace(MOMENT, program="web", scans=(), run=run)) as board,
        opened(browser, board) as page,
    ):
        page.locator("#alerts-part summary").press("Enter")

        told = page.locator("#alerts tbody td:nth-child(6)")
        expect(told).to_have_text(["told", "failed: HTTP 400", "held back"])
        expect(page.locator("#alerts")).to_contain_text(EVIL)
        expect(page.locator("#intervals")).to_have_value("1h")
        expect(page.locator("#sections a:not([hidden])")).to_have_text(
            ["Positions", "Equity", "Events", "Health", "Alerts, runs, sweeps"]
        )


def grave_faults(page: Page) -> list[tuple[str, list[str]]]:
    """Return what axe-core finds that is serious or worse."""
    options = {"resultTypes": ["violations"]}
    found = Axe().run(page, context=ALL_BUT_DRAWINGS, options=options)
    return [
        (x["id"], [y["html"][:150] for y in x["nodes"]][:3])
        for x in found.response["violations"]
        if x["impact"] in ("serious", "critical")
    ]


def test_a_token_is_asked_for_and_kept_out_of_addresses(browser: Browser) -> None:
    with serve(ALONE, token=TOKEN) as board:
        with opened(browser, board) as page:
            page.locator("#token").fill("not the token at all")
            page.locator("#ask button").click()
            expect(page.locator("#refused")).to_have_text("That is not the token.")
            page.locator("#token").fill(TOKEN)
            page.locator("#ask button").click()
            page.locator(ROWS).first.wait_for()
            page.reload()
            page.locator(ROWS).first.wait_for()
        with opened(browser, board, PHONE, fragment=f"#token={TOKEN}") as page:
            page.locator(ROWS).first.wait_for()

            assert TOKEN not in page.url
        with opened(browser, board, PHONE) as page:
            page.locator("#token").wait_for()
            page.evaluate(f"location.hash = 'token={TOKEN}'")  # a link, in a tab that shows it
            page.locator(ROWS).first.wait_for()

            assert TOKEN not in page.url
