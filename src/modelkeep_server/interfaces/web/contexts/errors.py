"""What a refusal or failure is drawn from as a page."""

from dataclasses import dataclass
from typing import ClassVar

from modelkeep_server.interfaces.web.contexts.base import Context
from modelkeep_server.rules.errors import FieldError, RegistryError


@dataclass(frozen=True, kw_only=True)
class ErrorContext(Context):
    """
    Any refusal or failure as a page: what happened, why, what to do. The request id comes from the shell. `way` is the
    words and the address of a button that leads on.
    """

    template: ClassVar[str] = "errors/error.html"
    status: int
    title: str
    detail: str
    remedy: str
    code: str = "internal_error"
    field_errors: tuple[FieldError, ...] = ()
    way: tuple[str, str] | None = None
    help: str | None = None

    @property
    def help_href(self) -> str | None:
        """Where the help says more, or None."""
        return f"/help/{self.help}" if self.help else None

    @classmethod
    def of(cls, error: RegistryError) -> "ErrorContext":
        """The page for one of the registry's own errors."""
        return cls(
            status=error.status,
            title=error.title,
            detail=error.detail,
            remedy=error.remedy,
            code=error.code,
            field_errors=error.errors,
            way=error.way,
            help=error.help,
        )
