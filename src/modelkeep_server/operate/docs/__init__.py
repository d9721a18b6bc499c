"""Writing `docs/reference/` from the code: `python -m modelkeep_server.operate.docs [--check]`."""
