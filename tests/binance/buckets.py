"""Files in memory, served and listed as S3 does."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from urllib.parse import unquote

from divbot.binance.archive.archive import ArchiveClient
from divbot.binance.transport.transport import HttpReply
from divbot.domain.clock import ManualClock

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"


class Bucket:
    """A transport in front of files in memory, listed as S3 lists them."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = dict(files)
        self.asked: list[str] = []
        self.answers: list[HttpReply | Exception] = []
        """What is answered first, whatever is asked."""

    def get(
        self, url: str, parameters: Mapping[str, str | int], *, seconds: float, max_body: int = 0
    ) -> HttpReply:
        self.asked.append(str(parameters.get("prefix", url)))
        if self.answers:
            answer = self.answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer
        if "prefix" in parameters:
            return HttpReply(200, {}, self.page(parameters).encode())
        found = self.files.get(unquote(url.removeprefix("http://files/")))
        return HttpReply(404, {}, b"") if found is None else HttpReply(200, {}, found)

    def page(self, parameters: Mapping[str, str | int]) -> str:
        prefix, marker = str(parameters["prefix"]), str(parameters.get("marker", "")).encode()
        delimiter = str(parameters.get("delimiter", ""))
        names = {}
        for key in self.files:
            if key.startswith(prefix):
                head, found, _ = key[len(prefix) :].partition(delimiter or "\0")
                names[prefix + head + found if delimiter and found else key] = key
        after = sorted((x for x in names if x.encode() > marker), key=str.encode)
        most = min(int(parameters["max-keys"]), 1000)
        rows = "".join(self.row(x, delimiter) for x in after[:most])
        is_truncated = str(len(after) > most).lower()
        return (
            f'<ListBucketResult xmlns="{NAMESPACE}"><Prefix>{prefix}</Prefix>'
            f"<IsTruncated>{is_truncated}</IsTruncated>{rows}</ListBucketResult>"
        )

    def row(self, name: str, delimiter: str) -> str:
        if delimiter and name.endswith(delimiter):
            return f"<CommonPrefixes><Prefix>{name}</Prefix></CommonPrefixes>"
        content = self.files[name]
        md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
        return (
            f"<Contents><Key>{name}</Key><LastModified>2024-08-02T10:43:00.000Z</LastModified>"
            f"<ETag>&quot;{md5}&quot;</ETag><Size>{len(content)}</Size></Contents>"
        )

    def close(self) -> None:
        pass


def archive_of(bucket: Bucket) -> ArchiveClient:
    return ArchiveClient("http://files", "http://list", bucket, ManualClock(), threading.Event())


def whole(key: str, content: bytes = b"a zip", **changes: bytes) -> dict[str, bytes]:
    """Return a file and its checksum."""
    name = key.rpartition("/")[2].encode()
    told = hashlib.sha256(content).hexdigest().encode() + b"  " + name + b"\n"
    return {key: content, f"{key}.CHECKSUM": changes.get("told", told)}
