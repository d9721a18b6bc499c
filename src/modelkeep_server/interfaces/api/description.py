"""The API's description (OpenAPI 3.1): what FastAPI draws from the routes, and what it cannot know."""

import copy
from typing import Any

from fastapi import FastAPI

from modelkeep_server.interfaces.api.errors import MEDIA_TYPE

TOKEN, SESSION = "token", "session"
SCHEMES = {
    TOKEN: {"type": "http", "scheme": "bearer", "description": "A personal token: `Authorization: Bearer mk_pat_...`."},
    SESSION: {
        "type": "apiKey",
        "in": "cookie",
        "name": "mk-session",
        "description": "The session of a signed-in browser. Writes also send the page's own token as `X-CSRF-Token`.",
    },
}


class DescribedApp(FastAPI):
    """An app that describes itself in full: how to sign in for each route, and refusals as problem documents."""

    _description: dict[str, Any] | None = None

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document. Drawn once, from the routes that the app has then."""
        if self._description is None:
            self._description = finish(copy.deepcopy(super().openapi()))
        return self._description


def finish(document: dict[str, Any]) -> dict[str, Any]:
    """The same document, changed in place: credentials for each route, and refusals under their media type."""
    document.setdefault("components", {})["securitySchemes"] = SCHEMES
    for methods in document["paths"].values():
        for told in methods.values():
            if "x-permission" in told:
                by_token: list[dict[str, list[str]]] = [{TOKEN: []}] if told.get("x-token-scope") else []
                told["security"] = [*by_token, {SESSION: []}]
            for status, answer in told["responses"].items():
                if status >= "400":
                    answer["content"] = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return document
