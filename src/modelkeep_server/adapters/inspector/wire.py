"""
What the server, the zygote and its children say to each other.

Apart from both, so that the server loads none of the code that reads files.
"""

import struct

#: To the zygote: `F`, the seconds of processor time, and a socket; or `K` and the number of a child to end.
FORK, KILL = b"F", b"K"
ORDER = struct.Struct("<cI")
#: From the child: `R`, offset and length of bytes that it asks for; or `D`, nothing, and the length of its report.
READ, DONE = b"R", b"D"
ASK = struct.Struct("<cQI")
SIZE = struct.Struct("<Q")
ANSWER = struct.Struct("<I")
READ_MAX = 1024 * 1024
