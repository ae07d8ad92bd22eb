"""When tasks that wait for one another end on a number of cores."""

from __future__ import annotations

import heapq
from collections.abc import Sequence


def last_end(seconds: Sequence[float], cores: Sequence[int], after: Sequence[Sequence[int]], available: int) -> float:
    """Return when the last task ends if each starts as soon as it may and cores are free, in the order given.

    List scheduling (Graham 1966, doi:10.1002/j.1538-7305.1966.tb01709.x).

    Parameters
    ----------
    seconds, cores
        Duration and cores of each task; one that requests more cores than there are takes all.
    after
        For each task the positions of those that end before it starts.
    available
        Cores of the machine.
    """
    missing = [len(others) for others in after]
    followers: list[list[int]] = [[] for _ in after]
    for task, others in enumerate(after):
        for other in others:
            followers[other].append(task)
    ready = [task for task, count in enumerate(missing) if not count]
    running: list[tuple[float, int]] = []
    now, free = 0.0, available
    while ready or running:
        for task in sorted(ready):
            if min(cores[task], available) <= free:
                ready.remove(task)
                free -= min(cores[task], available)
                heapq.heappush(running, (now + seconds[task], task))
        now, ended = heapq.heappop(running)
        free += min(cores[ended], available)
        for task in followers[ended]:
            missing[task] -= 1
            if not missing[task]:
                ready.append(task)
    return now
