"""
The peer: a bare FastAPI `def` route that answers with the JSON of a model, on the registry's own server settings.

No database, no sign-in, no middleware: path parameters, FastAPI's thread, and a response model of the same shape.
"""

import json
import sys
import threading

from fastapi import FastAPI

from modelkeep_server.interfaces.api.shapes.models import ModelOut
from modelkeep_server.operate.serving import bind_address, run, serve_all


def build_peer(model: ModelOut) -> FastAPI:
    """An app with one route, which answers with this model whatever is asked for."""
    app = FastAPI()

    @app.get("/models/{group}/{name}", response_model=ModelOut)
    def show_model(group: str, name: str) -> ModelOut:  # noqa: ARG001 - read from the path, as the registry does
        return model

    @app.get("/healthz")
    def healthz() -> str:
        return "ok"

    return app


def main() -> None:
    """Serve on the port that is the first argument; the model's JSON comes on the input."""
    app = build_peer(ModelOut.model_validate(json.load(sys.stdin)))
    with bind_address("127.0.0.1", int(sys.argv[1])) as listener:
        run(serve_all([(app, listener)], lambda: None, stopping=threading.Event()))


if __name__ == "__main__":
    main()
