"""The figures of `workers.py` as a picture: a page that opens offline, or a PNG."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from commandline import BenchmarkFailed
from worker_figures import Row, Setup, doubts, heading

from divbot.extras import PLOTLY, how_to_install

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

PAGE, IMAGE = ".html", ".png"


def problem(path: Path) -> str:
    """Return why no picture can be written there; nothing if one can."""
    if path.suffix not in (PAGE, IMAGE):
        return f"expected FILE{PAGE} or FILE{IMAGE}, found {str(path)!r}"
    if not path.absolute().parent.is_dir():
        return f"cannot write {path}: there is no folder {path.absolute().parent}"
    if importlib.util.find_spec("plotly") is None:
        return f"draws with plotly, which is not installed; run: {how_to_install(PLOTLY)}"
    if path.suffix == IMAGE and importlib.util.find_spec("kaleido") is None:
        return (
            f"a {IMAGE} needs a browser and kaleido ({how_to_install('kaleido')}), or take a {PAGE}"
        )
    return ""


def draw(path: Path, setup: Setup, rows: Sequence[Row]) -> None:
    """Write the picture."""
    figure = _figure(setup, rows)
    try:
        if path.suffix == IMAGE:
            figure.write_image(path, width=1100, height=800)
        else:
            figure.write_html(path, include_plotlyjs=True, config={"displaylogo": False})
    except (OSError, RuntimeError) as error:
        raise BenchmarkFailed(f"cannot write {path}: {error}") from error


def _figure(setup: Setup, rows: Sequence[Row]) -> Figure:
    from plotly.subplots import make_subplots

    titles = ("seconds of a scan, by stage", "memory, MB", "CPU, per cent of one core")
    figure = make_subplots(
        rows=2, cols=2, specs=[[{"colspan": 2}, None], [{}, {}]], subplot_titles=titles
    )
    for trace in _stages(rows):
        figure.add_trace(trace, row=1, col=1)
    figure.add_trace(_bars(rows, "memory", [row.memory for row in rows]), row=2, col=1)
    figure.add_trace(_bars(rows, "CPU", [row.cpu for row in rows]), row=2, col=2)
    figure.update_layout(
        title={"text": heading(setup), "subtitle": {"text": "<br>".join(doubts(rows))}},
        barmode="stack",
        template="plotly_white",
        margin={"t": 120},
    )
    figure.update_xaxes(type="category", title_text="workers")
    return figure


def _stages(rows: Sequence[Row]) -> list[Any]:
    rest = [row.seconds - row.listing - row.download - row.analysis for row in rows]
    stages = [
        _bars(rows, name, [getattr(row, name) for row in rows])
        for name in ("listing", "download", "analysis")
    ]
    whole = _bars(rows, "start, end and waiting", [max(seconds, 0.0) for seconds in rest])
    # From the fastest to the slowest run, at the end of the whole bar.
    whole.error_y = {
        "type": "data",
        "array": [row.slowest - row.seconds for row in rows],
        "arrayminus": [row.seconds - row.fastest for row in rows],
    }
    return [*stages, whole]


def _bars(rows: Sequence[Row], name: str, values: Sequence[float]) -> Any:
    from plotly.graph_objects import Bar

    places = [str(row.workers or "none") for row in rows]
    is_stage = name not in ("memory", "CPU")
    return Bar(name=name, x=places, y=list(values), showlegend=is_stage)
