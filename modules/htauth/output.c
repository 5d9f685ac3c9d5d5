/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * What people and programs see. Names come from files and databases that
 * others write to: nothing in them reaches a terminal as a control character.
 */
#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>
#include <utf8proc.h>

#include "apr_strings.h"
#include "apr_time.h"

#include "cred.h"
#include "htauth.h"
#include "text.h"

#define LINE_MAX_LEN 4096
#define GAP 2         /* blanks between columns */
#define SHORT_ID 12   /* characters of a hash that people see */

/* ---- text ------------------------------------------------------------ */

static apr_size_t character(as_span rest)
{
    apr_size_t len;

    for (len = 1; len <= 4 && len <= rest.len; len++)
        if (as_text_is_utf8((as_span){ rest.at, len }))
            return as_text_has_controls((as_span){ rest.at, len }) ? 0 : len;
    return 0;
}

const char *ht_clean(apr_pool_t *pool, const char *text)
{
    as_span rest = as_span_of(text);
    char *made = apr_palloc(pool, 4 * rest.len + 1), *end = made;

    while (rest.len) {
        apr_size_t len = character(rest), i;

        for (i = 0; i < len; i++)
            *end++ = rest.at[i];
        if (len == 0) {
            apr_snprintf(end, 5, "\\x%02x", (unsigned char)*rest.at);
            end += 4;
            len = 1;
        }
        rest = (as_span){ rest.at + len, rest.len - len };
    }
    *end = '\0';
    return made;
}

/* One line, whatever it is made of. */
static void say(FILE *to, const char *before, const char *format, va_list ap)
{
    char line[LINE_MAX_LEN], *end;
    const char *part = line;

    apr_vsnprintf(line, sizeof(line), format, ap);
    fputs(before, to);
    while (*part) { /* line feeds are ours */
        apr_size_t len;
        as_span rest = as_span_of(part);

        end = strchr(part, '\n');
        len = part == end ? 1 : character(rest);
        if (len)
            fwrite(part, 1, len, to);
        else
            fprintf(to, "\\x%02x", (unsigned char)*part);
        part += len ? len : 1;
    }
}

int ht_error(int code, const char *format, ...)
{
    va_list ap;

    fflush(stdout);
    va_start(ap, format);
    say(stderr, "htauth: ", format, ap);
    va_end(ap);
    fputc('\n', stderr);
    return code;
}

void ht_note(const char *format, ...)
{
    va_list ap;

    fflush(stdout);
    va_start(ap, format);
    say(stderr, "", format, ap);
    va_end(ap);
    fputc('\n', stderr);
}

void ht_print(const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    say(stdout, "", format, ap);
    va_end(ap);
}

/* ---- tables ---------------------------------------------------------- */

/* Columns of a terminal that a cell takes. */
static int width_of(const char *cell)
{
    const utf8proc_uint8_t *at = (const utf8proc_uint8_t *)cell;
    utf8proc_int32_t code;
    utf8proc_ssize_t len;
    int width = 0;

    while (*at && (len = utf8proc_iterate(at, -1, &code)) > 0) {
        width += utf8proc_charwidth(code);
        at += len;
    }
    return width;
}

static const char *cell_at(const apr_array_header_t *cells, int i)
{
    return APR_ARRAY_IDX(cells, i, const char *);
}

/* 0 if nothing stands below its title. */
static int column_width(const apr_array_header_t *cells, int column,
                        int columns)
{
    int widest = 0, i;

    for (i = column + columns; i < cells->nelts; i += columns) {
        int width = width_of(cell_at(cells, i));

        widest = width > widest ? width : widest;
    }
    if (widest == 0)
        return 0;
    i = width_of(cell_at(cells, column));
    return i > widest ? i : widest;
}

static void print_row(const apr_array_header_t *cells, int row,
                      const int *widths, int columns)
{
    int pending = 0, i;

    for (i = 0; i < columns; i++) {
        const char *cell = cell_at(cells, row * columns + i);

        if (widths[i] == 0)
            continue;
        if (*cell) {
            printf("%*s%s", pending, "", cell);
            pending = 0;
        }
        pending += widths[i] - width_of(cell) + GAP;
    }
    putchar('\n');
}

void ht_print_table(const apr_array_header_t *cells, int columns,
                    apr_pool_t *pool)
{
    int *widths = apr_pcalloc(pool, sizeof(*widths) * (apr_size_t)columns);
    int i;

    for (i = 0; i < cells->nelts; i++)
        ((const char **)cells->elts)[i] = ht_clean(pool, cell_at(cells, i));
    for (i = 0; i < columns; i++)
        widths[i] = column_width(cells, i, columns);
    for (i = 0; i < cells->nelts / columns; i++)
        print_row(cells, i, widths, columns);
}

/* ---- times ----------------------------------------------------------- */

static const char *format_time(apr_pool_t *pool, apr_time_t time,
                               const char *format)
{
    char text[64] = "?";
    apr_time_exp_t parts;
    apr_size_t len;

    if (time == 0)
        return "";
    if (apr_time_exp_gmt(&parts, time) == APR_SUCCESS)
        apr_strftime(text, &len, sizeof(text), format, &parts);
    return apr_pstrdup(pool, text);
}

const char *ht_day(apr_pool_t *pool, apr_time_t time)
{
    return format_time(pool, time, "%Y-%m-%d");
}

const char *ht_date(apr_pool_t *pool, apr_time_t time)
{
    return format_time(pool, time, "%Y-%m-%d %H:%M");
}

const char *ht_rfc3339(apr_pool_t *pool, apr_time_t time)
{
    return format_time(pool, time, "%Y-%m-%dT%H:%M:%SZ");
}

apr_time_t ht_now(void)
{
    return apr_time_from_sec(apr_time_sec(apr_time_now()));
}

static const struct {
    char letter;
    int seconds;
} units[] = { { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 }, { 'w', 604800 } };

#define YEARS_MAX 100

/* "30d"; 0 if it is none. */
static apr_time_t span_of_time(const char *text)
{
    char *end;
    apr_int64_t number = apr_strtoi64(text, &end, 10), seconds;
    apr_size_t i = 0;

    if (!apr_isdigit(*text) || !*end || end[1])
        return 0;
    while (units[i].letter != *end)
        if (++i == sizeof(units) / sizeof(units[0]))
            return 0;
    if (number <= 0 || number > 366LL * YEARS_MAX * 1440)
        return 0;
    seconds = number * units[i].seconds;
    return seconds > 366LL * YEARS_MAX * 86400 ? 0
                                               : apr_time_from_sec(seconds);
}

/* YYYY-MM-DD, the beginning of that day; 0 if it is none. */
static apr_time_t day(const char *text)
{
    apr_time_exp_t parts = { 0 }, again;
    apr_time_t time = 0;
    int year, month, mday, end = 0;

    if (strlen(text) != 10 /* NOLINTNEXTLINE(cert-err34-c): bounded above */
        || sscanf(text, "%4d-%2d-%2d%n", &year, &month, &mday, &end) != 3
        || end != 10)
        return 0;
    parts.tm_year = year - 1900;
    parts.tm_mon = month - 1;
    parts.tm_mday = mday;
    if (apr_time_exp_gmt_get(&time, &parts) != APR_SUCCESS
        || apr_time_exp_gmt(&again, time) != APR_SUCCESS
        || again.tm_mday != mday || again.tm_mon != month - 1)
        return 0;
    return time;
}

int ht_expiry(apr_time_t *expires, const char *text, const char *usual)
{
    apr_time_t span, now = ht_now();

    *expires = 0;
    text = text ? text : usual;
    if (!strcmp(text, "never"))
        return HT_OK;
    span = span_of_time(text);
    *expires = span ? now + span : day(text);
    if (*expires > now)
        return HT_OK;
    if (*expires)
        return ht_error(HT_USAGE, "--expires %s is over already", text);
    return ht_error(HT_USAGE, "--expires takes 90m, 12h, 30d, 8w, a day as "
                    "2027-01-31, or never");
}

/* ---- credentials ----------------------------------------------------- */

const char *ht_kind_title(as_cred_kind kind)
{
    static const char *const titles[AS_CRED_KINDS] = {
        [AS_CRED_PASSWORD] = "password", [AS_CRED_DIGEST] = "Digest",
        [AS_CRED_MUTUAL] = "Mutual",     [AS_CRED_AWS4] = "AWS key",
        [AS_CRED_TOKEN] = "token",       [AS_CRED_HOBA] = "HOBA key",
        [AS_CRED_INVITE] = "invitation",
    };

    return titles[kind];
}

const char *ht_short_id(apr_pool_t *pool, const as_cred *cred)
{
    if (HT_KIND(cred->kind) & HT_PASSWORDS)
        return "";
    if (cred->kind == AS_CRED_AWS4)
        return cred->id;
    return apr_pstrmemdup(pool, cred->id,
                          strlen(cred->id) < SHORT_ID ? strlen(cred->id)
                                                      : SHORT_ID);
}

/* Texts of a store may be no UTF-8, which JSON can't hold. */
static void set_text(json_t *object, const char *name, const char *text,
                     apr_pool_t *pool)
{
    if (!*text)
        return;
    if (!as_text_is_utf8(as_span_of(text)))
        text = ht_clean(pool, text);
    json_object_set_new(object, name, json_string(text));
}

/* The value stays where it is. */
json_t *ht_json_of(const as_cred *cred, apr_pool_t *pool)
{
    json_t *object = json_object();

    set_text(object, "kind", as_cred_kind_name(cred->kind), pool);
    set_text(object, "id", cred->id, pool);
    set_text(object, "user", cred->user, pool);
    set_text(object, "realm", cred->realm, pool);
    set_text(object, "place", cred->place, pool);
    set_text(object, "algorithm", cred->algorithm, pool);
    set_text(object, "label", cred->label, pool);
    set_text(object, "scope", cred->scope, pool);
    set_text(object, "state", as_cred_state_name(cred->state), pool);
    set_text(object, "created", ht_rfc3339(pool, cred->created), pool);
    set_text(object, "expires", ht_rfc3339(pool, cred->expires), pool);
    return object;
}

int ht_print_json(json_t *value)
{
    int failed = json_dumpf(value, stdout, JSON_INDENT(2)) != 0;

    json_decref(value);
    putchar('\n');
    return failed ? ht_error(HT_SYSTEM, "the answer could not be written")
                  : HT_OK;
}
