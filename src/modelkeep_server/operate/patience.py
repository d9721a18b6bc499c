"""
How long the server waits for what a client owes it, and how much of a request's head it holds.

uvicorn with httptools bounds neither: one stranger could fill the memory with headers, or all sockets with requests
that never end, or with answers that nobody takes. Source: ASVS 15.2.2; RFC 9112, section 9.5.
"""

from collections import deque
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES_MAX = 64 * 1024
HEAD_SECONDS = 30.0
SILENCE_SECONDS = 60.0
_LOOK_EVERY_SECONDS = 5.0


class PatientProtocol(HttpToolsProtocol):
    """
    HTTP/1.1 that hangs up on a head that is too large or too slow, on a body that stops for a minute, and on whoever
    takes nothing of an answer for as long: megabytes of it wait for them.
    """

    def connection_made(self, transport: Any) -> None:
        """A client owes us a request from here on."""
        super().connection_made(transport)
        self._unanswered: deque[Any] = deque()
        self._begin_head()
        self._untaken_bytes, self._taken_at = 0, self.loop.time()
        self._watch = self.loop.call_later(_LOOK_EVERY_SECONDS, self._look)

    def data_received(self, data: bytes) -> None:
        """Take what arrived, and count it while it is a head."""
        self._heard_at = self.loop.time()
        self._head_bytes += len(data)
        super().data_received(data)
        if self._in_head and self._head_bytes > HEAD_BYTES_MAX and not self.transport.is_closing():
            self.send_400_response("The head of the request is too large.")

    def on_message_begin(self) -> None:
        """A head begins."""
        self._begin_head()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The head is whole; its body may follow."""
        self._in_head = False
        super().on_headers_complete()
        while self._unanswered and self._unanswered[0].response_complete:
            self._unanswered.popleft()
        self._unanswered.append(self.cycle)

    def on_message_complete(self) -> None:
        """The client owes nothing until its next request; uvicorn's own keep-alive time runs."""
        self._is_owed = False
        super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop looking, and tell every request that was under way; uvicorn tells the newest only."""
        self._watch.cancel()
        for cycle in self._unanswered:
            if not cycle.response_complete:
                cycle.disconnected = True
                cycle.message_event.set()
        super().connection_lost(exc)

    def _begin_head(self) -> None:
        self._in_head, self._is_owed, self._head_bytes = True, True, 0
        self._head_at = self._heard_at = self.loop.time()

    def _look(self) -> None:
        now = self.loop.time()
        late = now - self._head_at > HEAD_SECONDS if self._in_head else now - self._heard_at > SILENCE_SECONDS
        # While we do not read, silence is ours.
        if self._is_owed and late and not self.flow.read_paused:
            self.transport.close()
            return
        if self.flow.read_paused:
            self._heard_at = now
        untaken = self.transport.get_write_buffer_size()
        if not untaken or untaken != self._untaken_bytes:
            self._untaken_bytes, self._taken_at = untaken, now
        elif now - self._taken_at > SILENCE_SECONDS:
            self.transport.abort()
            return
        self._watch = self.loop.call_later(_LOOK_EVERY_SECONDS, self._look)
