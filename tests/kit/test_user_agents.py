"""Browser and system as people call them."""

import pytest

from modelkeep_server.kit.user_agents import browser_of, system_of

MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)"


@pytest.mark.parametrize(
    ("header", "browser", "system"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox 128", "Windows"),
        (f"{MAC} AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15", "Safari 17", "macOS"),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/126.0.0.0 Safari/537.36", "Chrome 126", "Linux"),
        (f"{MAC} AppleWebKit/537.36 Chrome/126.0.0.0 Safari/537.36 Edg/126.0.2592.87", "Edge 126", "macOS"),
        (
            "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36",
            "Chrome 126",
            "Android",
        ),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) Version/17.4 Mobile Safari/604.1", "Safari 17", "iOS"),
        ("curl/8.5.0", "curl 8.5.0", "unknown"),
        ("", "unknown", "unknown"),
        ("x" * 100_000, "unknown", "unknown"),
    ],
)
def test_a_header_is_told_in_words(header: str, browser: str, system: str) -> None:
    """The browser with its main version and the system; "unknown" where the header says nothing."""
    assert (browser, system) == (browser_of(header), system_of(header))
