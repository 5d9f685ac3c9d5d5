/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * What a name or a password may consist of. All verifiers are hashes of
 * octets, and clients send UTF-8 in NFC: RFC 8265 (UsernameCasePreserved,
 * OpaqueString) as far as it changes octets that people type. A colon in a
 * name would make H(A1) ambiguous and can't be sent by Basic.
 */
#include <utf8proc.h>

#include "htauth.h"
#include "password.h"
#include "secret.h"
#include "text.h"

#define LABEL_MAX 1024
#define ROOM (4 * HT_PASSWORD_ROOM) /* code points of a text, taken apart */

static utf8proc_int32_t keep(utf8proc_int32_t code, void *unused)
{
    (void)unused;
    return code;
}

/* OpaqueString, RFC 8265 section 4.2.2: every space is the one of ASCII. */
static utf8proc_int32_t plain_blank(utf8proc_int32_t code, void *unused)
{
    (void)unused;
    return utf8proc_category(code) == UTF8PROC_CATEGORY_ZS ? ' ' : code;
}

/* text -> made, terminated, in NFC. Both may be the same memory. APR_EINVAL if
 * it does not fit into size. Keeps no copy. */
static apr_status_t compose(char *made, apr_size_t size, as_span text,
                            utf8proc_custom_func each)
{
    utf8proc_int32_t codes[ROOM + 1];
    utf8proc_ssize_t n = utf8proc_decompose_custom(
        (const utf8proc_uint8_t *)text.at, (utf8proc_ssize_t)text.len, codes,
        ROOM, UTF8PROC_STABLE | UTF8PROC_COMPOSE, each, NULL);
    apr_status_t rv = APR_EINVAL;

    if (n >= 0 && n <= ROOM)
        n = utf8proc_reencode(codes, n, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
    if (n >= 0 && n < (utf8proc_ssize_t)size && n <= ROOM) {
        memcpy(made, codes, (apr_size_t)n);
        made[n] = '\0';
        rv = APR_SUCCESS;
    }
    as_wipe(codes, sizeof(codes));
    return rv;
}

/* ---- names ----------------------------------------------------------- */

/* NULL, or why no spelling of it is a name. */
static const char *fault_of(as_span name)
{
    if (name.len == 0)
        return "is empty";
    if (name.len > HT_NAME_MAX)
        return "has more than 255 octets";
    if (!as_text_is_utf8(name))
        return "is not UTF-8";
    if (as_text_has_controls(name))
        return "has a control character";
    if (name.len >= 3 && !memcmp(name.at, "\xef\xbb\xbf", 3))
        return "begins with a byte order mark";
    if (memchr(name.at, ':', name.len))
        return "has a colon";
    if (name.at[0] == ' ' || name.at[name.len - 1] == ' ')
        return "begins or ends with a blank";
    return NULL;
}

static const char *nfc(apr_pool_t *pool, as_span text)
{
    char *made = apr_palloc(pool, ROOM);

    if (as_text_is_ascii(text))
        return as_string(pool, text);
    return compose(made, ROOM, text, keep) == APR_SUCCESS ? made : NULL;
}

const char *ht_name_misfit(as_span name)
{
    const char *fault = fault_of(name);
    char made[HT_NAME_MAX + 1];

    if (fault || as_text_is_ascii(name))
        return fault;
    if (compose(made, sizeof(made), name, keep) == APR_SUCCESS
        && as_span_is(name, made))
        return NULL;
    return "is not in Unicode's composed form (NFC)";
}

int ht_name(const char **name, const char *what, const char *text,
            apr_pool_t *pool)
{
    const char *fault = fault_of(as_span_of(text));

    *name = fault ? NULL : nfc(pool, as_span_of(text));
    if (*name)
        fault = ht_name_misfit(as_span_of(*name));
    else if (!fault)
        fault = "has more than 255 octets";
    return fault ? ht_error(HT_NO, "%s \"%s\" %s", what, text, fault) : HT_OK;
}

int ht_label(const char **label, const char *text, apr_pool_t *pool)
{
    as_span span = as_span_of(text ? text : "");

    *label = "";
    if (span.len > LABEL_MAX || !as_text_is_utf8(span)
        || as_text_has_controls(span))
        return ht_error(HT_NO, "the label must be one line of UTF-8, up to %d "
                        "octets", LABEL_MAX);
    *label = nfc(pool, span);
    return *label ? HT_OK : ht_error(HT_NO, "the label is too long");
}

/* ---- passwords ------------------------------------------------------- */

const char *ht_password_prepare(char password[HT_PASSWORD_ROOM])
{
    as_span span = as_span_of(password);

    if (span.len == 0)
        return "the password is empty";
    if (!as_text_is_utf8(span))
        return "the password is not UTF-8; browsers and other clients would "
               "not send it like this";
    if (as_text_has_controls(span))
        return "the password has a control character, which clients can't "
               "send";
    if (!as_text_is_ascii(span)
        && compose(password, HT_PASSWORD_ROOM, span, plain_blank)
               != APR_SUCCESS)
        return "the password is too long";
    if (strlen(password) > AS_PASSWORD_MAX)
        return "the password has more than 511 octets";
    return NULL;
}
