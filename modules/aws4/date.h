/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * date.h - dates that are signed: 20130524T000000Z, and those of HTTP.
 */
#ifndef AWS4_DATE_H
#define AWS4_DATE_H

#include "apr_errno.h"
#include "apr_time.h"
#include "authscheme_span.h"

#define AWS4_DATE_LEN 16 /* of a long date */

/* Whether the text is eight digits that are a day of the calendar. */
int aws4_is_day(as_span text);

/* The time of a long date, YYYYMMDD "T" hhmmss "Z". APR_EINVAL for any other
 * text and before 1970. */
apr_status_t aws4_long_date(apr_time_t *time, as_span text);

/* The long date for an HTTP date, IMF-fixdate of RFC 9110 section 5.6.7.
 * APR_EINVAL if it is none. */
apr_status_t aws4_date_of_http(as_span *date, as_span text,
                               apr_pool_t *pool);

#endif
