"""Imported once by the forkserver, so that every worker starts with its kernels loaded."""

import gc

from divbot.scanner.workforce import kernels
from divbot.scanner.workforce.worker import BlockWorker

__all__ = ["BlockWorker"]

kernels.warm()

# A worker shares a page with the forkserver until one of them writes to it, and a collection writes
# to all that it looks at: let it leave alone what is loaded by now. Little of that is garbage, and
# to collect it would keep every worker waiting.
gc.freeze()
