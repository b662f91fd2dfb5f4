"""A reader of the archive that knows HTTP, XML and zips, and nothing of divbot."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import quote
from xml.etree import ElementTree as ET

import requests

from tests.exchange.servers import running

SPOT, USDM = "data/spot", "data/futures/um"
_NAMESPACE = "{http://s3.amazonaws.com/doc/2006-03-01/}"


@dataclass
class Reader:
    """Ask one exchange for its archive."""

    base: str
    session: requests.Session = field(default_factory=requests.Session)

    @property
    def listing_url(self) -> str:
        """Return where files are listed."""
        return f"{self.base}/data.binance.vision"

    def get(self, key: str, **headers: str) -> requests.Response:
        """Ask for a file."""
        return self.session.get(f"{self.base}/{quote(key)}", headers=headers, timeout=60)

    def head(self, key: str, **headers: str) -> requests.Response:
        """Ask about a file."""
        return self.session.head(f"{self.base}/{quote(key)}", headers=headers, timeout=60)

    def file(self, key: str) -> bytes:
        """Return a file that is there."""
        reply = self.get(key)
        assert reply.status_code == 200, (key, reply.status_code)
        return reply.content

    def text(self, key: str) -> str:
        """Return the CSV of a zip."""
        with zipfile.ZipFile(io.BytesIO(self.file(key))) as archive:
            assert archive.testzip() is None
            return archive.read(archive.infolist()[0]).decode()

    def rows(self, key: str) -> list[list[str]]:
        """Return the rows of a zip, without its header."""
        lines = [line.split(",") for line in self.text(key).splitlines()]
        return lines if lines[0][0].isdigit() else lines[1:]

    def agrees(self, key: str) -> bool:
        """Tell whether a file is what its CHECKSUM says."""
        told = self.file(f"{key}.CHECKSUM").decode().split()
        return told == [hashlib.sha256(self.file(key)).hexdigest(), key.rpartition("/")[2]]

    def listing(self, **parameters: object) -> requests.Response:
        """Ask for one page of the listing; underscores stand for dashes."""
        named = {name.replace("_", "-"): each for name, each in parameters.items()}
        return self.session.get(self.listing_url, params=named, timeout=60)

    def page(self, **parameters: object) -> Page:
        """Return one page of the listing."""
        reply = self.listing(**parameters)
        assert reply.status_code == 200, reply.text
        return Page(ET.fromstring(reply.content))

    def pages(self, **parameters: object) -> Iterator[Page]:
        """Return all pages, as a client of the first version goes from one to the next."""
        page = self.page(**parameters)
        yield page
        while page.is_truncated:
            page = self.page(**{**parameters, "marker": page.next_marker})
            yield page

    def keys(self, **parameters: object) -> list[str]:
        """Return all keys of a listing."""
        return [key for page in self.pages(**parameters) for key in page.keys]

    def symbols(self, folder: str) -> list[str]:
        """Return the folders of a folder."""
        found = self.pages(prefix=f"{folder}/", delimiter="/")
        return [each.split("/")[-2] for page in found for each in page.prefixes]

    def tell(self, method: str, name: str, content: object = None) -> dict[str, object]:
        """Ask the exchange itself."""
        reply = self.session.request(method, f"{self.base}/divbot/{name}", json=content, timeout=60)
        assert reply.status_code == 200, reply.text
        told: dict[str, object] = reply.json()
        return told

    def rest(self, path: str, **parameters: object) -> list[list[object]]:
        """Return what REST answers."""
        reply = self.session.get(f"{self.base}{path}", params=parameters, timeout=60)
        assert reply.status_code == 200, reply.text
        told: list[list[object]] = reply.json()
        return told


@dataclass
class Page:
    """One page of a listing, read."""

    root: ET.Element

    def text(self, name: str) -> str | None:
        """Return the text of an element."""
        return self.root.findtext(_NAMESPACE + name)

    def all(self, path: str) -> list[str]:
        """Return the text of all elements at a path."""
        found = self.root.findall("/".join(_NAMESPACE + name for name in path.split("/")))
        return [each.text or "" for each in found]

    @property
    def keys(self) -> list[str]:
        """Return its keys."""
        return self.all("Contents/Key")

    @property
    def prefixes(self) -> list[str]:
        """Return its common prefixes."""
        return self.all("CommonPrefixes/Prefix")

    @property
    def is_truncated(self) -> bool:
        """Tell whether there are more."""
        return self.text("IsTruncated") == "true"

    @property
    def next_marker(self) -> str:
        """Return where to go on."""
        return self.text("NextMarker") or self.keys[-1]


@contextmanager
def reading(**options: object) -> Iterator[Reader]:
    """Serve an exchange for the length of a block; yield a reader of its archive."""
    with running(**options) as connection:
        yield Reader(f"http://{connection.host}:{connection.port}")
