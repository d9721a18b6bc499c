"""
How models, versions and files are named everywhere: `GROUP/NAME`, `GROUP/NAME:VERSION`, `GROUP/NAME:VERSION/PATH`.

Only the form is judged here; which names are allowed, the registry says.
"""

from dataclasses import dataclass
from urllib.parse import quote

from modelkeep.errors import BadAddress

MODEL_FORM = "GROUP/NAME"
VERSION_FORM = "GROUP/NAME:VERSION"
FILE_FORM = "GROUP/NAME:VERSION/PATH"

_EXAMPLES = {
    MODEL_FORM: "customer-analytics/customer-churn-predictor",
    VERSION_FORM: "customer-analytics/customer-churn-predictor:1.2.0",
    FILE_FORM: "customer-analytics/customer-churn-predictor:1.2.0/model.safetensors",
}


@dataclass(frozen=True)
class Address:
    """A model, a version of it, or a file of that. `path` is there only where `version` is."""

    group: str
    name: str
    version: str | None = None
    path: str | None = None

    def __str__(self) -> str:
        version = f":{self.version}" if self.version is not None else ""
        path = f"/{self.path}" if self.path is not None else ""
        return f"{self.group}/{self.name}{version}{path}"

    @property
    def model_route(self) -> str:
        """The model's route below the API's prefix."""
        return f"/models/{quote(self.group, safe='')}/{quote(self.name, safe='')}"

    @property
    def version_route(self) -> str:
        """The version's route. Ask only an address that has a version."""
        return f"{self.model_route}/versions/{quote(self.version or '', safe='')}"

    def file_route(self, path: str) -> str:
        """The route of a file of this version."""
        return f"{self.version_route}/artifacts/{quote(path)}"


def parse_model(text: str | Address) -> Address:
    """An address of a model. Raises BadAddress."""
    return _parse(text, MODEL_FORM, version=False, path=False)


def parse_version(text: str | Address) -> Address:
    """An address of a version. Raises BadAddress."""
    return _parse(text, VERSION_FORM, version=True, path=False)


def parse_file(text: str | Address) -> Address:
    """An address of a file. Raises BadAddress."""
    return _parse(text, FILE_FORM, version=True, path=True)


def parse_model_or_version(text: str | Address) -> Address:
    """An address of a model or of a version. Raises BadAddress."""
    return _parse(text, f"{MODEL_FORM} or {VERSION_FORM}", version=None, path=False)


def parse_version_or_file(text: str | Address) -> Address:
    """An address of a version or of a file. Raises BadAddress."""
    return _parse(text, f"{VERSION_FORM} or {FILE_FORM}", version=True, path=None)


def _parse(text: str | Address, form: str, *, version: bool | None, path: bool | None) -> Address:
    """`version` and `path`: True demanded, False refused, None either."""
    address = text if isinstance(text, Address) else _split(text)
    fits = (
        address is not None
        and version in (None, address.version is not None)
        and path in (None, address.path is not None)
    )
    if address is None or not fits:
        example = _EXAMPLES.get(form) or _EXAMPLES[VERSION_FORM]
        raise BadAddress(f"{str(text)!r} is not {form}.", remedy=f"Write it like {example}.")
    return address


def _split(text: str) -> Address | None:
    model, colon, rest = text.partition(":")
    group, slash, name = model.partition("/")
    if not (group and slash and name) or "/" in name:
        return None
    if not colon:
        return Address(group, name)
    version, slash, path = rest.partition("/")
    if not version or (slash and not path):
        return None
    return Address(group, name, version, path if slash else None)
