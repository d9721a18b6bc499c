"""
What keeps a process that reads hostile bytes from doing anything else: limits of the kernel, and on Linux a filter that
leaves it the few calls which computing and one open socket need.

Sources: setrlimit(2), prctl(2), seccomp(2); numbers from the kernel's syscall_64.tbl and asm-generic/unistd.h.
"""

import ctypes
import os
import platform
import resource
import signal
import struct
import sys

MEMORY_BYTES = 320 * 1024 * 1024
_PR_SET_PDEATHSIG, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS, _FILTER = 1, 22, 38, 2
_LOAD, _JUMP_EQUAL, _JUMP_GREATER, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _KILL, _REFUSE = 0x7FFF0000, 0x80000000, 0x00050000 | 1

#: read write close fstat lseek mmap mprotect munmap brk rt_sigaction rt_sigprocmask rt_sigreturn madvise getpid sendto
#: recvfrom sendmsg recvmsg exit futex clock_gettime exit_group getrandom mremap sigaltstack sched_yield gettid
_CALLS = {
    "x86_64": (0xC000003E, (0, 1, 3, 5, 8, 9, 10, 11, 12, 13, 14, 15, 28, 39, 44, 45, 46, 47, 60, 202, 228, 231, 318,
                            25, 131, 24, 186)),
    "aarch64": (0xC00000B7, (63, 64, 57, 80, 62, 222, 226, 215, 214, 134, 135, 139, 233, 172, 206, 207, 211, 212, 93,
                             98, 113, 94, 278, 216, 132, 124, 178)),
}  # fmt: skip
_LIBC = ctypes.CDLL(None, use_errno=True)


def shut_in(cpu_seconds: int) -> None:
    """
    Wall this process in, for good: no new file, socket, process or program, little memory and time.

    Where there is no filter of calls (macOS, other processors) the limits alone hold. Raises OSError where a wall of
    Linux does not stand.
    """
    limits = [
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_AS, MEMORY_BYTES),
        # What is open stays open; nothing else gets a number.
        (resource.RLIMIT_NOFILE, 0),
    ]
    for which, limit in limits:
        try:
            resource.setrlimit(which, (limit, limit))
        except (ValueError, OSError):
            if sys.platform == "linux":
                raise
    if sys.platform == "linux":
        _prctl(_PR_SET_NO_NEW_PRIVS, 1)
        _filter_calls()


def die_with_parent(parent_pid: int) -> None:
    """Have this process end when the one that forked it ends, where the system can."""
    if sys.platform == "linux":
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_pid:
        os._exit(1)


def _filter_calls() -> None:
    known = _CALLS.get(platform.machine())
    if known is None or sys.maxsize < 1 << 32:
        return
    machine, calls = known
    steps = [(_LOAD, 0, 0, 4), (_JUMP_EQUAL, 1, 0, machine), (_RETURN, 0, 0, _KILL), (_LOAD, 0, 0, 0)]
    # Numbers from 2^30 on are those of x32, another way to make the same calls.
    steps += [(_JUMP_GREATER, 0, 1, 1 << 30), (_RETURN, 0, 0, _KILL)]
    for number in calls:
        steps += [(_JUMP_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ALLOW)]
    steps.append((_RETURN, 0, 0, _REFUSE))
    code = b"".join(struct.pack("=HBBI", *step) for step in steps)
    program = ctypes.create_string_buffer(code, len(code))
    head = struct.pack("@HP", len(steps), ctypes.addressof(program))
    _prctl(_PR_SET_SECCOMP, _FILTER, ctypes.c_char_p(head))


def _prctl(option: int, *values: object) -> None:
    padded = [ctypes.c_ulong(value) if isinstance(value, int) else value for value in (*values, 0, 0, 0, 0)][:4]
    if _LIBC.prctl(option, *padded) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
