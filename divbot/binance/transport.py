"""One HTTP GET that ends: in time, in bounded memory, in an answer or in one of our errors.

What requests does not do by itself, each of it measured: its read timeout is per recv, so a body
that drips never times out; its body has no upper bound; a redirect to another host is followed;
proxies of the environment are obeyed; and urllib3's own errors come through when a body is
streamed.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import requests
import urllib3
from requests.adapters import HTTPAdapter

from divbot.domain.clock import Clock
from divbot.domain.errors import BadAnswer, VenueUnreachable
from divbot.version import __version__

_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole HTTP reply."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Transport:
    """Send GET requests over one session with up to `connections` open at once.

    Safe to use from as many threads as there are connections.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        connections: int = 4,
        connect_timeout: float = 3.0,
        max_body: int = 64 * 1024 * 1024,
    ) -> None:
        self._clock = clock
        self._connect_timeout = connect_timeout
        self._max_body = max_body
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers.update(
            {"User-Agent": f"divbot/{__version__}", "Accept": "application/json"}
        )
        adapter = HTTPAdapter(pool_connections=4, pool_maxsize=connections, max_retries=0)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    def get(self, url: str, parameters: Mapping[str, str | int], *, seconds: float) -> Answer:
        """Return the reply to a GET of `url`, whatever its status, within `seconds`.

        Raise VenueUnreachable when no whole reply came in time, BadAnswer when it cannot be read.
        """
        end = self._clock.monotonic() + seconds
        timeout = (min(self._connect_timeout, seconds), seconds)
        try:
            with self._session.get(
                url, params=parameters, timeout=timeout, stream=True, allow_redirects=False
            ) as response:
                body = self._read(response.raw, end)
                return Answer(response.status_code, response.headers, body)
        except (requests.exceptions.ContentDecodingError, urllib3.exceptions.DecodeError) as error:
            raise BadAnswer(f"{_host(url)} sent a damaged compressed body") from error
        except zlib.error as error:
            raise BadAnswer(f"{_host(url)} sent a damaged compressed body") from error
        except (requests.Timeout, urllib3.exceptions.TimeoutError) as error:
            raise VenueUnreachable(f"no answer from {_host(url)} in time") from error
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise VenueUnreachable(f"cannot reach {_host(url)}: {_cause(error)}") from error

    def close(self) -> None:
        """Close every connection."""
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _read(self, raw: urllib3.HTTPResponse, end: float) -> bytes:
        chunks: list[bytes] = []
        size = 0
        while chunk := raw.read1(_CHUNK, decode_content=True):
            chunks.append(chunk)
            size += len(chunk)
            if size > self._max_body:
                raise BadAnswer(f"a body of more than {self._max_body} bytes")
            if self._clock.monotonic() > end:
                raise VenueUnreachable("the answer came too slowly")
        return b"".join(chunks)


def _host(url: str) -> str:
    return url.split("//", 1)[-1].split("/", 1)[0].rsplit("@", 1)[-1]


def _cause(error: BaseException) -> str:
    """Return the reason in a few words: the innermost error that names one."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return type(error).__name__
