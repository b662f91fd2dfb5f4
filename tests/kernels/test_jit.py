from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import numba
import pytest

import divbot
from divbot.kernels import jit
from divbot.kernels.ahead import warm
from divbot.kernels.place import place_of

KERNEL = """
from divbot.kernels.jit import jit
from divbot.kernels.place import place_of
from lib.constants import FACTOR

@jit
def scaled(x):
    return FACTOR * x

if __name__ == "__main__":
    print(scaled(2.0), scaled.stats.cache_hits)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    library = tmp_path / "lib"
    library.mkdir()
    (library / "__init__.py").touch()
    (library / "kernel.py").write_text(KERNEL)
    (library / "constants.py").write_text("FACTOR = 3.0\n")
    return tmp_path


def run(project: Path, cache: Path, module: str = "lib.kernel") -> str:
    # Without bytecode: two edits within a second would look the same to Python's own cache.
    variables = os.environ | {
        "XDG_CACHE_HOME": str(cache),
        "TMPDIR": str(project),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = subprocess.run(
        [sys.executable, "-m", module],
        cwd=project,
        env=variables,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert done.stderr == ""
    return done.stdout.strip()


@pytest.mark.skipif(sys.platform != "linux", reason="the cache's place is set by XDG_CACHE_HOME")
def test_machine_code_is_kept_until_any_source_beside_it_changes(
    project: Path, tmp_path: Path
) -> None:
    cache = tmp_path / "cache"

    first, second = run(project, cache), run(project, cache)
    (project / "lib" / "constants.py").write_text("FACTOR = 5.0\n")
    third = run(project, cache)

    # numba by itself would have answered 6.0 for ever.
    assert (first, second, third) == (
        "6.0 Counter()",
        "6.0 Counter({(float64,): 1})",
        "10.0 Counter()",
    )


@pytest.mark.skipif(sys.platform != "linux", reason="the cache's place is set by XDG_CACHE_HOME")
@pytest.mark.parametrize("damage", [b"", b"no pickle", None], ids=["empty", "garbage", "cut"])
@pytest.mark.parametrize("kind", ["*.nbi", "*.nbc"])
def test_a_damaged_cache_is_compiled_anew_and_mended(
    project: Path, tmp_path: Path, kind: str, damage: bytes | None
) -> None:
    cache = tmp_path / "cache"
    run(project, cache)
    for file in cache.rglob(kind):
        file.write_bytes(file.read_bytes()[:-20] if damage is None else damage)

    damaged, mended = run(project, cache), run(project, cache)

    assert (damaged, mended) == ("6.0 Counter()", "6.0 Counter({(float64,): 1})")


@pytest.mark.skipif(sys.platform != "linux", reason="the cache's place is set by XDG_CACHE_HOME")
def test_the_cache_is_closed_to_others(project: Path, tmp_path: Path) -> None:
    run(project, tmp_path / "cache")

    folders = list((tmp_path / "cache" / "divbot").iterdir())
    assert folders
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in folders} == {0o700}


@pytest.mark.skipif(sys.platform != "linux", reason="the cache's place is set by XDG_CACHE_HOME")
def test_without_a_cache_kernels_are_kept_in_a_temporary_place(
    project: Path, tmp_path: Path
) -> None:
    (tmp_path / "cache").write_text("a file, not a folder")

    first, second = (run(project, tmp_path / "cache") for _ in range(2))

    assert (first, second) == ("6.0 Counter()", "6.0 Counter({(float64,): 1})")


@pytest.mark.skipif(sys.platform != "linux", reason="the cache's place is set by XDG_CACHE_HOME")
def test_a_place_that_cannot_be_written_costs_only_the_cache(project: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file, not a folder")
    (project / f"divbot-{os.getuid()}").write_text("another")

    assert run(project, tmp_path / "cache") == "6.0 Counter()"


READ_ONLY = """
import os
import sys
import numba
from pathlib import Path

os.access = lambda path, mode: mode != os.W_OK
from lib.kernel import scaled
before = {path: path.stat().st_mtime_ns for path in Path(os.environ["XDG_CACHE_HOME"]).rglob("*")}
print(scaled(2.0), scaled.stats.cache_hits)
after = {path: path.stat().st_mtime_ns for path in Path(os.environ["XDG_CACHE_HOME"]).rglob("*")}
assert before == after
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the cache's place is set by XDG_CACHE_HOME")
def test_a_cache_that_can_only_be_read_is_read(project: Path, tmp_path: Path) -> None:
    (project / "lib" / "reading.py").write_text(READ_ONLY)
    run(project, tmp_path / "cache")

    assert run(project, tmp_path / "cache", "lib.reading") == "6.0 Counter({(float64,): 1})"


COMPILES_AFTER_LOADING = """
import sys
import numba
import numpy as np
from lib.kernel import scaled

@numba.njit
def sorted_sums(rows):
    return np.sort(rows.sum(axis=0)), {len(rows): rows.max()}

loaded = scaled(2.0), "numba.np.npyimpl" in sys.modules
sums, sizes = sorted_sums(np.array([[3.0, 1.0], [4.0, 1.0]]))
print(*loaded, sums.tolist(), dict(sizes), scaled(2.0), scaled(2))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the cache's place is set by XDG_CACHE_HOME")
@pytest.mark.skipif(
    numba.version_info[:2] not in jit._LOADS_WITHOUT_REGISTRIES,
    reason=f"nobody tried numba {numba.__version__} yet",
)
def test_a_kernel_is_loaded_without_what_compiles_and_others_compile_after_it(
    project: Path, tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    (project / "lib" / "after.py").write_text(COMPILES_AFTER_LOADING)
    run(project, cache)

    assert run(project, cache, "lib.after") == "6.0 False [2.0, 7.0] {2: 4.0} 6.0 6.0"


@pytest.mark.parametrize("package", ["kernels", "exchange/market"])
def test_no_kernel_draws_in_numba_s_own_strings(package: str) -> None:
    # The assignment of an array, which may raise with two shapes, takes seconds to compile for it.
    warm(["divbot.scanner.workforce.kernels", "divbot.exchange.server"])
    folder = place_of(Path(divbot.__file__).parent / package).folder
    assert folder is not None

    kept = list(folder.glob("*.nbc"))

    assert len(kept) > 5
    assert [x.name for x in kept if b"unicode" in x.read_bytes()] == []
