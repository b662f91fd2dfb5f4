from __future__ import annotations

import pytest

from divbot.scanner.workforce.size import (
    AUTO,
    IN_PROCESS,
    WORTH_A_WORKER,
    WORTH_PROCESSES,
    Workers,
    workers_for,
)


@pytest.mark.parametrize(
    ("wanted", "symbols", "cores", "workers"),
    [
        pytest.param(AUTO, 1, 8, IN_PROCESS, id="one symbol"),
        pytest.param(AUTO, WORTH_PROCESSES - 1, 8, IN_PROCESS, id="a small scan"),
        pytest.param(AUTO, WORTH_PROCESSES, 2, 2, id="just large enough"),
        pytest.param(AUTO, 400, 1, IN_PROCESS, id="one core"),
        pytest.param(AUTO, 400, 2, 2, id="a worker for each core"),
        pytest.param(AUTO, 400, 64, 400 // WORTH_A_WORKER, id="more cores than are useful"),
        pytest.param(1, 1, 8, 1, id="one asked for is a process"),
        pytest.param(4, 10, 2, 4, id="what is asked for is kept"),
        pytest.param(32, 5, 2, 5, id="no worker without a symbol"),
    ],
)
def test_a_scan_gets_the_workers_that_it_is_worth(
    wanted: Workers, symbols: int, cores: int, workers: int
) -> None:
    assert workers_for(wanted, symbols, cores) == workers


@pytest.mark.parametrize(
    ("symbols", "cores", "workers"),
    [
        pytest.param(1, 8, 1, id="one symbol"),
        pytest.param(400, 1, 1, id="one core"),
        pytest.param(400, 4, 4, id="a worker for each core"),
    ],
)
def test_what_may_not_stay_in_its_process_gets_a_worker_at_least(
    symbols: int, cores: int, workers: int
) -> None:
    assert workers_for(AUTO, symbols, cores, may_stay_in_process=False) == workers
