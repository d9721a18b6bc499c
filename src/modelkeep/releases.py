"""Answering for files in spite of their verdict, and having them looked through again: a part of the client."""

from urllib.parse import quote

from modelkeep.addresses import Address, parse_file
from modelkeep.asking import Asking, When, given, moment_of
from modelkeep.reading import read, read_page
from modelkeep.stored import Artifact, Waiver


class Releases(Asking):
    """What Security Architects say to what was found in files. `address` is `GROUP/NAME:VERSION/PATH` everywhere."""

    def list_waivers(self, address: str | Address) -> list[Waiver]:
        """Who answered for a file in spite of its verdict, also in the past, the newest first. Raises NotFound."""
        return list(read_page(Waiver, self._transport.get(f"{_route_of(address)}/waivers")).items)

    def waive_artifact(
        self, address: str | Address, *, reason: str, days: int | None = None, until: When | None = None
    ) -> Waiver:
        """
        Answer for a file: a BLOCKED one is released for download, an UNKNOWN one accepted. Security Architects only.

        Args:
            days: 1 to 90; None for 30. `until`: instead of it, a day or a moment.
        Raises:
            Conflict: Its verdict asks for none, or somebody answers for it already. Forbidden, Invalid, NotFound.
        """
        document = given(reason=reason, days=days, expiresAt=moment_of(until))
        return read(Waiver, self._transport.post(f"{_route_of(address)}/waivers", document))

    def end_waiver(self, address: str | Address, waiver_id: str) -> None:
        """End a release or waiver before its time. Raises Forbidden, NotFound, Conflict."""
        self._transport.delete(f"{_route_of(address)}/waivers/{quote(waiver_id, safe='')}")

    def rescan_artifact(self, address: str | Address) -> Artifact:
        """Have a file looked through again, in the background; `scan` tells once it was. Raises Forbidden, NotFound."""
        return read(Artifact, self._transport.post(f"{_route_of(address)}/scans"))


def _route_of(address: str | Address) -> str:
    file = parse_file(address)
    return file.file_route(file.path or "")
