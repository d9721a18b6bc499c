"""The JSON of the keys that stored files are under. No secret is in it."""

from pydantic import Field

from modelkeep_server.interfaces.api.shapes.base import Moment, Shape


class KeyOut(Shape):
    """A key-encryption key, by its name."""

    id: str = Field(description="Its name, as stored files refer to it.")
    created_at: Moment
    files: int = Field(description="How many stored files are under it.")
    uploads: int = Field(description="How many uploads under way are under it.")
    is_newest: bool = Field(description="Whether it is the one that files are put under from now on.")


class EscrowOut(Shape):
    """Somebody's word that a copy of the keys is kept elsewhere."""

    at: Moment
    by: str | None = Field(default=None, description="E-mail of who said so; null for an operator on the host.")


class KeysOut(Shape):
    """How the keys of this registry stand."""

    registry_id: str
    fingerprint: str | None = Field(
        default=None,
        description="What tells these keys from an older copy of them. It is printed at the top of the copy; null "
        "until somebody confirmed by it that they hold one.",
    )
    is_in_file: bool = Field(description="Whether they lie in a key file; else they were given as a setting.")
    path: str | None = Field(default=None, description="The key file on the server's host; null for who is no Admin.")
    escrow: EscrowOut | None = Field(
        default=None, description="Null while nobody confirmed that a copy with the present fingerprint is kept."
    )
    files_under_missing_keys: int = Field(description="Files that cannot be read: their key is not held here.")
    keys: list[KeyOut] = Field(description="Newest first.")


class EscrowIn(Shape):
    """The fingerprint, read off the copy."""

    fingerprint: str = Field(
        max_length=100, description="As printed on the copy; dashes, spaces and case do not matter."
    )
