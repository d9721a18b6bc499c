"""
What this process remembers of the log, so that it never signs a head that rewrites what it saw before.

Whoever can edit the database can make a log that is whole in itself. The signer therefore goes on only where the new
head adds to the tree it knows, and where the newest signed root lies on the way. A copy kept elsewhere remains the
stronger witness: this one forgets when the process ends.
"""

import threading

from modelkeep_server.kit.merkle import Blocks, Frontier, Leaves


class Witness:
    """
    Remembers the last tree that was found to be honest. One a process; safe between threads.

    `blocks` holds the roots that proofs came by, so that the leaves behind them are read once: about 500 kB for a
    million events.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen = Frontier()
        self.blocks: Blocks = {}

    @property
    def seen(self) -> Frontier:
        """The last tree that was found to be honest; an empty one until there was one."""
        with self._lock:
            return self._seen

    def follows(self, head: Frontier, leaves: Leaves, *, signed_size: int, signed_root: bytes) -> bool:
        """
        Whether a head only adds to what was seen, and remember it if so.

        Reads the leaves since the last time. At first it reads none of those subtrees that the head shares with the
        signed tree: the signed root holds only where they are the ones that were signed.

        Args:
            leaves: Leaf hashes by range.
            signed_size: Events under the newest signed checkpoint, 0 for none; `signed_root` is its root.
        """
        with self._lock:
            if head.size < max(self._seen.size, signed_size):
                return False
            grown = self._seen if self._seen.size else head.shared_with(signed_size)
            on_the_way = grown.size > signed_size or (grown.size == signed_size and grown.root() == signed_root)
            for leaf in leaves(grown.size, head.size):
                grown = grown.append(leaf)
                on_the_way |= grown.size == signed_size and grown.root() == signed_root
            if grown != head or not (on_the_way or signed_size == 0):
                return False
            self._seen = grown
            return True
