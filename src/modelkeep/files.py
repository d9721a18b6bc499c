"""Files of versions, sent, listed, fetched and checked, from Python: a part of the client."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from urllib.parse import quote

from modelkeep.addresses import Address, parse_file, parse_version, parse_version_or_file
from modelkeep.asking import Asking, given
from modelkeep.downloads import Fetched, fetch_file, locate
from modelkeep.errors import DigestMismatch, NotFound
from modelkeep.folders import is_chosen
from modelkeep.headers import Header, Suggestion
from modelkeep.kinds import AUTO, guess_kind
from modelkeep.listing import Listing
from modelkeep.local_files import hash_file, is_empty
from modelkeep.progress import OnProgress, ignore_progress
from modelkeep.reading import read, read_page
from modelkeep.resuming import ROUTE, discard, get_upload
from modelkeep.stored import Artifact, BundleLink, DigestPlace, Download, Link, Upload
from modelkeep.uploads import NewFile, send_file
from modelkeep.zips import FetchedZip, fetch_zip


class Files(Asking):
    """The files of versions, and uploads that are not finished."""

    def list_artifacts(self, address: str | Address) -> Listing[Artifact]:
        """The files of a version, in the order of upload. Walking it raises NotFound."""
        return self._list(f"{parse_version(address).version_route}/artifacts", Artifact)

    def get_header(self, address: str | Address) -> Header:
        """What a file (`GROUP/NAME:VERSION/PATH`) says of itself. Raises NotFound."""
        file = parse_file(address)
        return read(Header, self._transport.get(file.file_route(file.path or "") + "/header"))

    def list_suggestions(self, address: str | Address) -> tuple[Suggestion, ...]:
        """
        What the files of a version tell, where its metadata does not say the same; all at once. Raises NotFound.

        To take a value over, edit the version: `update_version(address, {"metadata": {"framework": "onnx"}})`.
        """
        route = f"{parse_version(address).version_route}/suggestions"
        return read_page(Suggestion, self._transport.get(route)).items

    def upload(
        self,
        address: str | Address,
        file: str | Path,
        *,
        type: str = AUTO,  # noqa: A002 - the API's own word
        name: str | None = None,
        restart: bool = False,
        on_progress: OnProgress = ignore_progress,
    ) -> Artifact:
        """
        Send a file to a version. A large one goes in parts: after a cut, also of this program, it goes on where it was.

        Args:
            address: `GROUP/NAME:VERSION`, or with the file's path in the version behind it.
            type: WEIGHTS, CONTAINER, TOKENIZER or CONFIG; AUTO guesses by the end of the path.
            name: The file's path in the version, folders allowed. Left out: the address's path, else the file's name.
            restart: Do not go on with what an earlier run began of this path, but end that.
        Returns:
            The file as the registry holds it. Its `status` may be QUARANTINED: look at it before you rely on it.
        Raises:
            BadFile: It cannot be read.
            DigestMismatch: The registry holds other bytes than those sent.
            NotAccepted: The registry does not take this format as a file of that type.
            Conflict: The version is frozen, or another file has that path.
        """
        where = parse_version_or_file(address)
        path = name or where.path or Path(file).name
        kind = guess_kind(path, is_empty=is_empty(Path(file))) if type == AUTO else type
        version = Address(where.group, where.name, where.version)
        return send_file(self._transport, NewFile(version, Path(file), path, kind, restart), on_progress)

    def list_uploads(self, address: str | Address | None = None) -> Listing[Upload]:
        """Your own uploads that are not finished, the oldest first; of one version, or of all."""
        if address is None:
            return self._list(ROUTE, Upload)
        where = parse_version(address)
        return self._list(ROUTE, Upload, {"model": f"{where.group}/{where.name}", "version": where.version})

    def get_upload(self, upload_id: str) -> Upload:
        """One of your own uploads, with the parts that are stored. Raises NotFound; Gone: it has expired."""
        return get_upload(self._transport, upload_id)

    def discard_upload(self, upload_id: str) -> None:
        """End an upload that is not finished, and remove what is stored of it. Raises NotFound, Gone."""
        discard(self._transport, upload_id)

    def find_digest(self, sha256: str) -> Listing[DigestPlace]:
        """
        The files with this SHA-256, or with the container image of it, of versions that you can see, the newest first.

        Args:
            sha256: 64 hexadecimal digits, alone or after `sha256:`. Walking the list raises Invalid for anything else.
        """
        return self._list(f"/digests/{quote(sha256, safe='')}", DigestPlace)

    def create_link(self, address: str | Address, *, purpose: str | None = None) -> Link:
        """
        A link that opens one file by itself for some minutes, for `curl` on a host without a token.

        Args:
            purpose: What it is for; asked where the version is in production or beyond.
        Raises:
            Forbidden: You may not download it. NotFound: There is no such file.
        """
        file = parse_file(address)
        return read(Link, self._transport.post(f"{file.file_route(file.path or '')}/links", given(purpose=purpose)))

    def create_bundle_link(self, address: str | Address, *, purpose: str | None = None) -> BundleLink:
        """
        A link that opens all files of a version that may leave, as one ZIP with `SHA256SUMS`, for some minutes.

        Raises:
            Forbidden: You may not download them. Conflict: None may leave. NotFound: There is no such version.
        """
        route = f"{parse_version(address).version_route}/bundle-links"
        return read(BundleLink, self._transport.post(route, given(purpose=purpose)))

    def list_downloads(self, address: str | Address) -> tuple[Download, ...]:
        """Who downloaded a file lately, the newest first; for owners and control roles. Raises Forbidden, NotFound."""
        file = parse_file(address)
        return read_page(Download, self._transport.get(file.file_route(file.path or "") + "/downloads")).items

    def download(
        self,
        address: str | Address,
        to: str | Path = ".",
        *,
        purpose: str | None = None,
        overwrite: bool = False,
        include: Sequence[str] = (),
        exclude: Sequence[str] = (),
        on_progress: OnProgress = ignore_progress,
    ) -> list[Fetched]:
        """
        Fetch a file, or all files of a version, into a folder, each at its own path, verified by SHA-256.

        A download that was cut goes on where it ended. A file that is there with the right bytes is not fetched again.

        Args:
            purpose: What it is for; asked where the version is in production or beyond.
            overwrite: Whether files of the same name with other bytes may be replaced.
            include: Only files that fit one of these patterns, such as `*.json`; `exclude`: none of these.
        Raises:
            DigestMismatch: What arrived is not what the registry vouches for; nothing is left under the file's name.
            BadFile: A file cannot be written, or another is in its place.
            NotFound: No such version or file, or no files in it yet.
        """
        return [
            self.fetch(file, artifact, to, purpose=purpose, overwrite=overwrite, on_progress=on_progress)
            for file, artifact in self.select_files(address, include=include, exclude=exclude)
        ]

    def download_zip(
        self,
        address: str | Address,
        to: str | Path = ".",
        *,
        purpose: str | None = None,
        overwrite: bool = False,
        on_progress: OnProgress = ignore_progress,
    ) -> FetchedZip:
        """
        Fetch all files of a version that may leave as one ZIP, and verify each in it by SHA-256.

        Args:
            to: The file to write, or a folder that is there, in which it is called NAME-VERSION.zip.
            purpose: What it is for; asked where the version is in production or beyond.
            overwrite: Whether a file of that name may be replaced.
        Raises:
            DigestMismatch: What arrived is not what the registry vouches for; nothing is left.
            BadFile: The file cannot be written, or is there already.
            Forbidden: You may not download them. Conflict: None may leave. NotFound: There is no such version.
        """
        where = parse_version(address)
        target = Path(to) / f"{where.name}-{where.version}.zip" if Path(to).is_dir() else Path(to)
        return fetch_zip(
            self._transport,
            partial(self.create_bundle_link, where, purpose=purpose),
            lambda: list(self.list_artifacts(where)),
            target,
            overwrite=overwrite,
            on_progress=on_progress,
        )

    def fetch(
        self,
        file: Address,
        artifact: Artifact,
        to: str | Path = ".",
        *,
        purpose: str | None = None,
        overwrite: bool = False,
        on_progress: OnProgress = ignore_progress,
    ) -> Fetched:
        """Fetch one file of those that `select_files` gave. Raises as `download`."""
        return fetch_file(
            self._transport,
            artifact,
            partial(self.create_link, file, purpose=purpose),
            Path(to),
            overwrite=overwrite,
            on_progress=on_progress,
        )

    def select_files(
        self, address: str | Address, *, include: Sequence[str] = (), exclude: Sequence[str] = ()
    ) -> list[tuple[Address, Artifact]]:
        """
        The files that an address means, each with its own address.

        Args:
            include: Patterns, one of which the path must fit; none for all. `exclude`: none of which it may fit. A
                pattern with `/` is held against the whole path, another against the name alone.
        Raises:
            NotFound: No such version or file, no files in it yet, or none that fits.
        """
        where = parse_version_or_file(address)
        version = Address(where.group, where.name, where.version)
        listed = [artifact for artifact in self.list_artifacts(version) if where.path in (None, artifact.path)]
        found = [artifact for artifact in listed if is_chosen(artifact.path, include, exclude)]
        if not found:
            what = f"{version} has no file {where.path!r}." if where.path else f"{version} has no files yet."
            if listed:
                what = f"None of the {len(listed)} files of {version} fits the patterns."
            raise NotFound(what, status=404, code="not_found", remedy=f"See `modelkeep versions files {version}`.")
        return [(Address(where.group, where.name, where.version, artifact.path), artifact) for artifact in found]

    def verify(
        self, address: str | Address, folder: str | Path = ".", *, on_progress: OnProgress = ignore_progress
    ) -> list[Fetched]:
        """
        Check files of this machine, as `download` left them, against the registry, fetching nothing.

        Raises:
            DigestMismatch: Names the first file with other bytes.
            BadFile: A file is missing or cannot be read.
        """
        checked = []
        for _, artifact in self.select_files(address):
            file = locate(Path(folder), artifact.path)
            found = hash_file(file, path=artifact.path, on_progress=on_progress)
            if found != artifact.sha256:
                raise DigestMismatch(
                    f"{file} has the SHA-256 {found}, the registry vouches for {artifact.sha256}.",
                    remedy="Do not use it. Fetch it again into another folder.",
                )
            checked.append(Fetched(artifact, file, was_there=True))
        return checked

    def remove_artifact(self, address: str | Address) -> None:
        """
        Take a file out of a version in DRAFT or CHANGES_REQUESTED. `address` is `GROUP/NAME:VERSION/PATH`.

        Raises:
            Conflict: The version's content can no longer change. Forbidden, NotFound.
        """
        file = parse_file(address)
        self._transport.delete(file.file_route(file.path or ""))
