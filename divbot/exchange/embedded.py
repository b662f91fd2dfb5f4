"""The local exchange in a process of its own, for as long as a `with` block lasts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection

from divbot.domain.errors import DivbotError
from divbot.exchange.options import ExchangeOptions
from divbot.kernels.ahead import compiled_beside
from divbot.processes import obey_parent, start_context

_SECONDS_TO_END = 2.0
_POLL_SECONDS = 0.05
_SERVER = "divbot.exchange.server"
_KERNELS = (
    "divbot.exchange.market.candles",
    "divbot.exchange.rest.kline_json",
    "divbot.exchange.market.price_paths",
)


class EmbeddedExchange:
    """Run a local exchange in a child process; `base_url` says where it listens.

    Entering raises what the exchange raises when it cannot start: RecordingError, InputError.
    `preload` is handed to the forkserver; see `divbot.processes.start_context`. While it starts,
    `poll` is called again and again; what that raises ends it.
    """

    def __init__(
        self,
        options: ExchangeOptions,
        preload: Sequence[str] = (),
        poll: Callable[[], None] = lambda: None,
    ) -> None:
        self._poll = poll
        context = start_context(preload)
        self._news, self._child_end = context.Pipe(duplex=False)
        self._process = context.Process(  # type: ignore[attr-defined]  # BaseContext lacks it
            target=_run, args=(options, self._child_end), name="local-exchange", daemon=True
        )
        self.base_url = ""

    def __enter__(self) -> EmbeddedExchange:
        # While the forkserver compiles what workers need.
        with compiled_beside(_KERNELS, by=[_SERVER]) as is_done:
            while not is_done(_POLL_SECONDS):
                self._poll()
        self._process.start()
        self._child_end.close()
        try:
            self.base_url = self._first_news()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def _first_news(self) -> str:
        try:
            while not self._news.poll(_POLL_SECONDS):
                self._poll()
            news = self._news.recv()
        except EOFError:
            self._process.join(_SECONDS_TO_END)
            code = self._process.exitcode
            raise DivbotError(
                f"the local exchange ended before it was ready, with exit code {code}"
            ) from None
        if isinstance(news, DivbotError):
            raise news
        return str(news)

    def _end(self) -> None:
        self._process.terminate()
        self._process.join(_SECONDS_TO_END)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._news.close()


def _run(options: ExchangeOptions, news: Connection) -> None:
    # The parent first: from here on Ctrl-C is its business, and its end is ours.
    obey_parent()
    from divbot.exchange.server import serve

    try:
        serve(options, announce=news.send)
    except DivbotError as error:
        news.send(error)
