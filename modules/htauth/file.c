/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * A store in a text file: one credential per line, in the format of cred.h.
 *
 * A change is written to a new file in the same folder, which takes the old
 * one's place when it is whole and on the disk; so a full disk or a kill at any
 * moment leaves the old store. PATH.lock keeps a second htauth waiting. Lines
 * that do not change stay as they are, comments included.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apr_file_info.h"
#include "apr_file_io.h"
#include "apr_hash.h"
#include "apr_portable.h"

#include "cred.h"
#include "htauth.h"

#define NEW_SUFFIX ".new-"
#define MODE_NEW (S_IRUSR | S_IWUSR)
#define MODE_MOST (S_IRUSR | S_IWUSR | S_IRGRP)
#define LOCK_WAIT apr_time_from_sec(30)
#define LOCK_POLL apr_time_from_msec(20)

typedef struct file_data {
    apr_file_t *lock;
    struct stat info; /* of the file as it was read */
    apr_array_header_t *lines; /* of as_span, without their line feeds */
    apr_hash_t *index; /* key_of() a credential -> its line, from 1 on */
    int changed;
} file_data;

static file_data *data_of(ht_store *store)
{
    if (!store->data)
        store->data = apr_pcalloc(store->pool, sizeof(file_data));
    return store->data;
}

static as_span *line_at(const file_data *data, int i)
{
    return &APR_ARRAY_IDX(data->lines, i, as_span);
}

/* ---- the file -------------------------------------------------------- */

static int cannot_open(const char *path, int error)
{
    if (error == ENOENT)
        return ht_error(HT_SYSTEM, "there is no %s; make it with htauth -f "
                        "file:%s init", path, path);
    if (error == ELOOP)
        return ht_error(HT_DAMAGED, "%s is a symbolic link; name the file "
                        "that it points to", path);
    return ht_error(HT_SYSTEM, "%s can't be opened: %pm", path, &error);
}

/* NULL, or why nobody should keep credentials in such a file. */
static const char *misfit(const struct stat *info, const char *path,
                          apr_pool_t *pool)
{
    if (!S_ISREG(info->st_mode))
        return apr_psprintf(pool, "%s is no regular file", path);
    if (info->st_mode & (S_IWGRP | S_IWOTH))
        return apr_psprintf(pool, "%s can be written by others than its "
                            "owner, and httpd refuses it: look who changed "
                            "it, then chmod 640 %s", path, path);
    if (info->st_mode & S_IROTH)
        return apr_psprintf(pool, "%s can be read by everybody, and httpd "
                            "refuses it: chmod 640 %s", path, path);
    return NULL;
}

/* Never waits for a pipe, never follows a link. */
static int open_file(int *fd, ht_store *store)
{
    const char *path = store->argument;

    *fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (*fd < 0)
        return cannot_open(path, errno);
    if (fstat(*fd, &data_of(store)->info) != 0) {
        close(*fd);
        return cannot_open(path, errno);
    }
    return HT_OK;
}

static int check_misfit(ht_store *store)
{
    const char *why = misfit(&data_of(store)->info, store->argument,
                             store->pool);

    return why ? ht_error(HT_DAMAGED, "%s", why) : HT_OK;
}

static int look(ht_store *store)
{
    int fd, code = open_file(&fd, store);

    if (code != HT_OK)
        return code;
    close(fd);
    return check_misfit(store);
}

static int read_all(as_span *text, int fd, ht_store *store)
{
    apr_size_t room = (apr_size_t)data_of(store)->info.st_size, n = 0;
    char *at = apr_palloc(store->pool, room + 1);
    ssize_t got = 0;

    while (n < room && (got = read(fd, at + n, room - n)) > 0)
        n += (apr_size_t)got;
    if (got < 0)
        return ht_error(HT_SYSTEM, "%s can't be read: %pm", store->argument,
                        &errno);
    at[n] = '\0';
    *text = (as_span){ at, n };
    return HT_OK;
}

static void split(apr_array_header_t *lines, as_span text)
{
    while (text.len) {
        const char *end = memchr(text.at, '\n', text.len);
        apr_size_t len = end ? (apr_size_t)(end - text.at) : text.len;
        apr_size_t whole = end ? len + 1 : len;

        *(as_span *)apr_array_push(lines) = (as_span){ text.at, len };
        text = (as_span){ text.at + whole, text.len - whole };
    }
}

static int read_lines(ht_store *store, int fd)
{
    file_data *data = data_of(store);
    as_span text = { "", 0 };
    int code = S_ISREG(data->info.st_mode) ? read_all(&text, fd, store)
                                           : HT_OK;

    data->lines = apr_array_make(store->pool, 64, sizeof(as_span));
    split(data->lines, text);
    return code;
}

/* ---- lines ----------------------------------------------------------- */

static as_span without_cr(as_span line)
{
    if (line.len && line.at[line.len - 1] == '\r')
        line.len--;
    return line;
}

/* What every credential has for itself alone. */
static const char *key_of(apr_pool_t *pool, const as_cred *cred)
{
    return apr_psprintf(pool, "%d\n%s\n%s\n%s\n%s", (int)cred->kind, cred->id,
                        cred->realm, cred->place, cred->algorithm);
}

static void add_problem(apr_array_header_t *problems, int line,
                        const char *text, int is_warning)
{
    ht_problem *problem = apr_array_push(problems);

    *problem = (ht_problem){ line, is_warning, NULL, text };
}

/* As httpd reads it: without the arithmetic that Mutual needs. */
static const char *scan(as_cred *cred, as_span line, apr_pool_t *pool)
{
    as_cred_line parts;
    const char *why = as_cred_scan(&parts, line, pool);

    if (why)
        return as_cred_explain(&parts, why, pool);
    as_cred_of_line(cred, &parts, pool);
    return NULL;
}

/* NULL, or what is wrong with a line; cred->id is NULL if it holds none. */
static const char *read_line(as_cred *cred, const file_data *data, int i,
                             apr_pool_t *pool)
{
    as_span line = *line_at(data, i);

    memset(cred, 0, sizeof(*cred));
    if (!line.at)
        return NULL;
    line = without_cr(line);
    if (i == 0)
        return as_span_is(line, AS_CRED_HEADER)
                   ? NULL
                   : "the first line must be \"" AS_CRED_HEADER "\"";
    return as_cred_is_record(line) ? scan(cred, line, pool) : NULL;
}

/* Two lines with the same key: httpd could take only one. */
static const char *index_line(file_data *data, int i, const as_cred *cred,
                              apr_pool_t *scratch)
{
    apr_pool_t *pool = apr_hash_pool_get(data->index);
    const char *key = key_of(pool, cred);
    const int *other = apr_hash_get(data->index, key, APR_HASH_KEY_STRING);
    int *line;

    if (other)
        return apr_psprintf(scratch, "the same credential stands in line %d",
                            *other);
    line = apr_palloc(pool, sizeof(*line));
    *line = i + 1;
    apr_hash_set(data->index, key, APR_HASH_KEY_STRING, line);
    return NULL;
}

/* A line's part of check: what takes time, and what httpd takes all the same. */
static void check_line(apr_array_header_t *problems, int i,
                       const as_cred *cred)
{
    const char *why = as_cred_check(cred, problems->pool);

    if (why)
        add_problem(problems, i + 1, why, 0);
    why = ht_weakness(cred, problems->pool);
    if (why)
        add_problem(problems, i + 1, why, 1);
}

/* Reads the lines into the index. Stops at the first problem unless thorough.
 * Returns the number of credentials. */
static int index_all(ht_store *store, apr_array_header_t *problems,
                     int thorough)
{
    file_data *data = data_of(store);
    apr_pool_t *scratch;
    int count = 0, i;

    data->index = apr_hash_make(store->pool);
    apr_pool_create(&scratch, store->pool);
    if (data->lines->nelts == 0)
        add_problem(problems, 1, "the first line must be \"" AS_CRED_HEADER
                    "\"", 0);
    for (i = 0; i < data->lines->nelts; i++) {
        as_cred cred;
        const char *why;

        apr_pool_clear(scratch);
        why = read_line(&cred, data, i, scratch);
        if (!why && cred.id)
            why = index_line(data, i, &cred, scratch);
        if (why)
            add_problem(problems, i + 1, apr_pstrdup(problems->pool, why), 0);
        else if (cred.id && thorough)
            check_line(problems, i, &cred);
        count += !why && cred.id;
        if (problems->nelts && !thorough)
            break;
    }
    apr_pool_destroy(scratch);
    return count;
}

/* ---- the lock -------------------------------------------------------- */

static const char *beside(const ht_store *store, const char *suffix)
{
    return apr_pstrcat(store->pool, store->argument, suffix, NULL);
}

static int lock_file(ht_store *store)
{
    file_data *data = data_of(store);
    const char *path = beside(store, ".lock");
    apr_time_t end = apr_time_now() + LOCK_WAIT;
    int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, MODE_NEW);
    apr_status_t rv = fd < 0 ? errno
                             : apr_os_file_put(&data->lock, &fd, 0,
                                               store->pool);

    if (rv != APR_SUCCESS)
        return ht_error(HT_SYSTEM, "the lock file %s can't be opened: %pm; "
                        "nothing was changed", path, &rv);
    while ((rv = apr_file_lock(data->lock, APR_FLOCK_EXCLUSIVE
                                               | APR_FLOCK_NONBLOCK))
               != APR_SUCCESS
           && apr_time_now() < end)
        apr_sleep(LOCK_POLL);
    if (rv != APR_SUCCESS)
        return ht_error(HT_SYSTEM, "another htauth has been writing to %s for "
                        "%d seconds; nothing was changed, try again later",
                        store->argument, (int)apr_time_sec(LOCK_WAIT));
    return HT_OK;
}

static const char *folder_of(const ht_store *store)
{
    const char *slash = strrchr(store->argument, '/');

    if (!slash)
        return ".";
    if (slash == store->argument)
        return "/";
    return apr_pstrmemdup(store->pool, store->argument,
                          (apr_size_t)(slash - store->argument));
}

/* What a killed htauth left; only who has the lock makes such files. */
static void remove_leftovers(ht_store *store)
{
    const char *folder = folder_of(store);
    const char *begins = beside(store, NEW_SUFFIX);
    apr_finfo_t info;
    apr_dir_t *dir;

    begins = strrchr(begins, '/') ? strrchr(begins, '/') + 1 : begins;
    if (apr_dir_open(&dir, folder, store->pool) != APR_SUCCESS)
        return;
    while (apr_dir_read(&info, APR_FINFO_NAME, dir) == APR_SUCCESS)
        if (!strncmp(info.name, begins, strlen(begins)))
            apr_file_remove(apr_pstrcat(store->pool, folder, "/", info.name,
                                        NULL), store->pool);
    apr_dir_close(dir);
}

/* ---- reading --------------------------------------------------------- */

static int load(ht_store *store)
{
    apr_array_header_t *problems
        = apr_array_make(store->pool, 1, sizeof(ht_problem));
    const ht_problem *first;
    int fd, code = open_file(&fd, store);

    if (code != HT_OK)
        return code;
    code = check_misfit(store);
    if (code == HT_OK)
        code = read_lines(store, fd);
    close(fd);
    if (code != HT_OK)
        return code;
    index_all(store, problems, 0);
    if (problems->nelts == 0)
        return HT_OK;
    first = &APR_ARRAY_IDX(problems, 0, ht_problem);
    return ht_error(HT_DAMAGED, "%s:%d: %s; nothing was changed, htauth check "
                    "shows all that is wrong", store->argument, first->line,
                    first->text);
}

static int begin(ht_store *store, int writing)
{
    int code = writing ? lock_file(store) : HT_OK;

    if (code == HT_OK && writing)
        remove_leftovers(store);
    return code == HT_OK ? load(store) : code;
}

static int find(ht_store *store, apr_array_header_t *found,
                const ht_filter *filter)
{
    file_data *data = data_of(store);
    apr_pool_t *scratch;
    int i;

    apr_pool_create(&scratch, store->pool);
    for (i = 1; i < data->lines->nelts; i++) {
        as_cred cred;

        apr_pool_clear(scratch);
        if (read_line(&cred, data, i, scratch) || !cred.id
            || !ht_matches(&cred, filter))
            continue;
        read_line(&cred, data, i, store->pool);
        *(as_cred *)apr_array_push(found) = cred;
    }
    apr_pool_destroy(scratch);
    return HT_OK;
}

/* ---- changing -------------------------------------------------------- */

static int has(ht_store *store, const as_cred *cred, int *there)
{
    *there = apr_hash_get(data_of(store)->index, key_of(store->pool, cred),
                          APR_HASH_KEY_STRING) != NULL;
    return HT_OK;
}

static int put(ht_store *store, const as_cred *cred)
{
    file_data *data = data_of(store);
    const char *wrong = as_cred_check(cred, store->pool);
    const char *key = key_of(store->pool, cred);
    int *line = apr_hash_get(data->index, key, APR_HASH_KEY_STRING);
    as_span text;

    if (wrong)
        return ht_error(HT_NO, "%s", wrong);
    text = as_span_of(as_cred_write(cred, store->pool));
    if (!line) {
        line = apr_palloc(store->pool, sizeof(*line));
        apr_array_push(data->lines);
        *line = data->lines->nelts;
        apr_hash_set(data->index, key, APR_HASH_KEY_STRING, line);
    }
    *line_at(data, *line - 1) = text;
    data->changed = 1;
    return HT_OK;
}

static int drop(ht_store *store, const as_cred *cred)
{
    file_data *data = data_of(store);
    const char *key = key_of(store->pool, cred);
    const int *line = apr_hash_get(data->index, key, APR_HASH_KEY_STRING);

    if (!line)
        return HT_OK;
    *line_at(data, *line - 1) = (as_span){ NULL, 0 };
    apr_hash_set(data->index, key, APR_HASH_KEY_STRING, NULL);
    data->changed = 1;
    return HT_OK;
}

static apr_status_t write_lines(const file_data *data, apr_file_t *file)
{
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = 0; rv == APR_SUCCESS && i < data->lines->nelts; i++) {
        const as_span *line = line_at(data, i);

        if (!line->at)
            continue;
        rv = apr_file_write_full(file, line->at, line->len, NULL);
        if (rv == APR_SUCCESS)
            rv = apr_file_putc('\n', file);
    }
    return rv == APR_SUCCESS ? apr_file_flush(file) : rv;
}

/* Owner and mode of the old file; a group that was given away by chgrp stays,
 * so that httpd can go on reading. */
static apr_status_t keep_owner(const file_data *data, apr_file_t *file)
{
    apr_os_file_t fd;
    struct stat now;

    apr_os_file_get(&fd, file);
    if (fstat(fd, &now) != 0)
        return errno;
    if ((now.st_uid != data->info.st_uid || now.st_gid != data->info.st_gid)
        && fchown(fd, data->info.st_uid, data->info.st_gid) != 0)
        return errno;
    return fchmod(fd, data->info.st_mode & MODE_MOST) == 0 ? APR_SUCCESS
                                                           : errno;
}

static apr_status_t sync_folder(const ht_store *store)
{
    int fd = open(folder_of(store), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    apr_status_t rv = APR_SUCCESS;

    if (fd < 0)
        return errno;
    if (fsync(fd) != 0 && errno != EINVAL) /* some file systems can't */
        rv = errno;
    close(fd);
    return rv;
}

/* A file with all lines, whole and on the disk. Removed if that fails. */
static apr_status_t write_new(const char **path, ht_store *store)
{
    file_data *data = data_of(store);
    char *name = apr_pstrcat(store->pool, store->argument, NEW_SUFFIX "XXXXXX",
                             NULL);
    apr_file_t *file;
    apr_status_t rv = apr_file_mktemp(&file, name,
                                      APR_FOPEN_CREATE | APR_FOPEN_WRITE
                                          | APR_FOPEN_EXCL
                                          | APR_FOPEN_BUFFERED
                                          | APR_FOPEN_BINARY, store->pool);

    *path = name;
    if (rv != APR_SUCCESS)
        return rv;
    rv = write_lines(data, file);
    if (rv == APR_SUCCESS)
        rv = keep_owner(data, file);
    if (rv == APR_SUCCESS)
        rv = apr_file_sync(file);
    if (rv == APR_SUCCESS)
        rv = apr_file_close(file);
    if (rv != APR_SUCCESS)
        apr_file_remove(name, store->pool);
    return rv;
}

static int cannot_write(const ht_store *store, apr_status_t rv)
{
    if (rv == ENOSPC || rv == EDQUOT)
        return ht_error(HT_SYSTEM, "the disk of %s is full; the store is as "
                        "it was. Make room and do it again", store->argument);
    if (rv == EPERM)
        return ht_error(HT_SYSTEM, "the owner of %s can't be kept; the store "
                        "is as it was. Run htauth as its owner or as root",
                        store->argument);
    return ht_error(HT_SYSTEM, "%s can't be written anew: %pm; the store is "
                    "as it was", store->argument, &rv);
}

static int finish(const ht_store *store)
{
    apr_status_t rv = sync_folder(store);

    if (rv == APR_SUCCESS)
        return HT_OK;
    return ht_error(HT_SYSTEM, "%s is written, but the folder can't be synced "
                    "(%pm): after a power failure the old store may be back",
                    store->argument, &rv);
}

static int commit(ht_store *store)
{
    const char *name;
    apr_status_t rv;

    if (!data_of(store)->changed)
        return HT_OK;
    rv = write_new(&name, store);
    if (rv != APR_SUCCESS)
        return cannot_write(store, rv);
    rv = apr_file_rename(name, store->argument, store->pool);
    if (rv != APR_SUCCESS) {
        apr_file_remove(name, store->pool);
        return cannot_write(store, rv);
    }
    data_of(store)->changed = 0;
    return finish(store);
}

/* ---- init ------------------------------------------------------------ */

static int find_group(struct stat *info, const char *group)
{
    const struct group *entry;

    info->st_uid = geteuid();
    info->st_gid = getegid();
    info->st_mode = MODE_NEW;
    if (!group)
        return HT_OK;
    entry = getgrnam(group);
    if (!entry)
        return ht_error(HT_NO, "there is no group %s", group);
    info->st_gid = entry->gr_gid;
    info->st_mode = MODE_MOST;
    return HT_OK;
}

/* link() does what rename() does not: it takes nobody's place. */
static int place_new(ht_store *store)
{
    const char *name;
    apr_status_t rv = write_new(&name, store);

    if (rv != APR_SUCCESS)
        return cannot_write(store, rv);
    if (link(name, store->argument) != 0)
        rv = errno;
    apr_file_remove(name, store->pool);
    if (rv == EEXIST)
        return ht_error(HT_NO, "%s is there already; it was left alone",
                        store->argument);
    return rv == APR_SUCCESS ? finish(store) : cannot_write(store, rv);
}

static int init(ht_store *store, const char *group)
{
    static const char *const text[] = {
        AS_CRED_HEADER,
        "# Made by htauth, and best changed with it; see htauth(1).",
    };
    file_data *data = data_of(store);
    struct stat info;
    int i, code;

    if (lstat(store->argument, &info) == 0)
        return ht_error(HT_NO, "%s is there already; it was left alone",
                        store->argument);
    code = find_group(&data->info, group);
    if (code == HT_OK)
        code = lock_file(store);
    if (code != HT_OK)
        return code;
    data->lines = apr_array_make(store->pool, 2, sizeof(as_span));
    for (i = 0; i < 2; i++)
        *(as_span *)apr_array_push(data->lines) = as_span_of(text[i]);
    return place_new(store);
}

/* ---- check ----------------------------------------------------------- */

/* Who can write to the folder can put another file in the store's place. */
static void check_folder(ht_store *store, apr_array_header_t *problems)
{
    struct stat info;

    if (stat(folder_of(store), &info) == 0 && (info.st_mode & S_IWOTH)
        && !(info.st_mode & S_ISVTX))
        add_problem(problems, 0, apr_psprintf(problems->pool, "everybody can "
                    "write to the folder %s, and so replace the store: chmod "
                    "o-w", folder_of(store)), 1);
}

static int check(ht_store *store, apr_array_header_t *problems, int *count)
{
    const char *why;
    int fd, code = open_file(&fd, store);

    if (code != HT_OK)
        return code;
    code = read_lines(store, fd);
    close(fd);
    if (code != HT_OK)
        return code;
    why = misfit(&data_of(store)->info, store->argument, store->pool);
    if (why)
        add_problem(problems, 0, why, 0);
    check_folder(store, problems);
    *count = S_ISREG(data_of(store)->info.st_mode)
                 ? index_all(store, problems, 1) : 0;
    return HT_OK;
}

static void close_store(ht_store *store)
{
    file_data *data = store->data;

    if (data && data->lock)
        apr_file_close(data->lock);
}

const ht_backend ht_file = {
    .name = "file",
    .init = init,
    .look = look,
    .begin = begin,
    .find = find,
    .has = has,
    .put = put,
    .drop = drop,
    .commit = commit,
    .check = check,
    .close = close_store,
};
