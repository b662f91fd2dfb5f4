"""The page of the local exchange names every fault."""

from __future__ import annotations

import runpy

from divbot.exchange.faults.kinds import KINDS
from tests.documents.pages import DOCS


def test_the_page_holds_every_fault_as_it_is() -> None:
    made = runpy.run_path(str(DOCS / "faults.py"))

    # Otherwise: python docs/faults.py
    page = (DOCS / "exchange.md").read_text("utf-8")
    assert page == made["page_text"]()
    assert all(f"\n| `{kind}` |" in page for kind in KINDS)
