/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Turns of slow checks: never more at once than allowed, whoever dies, and the
 * queue is served in order. T-SHM-07, 09, T-RES-01.
 */
#include "unit.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../modules/core/turns.c"

#define LONG apr_time_from_sec(60)
#define SHORT apr_time_from_msec(20)

static core_turns turns_of(int at_once, int places,
                           apr_interval_time_t patience)
{
    core_turns turns = { NULL, patience };
    void *memory = mmap(NULL, core_turns_size(at_once, places),
                        PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                        -1, 0);

    assert_true(memory != MAP_FAILED);
    assert_int_equal(core_turns_format(&turns, memory, at_once, places),
                     APR_SUCCESS);
    return turns;
}

static void drop(core_turns *turns)
{
    munmap(turns->shared, core_turns_size(turns->shared->at_once,
                                          turns->shared->places));
}

static core_turn begin(core_turns *turns, int *nth)
{
    return core_turns_begin(turns, nth, 1, NULL, NULL);
}

/* ---- one process ----------------------------------------------------- */

static void so_many_at_once(void **state)
{
    core_turns turns = turns_of(3, 0, LONG);
    int nth[3], other, i;

    (void)state;
    for (i = 0; i < 3; i++)
        assert_int_equal(begin(&turns, &nth[i]), CORE_TURN_OURS);
    assert_int_equal(begin(&turns, &other), CORE_TURN_NEVER);
    assert_int_equal(core_turns_count(&turns).running, 3);
    core_turns_end(&turns, nth[1]);
    assert_int_equal(begin(&turns, &other), CORE_TURN_OURS);
    assert_int_equal(other, nth[1]);
    assert_int_equal(core_turns_count(&turns).taken, 4);
    assert_int_equal(core_turns_count(&turns).refused, 1);
    drop(&turns);
}

static void waits_no_longer_than_its_patience(void **state)
{
    core_turns turns = turns_of(1, 2, SHORT);
    int nth, other;

    (void)state;
    assert_int_equal(begin(&turns, &nth), CORE_TURN_OURS);
    assert_int_equal(begin(&turns, &other), CORE_TURN_NEVER);
    assert_int_equal(core_turns_count(&turns).queued, 0);
    core_turns_end(&turns, nth);
    assert_int_equal(begin(&turns, &other), CORE_TURN_OURS);
    drop(&turns);
}

static int third_time(void *baton)
{
    return ++*(int *)baton == 3;
}

static void an_answer_ends_the_wait(void **state)
{
    core_turns turns = turns_of(1, 2, LONG);
    int nth, other, asked = 0;

    (void)state;
    assert_int_equal(begin(&turns, &nth), CORE_TURN_OURS);
    assert_int_equal(core_turns_begin(&turns, &other, 1, third_time, &asked),
                     CORE_TURN_NEEDLESS);
    assert_int_equal(core_turns_count(&turns).needless, 1);
    assert_int_equal(core_turns_count(&turns).queued, 0);
    drop(&turns);
}

static void takes_hold_of_its_own_only(void **state)
{
    core_turns turns = turns_of(2, 4, LONG), again = { NULL, LONG };
    _Alignas(64) char zero[8192] = { 0 };

    (void)state;
    assert_int_equal(core_turns_attach(&again, turns.shared, 2, 4),
                     APR_SUCCESS);
    assert_int_equal(core_turns_attach(&again, turns.shared, 4, 2),
                     APR_EINVAL);
    assert_int_equal(core_turns_attach(&again, zero, 2, 4), APR_EINVAL);
    assert_int_equal(core_turns_format(&again, zero, 0, 4), APR_EINVAL);
    assert_int_equal(core_turns_format(&again, zero, 257, 4), APR_EINVAL);
    assert_int_equal(core_turns_format(&again, zero, 1, -1), APR_EINVAL);
    assert_int_equal(core_turns_format(&again, zero, 1, 1025), APR_EINVAL);
    drop(&turns);
}

/* ---- many threads ---------------------------------------------------- */

static core_turns common;
static _Atomic int running, most, served;
static _Atomic int order[16];

static void *take_one(void *data)
{
    int who = *(int *)data, nth, now, seen;

    if (core_turns_begin(&common, &nth, (apr_uint32_t)who, NULL, NULL)
        != CORE_TURN_OURS)
        return NULL;
    now = atomic_fetch_add(&running, 1) + 1;
    seen = atomic_load(&most);
    while (seen < now && !atomic_compare_exchange_weak(&most, &seen, now))
        ;
    usleep(500);
    atomic_store(&order[atomic_fetch_add(&served, 1) % 16], who);
    atomic_fetch_sub(&running, 1);
    core_turns_end(&common, nth);
    return NULL;
}

static void never_more_than_allowed(void **state)
{
    pthread_t thread[40];
    int who[40], i;

    (void)state;
    common = turns_of(2, 40, LONG);
    atomic_store(&served, 0);
    for (i = 0; i < 40; i++) {
        who[i] = i;
        pthread_create(&thread[i], NULL, take_one, &who[i]);
    }
    for (i = 0; i < 40; i++)
        pthread_join(thread[i], NULL);
    assert_int_equal(served, 40);
    assert_int_equal(most, 2);
    assert_int_equal(core_turns_count(&common).taken, 40);
    assert_int_equal(core_turns_count(&common).running, 0);
    drop(&common);
}

static void wait_until_queued(apr_uint32_t count)
{
    while (core_turns_count(&common).queued < count)
        usleep(500);
}

static void first_come_first_served(void **state)
{
    pthread_t thread[8];
    int who[8], nth, i;

    (void)state;
    common = turns_of(1, 8, LONG);
    atomic_store(&served, 0);
    assert_int_equal(begin(&common, &nth), CORE_TURN_OURS);
    for (i = 0; i < 8; i++) {
        who[i] = i;
        pthread_create(&thread[i], NULL, take_one, &who[i]);
        wait_until_queued((apr_uint32_t)i + 1);
    }
    core_turns_end(&common, nth);
    for (i = 0; i < 8; i++)
        pthread_join(thread[i], NULL);
    for (i = 0; i < 8; i++)
        assert_int_equal(order[i], i);
    drop(&common);
}

/* Half of the queue is one client's; the other half is not for it. */
static void half_of_the_queue_each(void **state)
{
    pthread_t thread[4];
    int one = 1, two = 2, nth, other, i;

    (void)state;
    common = turns_of(1, 4, LONG);
    atomic_store(&served, 0);
    assert_int_equal(begin(&common, &nth), CORE_TURN_OURS);
    for (i = 0; i < 2; i++) {
        pthread_create(&thread[i], NULL, take_one, &one);
        wait_until_queued((apr_uint32_t)i + 1);
    }
    assert_int_equal(core_turns_begin(&common, &other, 1, NULL, NULL),
                     CORE_TURN_NEVER);
    for (i = 2; i < 4; i++) {
        pthread_create(&thread[i], NULL, take_one, &two);
        wait_until_queued((apr_uint32_t)i + 1);
    }
    assert_int_equal(core_turns_begin(&common, &other, 3, NULL, NULL),
                     CORE_TURN_NEVER); /* it is full */
    core_turns_end(&common, nth);
    for (i = 0; i < 4; i++)
        pthread_join(thread[i], NULL);
    assert_int_equal(served, 4);
    drop(&common);
}

/* ---- processes that die ---------------------------------------------- */

/* A child that does as `act` says and tells when it has; then it hangs. */
static pid_t child_that(void (*act)(void))
{
    int said[2];
    char byte;
    pid_t pid;

    assert_int_equal(pipe(said), 0);
    pid = fork();
    if (pid == 0) {
        act();
        if (write(said[1], "x", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    close(said[1]);
    assert_int_equal(read(said[0], &byte, 1), 1);
    close(said[0]);
    return pid;
}

static void end(pid_t pid)
{
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void take_turns(void)
{
    while (take_turn(common.shared) >= 0)
        ;
}

static void take_places(void)
{
    apr_uint32_t who = 0;

    while (take_place(common.shared, who))
        who++;
}

static void the_dead_give_back_their_turns(void **state)
{
    int nth[3], i;
    pid_t pid;

    (void)state;
    common = turns_of(2, 2, SHORT);
    pid = child_that(take_turns);
    assert_int_equal(begin(&common, &nth[0]), CORE_TURN_NEVER);
    end(pid);
    for (i = 0; i < 2; i++)
        assert_int_equal(begin(&common, &nth[i]), CORE_TURN_OURS);
    assert_int_equal(begin(&common, &nth[2]), CORE_TURN_NEVER);
    drop(&common);
}

static void the_dead_leave_the_queue(void **state)
{
    int nth, other;
    pid_t pid;

    (void)state;
    common = turns_of(1, 4, SHORT);
    pid = child_that(take_places);
    assert_int_equal(core_turns_count(&common).queued, 4);
    assert_int_equal(begin(&common, &nth), CORE_TURN_NEVER); /* they wait */
    end(pid);
    assert_int_equal(begin(&common, &nth), CORE_TURN_OURS);
    assert_int_equal(begin(&common, &other), CORE_TURN_NEVER);
    assert_int_equal(core_turns_count(&common).queued, 0);
    drop(&common);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(so_many_at_once),
        UNIT_TEST(waits_no_longer_than_its_patience),
        UNIT_TEST(an_answer_ends_the_wait),
        UNIT_TEST(takes_hold_of_its_own_only),
        UNIT_TEST(never_more_than_allowed),
        UNIT_TEST(first_come_first_served),
        UNIT_TEST(half_of_the_queue_each),
        UNIT_TEST(the_dead_give_back_their_turns),
        UNIT_TEST(the_dead_leave_the_queue),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
