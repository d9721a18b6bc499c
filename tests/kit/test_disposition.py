"""What a file is called in the header it goes out under."""

from email.message import Message

import pytest

from modelkeep_server.kit.disposition import attachment

ASCII = [f"a{chr(code)}b.bin" for code in range(128)]
WIDE = [f"a{chr(code)}b.bin" for code in (*range(0x80, 0xC0), 0x2028, 0x202E, 0x200B, 0xFEFF, 0x1F600, 0x6A21, 0xFFFD)]
ODD = [
    'x"; filename="evil.exe', "x\r\nSet-Cookie: a=b", "..", "../../etc/passwd", "%22%0d%0a.txt", "UTF-8''evil", "a=b;c",
    "x\\", '\\"', "\ud800.bin", "", " ", "ʺ.bin", "'", "a*=UTF-8''b", "é" * 120, "name.tar.gz\x00.exe",
]  # fmt: skip


@pytest.mark.parametrize("names", [ASCII, WIDE, ODD], ids=["ascii", "wide", "odd"])
def test_no_name_breaks_out_of_its_header(names: list[str]) -> None:
    """One line of printable ASCII with two parameters, read back to the very name; the old form shows no escape."""
    assert len(ASCII + WIDE + ODD) >= 200
    for name in names:
        value = attachment(name)

        assert value.isascii()
        assert value.isprintable()
        plain, _, encoded = value.removeprefix('attachment; filename="').partition("\"; filename*=UTF-8''")
        assert not set(plain) & set('"\\%')
        assert not set(encoded) & set(" \"';,=\\*()<>@[]{}/?")
        message = Message()
        message["Content-Disposition"] = f"attachment; filename*=UTF-8''{encoded}"
        assert message.get_filename("").strip() == name.encode("utf-8", "replace").decode().strip()
