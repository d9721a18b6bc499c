"""What a file most likely is, by the end of its name, as the upload panel of the pages guesses it."""

import re

AUTO = "AUTO"

_TOKENIZER = re.compile(
    r"(^|/)(tokenizer|vocab|merges|special_tokens|added_tokens|spiece|sentencepiece)[^/]*$"
    r"|(^|/)tokenizer/|\.(model|bpe|spm)$",
    re.IGNORECASE,
)
_CONTAINER = re.compile(r"\.(tar|sif|oci)$|(^|/)image[^/]*\.(tar\.gz|tgz)$", re.IGNORECASE)
_CONFIG = re.compile(r"\.(json|ya?ml|toml|ini|cfg|txt|md)$|(^|/)MLmodel$", re.IGNORECASE)


def guess_kind(path: str, *, is_empty: bool = False) -> str:
    """
    The artifact type of a file by its path in the version.

    Where the name says nothing, CONFIG for one of no bytes, which is plain text, and WEIGHTS for others.
    """
    for kind, pattern in (("TOKENIZER", _TOKENIZER), ("CONTAINER", _CONTAINER), ("CONFIG", _CONFIG)):
        if pattern.search(path):
            return kind
    return "CONFIG" if is_empty else "WEIGHTS"
