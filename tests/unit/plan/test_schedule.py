"""When the last task ends, by hand."""

from sscite.plan.schedule import last_end


def test_tasks_that_wait_for_none_fill_the_cores():
    # core 1: 3 s, core 2: 2 s then 1 s
    assert last_end([3, 2, 1], [1, 1, 1], [[], [], []], 2) == 3
    assert last_end([3, 2, 1], [1, 1, 1], [[], [], []], 1) == 6


def test_a_task_waits_for_all_that_it_reads():
    # 0 and 1 in parallel until 3, then 2 (until 4), beside it 3, which reads 1 alone (2 to 7)
    assert last_end([3, 2, 1, 5], [1, 1, 1, 1], [[], [], [0, 1], [1]], 2) == 7
    assert last_end([3, 2, 1, 5], [1, 1, 1, 1], [[], [], [0, 1], [1]], 1) == 11


def test_a_task_of_two_cores_waits_for_both_or_takes_all():
    # 1 s on one core, then two cores for 4 s; on one core one after the other
    assert last_end([1, 4], [1, 2], [[], []], 2) == 5
    assert last_end([1, 4], [1, 2], [[], []], 1) == 5
    assert last_end([1, 4], [1, 2], [[], []], 3) == 4


def test_more_cores_than_tasks_leave_the_longest_chain():
    assert last_end([1, 2, 4, 10], [1] * 4, [[], [0], [1], []], 100) == 10
    assert last_end([1, 2, 8, 10], [1] * 4, [[], [0], [1], []], 100) == 11
