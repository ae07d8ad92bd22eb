"""Threads that make work faster and never change it.

Numbers must not depend on the number of cores. So work is cut into blocks of fixed size, each block is computed by
one thread with single-threaded libraries, and sums over blocks are taken in the order of the blocks.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from threadpoolctl import threadpool_limits


def available() -> int:
    """Return the number of threads to use: OMP_NUM_THREADS where set, else the cores this process may run on."""
    wanted = os.environ.get("OMP_NUM_THREADS", "")
    return max(1, int(wanted)) if wanted.isdigit() else len(os.sched_getaffinity(0))


def ordered_map(function: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
    """Apply a function to items on several threads, giving results in the order of the items.

    Items are taken from the iterable only as threads become free, so that a stream of blocks is never held whole.
    BLAS and OpenMP run on one thread inside.
    """
    workers = available()
    with threadpool_limits(1), ThreadPoolExecutor(workers, initializer=_single) as pool:
        waiting = []
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) > workers:
                yield waiting.pop(0).result()
        for future in waiting:
            yield future.result()


@contextmanager
def one_process() -> Iterator[None]:
    """Keep libraries that start a process on each core of the machine to this process: the task was given fewer."""
    from unittest import mock

    with mock.patch("multiprocessing.cpu_count", return_value=1):
        yield


def _single() -> None:
    """Keep faiss to one OpenMP thread in this worker: the setting belongs to the thread."""
    import sys

    if "faiss" in sys.modules:
        sys.modules["faiss"].omp_set_num_threads(1)
