"""Network namespaces: making, entering, naming and removing them, and sockets that live inside one.

A namespace without a name lives as long as a descriptor on it, so it cannot be left behind, not even by `kill -9`.
A named one is a bind mount in /run/netns, as `ip netns` makes it, and outlives the process. `setns` and `unshare` act
on the calling thread alone (namespaces(7)), so nothing here needs a child process.

May live here: the five system calls below and the files of /run/netns. May not: links, addresses, what a lab is.
"""

import ctypes
import errno
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

CLONE_NEWNET = 0x40000000
MS_BIND, MS_REC, MS_SHARED = 0x1000, 0x4000, 0x100000
MNT_DETACH = 2
THREAD_NETNS = "/proc/thread-self/ns/net"
NAMED = Path("/run/netns")
ATTEMPTS = 5

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def _setns(descriptor: int) -> None:
    _check(_libc.setns(descriptor, CLONE_NEWNET), "entering a network namespace")


def _current() -> int:
    return os.open(THREAD_NETNS, os.O_RDONLY | os.O_CLOEXEC)


@contextmanager
def inside(descriptor: int) -> Iterator[None]:
    """The calling thread is in that namespace until the block ends. Children started inside are too."""
    home = _current()
    try:
        _setns(descriptor)
        try:
            yield
        finally:
            _setns(home)
    finally:
        os.close(home)


def make() -> int:
    """A new namespace without a name; it ends when the returned descriptor (and all sockets in it) are closed."""
    home = _current()
    try:
        _check(_libc.unshare(CLONE_NEWNET), "making a network namespace (are you root?)")
        try:
            return _current()
        finally:
            _setns(home)
    finally:
        os.close(home)


def create(name: str) -> None:
    """A new namespace under /run/netns, as `ip netns add` makes it.

    Raises FileExistsError when the name is taken."""
    for _ in range(ATTEMPTS):
        _mount_folder()
        _create(name)
        if _folder_is_mount():
            return
        delete(name)  # somebody took the empty folder away meanwhile
    raise OSError(errno.EBUSY, f"{NAMED} comes and goes")


def _create(name: str) -> None:
    place = NAMED / name
    os.close(os.open(place, os.O_RDONLY | os.O_CREAT | os.O_EXCL, 0o444))
    descriptor = make()
    try:
        source = f"/proc/self/fd/{descriptor}".encode()
        _check(_libc.mount(source, bytes(place), None, MS_BIND, None), f"mounting {place}")
    except OSError:
        place.unlink()
        raise
    finally:
        os.close(descriptor)


def delete(name: str) -> None:
    """Forget the name; the namespace ends with its last process. Absent names are fine."""
    place = NAMED / name
    if not place.exists():
        return
    while _libc.umount2(bytes(place), MNT_DETACH) == 0:  # one more when somebody mounted over it
        pass
    place.unlink(missing_ok=True)
    with suppress(OSError):  # other names may be there, or somebody was faster
        if not any(NAMED.iterdir()):
            _libc.umount2(bytes(NAMED), 0)  # refused while somebody uses it
        NAMED.rmdir()


def _mount_folder() -> None:
    """`ip netns add` mounts a folder that is no mount over itself, names and all. What is below could then neither be
    unmounted nor removed; so it is a mount from the first name on, as with ip-netns(8)."""
    NAMED.mkdir(mode=0o755, exist_ok=True)
    if not _folder_is_mount():
        _check(_libc.mount(bytes(NAMED), bytes(NAMED), None, MS_BIND | MS_REC, None), f"mounting {NAMED}")
        _check(_libc.mount(None, bytes(NAMED), None, MS_SHARED | MS_REC, None), f"sharing {NAMED}")


def _folder_is_mount() -> bool:
    """Only a mount can be shared; one that is stays as it is (mount(2), EINVAL)."""
    return bool(_libc.mount(None, bytes(NAMED), None, MS_SHARED | MS_REC, None) == 0)


def names(prefix: str) -> tuple[str, ...]:
    """Names in /run/netns that begin with `prefix`."""
    if not NAMED.is_dir():
        return ()
    return tuple(sorted(p.name for p in NAMED.iterdir() if p.name.startswith(prefix)))


def open_named(name: str) -> int:
    """A descriptor on a named namespace. Raises FileNotFoundError."""
    return os.open(NAMED / name, os.O_RDONLY | os.O_CLOEXEC)


@contextmanager
def inside_named(name: str) -> Iterator[None]:
    """As `inside`, by name. Raises FileNotFoundError."""
    descriptor = open_named(name)
    try:
        with inside(descriptor):
            yield
    finally:
        os.close(descriptor)


def inode(descriptor: int) -> int:
    """What identifies a namespace: two descriptors on the same one have the same number."""
    return os.fstat(descriptor).st_ino


def open_socket(descriptor: int, family: int, kind: int, protocol: int = 0) -> socket.socket:
    """A socket of that namespace; it may then be used from anywhere."""
    with inside(descriptor):
        return socket.socket(family, kind | socket.SOCK_CLOEXEC, protocol)


def write_sysctls(settings: dict[str, str]) -> None:
    """Set kernel parameters of the calling thread's namespace: `net/ipv4/ip_forward` -> value.

    /proc/sys/net shows the parameters of the task that opens it. Absent parameters are passed over."""
    for name, value in settings.items():
        with suppress(FileNotFoundError):
            Path("/proc/sys", name).write_text(value, encoding="ascii")
