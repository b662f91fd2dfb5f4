"""Where `divbot scan` and `divbot paper` do their work, by what the settings say."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from divbot.app import scanning
from divbot.app.options import PaperOptions
from divbot.app.paper import open_paper
from divbot.scanner.workforce.size import IN_PROCESS, WORTH_PROCESSES
from divbot.settings import load_settings

NOBODY = "http://127.0.0.1:9"
SMALL = {"top": WORTH_PROCESSES - 1}
LARGE = {"top": WORTH_PROCESSES}


class Seen(Exception):
    """The number of workers has been chosen; more is not wanted."""


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[int]:
    """Return the numbers of workers that pools are opened with; none is opened."""
    numbers: list[int] = []

    def open_pool(settings: object, source: object, workers: int, *, niceness: int = 0) -> None:
        numbers.append(workers)
        raise Seen

    monkeypatch.setattr(scanning, "open_pool", open_pool)
    monkeypatch.setattr(scanning, "start_workers", lambda workers, demo: numbers.append(workers))
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    monkeypatch.chdir(tmp_path)
    return numbers


@pytest.mark.parametrize(
    ("flags", "workers"),
    [
        pytest.param(SMALL, IN_PROCESS, id="small"),
        pytest.param({"symbols": "BTCUSDT"}, IN_PROCESS, id="one by name"),
        pytest.param(LARGE, 2, id="large"),
        pytest.param({**LARGE, "sequential": True}, IN_PROCESS, id="large, sequential"),
        pytest.param({**SMALL, "workers": 3}, 3, id="small, by number"),
        pytest.param({**SMALL, "workers": 3, "sequential": True}, IN_PROCESS, id="both"),
    ],
)
def test_a_scan_chooses_its_workers(
    seen: list[int], flags: dict[str, object], workers: int
) -> None:
    settings = load_settings({**flags, "base_url": NOBODY})

    with pytest.raises(Seen), scanning.open_scanner(settings):
        pass

    assert seen == [workers, workers]


@pytest.mark.parametrize(
    ("flags", "workers"),
    [
        pytest.param(SMALL, 1, id="small"),
        pytest.param({"symbols": "BTCUSDT"}, 1, id="one by name"),
        pytest.param(LARGE, 2, id="large"),
        pytest.param({**LARGE, "sequential": True}, IN_PROCESS, id="asked for"),
    ],
)
def test_a_trader_shares_its_process_with_no_scan_unless_asked_to(
    seen: list[int], flags: dict[str, object], workers: int
) -> None:
    settings = load_settings({**flags, "base_url": NOBODY})

    with (
        pytest.raises(Seen),
        open_paper(
            settings,
            PaperOptions(),
            threading.Event(),
            tell=lambda *_, **__: None,
            on_event=lambda *_: None,
        ),
    ):
        pass

    assert seen == [workers, workers]
