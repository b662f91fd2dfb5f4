"""What every page shares: its shell, its style, and all that it needs to open without a network."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from importlib.resources import files

from divbot.domain.errors import InputError
from divbot.extras import PLOTLY, how_to_install

_SIMULATED = '<p class="simulated">Simulated prices: no real market.</p>'


@dataclass(frozen=True, slots=True)
class Page:
    """One page; all but `body` is plain text, which stays text whatever is in it."""

    name: str
    """What a browser calls it."""
    title: str
    is_simulated: bool
    lines: tuple[str, ...]
    """What stands below the title."""
    body: str
    data: object
    """What its script draws, as JSON can hold it."""
    script: str
    """The packaged file that draws it."""

    def text(self, plotly: str) -> str:
        """Return the whole page; `plotly` is the script that its own one draws with."""
        return filled(
            packaged("page.html"),
            {
                "name": escape(self.name),
                "title": escape(self.title),
                "simulated": _SIMULATED if self.is_simulated else "",
                "lines": "\n".join(f"<p>{escape(line)}</p>" for line in self.lines),
                "style": packaged("page.css"),
                "body": self.body,
                "data": inert_json(self.data),
                "plotly": plotly,
                "shared": packaged("page.js"),
                "script": packaged(self.script),
            },
        )


def plotly_script(asker: str) -> str:
    """Return what draws charts, to be put into a page once.

    Raise InputError, in the name of the command or flag that is the `asker`, where there is none.
    """
    try:
        from plotly.offline import get_plotlyjs
    except ImportError:
        raise InputError(
            f"{asker} draws with plotly, which is not installed; run: {how_to_install(PLOTLY)}"
        ) from None
    script: str = get_plotlyjs()
    return script


def filled(template: str, parts: Mapping[str, str]) -> str:
    """Return `template` with each `{{name}}` replaced; what is put in is not looked at again."""
    return re.sub(r"\{\{(\w+)\}\}", lambda found: parts[found[1]], template)


def tile(name: str, value: str, detail: str) -> str:
    """Return the markup of one headline figure, with its name above and what it means below."""
    return (
        f'<div class="tile"><p class="name">{escape(name)}</p><p class="value">{escape(value)}</p>'
        f"<p>{escape(detail)}</p></div>\n"
    )


def packaged(name: str) -> str:
    """Return the text of a file that lies beside this one."""
    return files("divbot.cli.report").joinpath(name).read_text("utf-8")


def inert_json(data: object) -> str:
    """Return `data` as JSON that cannot end the element it stands in."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
