/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "date.h"
#include "sign.h"
#include "verify.h"

/* ---- dates ----------------------------------------------------------- */

/* x-amz-date, else Date, which may be an HTTP date and then is signed as the
 * long date that it means. */
static aws4_fault header_date(aws4_checked *checked,
                              const aws4_message *message,
                              const aws4_request_credentials *sent,
                              apr_pool_t *pool)
{
    const char *name = "x-amz-date";
    const char *value = apr_table_get(message->headers, name);

    if (!value) {
        name = "date";
        value = apr_table_get(message->headers, name);
    }
    checked->why = "neither X-Amz-Date nor Date";
    if (!value)
        return AWS4_BAD_DATE;
    checked->header = name;
    checked->why = "the date is not signed";
    if (!aws4_signs(sent, as_span_of(name)))
        return AWS4_UNSIGNED;
    checked->date = as_span_of(value);
    if (*name == 'd')
        aws4_date_of_http(&checked->date, checked->date, pool);
    return AWS4_OK;
}

static aws4_fault check_skew(aws4_checked *checked, apr_time_t now,
                             const aws4_policy *policy)
{
    apr_time_t skew = apr_time_from_sec(policy->skew);

    checked->why = "the date is too far from ours";
    return checked->signed_at < now - skew || checked->signed_at > now + skew
               ? AWS4_SKEWED : AWS4_OK;
}

/* The seconds that a presigned URL is good for; 0 if it may not be. */
static int lifetime(const aws4_request_credentials *sent, int s3,
                    const aws4_policy *policy)
{
    int most = policy->max_expires ? policy->max_expires : AWS4_EXPIRES_MAX;
    int expires = sent->expires;

    if (!expires && !s3)
        expires = policy->missing_expires;
    return expires <= most ? expires : 0;
}

static aws4_fault check_expiry(aws4_checked *checked,
                               const aws4_request_credentials *sent,
                               apr_time_t now, const aws4_policy *policy)
{
    int seconds = lifetime(sent, checked->s3, policy);

    checked->why = "X-Amz-Expires is missing, or more than is allowed";
    if (!seconds)
        return AWS4_QUERY_MALFORMED;
    checked->expires_at = checked->signed_at + apr_time_from_sec(seconds);
    checked->why = "a presigned URL of the future";
    if (now < checked->signed_at - apr_time_from_sec(policy->skew))
        return AWS4_NOT_YET;
    checked->why = "a presigned URL that has expired";
    return now > checked->expires_at ? AWS4_EXPIRED : AWS4_OK;
}

static aws4_fault check_date(aws4_checked *checked,
                             const aws4_message *message,
                             const aws4_request_credentials *sent,
                             apr_time_t now, const aws4_policy *policy,
                             apr_pool_t *pool)
{
    aws4_fault fault = AWS4_OK;

    checked->date = sent->date;
    if (!sent->is_query)
        fault = header_date(checked, message, sent, pool);
    if (fault != AWS4_OK)
        return fault;
    checked->header = NULL;
    checked->why = "the date can't be read";
    if (aws4_long_date(&checked->signed_at, checked->date) != APR_SUCCESS)
        return AWS4_BAD_DATE;
    return sent->is_query ? check_expiry(checked, sent, now, policy)
                          : check_skew(checked, now, policy);
}

/* ---- the rest without a key ------------------------------------------ */

static int is_wanted(as_span text, const char *const *list)
{
    if (!list)
        return 1;
    for (; *list; list++)
        if (as_span_is(text, *list))
            return 1;
    return 0;
}

static aws4_fault check_scope(aws4_checked *checked,
                              const aws4_request_credentials *sent,
                              const aws4_policy *policy)
{
    checked->why = "the scope's day is not that of the date";
    if (memcmp(sent->day.at, checked->date.at, sent->day.len) != 0)
        return AWS4_SCOPE;
    checked->why = "a service that is not served here";
    if (!is_wanted(sent->service, policy->services))
        return AWS4_SCOPE;
    checked->why = "a region that is not served here";
    return is_wanted(sent->region, policy->regions) ? AWS4_OK : AWS4_SCOPE;
}

static aws4_fault check_headers(aws4_checked *checked,
                                const aws4_message *message,
                                const aws4_request_credentials *sent,
                                const aws4_policy *policy)
{
    checked->why = "a session token in the query and in a header";
    if (sent->token.at
        && apr_table_get(message->headers, "x-amz-security-token"))
        return AWS4_QUERY_MALFORMED;
    checked->why = "a header must be signed and is not";
    checked->header = aws4_unsigned_header(message, sent,
                                           policy->more_signed);
    return checked->header ? AWS4_UNSIGNED : AWS4_OK;
}

static int is_open(aws4_body body)
{
    return body == AWS4_BODY_OPEN || body == AWS4_BODY_CHUNKS_OPEN;
}

static aws4_fault check_payload(aws4_checked *checked,
                                const aws4_message *message,
                                const aws4_request_credentials *sent,
                                const aws4_policy *policy, apr_pool_t *pool)
{
    aws4_fault fault = aws4_payload_read(&checked->payload, &checked->why,
                                         message, sent, checked->s3, pool);

    if (fault != AWS4_OK)
        return fault;
    checked->why = "the body is not signed, which is not allowed here";
    return is_open(checked->payload.body) && !policy->allow_open
               ? AWS4_PAYLOAD_OPEN : AWS4_OK;
}

aws4_fault aws4_check(aws4_checked *checked, const aws4_message *message,
                      const aws4_request_credentials *credentials,
                      apr_time_t now, const aws4_policy *policy,
                      apr_pool_t *pool)
{
    aws4_fault fault;

    memset(checked, 0, sizeof(*checked));
    checked->s3 = aws4_is_s3(credentials->service, policy->s3_services);
    fault = check_date(checked, message, credentials, now, policy, pool);
    if (fault == AWS4_OK)
        fault = check_scope(checked, credentials, policy);
    if (fault == AWS4_OK)
        fault = check_headers(checked, message, credentials, policy);
    if (fault == AWS4_OK)
        fault = check_payload(checked, message, credentials, policy, pool);
    return fault;
}

/* ---- the signature --------------------------------------------------- */

static aws4_fault try_reading(const aws4_checked *checked,
                              const aws4_request_credentials *sent,
                              const unsigned char key[AS_SHA256_LEN],
                              as_span canonical, apr_pool_t *pool)
{
    unsigned char signature[AS_SHA256_LEN];
    as_span text;
    int is_same;

    if (aws4_string_to_sign(&text, checked->date, sent->scope, canonical,
                            pool) != APR_SUCCESS
        || aws4_signature(signature, key, text) != APR_SUCCESS)
        return AWS4_BROKEN;
    is_same = aws4_is_same(signature, sent->signature);
    as_wipe(signature, sizeof(signature)); /* the right one, for a wrong one */
    return is_same ? AWS4_OK : AWS4_MISMATCH;
}

static aws4_fault try_readings(aws4_checked *checked,
                               const aws4_request_credentials *sent,
                               const unsigned char key[AS_SHA256_LEN],
                               aws4_readings *readings, apr_pool_t *pool)
{
    aws4_fault fault = AWS4_MISMATCH;
    as_span canonical;

    checked->reading = -1;
    while (fault == AWS4_MISMATCH
           && aws4_readings_next(&canonical, readings)) {
        fault = try_reading(checked, sent, key, canonical, pool);
        checked->reading++;
    }
    if (fault == AWS4_OK && aws4_readings_is_open(readings))
        checked->payload.body = AWS4_BODY_OPEN;
    return fault;
}

static const char *why_not(aws4_fault fault)
{
    if (fault == AWS4_OK)
        return NULL;
    return fault == AWS4_MISMATCH ? "the signature is of another request"
                                  : "OpenSSL failed";
}

aws4_fault aws4_compare(aws4_checked *checked, const aws4_message *message,
                        const aws4_request_credentials *credentials,
                        const unsigned char key[AS_SHA256_LEN],
                        const aws4_policy *policy, apr_pool_t *pool)
{
    aws4_readings *readings;
    aws4_fault fault;

    /* The body may have come since. */
    fault = check_payload(checked, message, credentials, policy, pool);
    if (fault != AWS4_OK)
        return fault;
    checked->why = "the body's hash is needed";
    if (!checked->payload.line.at)
        return AWS4_BODY_FIRST;
    fault = aws4_readings_begin(&readings, &checked->why, message,
                                credentials, &checked->payload, checked->s3,
                                &policy->compat, pool);
    if (fault != AWS4_OK)
        return fault;
    fault = try_readings(checked, credentials, key, readings, pool);
    checked->why = why_not(fault);
    return fault;
}

aws4_fault aws4_verify(aws4_checked *checked, const aws4_message *message,
                       const aws4_request_credentials *credentials,
                       const unsigned char key[AS_SHA256_LEN],
                       apr_time_t now, const aws4_policy *policy,
                       apr_pool_t *pool)
{
    aws4_fault fault = aws4_check(checked, message, credentials, now, policy,
                                  pool);

    return fault == AWS4_OK
               ? aws4_compare(checked, message, credentials, key, policy,
                              pool)
               : fault;
}

as_span aws4_token(const aws4_message *message,
                   const aws4_request_credentials *credentials)
{
    if (credentials->token.at)
        return credentials->token;
    return as_span_of(apr_table_get(message->headers,
                                    "x-amz-security-token"));
}
