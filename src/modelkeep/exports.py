"""Long answers straight into a file, which is there only once it is whole."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO
from urllib.parse import urlencode

from modelkeep.errors import BadFile
from modelkeep.transport import PREFIX, Transport


def pass_answer(transport: Transport, route: str, params: Mapping[str, str], out: IO[bytes]) -> int:
    """The body of a GET into what is open for bytes, as it comes. Gives how many those were."""
    url = f"{transport.url}{PREFIX}{route}?{urlencode(params)}"
    with transport.stream(url, {}) as answer:
        return sum(out.write(chunk) for chunk in answer.iter_bytes())


def save_answer(transport: Transport, route: str, params: Mapping[str, str], file: Path) -> int:
    """The body of a GET into a file, replacing one of that name at the end. Gives its bytes. Raises BadFile."""
    try:
        with tempfile.NamedTemporaryFile(dir=file.parent, prefix=f".{file.name}.", delete=False) as made:
            part = Path(made.name)
            try:
                size_bytes = pass_answer(transport, route, params, made)
                made.close()
                part.replace(file)
            except BaseException:
                part.unlink(missing_ok=True)
                raise
    except OSError as error:
        raise BadFile(
            f"{file} cannot be written: {error.strerror}.", remedy="Check the folder and its rights."
        ) from error
    return size_bytes
