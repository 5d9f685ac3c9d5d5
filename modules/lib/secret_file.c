/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * A file is random bytes in any form, white space at its ends not counted; the
 * secret is their hash.
 */
#include "apr_file_info.h"
#include "apr_file_io.h"

#include "secret_file.h"

#define SECRET_MIN 32
#define SECRET_MAX 4096
#define BEYOND_GROUP_READ \
    (APR_FPROT_WREAD | APR_FPROT_WWRITE | APR_FPROT_GWRITE)

/* NULL, or why a file can not hold a secret. */
static const char *misfit(const char *file, const apr_finfo_t *info,
                          apr_pool_t *pool)
{
    if (info->filetype != APR_REG)
        return apr_psprintf(pool, "%s is not a regular file", file);
    if (info->protection & BEYOND_GROUP_READ)
        return apr_psprintf(pool, "%s must be readable by its owner and group "
                            "only, and writable by its owner only: chmod 640",
                            file);
    return NULL;
}

static as_span trim(const char *at, apr_size_t len)
{
    while (len && apr_isspace(at[len - 1]))
        len--;
    while (len && apr_isspace(*at)) {
        at++;
        len--;
    }
    return (as_span){ at, len };
}

/* NULL, or why the bytes are no secret. */
static const char *digest(unsigned char secret[AS_SHA256_LEN],
                          const char *file, as_span bytes, apr_pool_t *pool)
{
    const as_span parts[] = { { "server secret", 13 }, bytes };

    if (bytes.len < SECRET_MIN || bytes.len > SECRET_MAX)
        return apr_psprintf(pool, "%s must hold %d to %d bytes, not counting "
                            "white space at its ends: openssl rand -base64 48",
                            file, SECRET_MIN, SECRET_MAX);
    if (as_hash(secret, parts, 2) != APR_SUCCESS)
        return "cannot hash the secret";
    return NULL;
}

static const char *read_open_file(unsigned char secret[AS_SHA256_LEN],
                                  apr_file_t *f, const char *file,
                                  apr_pool_t *pool)
{
    char bytes[SECRET_MAX + 256];
    apr_size_t len = 0;
    const char *error;
    apr_status_t rv = apr_file_read_full(f, bytes, sizeof(bytes), &len);

    if (rv == APR_SUCCESS || rv == APR_EOF)
        error = digest(secret, file, trim(bytes, len), pool);
    else
        error = apr_psprintf(pool, "cannot read %s: %pm", file, &rv);
    as_wipe(bytes, sizeof(bytes));
    return error;
}

const char *as_secret_read(unsigned char secret[AS_SHA256_LEN],
                           const char *file, apr_pool_t *pool)
{
    apr_finfo_t info;
    apr_file_t *f;
    const char *error;
    apr_status_t rv = apr_stat(&info, file, APR_FINFO_TYPE | APR_FINFO_PROT,
                               pool);

    if (rv == APR_SUCCESS) {
        error = misfit(file, &info, pool); /* before a pipe could block us */
        if (error)
            return error;
        rv = apr_file_open(&f, file, APR_FOPEN_READ | APR_FOPEN_BINARY, 0,
                           pool);
    }
    if (rv != APR_SUCCESS)
        return apr_psprintf(pool, "cannot open %s: %pm", file, &rv);
    error = read_open_file(secret, f, file, pool);
    apr_file_close(f);
    return error;
}

apr_status_t as_secret_derive(unsigned char key[AS_SHA256_LEN],
                              const unsigned char secret[AS_SHA256_LEN],
                              const char *purpose)
{
    const as_span parts[] = { { "key for", 7 }, as_span_of(purpose) };

    return as_mac(key, (as_span){ (const char *)secret, AS_SHA256_LEN }, parts,
                  2);
}
