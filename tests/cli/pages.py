"""Pages as a parser and as a browser see them."""

from __future__ import annotations

import json
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from playwright.sync_api import Browser

BROWSER = shutil.which("chromium")
EVIL = "</script><img src=x onerror=alert(1)>&\"'"


def without_links(text: str) -> str:
    """Return a page without the addresses that only a click leads to."""
    return re.sub(r'<a href="https://www\.(tradingview|binance)\.com/[^"]*"', "<a", text)


def data_of(text: str) -> Any:
    """Return what the script of a page draws."""
    (data,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', text)
    return json.loads(data)


class Markup(HTMLParser):
    """Take note of elements, of what they refer to, and of the text of tables."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.references: list[str] = []
        self.rows: list[list[str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.references += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_data(self, data: str) -> None:
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data.strip()


class Browse(Protocol):
    """Show a page, and ask it something: see Viewer.browse."""

    def __call__(
        self, folder: Path, text: str, probe: str, *, height: int = 900, place: str = ""
    ) -> Any:
        """Return what `probe` comes to."""


class Viewer:
    """Show pages in one browser, in a thread of its own: its loop is in no test's way."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1)
        self._open = ExitStack()
        self._browser: Browser | None = None

    def browse(
        self, folder: Path, text: str, probe: str, *, height: int = 900, place: str = ""
    ) -> Any:
        """Return what `probe`, run in a browser after the page's own script, comes to.

        The window is `height` pixels high, and shows the `place` of that id first. The page's
        `problems` are what it complained of; the probe may wait for what happens later.
        """
        before = """<script>
            window.problems = [];
            onerror = (message) => { problems.push(message); };
            onunhandledrejection = (event) => { problems.push(String(event.reason)); };
            console.error = console.warn = (...words) => { problems.push(words.join(" ")); };
        </script><style>"""
        path = folder / "page.html"
        path.write_text(text.replace("<style>", before, 1), "utf-8")
        return self._thread.submit(self._found, f"{path.as_uri()}{place}", probe, height).result()

    def close(self) -> None:
        """End the browser."""
        self._thread.submit(self._open.close).result()
        self._thread.shutdown()

    def _found(self, address: str, probe: str, height: int) -> Any:
        from playwright.sync_api import sync_playwright

        if self._browser is None:
            playwright = self._open.enter_context(sync_playwright())
            self._browser = playwright.chromium.launch(
                executable_path=BROWSER, args=["--no-sandbox"]
            )
            self._open.callback(self._browser.close)
        page = self._browser.new_page(viewport={"width": 1280, "height": height})
        with closing(page):
            page.goto(address)
            return page.evaluate(f"async () => {{ {probe} }}")
