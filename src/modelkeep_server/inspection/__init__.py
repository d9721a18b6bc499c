"""
Looking into files without ever loading them: what format a file has, what its header says, and whether it brings code.

The standard library and PyYAML's safe loader only, and nothing outside is touched: bytes come from a `Source`, a
`Report` goes back. It runs in a process of its own with no network, no files and little room (`adapters/inspector/`),
since the bytes are anybody's.
"""
