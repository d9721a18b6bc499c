"""What no client would send, at the socket itself: the server answers or hangs up, and goes on serving the others."""

import contextlib
import random
import re
import socket
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import httpx2
import pytest

from modelkeep_server.operate import patience
from tests.support.endurance import Figures, sizes
from tests.support.running import RunningRegistry, running_registry

HOST = b"Host: 127.0.0.1\r\n"
GET = b"GET /healthz HTTP/1.1\r\n" + HOST
POST = b"POST /api/v1/models HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\nAuthorization: Bearer mk\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
END = b"\r\n\r\n"
LINE = b"\r\n"
CLOSE = b"Connection: close\r\n\r\n"

GARBAGE: dict[str, bytes] = {
    # request lines
    "nothing but line ends": LINE * 50,
    "no request line": b"\x00" * 200 + END,
    "a TLS greeting": bytes.fromhex("16030100c8010000c40303") + bytes(200),
    "an SSH greeting": b"SSH-2.0-OpenSSH_9.7\r\n\r\n",
    "the preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/0.9": b"GET /healthz\r\n",
    "HTTP/1.0 without a host": b"GET /healthz HTTP/1.0\r\n\r\n",
    "HTTP/3.0": b"GET /healthz HTTP/3.0\r\n" + HOST + LINE,
    "a version without numbers": b"GET /healthz HTTP/x.y\r\n" + HOST + LINE,
    "no version's end": b"GET /healthz HTTP/1.\r\n" + HOST + LINE,
    "a method of a thousand letters": b"G" * 1000 + b" /healthz HTTP/1.1\r\n" + HOST + LINE,
    "a method with a NUL": b"GE\x00T /healthz HTTP/1.1\r\n" + HOST + LINE,
    "a method nobody knows": b"BREW /healthz HTTP/1.1\r\n" + HOST + LINE,
    "CONNECT": b"CONNECT example.com:443 HTTP/1.1\r\n" + HOST + LINE,
    "TRACE": b"TRACE /healthz HTTP/1.1\r\n" + HOST + LINE,
    "OPTIONS of everything": b"OPTIONS * HTTP/1.1\r\n" + HOST + LINE,
    "an address in absolute form": b"GET http://127.0.0.1/healthz HTTP/1.1\r\n" + HOST + LINE,
    "another's address in absolute form": b"GET http://evil.example/models HTTP/1.1\r\n" + HOST + LINE,
    "an address of another scheme": b"GET file:///etc/passwd HTTP/1.1\r\n" + HOST + LINE,
    "an address without a slash": b"GET healthz HTTP/1.1\r\n" + HOST + LINE,
    "an address with a blank": b"GET /models /x HTTP/1.1\r\n" + HOST + LINE,
    "an address with a tab": b"GET /models\t/x HTTP/1.1\r\n" + HOST + LINE,
    "an address with a NUL": b"GET /models\x00 HTTP/1.1\r\n" + HOST + LINE,
    "an address with a fragment": b"GET /models#x HTTP/1.1\r\n" + HOST + LINE,
    "an address of raw bytes": b"GET /models/\xff\xfe\x80 HTTP/1.1\r\n" + HOST + LINE,
    "an address of 60 kB": b"GET /" + b"a" * 60_000 + b" HTTP/1.1\r\n" + HOST + LINE,
    "an address of 200 kB": b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\n" + HOST + LINE,
    "a cut escape": b"GET /models/%E2%8 HTTP/1.1\r\n" + HOST + LINE,
    "an escape of no digits": b"GET /models/%zz/%1g?q=%%% HTTP/1.1\r\n" + HOST + LINE,
    "an overlong slash": b"GET /models/%c0%af%c0%ae%c0%ae/x HTTP/1.1\r\n" + HOST + LINE,
    "an overlong NUL": b"GET /models/%c0%80 HTTP/1.1\r\n" + HOST + LINE,
    "half a surrogate": b"GET /models/%ed%a0%80/x?q=%ed%a0%80 HTTP/1.1\r\n" + HOST + LINE,
    "beyond Unicode": b"GET /models/%f4%90%80%80/x HTTP/1.1\r\n" + HOST + LINE,
    "escaped line ends": b"GET /models/x%0d%0aSet-Cookie:%20a=b HTTP/1.1\r\n" + HOST + LINE,
    "climbing": b"GET /static/../../../../etc/passwd HTTP/1.1\r\n" + HOST + LINE,
    "climbing in escapes": b"GET /static/..%2f..%2f%2e%2e/etc/passwd HTTP/1.1\r\n" + HOST + LINE,
    "climbing with backslashes": b"GET /static/..\\..\\..\\windows\\win.ini HTTP/1.1\r\n" + HOST + LINE,
    "two slashes": b"GET //evil.example/%2f.. HTTP/1.1\r\n" + HOST + LINE,
    # headers
    "two hosts": b"GET /healthz HTTP/1.1\r\n" + HOST + b"Host: evil.example\r\n\r\n",
    "no host": b"GET /healthz HTTP/1.1\r\n\r\n",
    "an empty host": b"GET /healthz HTTP/1.1\r\nHost:\r\n\r\n",
    "a host of raw bytes": b"GET /healthz HTTP/1.1\r\nHost: \xff\xfe\r\n\r\n",
    "a header without a colon": GET + b"nonsense" + END,
    "a header without a name": GET + b": x" + END,
    "a blank before the colon": GET + b"X-A : b" + END,
    "a folded header": GET + b"X-A: b\r\n  c" + END,
    "a NUL in a header": GET + b"X-A: \x00b" + END,
    "raw bytes in headers": GET + b"Authorization: Bearer \xff\xfe\r\nCookie: mk-session=\xff\r\nAccept: \xfe" + END,
    "line feeds alone": b"GET /healthz HTTP/1.1\nHost: 127.0.0.1\n\n",
    "carriage returns alone": b"GET /healthz HTTP/1.1\rHost: 127.0.0.1\r\r",
    "a thousand headers": GET + b"".join(b"X-%d: y\r\n" % n for n in range(1000)) + LINE,
    "a flood of headers": GET + b"".join(b"X-%d: y\r\n" % n for n in range(50_000)) + LINE,
    "the same header a thousand times": GET + b"Cookie: mk-session=x\r\n" * 1000 + LINE,
    "a cookie of 60 kB": GET + b"Cookie: mk-session=" + b"x" * 60_000 + END,
    "a thousand cookies": GET + b"Cookie: " + b"; ".join(b"a%d=b" % n for n in range(1000)) + END,
    "a name of 60 kB": GET + b"X" * 60_000 + b": y" + END,
    "a header of 200 kB": GET + b"X-A: " + b"y" * 200_000 + END,
    "odd ranges": b"GET /d/x/y HTTP/1.1\r\n" + HOST + b"Range: bytes=" + b"0-1," * 5000 + END,
    "a content type of raw bytes": POST + b"Content-Type: \xff/\xfe; charset=\x80\r\nContent-Length: 2\r\n\r\n{}",
    "an upgrade": GET + b"Connection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__" + END,
    "a websocket": GET + b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n"
    b"Sec-WebSocket-Version: 13" + END,
    "an expectation": POST + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n{}",
    "another expectation": POST + b"Expect: the-unexpected\r\nContent-Length: 2\r\n\r\n{}",
    # bodies
    "two lengths": POST + b"Content-Length: 2\r\nContent-Length: 5\r\n\r\n{}",
    "a length and chunks": POST + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and a length": POST + CHUNKED + b"Content-Length: 100\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "chunks twice": POST + CHUNKED + CHUNKED + b"\r\n0\r\n\r\n",
    "chunks that are no chunks": POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunks within gzip": POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "a blank before chunked": POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "a negative length": POST + b"Content-Length: -1\r\n\r\n{}",
    "a length in words": POST + b"Content-Length: two\r\n\r\n{}",
    "a length with a plus": POST + b"Content-Length: +2\r\n\r\n{}",
    "a length in other digits": POST + b"Content-Length: \xd9\xa2\r\n\r\n{}",
    "an endless length": POST + b"Content-Length: " + b"9" * 60 + b"\r\n\r\n{}",
    "a length list": POST + b"Content-Length: 2, 2\r\n\r\n{}",
    "a chunk size in words": POST + CHUNKED + b"\r\nzz\r\n{}\r\n0\r\n\r\n",
    "a negative chunk": POST + CHUNKED + b"\r\n-2\r\n{}\r\n0\r\n\r\n",
    "an endless chunk": POST + CHUNKED + b"\r\n" + b"f" * 40 + b"\r\n{}",
    "a chunk longer than it says": POST + CHUNKED + b"\r\n2\r\n{} and more\r\n0\r\n\r\n",
    "a chunk with a long extension": POST + CHUNKED + b"\r\n2;" + b"x" * 100_000 + b"\r\n{}\r\n0\r\n\r\n",
    "trailers": POST + CHUNKED + b"\r\n2\r\n{}\r\n0\r\nAuthorization: Bearer x\r\nHost: evil\r\n\r\n",
    "a body for GET": GET + b"Content-Length: 5\r\n\r\nhello",
    "a body cut short": POST + b"Content-Length: 100\r\n\r\n{",
    "chunks cut short": POST + CHUNKED + b"\r\n64\r\n{",
    "raw bytes as JSON": POST + b"Content-Length: 4\r\n\r\n\xff\xfe\x00\x80",
    # several requests on one connection
    "two at once": (GET + LINE) * 2,
    "a hundred at once": (GET + LINE) * 100,
    "one and garbage": GET + LINE + b"\xff\x00 what\r\n\r\n",
    "one smuggled behind a body": POST + b"Content-Length: 2\r\n\r\n{}GET /models HTTP/1.1\r\n" + HOST + LINE,
    "one that closes, then another": GET + b"Connection: close\r\n\r\n" + GET + LINE,
}  # fmt: skip

#: How long an answer is waited for; a fault that comes later still stands in the server's log.
SILENCE_SECONDS = 0.3
AT_ONCE = 16
#: Words that would tell of the program, its files, or those of the machine.
TELLTALES = (b"traceback", b"uvicorn", b"python", b".py", b"/src/", b"root:x:0")
#: What a fuzzer puts between two bytes of a request that was well formed.
SPOILERS = (b"\x00", b"\r\n", b"\n", b"\r", b" ", b"\t", b":", b"%", b"\xff", b"\xc0\xaf", b"9" * 30, b"A" * 3000, b"")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    """A server as users run it."""
    with running_registry(tmp_path_factory.mktemp("raw")) as running:
        yield running


def exchange(running: RunningRegistry, *pieces: bytes, silence: float = SILENCE_SECONDS) -> bytes:
    """Send these bytes and read what comes, until the server hangs up or has said nothing for so many seconds."""
    place = urlsplit(running.url)
    heard = b""
    with (
        socket.create_connection((place.hostname or "", place.port or 0), timeout=20) as client,
        # A server that hangs up on what it will not read is right to do so.
        contextlib.suppress(ConnectionError, TimeoutError),
    ):
        for piece in pieces:
            client.sendall(piece)
        client.settimeout(silence)
        while received := client.recv(65536):
            heard += received
    return heard


def statuses_of(heard: bytes) -> list[int]:
    """The statuses of the answers in what was heard."""
    return [int(found) for found in re.findall(rb"HTTP/1\.[01] ([0-9]{3}) ", heard)]


def find_faults(running: RunningRegistry, sent: Iterable[tuple[str, bytes]]) -> list[tuple[str, object]]:
    """What of this met a fault of the server's, or left it unable to answer the next visitor."""

    def look_at(named: tuple[str, bytes]) -> list[tuple[str, object]]:
        name, request = named
        heard = exchange(running, request)
        answer = httpx2.get(f"{running.url}/healthz", timeout=20).text
        wrong: list[object] = [status for status in statuses_of(heard) if status >= 500]
        wrong += [word for word in TELLTALES if word in heard.lower()]
        return [(name, fault) for fault in wrong + ([answer] if answer != "ok\n" else [])]

    with ThreadPoolExecutor(AT_ONCE) as pool:
        faults = [fault for found in pool.map(look_at, sent) for fault in found]
    # Also where nobody waited for the answer.
    return faults + [("log", line) for line in running.output.read_text().splitlines() if "request failed" in line]


def test_garbage_at_the_socket_is_no_fault(served: RunningRegistry) -> None:
    """Whatever is sent, no answer is a 5xx or tells of what runs here, and the next visitor is served."""
    faults = find_faults(served, GARBAGE.items())

    assert faults == []


@pytest.mark.parametrize("requests", sizes(small=300, full=5_000))
def test_requests_spoilt_at_random_are_no_fault(served: RunningRegistry, requests: int, figures: Figures) -> None:
    """Well-formed requests with something cut out, put in or doubled anywhere."""
    chance = random.Random(7)
    whole = [GARBAGE["two at once"], GARBAGE["an expectation"], GARBAGE["trailers"], GARBAGE["a body for GET"]]

    def spoilt() -> Iterator[tuple[str, bytes]]:
        for number in range(requests):
            request = chance.choice(whole)
            for _ in range(chance.randint(1, 3)):
                start = chance.randrange(len(request))
                end = min(len(request), start + chance.choice((0, 0, 1, 2, 20)))
                request = request[:start] + chance.choice(SPOILERS) * chance.randint(1, 2) + request[end:]
            yield f"{number}: {request[:2000]!r}", request

    faults = find_faults(served, spoilt())

    figures.tell("requests spoilt at the socket", requests)
    figures.tell("faults, or visitors not served after", len(faults), at_most=0)
    assert faults == []


def test_a_smuggled_request_is_never_answered_twice(served: RunningRegistry) -> None:
    """Where length and chunks contradict each other, nothing behind them is taken for a request (RFC 9112, 6.3)."""
    hidden = b"GET /healthz HTTP/1.1\r\n" + HOST + b"X: "
    contradictory = {
        "length wins": b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden,
        "chunks win": CHUNKED + b"Content-Length: %d\r\n\r\n0\r\n\r\n" % (len(hidden) + 5) + hidden,
        "two lengths": b"Content-Length: 0\r\nContent-Length: %d\r\n\r\n" % len(hidden) + hidden,
        "an unknown coding": b"Transfer-Encoding: xchunked\r\nContent-Length: 0\r\n\r\n" + hidden,
    }

    heard = {name: exchange(served, POST + rest + b"\r\n\r\n") for name, rest in contradictory.items()}

    assert [name for name, answer in heard.items() if b"200" in b"".join(re.findall(rb"HTTP/1.1 (\d+)", answer))] == []


def test_pipelined_requests_are_answered_in_order(served: RunningRegistry) -> None:
    """Each gets its own answer, the last as well."""
    paths = [b"/healthz", b"/nowhere", b"/healthz", b"/api/v1/me", b"/healthz"]
    line = LINE.join(b"GET %s HTTP/1.1\r\n%sAccept: application/json\r\n" % (path, HOST) for path in paths)

    heard = exchange(served, line + CLOSE, silence=20)

    assert statuses_of(heard) == [200, 404, 200, 401, 200]


def test_a_request_that_comes_byte_by_byte_is_answered(served: RunningRegistry) -> None:
    """However it was cut on its way."""
    request = GET + CLOSE

    heard = exchange(served, *(request[place : place + 1] for place in range(len(request))), silence=20)

    assert statuses_of(heard) == [200]


def test_who_says_nothing_keeps_nobody_waiting(served: RunningRegistry) -> None:
    """Two hundred connections that are opened and left, half of them in the middle of a head."""
    place = urlsplit(served.url)
    with contextlib.ExitStack() as opened:
        for number in range(200):
            silent = opened.enter_context(socket.create_connection((place.hostname or "", place.port or 0), timeout=20))
            silent.sendall(b"GET /healthz HTTP/1.1\r\nHo" if number % 2 else b"")

        answer = httpx2.get(f"{served.url}/healthz", timeout=5)

    assert answer.text == "ok\n"


def test_garbage_behind_several_requests_is_no_fault(served: RunningRegistry) -> None:
    """The connection is closed while the first is being answered: what it still had to say is dropped, quietly."""
    request = b"GET /login HTTP/1.1\r\n" + HOST + LINE
    before = served.output.read_text()

    heard = [exchange(served, request * 3 + b"\xff\x00" + END) for _ in range(20)]
    answer = httpx2.get(f"{served.url}/healthz", timeout=20)

    assert {status for answered in heard for status in statuses_of(answered)} <= {200, 400}
    assert answer.text == "ok\n"
    assert [line for line in served.output.read_text().removeprefix(before).splitlines() if '"error"' in line] == []


@pytest.mark.parametrize("visitors", sizes(full=200))
def test_heads_that_drip_are_hung_up_on(served: RunningRegistry, visitors: int, figures: Figures) -> None:
    """A byte a second keeps no connection for longer than a head may take, and the others are served meanwhile."""
    place = urlsplit(served.url)
    began = time.perf_counter()
    slowest = 0.0
    with contextlib.ExitStack() as opened:
        dripping = [
            opened.enter_context(socket.create_connection((place.hostname or "", place.port or 0), timeout=20))
            for _ in range(visitors)
        ]
        for client in dripping:
            client.sendall(GET + b"X-Slow: ")

        while dripping and time.perf_counter() - began < 3 * patience.HEAD_SECONDS:
            dripping = [client for client in dripping if drip(client)]
            asked = time.perf_counter()
            assert httpx2.get(f"{served.url}/healthz", timeout=20).text == "ok\n"
            slowest = max(slowest, time.perf_counter() - asked)
            time.sleep(1)

    figures.tell("visitors who send a byte a second", visitors)
    figures.tell("until all are hung up on", time.perf_counter() - began, "s", at_most=patience.HEAD_SECONDS + 20)
    figures.tell("slowest answer to somebody else", slowest, "s", at_most=1)
    assert dripping == []


def drip(client: socket.socket) -> bool:
    """Send one more byte of a head, and say whether the server still listens."""
    client.settimeout(0.001)
    try:
        client.sendall(b"X")
        return client.recv(1024) != b""
    except TimeoutError:
        return True
    except ConnectionError:
        return False
