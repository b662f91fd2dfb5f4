"""Pages as a parser and as a browser see them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

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


def browse(folder: Path, text: str, probe: str, *, height: int = 900, place: str = "") -> Any:
    """Return what `probe`, run in a browser after the page's own script, comes to.

    The window is `height` pixels high, and shows the `place` of that id first. The page's
    `problems` are what it complained of; the probe may wait for what happens later.
    """
    if BROWSER is None:
        pytest.skip("no chromium on this machine")
    before = """<script>
        window.problems = [];
        onerror = (message) => { problems.push(message); };
        onunhandledrejection = (event) => { problems.push(String(event.reason)); };
        console.error = console.warn = (...words) => { problems.push(words.join(" ")); };
    </script><style>"""
    after = f"""<script>
        (async () => {{ {probe} }})()
            .then((found) => {{ document.title = JSON.stringify(found); }});
    </script></body>"""
    path = folder / "page.html"
    path.write_text(after.join(text.replace("<style>", before, 1).rsplit("</body>", 1)), "utf-8")
    shown = subprocess.run(
        [
            *(BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=5000"),
            *(f"--user-data-dir={folder / 'browser'}", "--dump-dom"),
            *(f"--window-size=1280,{height}", f"{path.as_uri()}{place}"),
        ],
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=True,
    ).stdout
    # Charts have titles too; the page's is the first.
    title = re.findall(r"<title>(.*?)</title>", shown, re.S)[0]
    return json.loads(unescape(title))
