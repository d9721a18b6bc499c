"""
What the features ask of the world outside, where two unlike bodies exist.

Bodies stand in `adapters/` and are named only by `app.py`. A body raises the errors of this page and no others, so that
features need not know which one they talk to.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from modelkeep_server.inspection.report import Report
from modelkeep_server.rules.claims import ClaimRules

BytesLike = bytes | bytearray | memoryview


class StorageError(Exception):
    """The blob store did not do what was asked. The sentence is fit for a log, not for a visitor: it may name a key."""


class BlobMissing(StorageError):
    """No blob has this key."""


class StorageFull(StorageError):
    """No room, or the quota is reached. Nothing was kept of the blob that did not fit."""


class StorageDown(StorageError):
    """The store does not answer, or answers with an I/O error."""


class BlobStore(Protocol):
    """
    Named runs of bytes. The store sees ciphertext only.

    A key is one to four names joined by `/`; a name is 1 to 80 of `a-z 0-9 -` and begins with a letter or digit.
    Any other key is a ValueError, so that no key can climb out of the store.
    """

    @property
    def place(self) -> str:
        """Where blobs are kept, in words for who runs the registry. No secret."""

    def put(self, key: str, data: Iterable[BytesLike]) -> int:
        """
        Store a blob whole and give its size in bytes.

        When it returns, the blob outlives a power cut; until then no reader sees it, and if it raises nothing is left.
        An existing blob of that key is replaced in one step.
        Raises StorageFull, StorageDown.
        """

    def read(self, key: str, offset: int, length: int) -> bytes:
        """`length` bytes from `offset`, fewer where the blob ends, none beyond it. Raises BlobMissing, StorageDown."""

    def borrow(self, key: str, offset: int, length: int, *, fresh: bool = False) -> BytesLike:
        """
        As `read`, in memory that is the caller's only until the same thread borrows again.

        Args:
            fresh: From the medium itself where the store can, and not from what the system remembers of a write.
        """

    def size(self, key: str) -> int:
        """Size in bytes. Raises BlobMissing, StorageDown."""

    def delete(self, key: str) -> None:
        """Remove a blob. A missing one is no error. Raises StorageDown."""

    def list_keys(self, prefix: str = "") -> Iterator[str]:
        """Keys that begin with `prefix`, in no promised order. Raises StorageDown."""

    def health(self) -> None:
        """Return when a blob could be written now. Raises StorageFull, StorageDown."""


class InspectionTooLong(Exception):
    """A file was not looked through within the time given. Nothing is known of it yet."""


class InspectorDown(Exception):
    """No file can be looked through now."""


class Inspector(Protocol):
    """Looks through a file without loading it, where what it does can reach nothing (see `inspection/`)."""

    def inspect(self, read: Callable[[int, int], bytes], size_bytes: int, *, seconds: float) -> Report:
        """
        What a file of this size is and holds. Blocks; several at a time from several threads.

        Args:
            read: Gives `length` plain bytes from `offset`, fewer at the end. What it raises is raised on.
            seconds: How long it may take in all.
        Raises:
            InspectionTooLong, InspectorDown. A file that ends its inspector is no error: it is reported BLOCKED.
        """


class KeyMissing(Exception):
    """There is no key where it should be. The sentence names the place and what to do."""


class KeyUnusable(Exception):
    """The key is there and cannot be used: another registry's, open to others, or damaged. The sentence says which."""


class SheetWrong(ValueError):
    """What was typed off an escrow sheet makes no keys. The sentence says which line, or what is missing."""


class WrapBroken(Exception):
    """A wrapped key does not open: it was changed, belongs elsewhere, or the key that wrapped it is not in the ring."""


class KeyNotHeld(WrapBroken):
    """A wrapped key may well be right, and the key that wrapped it is not in the ring, nor in its file by now."""


@dataclass(frozen=True)
class WrappedKey:
    """A data key sealed by a key-encryption key. Fit to be stored; `key_id` names the one that opens it."""

    key_id: str
    blob: bytes = field(repr=False)


@dataclass(frozen=True)
class HeldKey:
    """A key-encryption key by its name, without the key. `created_at` is UTC."""

    id: str
    created_at: datetime


class KeyRing(Protocol):
    """
    The registry's secrets. They never leave it: it wraps, signs and derives.

    Where the keys lie in a file, a ring follows it: keys that another process added are used from the next wrap on.
    """

    def follow(self) -> None:
        """Take up now what another process put into the file. What cannot be read leaves the ring as it is."""

    @property
    def registry_id(self) -> str:
        """The registry these keys belong to."""

    @property
    def place(self) -> Path | None:
        """The file that the keys lie in; None where they were given as a setting, which no program changes."""

    @property
    def keys(self) -> tuple[HeldKey, ...]:
        """The key-encryption keys, oldest first; the last one wraps."""

    @property
    def key_ids(self) -> tuple[str, ...]:
        """Their ids."""

    def add_key(self) -> str:
        """
        Make a key-encryption key that wraps from now on, and give its id. When it returns, the file outlives a power
        cut. Raises KeyMissing, KeyUnusable where there is no file, or it cannot be replaced.
        """

    def drop_keys(self, key_ids: Collection[str]) -> None:
        """Forget keys that wrap nothing, in the file too. Raises as `add_key`; ValueError for the one that wraps."""

    def wrap(self, dek: bytes, context: bytes) -> WrappedKey:
        """Seal a 32-byte data key for `context`, under the newest key-encryption key."""

    def unwrap(self, wrapped: WrappedKey, context: bytes) -> bytes:
        """The data key again. Raises WrapBroken, KeyNotHeld."""

    def sign(self, message: bytes) -> bytes:
        """The 64-byte Ed25519 signature of `message` (RFC 8032), for checkpoints of the audit log."""

    def public_key(self) -> bytes:
        """The 32 raw bytes of the Ed25519 public key."""

    def derive(self, purpose: str) -> bytes:
        """32 secret bytes for one purpose (RFC 5869), the same on every replica and after key rotation."""

    def fingerprint(self) -> str:
        """What a person compares to know that a copy is whole: 20 characters in groups of four. Not secret."""


#: Error codes of RFC 6749 and OpenID Connect that may be named; an issuer's own words are never shown.
OAUTH_ERRORS = frozenset(
    {
        "access_denied", "account_selection_required", "consent_required", "interaction_required", "invalid_client",
        "invalid_grant", "invalid_request", "invalid_scope", "login_required", "server_error",
        "temporarily_unavailable", "unauthorized_client", "unmet_authentication_requirements",
        "unsupported_response_type",
    }
)  # fmt: skip


class IssuerDown(Exception):
    """The issuer does not answer, answers too slowly, or answers with a fault of its own."""


class IssuerFault(Exception):
    """
    What the issuer answered signs nobody in.

    `fault` is its short name, a key of features/identity/issuers/faults.py; `code` is the error code of OAuth that the
    issuer gave, where it is one that is known.
    """

    def __init__(self, fault: str, code: str | None = None) -> None:
        super().__init__(fault if code is None else f"{fault}: {code}")
        self.fault = fault
        self.code = code


@dataclass(frozen=True)
class Departure:
    """A person on the way to an issuer: where to, and what has to be kept until they come back."""

    url: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)


@dataclass(frozen=True)
class Presented:
    """
    Whom an issuer vouches for, once everything about its answer was checked.

    `email_verified` is true only where the issuer says so with a JSON `true`. `claims` are all that it says. `id_token`
    is kept for signing out there, None where the issuer offers no signing out.
    """

    subject: str
    email: str | None
    email_verified: bool
    name: str | None
    claims: Mapping[str, Any] = field(repr=False)
    id_token: str | None = field(repr=False, default=None)


class SignInIssuer(Protocol):
    """The way to an issuer of OpenID Connect and back. Never blocks the event loop; each step ends within seconds."""

    async def begin(self, *, state: str, callback: str, again: bool = False) -> Departure:
        """
        Where to send a person who wants to sign in. `again`: they must show anew who they are.

        Raises IssuerDown, IssuerFault.
        """

    async def finish(
        self, answer: Mapping[str, str], *, kept: Departure, callback: str, shown_since: datetime | None = None
    ) -> Presented:
        """
        Whom the issuer vouches for, by the query that a person came back with.

        `shown_since`: they must have shown who they are at this time or later. Raises IssuerDown, IssuerFault.
        """

    async def find_exit(self, id_token: str, *, back: str) -> str | None:
        """The address at which the issuer signs somebody out and sends them `back`; None where it has none."""


@dataclass(frozen=True)
class Issuer:
    """
    An issuer as an operator set it up. `slug` stands in addresses, `name` on the button, `url` in its tokens.

    `trusts_email`: its e-mails count as verified although it does not say so.
    """

    slug: str
    name: str
    url: str
    rules: ClaimRules
    trusts_email: bool
    door: SignInIssuer


class MailFailed(Exception):
    """
    A letter was not taken. The sentence is fit for a log and a page: it names no address and nothing of the letter.

    `said` is what the server answered, for the operator's own terminal: it may name addresses.
    """

    def __init__(self, sentence: str, *, said: str = "") -> None:
        super().__init__(sentence)
        self.said = said


class MailRefused(MailFailed):
    """The letter will never be taken as it is: trying again is of no use."""


@dataclass(frozen=True)
class Letter:
    """
    A letter in plain text to one address. `name` is 1 to 200 of `a-z 0-9 . -` and the same each time the same letter is
    sent, so that who gets it twice can tell.
    """

    name: str
    to: str = field(repr=False)
    subject: str = field(repr=False)
    text: str = field(repr=False)


class Mailer(Protocol):
    """Where letters go out."""

    def send(self, letter: Letter) -> str:
        """Hand one letter over, and give what the server answered. Raises MailFailed, MailRefused."""

    def health(self) -> None:
        """Raises MailFailed where no letter could be handed over now."""


class HookFailed(Exception):
    """
    A message did not arrive. The sentence is fit for a log and a page: it names neither address nor message.

    `answered` is the HTTP status that came back, None where none did.
    """

    def __init__(self, sentence: str, *, answered: int | None = None) -> None:
        super().__init__(sentence)
        self.answered = answered


class HookSender(Protocol):
    """Where messages to other programs go out: to addresses that people typed, so nowhere inside the network."""

    def find_fault(self, url: str) -> str | None:
        """Why nothing is ever sent to this address, as a sentence, or None. It asks no other machine."""

    def send(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """
        POST a message once, and give the HTTP status, 200 to 299. Ends within 5 seconds. Raises HookFailed.
        """


class PrintingTooLong(Exception):
    """A document was not made within the time given, or is larger than what makes it takes."""


class PrinterDown(Exception):
    """No document can be made now. The sentence is fit for a log."""


class Printer(Protocol):
    """
    Makes files of data, in a process that sees the data, its own templates and its own fonts, and nothing else. The
    same data becomes the same bytes. Blocks; several at a time from several threads.
    """

    def print_card(self, document: Mapping[str, Any], *, made_at: datetime) -> bytes:
        """
        A model card as PDF.

        Args:
            document: As features/cards/exports/printed.py puts it together. Texts come out as the characters they are.
            made_at: The moment that the file says it was made at.
        Raises:
            PrintingTooLong, PrinterDown.
        """

    def draw_png(self, svg: str, *, scale: float = 2.0) -> bytes:
        """
        A drawing as PNG, `scale` pixels for each of its own; fewer where it would have more than 40 million.

        Raises PrintingTooLong, PrinterDown.
        """
