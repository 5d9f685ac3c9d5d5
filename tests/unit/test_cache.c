/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The cache of answers: T-SHM-07, 08, 09, 10, 11, 13, T-TIM-01. It is included
 * and not linked, so that a test can die in the middle of a write.
 *
 * Under thread sanitizer:
 *     configure CC=clang --enable-sanitizers=thread
 *     make check TESTS="tests/unit/test_cache tests/unit/test_turns"
 */
#include "unit.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../modules/core/cache.c"

#define SECOND APR_USEC_PER_SEC
#define NOON (APR_INT64_C(1790000000) * SECOND)

static _Atomic apr_time_t time_is;

static apr_time_t fake_clock(void)
{
    return atomic_load(&time_is);
}

static core_cache cache_of(apr_size_t size)
{
    core_cache cache = { NULL, fake_clock };
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    time_is = NOON;
    assert_true(memory != MAP_FAILED);
    assert_int_equal(core_cache_format(&cache, memory, size), APR_SUCCESS);
    return cache;
}

static void drop(core_cache *cache)
{
    munmap(cache->shared, cache->shared->size);
}

typedef struct name {
    unsigned char key[CORE_CACHE_KEY_LEN];
} name;

static name name_of(const core_cache *cache, apr_uint64_t nth)
{
    as_span part = { (const char *)&nth, sizeof(nth) };
    name made = { { 0 } };

    assert_int_equal(core_cache_key(made.key, cache, &part, 1), APR_SUCCESS);
    return made;
}

static apr_uint32_t get(core_cache *cache, apr_uint64_t nth)
{
    return core_cache_get(cache, name_of(cache, nth).key);
}

static void put(core_cache *cache, apr_uint64_t nth, apr_uint32_t value,
                apr_interval_time_t lifetime)
{
    core_cache_put(cache, name_of(cache, nth).key, value, lifetime);
}

/* ---- answers, and how long they hold --------------------------------- */

static void is_found_while_it_holds(void **state)
{
    static const struct {
        apr_interval_time_t later;
        apr_uint32_t value;
    } rows[] = {
        { 0, 7 },           { 1, 7 },           { 59 * SECOND, 7 },
        { 60 * SECOND - 1, 7 }, { 60 * SECOND, 0 }, { 61 * SECOND, 0 },
        { -1, 0 },          { -3600 * SECOND, 0 }, /* set back */
    };
    core_cache cache = cache_of(CORE_CACHE_MIN);
    size_t i;

    (void)state;
    put(&cache, 1, 7, 60 * SECOND);
    for (i = 0; i < COUNT(rows); i++) {
        time_is = NOON + rows[i].later;
        assert_int_equal(get(&cache, 1), rows[i].value);
        assert_int_equal(get(&cache, 2), 0);
    }
    drop(&cache);
}

static void is_replaced(void **state)
{
    core_cache cache = cache_of(CORE_CACHE_MIN);

    (void)state;
    put(&cache, 1, 7, 60 * SECOND);
    put(&cache, 1, 8, 10 * SECOND);
    assert_int_equal(get(&cache, 1), 8);
    time_is += 10 * SECOND;
    assert_int_equal(get(&cache, 1), 0);
    put(&cache, 1, 9, 10 * SECOND);
    assert_int_equal(get(&cache, 1), 9);
    assert_int_equal(core_cache_count(&cache).live, 1);
    drop(&cache);
}

static void holds_no_longer_than_now(void **state)
{
    core_cache cache = cache_of(CORE_CACHE_MIN);

    (void)state;
    put(&cache, 1, 7, 0);
    put(&cache, 2, 7, -SECOND);
    assert_int_equal(get(&cache, 1), 0);
    assert_int_equal(get(&cache, 2), 0);
    drop(&cache);
}

/* The nth name, out of those in the first bucket. */
static name neighbour(core_cache *cache, int nth)
{
    apr_uint64_t number = 0;
    name made;

    do {
        made = name_of(cache, number++);
        nth -= bucket_of(cache->shared, made.key) == 0;
    } while (nth >= 0);
    return made;
}

/* What ends first makes room, whenever it was put there. */
static void forgets_what_ends_first(void **state)
{
    core_cache cache = cache_of(CORE_CACHE_MIN);
    int i;

    (void)state;
    for (i = 0; i < WAYS; i++)
        core_cache_put(&cache, neighbour(&cache, i).key, 1,
                       (i == 3 ? 5 : 60 + i) * SECOND);
    assert_int_equal(core_cache_count(&cache).evicted, 0);
    core_cache_put(&cache, neighbour(&cache, WAYS).key, 2, 60 * SECOND);
    assert_int_equal(core_cache_count(&cache).evicted, 1);
    for (i = 0; i <= WAYS; i++)
        assert_int_equal(core_cache_get(&cache, neighbour(&cache, i).key),
                         i == 3 ? 0 : i == WAYS ? 2 : 1);
    time_is += 61 * SECOND; /* 0 and the last one are over */
    core_cache_put(&cache, neighbour(&cache, 20).key, 3, SECOND);
    assert_int_equal(core_cache_count(&cache).evicted, 1);
    drop(&cache);
}

static void is_bounded(void **state)
{
    core_cache cache = cache_of(CORE_CACHE_MIN);
    apr_uint64_t i, found = 0;

    (void)state;
    for (i = 0; i < 100000; i++)
        put(&cache, i, 1, 60 * SECOND);
    for (i = 0; i < 100000; i++)
        found += get(&cache, i);
    assert_int_equal(found, core_cache_count(&cache).live);
    assert_true(found <= core_cache_count(&cache).room);
    assert_int_equal(core_cache_count(&cache).evicted, 100000 - found);
    drop(&cache);
}

/* ---- names ----------------------------------------------------------- */

static void other_parts_are_other_names(void **state)
{
    static const as_span rows[][3] = {
        { { "ab", 2 }, { "c", 1 }, { "", 0 } },
        { { "a", 1 }, { "bc", 2 }, { "", 0 } },
        { { "abc", 3 }, { "", 0 }, { "", 0 } },
        { { "", 0 }, { "abc", 3 }, { "", 0 } },
        { { "abc\0", 4 }, { "", 0 }, { "", 0 } },
        { { "ABC", 3 }, { "", 0 }, { "", 0 } },
    };
    core_cache cache = cache_of(CORE_CACHE_MIN);
    name names[COUNT(rows) + 1];
    size_t i, k;

    (void)state;
    for (i = 0; i < COUNT(rows); i++)
        core_cache_key(names[i].key, &cache, rows[i], 3);
    core_cache_key(names[i].key, &cache, rows[0], 2);
    for (i = 0; i <= COUNT(rows); i++)
        for (k = 0; k < i; k++)
            assert_memory_not_equal(names[i].key, names[k].key,
                                    CORE_CACHE_KEY_LEN);
    drop(&cache);
}

/* All 32 octets count, not only those that choose the bucket. */
static void the_whole_name_counts(void **state)
{
    core_cache cache = cache_of(CORE_CACHE_MIN);
    name made = name_of(&cache, 1);
    int i;

    (void)state;
    core_cache_put(&cache, made.key, 1, 60 * SECOND);
    for (i = 0; i < CORE_CACHE_KEY_LEN; i++) {
        name other = made;

        other.key[i] ^= 1;
        assert_int_equal(core_cache_get(&cache, other.key), 0);
    }
    drop(&cache);
}

/* Each cache has a key of its own. */
static void names_are_a_caches_own(void **state)
{
    core_cache a = cache_of(CORE_CACHE_MIN), b = cache_of(CORE_CACHE_MIN);

    (void)state;
    assert_memory_not_equal(name_of(&a, 1).key, name_of(&b, 1).key,
                            CORE_CACHE_KEY_LEN);
    drop(&a);
    drop(&b);
}

/* ---- memory of another shape ----------------------------------------- */

static void takes_hold_of_its_own_only(void **state)
{
    core_cache cache = cache_of(CORE_CACHE_MIN), again = { NULL, fake_clock };
    _Alignas(64) char zero[CORE_CACHE_MIN] = { 0 };

    (void)state;
    put(&cache, 1, 7, 60 * SECOND);
    assert_int_equal(core_cache_attach(&again, cache.shared, CORE_CACHE_MIN),
                     APR_SUCCESS);
    assert_int_equal(get(&again, 1), 7);
    assert_int_equal(core_cache_attach(&again, cache.shared,
                                       CORE_CACHE_MIN + 1), APR_EINVAL);
    assert_int_equal(core_cache_attach(&again, zero, sizeof(zero)),
                     APR_EINVAL);
    cache.shared->bucket_size++;
    assert_int_equal(core_cache_attach(&again, cache.shared, CORE_CACHE_MIN),
                     APR_EINVAL);
    assert_int_equal(core_cache_format(&again, zero, CORE_CACHE_MIN - 1),
                     APR_EINVAL);
    assert_int_equal(core_cache_format(&again, zero, 0), APR_EINVAL);
    drop(&cache);
}

/* ---- locks ----------------------------------------------------------- */

static void survives_who_died_writing(void **state)
{
    core_cache cache = cache_of(CORE_CACHE_MIN);
    name made = name_of(&cache, 1);
    apr_uint64_t nth = bucket_of(cache.shared, made.key);
    pid_t pid;
    int i;

    (void)state;
    for (i = 0; i < 200; i++)
        put(&cache, (apr_uint64_t)i, 1, 60 * SECOND);
    pid = fork();
    if (pid == 0) {
        lock(cache.shared, nth);
        memset(&cache.shared->at[nth], 0xff, sizeof(entry) / 2);
        kill(getpid(), SIGKILL);
    }
    assert_int_equal(waitpid(pid, NULL, 0), pid);

    assert_int_equal(core_cache_get(&cache, made.key), 0);
    for (i = 0; i < WAYS; i++)
        assert_int_equal(cache.shared->at[nth].entries[i].value, 0);
    core_cache_put(&cache, made.key, 5, 60 * SECOND);
    assert_int_equal(core_cache_get(&cache, made.key), 5);
    drop(&cache);
}

/* A lock that can never be had again: nothing is found, nobody hangs. */
static void is_empty_without_its_lock(void **state)
{
    core_cache cache = cache_of(CORE_CACHE_MIN);
    name made = name_of(&cache, 1);
    core_lock *broken
        = &cache.shared->stripes[bucket_of(cache.shared, made.key) % STRIPES];
    pid_t pid;

    (void)state;
    core_cache_put(&cache, made.key, 1, 60 * SECOND);
    pid = fork();
    if (pid == 0) {
        core_lock_take(broken);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_int_equal(pthread_mutex_lock(&broken->mutex), EOWNERDEAD);
    pthread_mutex_unlock(&broken->mutex); /* without making it consistent */

    assert_int_equal(core_cache_get(&cache, made.key), 0);
    core_cache_put(&cache, made.key, 1, 60 * SECOND);
    assert_int_equal(core_cache_get(&cache, made.key), 0);
    drop(&cache);
}

/* ---- many at once ---------------------------------------------------- */

#define THREADS 8
#define NAMES 2000 /* more than there is room for */

static core_cache common;
static _Atomic int torn;

/* The value of each name is told by the name: another one is a torn read. */
static void *use_it(void *data)
{
    apr_uint64_t nth = (apr_uint64_t)(uintptr_t)data;
    apr_uint32_t value;
    int i;

    for (i = 0; i < 20000; i++) {
        nth = (nth * 31 + 17) % NAMES;
        if (i % 3 == 0)
            put(&common, nth, (apr_uint32_t)nth + 1, SECOND);
        value = get(&common, nth);
        if (value && value != nth + 1)
            atomic_fetch_add(&torn, 1);
        if (i % 100 == 0)
            atomic_fetch_add(&time_is, SECOND / 100);
        if (i % 1000 == 0)
            core_cache_count(&common);
    }
    return NULL;
}

static void threads_read_no_torn_entries(void **state)
{
    pthread_t thread[THREADS];
    uintptr_t i;

    (void)state;
    common = cache_of(CORE_CACHE_MIN);
    for (i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, use_it, (void *)i),
                         0);
    for (i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    assert_int_equal(torn, 0);
    drop(&common);
}

static void processes_may_be_killed_at_any_time(void **state)
{
    apr_uint64_t nth;
    int i, round;

    (void)state;
    common = cache_of(CORE_CACHE_MIN);
    for (round = 0; round < 50; round++) {
        pid_t pid[4];

        for (i = 0; i < 4; i++) {
            pid[i] = fork();
            if (pid[i] == 0)
                for (;;)
                    use_it((void *)(uintptr_t)i);
        }
        usleep(2000);
        for (i = 0; i < 4; i++) {
            kill(pid[i], SIGKILL);
            waitpid(pid[i], NULL, 0);
        }
        time_is = NOON;
        for (nth = 0; nth < NAMES; nth++) {
            apr_uint32_t value = get(&common, nth);

            assert_true(value == 0 || value == nth + 1);
            put(&common, nth, (apr_uint32_t)nth + 1, SECOND);
            assert_int_equal(get(&common, nth), nth + 1);
        }
    }
    drop(&common);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(is_found_while_it_holds),
        UNIT_TEST(is_replaced),
        UNIT_TEST(holds_no_longer_than_now),
        UNIT_TEST(forgets_what_ends_first),
        UNIT_TEST(is_bounded),
        UNIT_TEST(other_parts_are_other_names),
        UNIT_TEST(the_whole_name_counts),
        UNIT_TEST(names_are_a_caches_own),
        UNIT_TEST(takes_hold_of_its_own_only),
        UNIT_TEST(survives_who_died_writing),
        UNIT_TEST(is_empty_without_its_lock),
        UNIT_TEST(threads_read_no_torn_entries),
        UNIT_TEST(processes_may_be_killed_at_any_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
