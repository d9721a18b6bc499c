"""The API as people read it, drawn from its own OpenAPI document: for the page and for docs/reference/api.md."""
