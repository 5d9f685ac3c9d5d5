/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The table of sessions: T-SHM-01, 05, 07, 08, 09, 10, 11, T-MUT-04, and the
 * windows of RFC 8120 section 6. It is included and not linked, so that a test
 * can die in the middle of a write.
 *
 * Under thread sanitizer:
 *     configure CC=clang --enable-sanitizers=thread
 *     make check TESTS=tests/unit/test_session_table
 */
#include "unit.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../modules/core/session_table.c"
#include "load.h"

#define SECOND APR_USEC_PER_SEC
#define NOON (APR_INT64_C(1790000000) * SECOND)
#define DATA 100 /* octets */

static _Atomic apr_time_t time_is;

static apr_time_t fake_clock(void)
{
    return atomic_load(&time_is);
}

static core_sessions sessions_of(apr_size_t size, apr_size_t data_max)
{
    core_sessions made = { NULL, fake_clock };
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    time_is = NOON;
    assert_true(memory != MAP_FAILED);
    assert_int_equal(core_sessions_format(&made, memory, size, data_max),
                     APR_SUCCESS);
    return made;
}

static void drop(core_sessions *sessions)
{
    munmap(sessions->shared, sessions->shared->size);
}

typedef struct name {
    unsigned char key[CORE_SESSION_KEY_LEN];
} name;

static name name_of(const core_sessions *sessions, apr_uint64_t nth)
{
    as_span part = { (const char *)&nth, sizeof(nth) };
    name made = { { 0 } };

    assert_int_equal(core_session_key(made.key, sessions, &part, 1),
                     APR_SUCCESS);
    return made;
}

static void put(core_sessions *sessions, apr_uint64_t nth, const char *text,
                apr_time_t lives)
{
    assert_int_equal(core_session_put(sessions, name_of(sessions, nth).key,
                                      as_span_of(text), time_is + lives),
                     APR_SUCCESS);
}

/* What is kept of it, "" for nothing. */
static const char *get(core_sessions *sessions, apr_uint64_t nth)
{
    static unsigned char data[CORE_SESSION_DATA_MAX + 1];
    apr_size_t len = core_session_get(data, sessions,
                                      name_of(sessions, nth).key);

    data[len] = '\0';
    return (const char *)data;
}

static core_numbered use(core_sessions *sessions, apr_uint64_t nth,
                         apr_uint64_t number)
{
    return core_session_use(sessions, name_of(sessions, nth).key, number, 128);
}

/* ---- how long they live ---------------------------------------------- */

static void lives_for_its_time(void **state)
{
    static const struct {
        apr_interval_time_t later;
        const char *found;
    } rows[] = {
        { 0, "z" }, { 1, "z" }, { 299 * SECOND, "z" },
        { 300 * SECOND, "" }, { 299 * SECOND, "" }, /* what ended stays so */
    };
    core_sessions sessions = sessions_of(CORE_SESSIONS_MIN, DATA);
    size_t i;

    (void)state;
    put(&sessions, 1, "z", 300 * SECOND);
    for (i = 0; i < COUNT(rows); i++) {
        time_is = NOON + rows[i].later;
        assert_string_equal(get(&sessions, 1), rows[i].found);
        assert_string_equal(get(&sessions, 2), "");
    }
    drop(&sessions);
}

static void ends_when_the_clock_is_set_back(void **state)
{
    core_sessions sessions = sessions_of(CORE_SESSIONS_MIN, DATA);

    (void)state;
    put(&sessions, 1, "z", 300 * SECOND);
    time_is = NOON - 1;
    assert_int_equal(use(&sessions, 1, 0), CORE_NUMBER_LOST);
    time_is = NOON + 1;
    assert_int_equal(use(&sessions, 1, 0), CORE_NUMBER_LOST);
    drop(&sessions);
}

static int is_zero(const unsigned char *at, apr_size_t len)
{
    while (len && !at[len - 1])
        len--;
    return len == 0;
}

/* T-SEC-07: nothing of an ended session is left in the memory. */
static void is_wiped(void **state)
{
    core_sessions sessions = sessions_of(CORE_SESSIONS_MIN, DATA);
    const shared *s = sessions.shared;
    apr_size_t len = s->buckets * WAYS * slot_size(DATA);

    (void)state;
    put(&sessions, 1, "secret", 300 * SECOND);
    assert_false(is_zero(s->at, len));
    core_session_end(&sessions, name_of(&sessions, 1).key);
    assert_true(is_zero(s->at, len));

    put(&sessions, 2, "secret", 300 * SECOND);
    assert_int_equal(use(&sessions, 2, 5), CORE_NUMBER_FIRST);
    assert_int_equal(use(&sessions, 2, 5), CORE_NUMBER_USED);
    assert_true(is_zero(s->at, len));

    put(&sessions, 3, "secret", SECOND);
    time_is += SECOND;
    assert_string_equal(get(&sessions, 3), "");
    assert_true(is_zero(s->at, len));
    drop(&sessions);
}

static void is_replaced(void **state)
{
    core_sessions sessions = sessions_of(CORE_SESSIONS_MIN, DATA);

    (void)state;
    put(&sessions, 1, "a longer one", 300 * SECOND);
    assert_int_equal(use(&sessions, 1, 7), CORE_NUMBER_FIRST);
    put(&sessions, 1, "b", 300 * SECOND);
    assert_string_equal(get(&sessions, 1), "b");
    assert_int_equal(use(&sessions, 1, 7), CORE_NUMBER_FIRST);
    assert_int_equal(core_sessions_count(&sessions).live, 1);
    drop(&sessions);
}

/* ---- numbers --------------------------------------------------------- */

/* One row of the vectors; nc_max is the caller's to check. */
static void check_window(json_t *row)
{
    core_sessions sessions = sessions_of(CORE_SESSIONS_MIN, DATA);
    json_t *numbers = json_object_get(row, "nc");
    json_t *expect = json_object_get(row, "expect");
    json_int_t window = json_integer_value(json_object_get(row, "nc_window"));
    json_int_t most = json_integer_value(json_object_get(row, "nc_max"));
    name key = name_of(&sessions, 1);
    size_t i;

    put(&sessions, 1, "z", 300 * SECOND);
    for (i = 0; i < json_array_size(numbers); i++) {
        json_int_t nc = json_integer_value(json_array_get(numbers, i));
        const char *wanted = json_string_value(json_array_get(expect, i));
        int is_good = 0;

        if (nc > most)
            core_session_end(&sessions, key.key);
        else
            is_good = core_session_use(&sessions, key.key, (apr_uint64_t)nc,
                                       (unsigned int)window)
                      == CORE_NUMBER_FIRST;
        if (is_good != !strcmp(wanted, "200-VFY-S"))
            fail_msg("%s: nc %d: not %s",
                     json_string_value(json_object_get(row, "case")), (int)nc,
                     wanted);
    }
    drop(&sessions);
}

static void vectors(void **state)
{
    json_t *rows = load("mutual/exchanges.json", "nc_window"), *row;
    size_t i;

    (void)state;
    assert_int_equal(json_array_size(rows), 11);
    json_array_foreach(rows, i, row)
        check_window(row);
}

/* Against a model that remembers every number. */
static void windows_of_all_sizes(void **state)
{
    static const unsigned int widths[] = { 128, 129, 192, 255, 256, 511, 512 };
    static char seen[4096];
    core_sessions sessions = sessions_of(CORE_SESSIONS_MIN, DATA);
    name key = name_of(&sessions, 1);
    unsigned int random = 1;
    size_t i;
    int n;

    (void)state;
    for (i = 0; i < COUNT(widths); i++) {
        int highest = 0, width = (int)widths[i];

        memset(seen, 0, sizeof(seen));
        put(&sessions, 1, "z", 300 * SECOND);
        for (n = 0; n < 4000; n++) {
            int number, is_good;

            random = random * 1103515245 + 12345;
            number = highest + (int)(random >> 16) % (width + 20) - width;
            if (number < 0 || number >= (int)sizeof(seen))
                continue;
            is_good = !seen[number]
                      && (number > highest || highest - number < width);
            if (core_session_use(&sessions, key.key, (apr_uint64_t)number,
                                 widths[i]) == CORE_NUMBER_FIRST) {
                assert_true(is_good);
                seen[number] = 1;
                highest = number > highest ? number : highest;
                continue;
            }
            assert_false(is_good); /* and it has ended */
            memset(seen, 0, sizeof(seen));
            highest = 0;
            put(&sessions, 1, "z", 300 * SECOND);
        }
    }
    drop(&sessions);
}

static void the_largest_numbers(void **state)
{
    core_sessions sessions = sessions_of(CORE_SESSIONS_MIN, DATA);

    (void)state;
    put(&sessions, 1, "z", 300 * SECOND);
    assert_int_equal(use(&sessions, 1, 0), CORE_NUMBER_FIRST);
    assert_int_equal(use(&sessions, 1, APR_UINT64_MAX), CORE_NUMBER_FIRST);
    assert_int_equal(use(&sessions, 1, APR_UINT64_MAX - 127),
                     CORE_NUMBER_FIRST);
    assert_int_equal(use(&sessions, 1, APR_UINT64_MAX), CORE_NUMBER_USED);
    assert_int_equal(use(&sessions, 1, 1), CORE_NUMBER_LOST);
    drop(&sessions);
}

/* ---- room ------------------------------------------------------------ */

static name neighbour(const core_sessions *sessions, int nth)
{
    apr_uint64_t number = 0;
    name made;

    do {
        made = name_of(sessions, number++);
        nth -= bucket_of(sessions->shared, made.key) == 0;
    } while (nth >= 0);
    return made;
}

static void what_ends_first_makes_room(void **state)
{
    core_sessions sessions = sessions_of(CORE_SESSIONS_MIN, DATA);
    unsigned char data[DATA];
    int i;

    (void)state;
    for (i = 0; i < WAYS; i++)
        core_session_put(&sessions, neighbour(&sessions, i).key,
                         as_span_of("z"),
                         NOON + (i == 3 ? 5 : 60 + i) * SECOND);
    assert_int_equal(core_sessions_count(&sessions).evicted, 0);
    core_session_put(&sessions, neighbour(&sessions, WAYS).key,
                     as_span_of("new"), NOON + 300 * SECOND);
    assert_int_equal(core_sessions_count(&sessions).evicted, 1);
    for (i = 0; i <= WAYS; i++)
        assert_int_equal(core_session_get(data, &sessions,
                                          neighbour(&sessions, i).key),
                         i == 3 ? 0 : i == WAYS ? 3 : 1);
    drop(&sessions);
}

static void sizes(void **state)
{
    static const struct {
        apr_size_t size, data_max;
        apr_status_t rv;
    } rows[] = {
        { CORE_SESSIONS_MIN, 1, APR_SUCCESS },
        { CORE_SESSIONS_MIN, CORE_SESSION_DATA_MAX, APR_SUCCESS },
        { CORE_SESSIONS_MIN - 1, 1, APR_EINVAL },
        { 0, 1, APR_EINVAL },
        { CORE_SESSIONS_MIN, 0, APR_EINVAL },
        { CORE_SESSIONS_MIN, CORE_SESSION_DATA_MAX + 1, APR_EINVAL },
        { CORE_SESSIONS_MIN, (apr_size_t)-1, APR_EINVAL },
    };
    static char memory[CORE_SESSIONS_MIN] __attribute__((aligned(64)));
    core_sessions sessions = { NULL, fake_clock };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(rows); i++) {
        memset(memory, 0, sizeof(memory));
        assert_int_equal(core_sessions_format(&sessions, memory, rows[i].size,
                                              rows[i].data_max), rows[i].rv);
        if (rows[i].rv == APR_SUCCESS)
            assert_true(core_sessions_count(&sessions).room > 0);
    }
}

/* T-SHM-11 */
static void data_that_does_not_fit(void **state)
{
    static const char much[DATA + 1];
    core_sessions sessions = sessions_of(CORE_SESSIONS_MIN, DATA);
    name key = name_of(&sessions, 1);

    (void)state;
    assert_int_equal(core_session_put(&sessions, key.key,
                                      (as_span){ much, DATA + 1 },
                                      NOON + SECOND), APR_EINVAL);
    assert_int_equal(core_session_put(&sessions, key.key,
                                      (as_span){ much, 0 }, NOON + SECOND),
                     APR_EINVAL);
    assert_int_equal(core_session_put(&sessions, key.key,
                                      (as_span){ much, DATA }, NOON + SECOND),
                     APR_SUCCESS);
    drop(&sessions);
}

static void takes_hold_of_its_own_only(void **state)
{
    core_sessions sessions = sessions_of(2 * CORE_SESSIONS_MIN, DATA);
    core_sessions other = { NULL, fake_clock };
    void *memory = sessions.shared;

    (void)state;
    put(&sessions, 1, "z", 300 * SECOND);
    assert_int_equal(core_sessions_attach(&other, memory,
                                          2 * CORE_SESSIONS_MIN, DATA),
                     APR_SUCCESS);
    assert_string_equal(get(&other, 1), "z");
    assert_int_equal(core_sessions_attach(&other, memory, CORE_SESSIONS_MIN,
                                          DATA), APR_EINVAL);
    assert_int_equal(core_sessions_attach(&other, memory,
                                          2 * CORE_SESSIONS_MIN, DATA + 1),
                     APR_EINVAL);
    sessions.shared->magic[0] ^= 1;
    assert_int_equal(core_sessions_attach(&other, memory,
                                          2 * CORE_SESSIONS_MIN, DATA),
                     APR_EINVAL);
    drop(&sessions);
}

/* ---- those who die --------------------------------------------------- */

static void survives_who_died_writing(void **state)
{
    core_sessions sessions = sessions_of(CORE_SESSIONS_MIN, DATA);
    name key = name_of(&sessions, 1);
    pid_t pid;

    (void)state;
    put(&sessions, 1, "z", 300 * SECOND);
    pid = fork();
    if (pid == 0) {
        lock(sessions.shared, bucket_of(sessions.shared, key.key));
        raise(SIGKILL);
    }
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_string_equal(get(&sessions, 1), "");
    put(&sessions, 1, "y", 300 * SECOND);
    assert_string_equal(get(&sessions, 1), "y");
    drop(&sessions);
}

static void refuses_without_its_lock(void **state)
{
    core_sessions sessions = sessions_of(CORE_SESSIONS_MIN, DATA);
    name key = name_of(&sessions, 1);
    apr_uint64_t bucket = bucket_of(sessions.shared, key.key);
    core_lock *broken = &sessions.shared->stripes[bucket % STRIPES];
    pid_t pid;

    (void)state;
    put(&sessions, 1, "z", 300 * SECOND);
    pid = fork();
    if (pid == 0) {
        core_lock_take(broken);
        raise(SIGKILL);
    }
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_int_equal(pthread_mutex_lock(&broken->mutex), EOWNERDEAD);
    pthread_mutex_unlock(&broken->mutex); /* without making it consistent */

    assert_string_equal(get(&sessions, 1), "");
    assert_int_equal(use(&sessions, 1, 0), CORE_NUMBER_FAILED);
    assert_int_equal(core_session_put(&sessions, key.key, as_span_of("y"),
                                      NOON + SECOND), APR_EGENERAL);
    core_session_end(&sessions, key.key);
    drop(&sessions);
}

/* ---- many at once ---------------------------------------------------- */

#define THREADS 8
#define NAMES 2000 /* more than there is room for */
#define NUMBERS 20000

static core_sessions common;
static _Atomic int torn, first[NUMBERS];

/* The data of each name is told by the name: other data is a torn read. */
static void *use_it(void *data)
{
    apr_uint64_t nth = (apr_uint64_t)(uintptr_t)data;
    unsigned char found[DATA];
    apr_uint64_t text[DATA / 8];
    int i;

    for (i = 0; i < 20000; i++) {
        name key;
        apr_size_t k, len;

        nth = (nth * 31 + 17) % NAMES;
        key = name_of(&common, nth);
        for (k = 0; k < COUNT(text); k++)
            text[k] = nth + 1;
        if (i % 3 == 0)
            core_session_put(&common, key.key,
                             (as_span){ (char *)text, sizeof(text) },
                             fake_clock() + SECOND);
        len = core_session_get(found, &common, key.key);
        if (len && memcmp(found, text, sizeof(text)) != 0)
            atomic_fetch_add(&torn, 1);
        if (i % 7 == 0)
            core_session_end(&common, key.key);
        if (i % 100 == 0)
            atomic_fetch_add(&time_is, SECOND / 100);
    }
    return NULL;
}

static void threads_read_nothing_torn(void **state)
{
    pthread_t thread[THREADS];
    uintptr_t i;

    (void)state;
    common = sessions_of(CORE_SESSIONS_MIN, DATA);
    for (i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, use_it, (void *)i),
                         0);
    for (i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    assert_int_equal(torn, 0);
    drop(&common);
}

/* T-SHM-06: all threads send the same numbers, and begin anew where one has
 * ended the session. */
static void *send_numbers(void *unused)
{
    name key = name_of(&common, 1);
    int i;

    for (i = 0; i < NUMBERS; i++)
        if (core_session_use(&common, key.key, (apr_uint64_t)i, 512)
            == CORE_NUMBER_FIRST)
            atomic_fetch_add(&first[i], 1);
    return unused;
}

static void a_number_is_first_once(void **state)
{
    pthread_t thread[THREADS];
    int i, sum = 0;

    (void)state;
    common = sessions_of(CORE_SESSIONS_MIN, DATA);
    put(&common, 1, "z", 300 * SECOND);
    for (i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, send_numbers, NULL),
                         0);
    for (i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    for (i = 0; i < NUMBERS; i++) {
        assert_true(first[i] <= 1);
        sum += first[i];
    }
    assert_true(sum >= 1);
    drop(&common);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(lives_for_its_time),
        UNIT_TEST(ends_when_the_clock_is_set_back),
        UNIT_TEST(is_wiped),
        UNIT_TEST(is_replaced),
        UNIT_TEST(vectors),
        UNIT_TEST(windows_of_all_sizes),
        UNIT_TEST(the_largest_numbers),
        UNIT_TEST(what_ends_first_makes_room),
        UNIT_TEST(sizes),
        UNIT_TEST(data_that_does_not_fit),
        UNIT_TEST(takes_hold_of_its_own_only),
        UNIT_TEST(survives_who_died_writing),
        UNIT_TEST(refuses_without_its_lock),
        UNIT_TEST(threads_read_nothing_torn),
        UNIT_TEST(a_number_is_first_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
