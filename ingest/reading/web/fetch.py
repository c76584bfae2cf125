"""Fetches the bytes of one web page within bounds, from public addresses only, and nothing that it refers to.

Proxies of the environment are not used: a proxy looks hosts up by itself, so that no address could be checked.
"""

import ipaddress
import socket
import ssl
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import PurePosixPath

import certifi
import httpx

from ingest.reading.web.content_types import suffix_of, with_charset
from vectorstore.errors import UnreadableFileError

MOST_REDIRECTS = 5
MOST_ADDRESSES = 4  # of one host: enough for one that has IPv6 where the network has none
MOST_UNPACKED = 1 << 20  # bytes at a time
REDIRECTS = (301, 302, 303, 307, 308)
GONE = (404, 410)
SAVE = "open it in a browser, save it and ingest the file"
LATER = "try again later"
CHECK = "check the address in a browser"
IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052
NAT64_LOCAL = ipaddress.IPv6Network("64:ff9b:1::/48")  # RFC 8215, for private use


class GonePageError(UnreadableFileError):
    """The server says that there is no such page, or none any more."""

    gone = True


def normalize_url(url: str) -> str:
    """The URL as a source: host in small letters, no default port, no fragment. Raises UnreadableFileError."""
    return str(_parse(url))


def fetch_page(url: str, *, max_bytes: int, timeout_s: float, allow_private: bool = False) -> tuple[str, bytes]:
    """The page at a URL of http or https: a file's name whose suffix says its kind, and its bytes, text in UTF-8.

    At most five redirects are followed, each checked as the URL itself; the name is that of the URL as it was given.
    `timeout_s` is wall time for all of it, `max_bytes` holds for what is sent and for what it unpacks to. Raises
    GonePageError for 404 and 410, else UnreadableFileError.
    """
    source = _parse(url)
    # In a thread, since neither a look-up nor the reading of headers can be stopped; closing the client ends the rest.
    thread = ThreadPoolExecutor(1)
    try:
        with httpx.Client(verify=_tls(), trust_env=False, timeout=timeout_s) as client:
            return thread.submit(_follow, client, source, max_bytes, allow_private).result(timeout_s)
    except (TimeoutError, httpx.TimeoutException):
        raise UnreadableFileError(f"the server did not finish within {timeout_s:g} s", LATER) from None
    finally:
        thread.shutdown(wait=False)


def _follow(client: httpx.Client, source: httpx.URL, max_bytes: int, allow_private: bool) -> tuple[str, bytes]:  # noqa: FBT001
    url = source
    for _ in range(MOST_REDIRECTS + 1):
        response = _request(client, url, _addresses(url, allow_private=allow_private))
        try:
            if response.status_code in REDIRECTS and "location" in response.headers:
                url = _parse(str(url.join(response.headers["location"])))
                continue
            _require_success(response)
            content_type = response.headers.get("content-type", "")
            data = _read(response, max_bytes)
        finally:
            response.close()
        suffix = suffix_of(content_type, path=url.path, head=data[:1024])
        name = PurePosixPath(source.path).name or source.host
        name = name if name.lower().endswith(suffix) else name + suffix
        return name, with_charset(data, content_type, suffix=suffix)
    raise UnreadableFileError(f"the server redirects more than {MOST_REDIRECTS} times", CHECK)


def _request(client: httpx.Client, url: httpx.URL, addresses: list[str]) -> httpx.Response:
    """By address, not by name: a name could lead elsewhere when it is looked up a second time."""
    headers = {
        "Host": url.netloc.decode("ascii"),
        "User-Agent": f"rag-app/{version('rag-app')}",
        "Accept": "text/html,application/pdf,text/*;q=0.9,*/*;q=0.5",
        "Accept-Encoding": "gzip",
    }
    for address in addresses:
        request = client.build_request(
            "GET",
            url.copy_with(host=address),
            headers=headers,
            extensions={"sni_hostname": url.raw_host.decode("ascii")},  # the certificate is checked against it too
        )
        try:
            with _translated(url):
                return client.send(request, stream=True)
        except UnreadableFileError as error:
            if address == addresses[-1] or not isinstance(error.__cause__, httpx.ConnectError):
                raise
    raise AssertionError("a host has an address")


def _addresses(url: httpx.URL, *, allow_private: bool) -> list[str]:
    host = url.raw_host.decode("ascii")
    literal = literal_address(host)
    found = [literal] if literal else _look_up(host)
    if not found:
        raise UnreadableFileError(f"there is no host {url.host}, or no network", CHECK)
    allowed = [address for address in found if allow_private or is_public(address)]
    if not allowed:
        resolved = "" if url.host == str(found[0]) else f" ({found[0]})"
        raise UnreadableFileError(
            f"{url.host} is a private address{resolved}", "set RAG_ALLOW_PRIVATE_URLS=true to read it all the same"
        )
    return [str(address) for address in allowed[:MOST_ADDRESSES]]


def _look_up(host: str) -> list[IPAddress]:
    try:
        rows = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return list(dict.fromkeys(parse_address(str(row[4][0])) for row in rows))


def _read(response: httpx.Response, max_bytes: int) -> bytes:
    encoding = response.headers.get("content-encoding", "").strip().lower() or "identity"
    if encoding not in ("identity", "gzip", "x-gzip", "deflate"):
        raise UnreadableFileError(f"the server packs the page in a way that is not read ({encoding})", SAVE)
    data, raw = bytearray(), response.iter_raw()
    with _translated(response.request.url):
        for part in raw if encoding == "identity" else _unpack(raw):
            data += part
            if max(response.num_bytes_downloaded, len(data)) > max_bytes:
                message = f"over the size bound of {max_bytes / 1_000_000:g} MB"
                raise UnreadableFileError(message, "set RAG_MAX_FILE_MB higher to read it")
    return bytes(data)


def _unpack(parts: Iterator[bytes]) -> Iterator[bytes]:
    """gzip and deflate in bounded pieces: a thousandth of a page's size can unpack to all of it."""
    stream, is_empty = zlib.decompressobj(wbits=47), True  # recognises either header
    try:
        for raw in parts:
            rest, is_empty = raw, is_empty and not raw
            while rest:
                if stream.eof:  # gzip may have several members
                    stream = zlib.decompressobj(wbits=47)
                yield stream.decompress(rest, MOST_UNPACKED)
                rest = stream.unused_data if stream.eof else stream.unconsumed_tail
    except zlib.error:
        raise UnreadableFileError("the page is packed in a damaged way", LATER) from None
    if not stream.eof and not is_empty:
        raise UnreadableFileError("the page broke off", LATER)


def _require_success(response: httpx.Response) -> None:
    code = response.status_code
    if code == 200:
        return
    message = f"the server says {code} {response.reason_phrase}".rstrip()
    if code in GONE:
        raise GonePageError(message, CHECK)
    raise UnreadableFileError(message, SAVE if code in (401, 402, 403, 407, 451) else LATER)


@contextmanager
def _translated(url: httpx.URL) -> Iterator[None]:
    try:
        yield
    except httpx.TimeoutException:
        raise
    except httpx.TransportError as error:
        text = str(error) or type(error).__name__
        if not isinstance(error, httpx.ConnectError):
            raise UnreadableFileError(f"the connection to {url.host} broke off ({text})", LATER) from error
        if "SSL" in text or "certificate" in text.lower():
            message, hint = f"no secure connection to {url.host}: {text}", f"{SAVE}, if you trust the server"
            # Not a failed connection: the next address of the host would not be another server.
            raise UnreadableFileError(message, hint) from None
        raise UnreadableFileError(f"{url.host} does not answer ({text})", CHECK) from error


def _tls() -> ssl.SSLContext:
    """The system's certificates, to which companies add their own, and certifi's, for systems that have none."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def _parse(url: str) -> httpx.URL:
    try:
        parsed = httpx.URL(url.strip()).copy_with(fragment=None)
    except (httpx.InvalidURL, UnicodeError, ValueError):
        raise UnreadableFileError(f"{url} is no URL", "a URL is like https://example.org/page") from None
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise UnreadableFileError(f"{url} is no page of the web", "only http:// and https:// are read")
    if parsed.path == "/":  # also where it is empty, which to a server is the same
        parsed = parsed.copy_with(path="/")
    if parsed.userinfo:
        raise UnreadableFileError("the URL holds a password, which would be stored and shown", SAVE)
    return parsed


def parse_address(text: str) -> IPAddress:
    """Raises ValueError. A zone, as in `fe80::1%eth0`, is no part of the address."""
    return ipaddress.ip_address(text.partition("%")[0])


def literal_address(host: str) -> IPAddress | None:
    """The address that a host spells, also as systems do: `2130706433` and `0x7f.1` are 127.0.0.1; None for a name."""
    try:
        return parse_address(host)
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except OSError:
        return None


def is_public(address: IPAddress) -> bool:
    """Of an IPv6 address that wraps IPv4 ones, the addresses that packets to it end at decide."""
    if isinstance(address, ipaddress.IPv6Address):
        wrapped = [inner for inner in (address.ipv4_mapped, address.sixtofour) if inner is not None]
        if address in NAT64:
            wrapped.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        if wrapped:
            return all(map(is_public, wrapped))
        if address in NAT64_LOCAL or address.is_site_local or address.teredo:
            return False
    return address.is_global and not (address.is_multicast or address.is_reserved)
