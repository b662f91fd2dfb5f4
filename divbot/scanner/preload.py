"""Imported once by the forkserver, so that every worker starts with its kernels loaded."""

from divbot.kernels import analysis, klines, outcomes
from divbot.scanner.worker import BlockWorker

__all__ = ["BlockWorker"]

analysis.warm()
klines.warm()
outcomes.warm()
