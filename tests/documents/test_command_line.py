"""The page of commands is what the commands say of themselves."""

from __future__ import annotations

import runpy

from tests.documents.pages import DOCS


def test_the_page_holds_every_command_s_help_as_it_is() -> None:
    made = runpy.run_path(str(DOCS / "command_line.py"))

    # Otherwise: python docs/command_line.py
    assert (DOCS / "command-line.md").read_text("utf-8") == made["page_text"]()
