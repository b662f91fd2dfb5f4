"""The kernels that a scan uses, compiled or loaded before the first block waits for them."""

from divbot.kernels.ahead import compiled_beside
from divbot.kernels.ahead import warm as warm_each

_OTHERS = (
    "divbot.kernels.klines",
    "divbot.kernels.outcomes",
    "divbot.kernels.rows",
    "divbot.kernels.sight",
)


def warm() -> None:
    """Compile or load them; what has to be compiled is shared with another process."""
    with compiled_beside(_OTHERS, by=_OTHERS):
        warm_each(["divbot.kernels.analysis"])
    warm_each(_OTHERS)
