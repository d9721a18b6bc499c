"""Where versions and their files are, in the pages and in the API."""

from modelkeep_server.features.versions.views import Version


def page_of(version: Version) -> str:
    """The address of a version's page; behind `/api/v1` its route."""
    return f"/models/{version.model}/versions/{version.version}"


def route_of(version: Version) -> str:
    """Where the API has a version."""
    return f"/api/v1{page_of(version)}"


def files_of(version: Version) -> str:
    """Where the API has the files of a version."""
    return f"{route_of(version)}/artifacts"


def file_of(version: Version, path: str = "model.safetensors") -> str:
    """Where the API has a file."""
    return f"{files_of(version)}/{path}"


def links_of(version: Version, path: str = "model.safetensors") -> str:
    """Where links to a file are made."""
    return f"{file_of(version, path)}/links"


def bundle_links_of(version: Version) -> str:
    """Where links to all files of a version are made."""
    return f"{route_of(version)}/bundle-links"
