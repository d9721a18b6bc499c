"""The API's description (OpenAPI 3.1): what FastAPI draws from the routes, and what it cannot know."""

import copy
from typing import Any

from fastapi import FastAPI

from modelkeep_server.interfaces.api.errors import MEDIA_TYPE
from modelkeep_server.interfaces.api.shapes.base import Problem

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

#: What parameters of these names hold, wherever a route does not say it itself.
PARAMETERS = {
    "group": "The group of a model, in any case.",
    "name": "The name of a model, in any case.",
    "version": "The version's number. A `+` in it is sent as `%2B`.",
    "sequence": "The event's place in the log, from 0.",
    "id": "The `id` of what is meant.",
    "token": "The `id` of the token.",
    "q": "Words that name, group, description or tags hold, all of them; or the id of a model.",
    "riskTier": "Only of this risk tier.",
    "tag": "Only with this tag, in any case.",
    "owner": "Only of this owner: an e-mail address.",
    "status": "Only active models, or only retired ones.",
    "createdFrom": "A day, or a moment as `2026-01-31T09:00:00Z`.",
    "createdTo": "A day, which is meant whole, or a moment.",
    "updatedFrom": "A day, or a moment as `2026-01-31T09:00:00Z`.",
    "updatedTo": "A day, which is meant whole, or a moment.",
    "sort": "Newest first by time, or by name.",
    "kind": "Only about this kind of object, for instance version or token.",
    "role": "Only what was done under this role.",
    "format": "How the file is written.",
    "outcome": "Only what was allowed, or only what was refused.",
    "requestId": "Only of this request.",
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
    """The same document, changed in place: credentials, words for parameters, and refusals under their media type."""
    components = document.setdefault("components", {})
    components["securitySchemes"] = SCHEMES
    problem = Problem.model_json_schema(mode="serialization", ref_template="#/components/schemas/{model}")
    components.setdefault("schemas", {}).update(**problem.pop("$defs"), Problem=problem)
    for methods in document["paths"].values():
        for told in methods.values():
            if "x-permission" in told:
                by_token: list[dict[str, list[str]]] = [{TOKEN: []}] if told.get("x-token-scope") else []
                told["security"] = [*by_token, {SESSION: []}]
            else:
                told["security"] = []
            for parameter in told.get("parameters", []):
                if parameter["name"] in PARAMETERS:
                    parameter.setdefault("description", PARAMETERS[parameter["name"]])
            for status, answer in told["responses"].items():
                if status >= "400":
                    answer["content"] = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return document
