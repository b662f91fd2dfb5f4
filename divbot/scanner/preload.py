"""Imported once by the forkserver, so that every worker starts with its kernels loaded."""

from divbot.kernels.analysis import warm
from divbot.scanner.worker import BlockWorker

__all__ = ["BlockWorker"]

warm()
