"""Files of a folder as objects of a bucket: as much of S3 as reading takes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

_LISTING = "http://s3.amazonaws.com/doc/2006-03-01/"
_MODIFIED = "2026-01-01T00:00:00.000Z"


@contextmanager
def object_store(bucket: str, folder: Path) -> Iterator[str]:
    """Serve what is in `folder`; provide the address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            place, query = self._asked()
            if place:
                self._object(folder / place)
            else:
                self._answer(200, _listed(bucket, folder, query), "application/xml")

        def do_HEAD(self) -> None:
            self.do_GET()

        def log_message(self, format: str, *args: object) -> None:
            pass

        def _asked(self) -> tuple[str, dict[str, str]]:
            url = urlsplit(self.path)
            place = unquote(url.path).removeprefix(f"/{bucket}").strip("/")
            return place, {name: values[0] for name, values in parse_qs(url.query).items()}

        def _object(self, path: Path) -> None:
            if path.is_file():
                self._answer(200, path.read_bytes(), "application/octet-stream")
            else:
                self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>", "application/xml")

        def _answer(self, status: int, content: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT")
            self.send_header("ETag", f'"{hashlib.md5(content).hexdigest()}"')
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(content)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _listed(bucket: str, folder: Path, query: dict[str, str]) -> bytes:
    """Answer ListObjectsV2: what begins with a prefix, up to the next delimiter if there is one."""
    prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
    found, common = [], set()
    for path in sorted(x for x in folder.rglob("*") if x.is_file()):
        key = path.relative_to(folder).as_posix()
        if not key.startswith(prefix):
            continue
        head, more, _ = key.removeprefix(prefix).partition(delimiter or "\0")
        if more:
            common.add(f"{prefix}{head}{delimiter}")
            continue
        tag = hashlib.md5(path.read_bytes()).hexdigest()
        found.append(
            f"<Contents><Key>{escape(key)}</Key><LastModified>{_MODIFIED}</LastModified>"
            f"<ETag>&quot;{tag}&quot;</ETag><Size>{path.stat().st_size}</Size></Contents>"
        )
    folders = [f"<CommonPrefixes><Prefix>{escape(x)}</Prefix></CommonPrefixes>" for x in common]
    return (
        f'<?xml version="1.0"?><ListBucketResult xmlns="{_LISTING}"><Name>{bucket}</Name>'
        f"<Prefix>{escape(prefix)}</Prefix><KeyCount>{len(found) + len(folders)}</KeyCount>"
        f"<IsTruncated>false</IsTruncated>{''.join(found + sorted(folders))}</ListBucketResult>"
    ).encode()
