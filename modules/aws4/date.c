/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "date.h"

static int is_number(as_span text, apr_size_t at, apr_size_t len)
{
    for (; len; len--)
        if (!apr_isdigit(text.at[at++]))
            return 0;
    return 1;
}

static int number(as_span text, apr_size_t at, apr_size_t len)
{
    int value = 0;

    for (; len; len--)
        value = 10 * value + (text.at[at++] - '0');
    return value;
}

static int days_of(int month, int year)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30,
                                31, 31, 30, 31, 30, 31 };
    int is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    return days[month - 1] + (month == 2 && is_leap);
}

int aws4_is_day(as_span text)
{
    int year, month, day;

    if (text.len != 8 || !is_number(text, 0, 8))
        return 0;
    year = number(text, 0, 4);
    month = number(text, 4, 2);
    day = number(text, 6, 2);
    return month >= 1 && month <= 12 && day >= 1
           && day <= days_of(month, year);
}

apr_status_t aws4_long_date(apr_time_t *time, as_span text)
{
    apr_time_exp_t parts;

    if (text.len != AWS4_DATE_LEN
        || !aws4_is_day((as_span){ text.at, 8 }) || text.at[8] != 'T'
        || !is_number(text, 9, 6) || text.at[15] != 'Z')
        return APR_EINVAL;
    memset(&parts, 0, sizeof(parts));
    parts.tm_year = number(text, 0, 4) - 1900;
    parts.tm_mon = number(text, 4, 2) - 1;
    parts.tm_mday = number(text, 6, 2);
    parts.tm_hour = number(text, 9, 2);
    parts.tm_min = number(text, 11, 2);
    parts.tm_sec = number(text, 13, 2);
    if (parts.tm_year < 70 || parts.tm_hour > 23 || parts.tm_min > 59
        || parts.tm_sec > 59)
        return APR_EINVAL;
    return apr_time_exp_gmt_get(time, &parts) == APR_SUCCESS ? APR_SUCCESS
                                                             : APR_EINVAL;
}

static int month_of(as_span text, apr_size_t at)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    int month = 12;

    while (month && memcmp(names + 3 * (month - 1), text.at + at, 3) != 0)
        month--;
    return month;
}

/* Fri, 24 May 2013 00:00:00 GMT: "d" is a digit, "a" a letter. */
static int has_form(as_span text, const char *form)
{
    apr_size_t i;

    if (text.len != strlen(form))
        return 0;
    for (i = 0; i < text.len; i++)
        if (form[i] == 'd' ? !apr_isdigit(text.at[i])
            : form[i] == 'a' ? !apr_isalpha(text.at[i])
                             : form[i] != text.at[i])
            return 0;
    return 1;
}

apr_status_t aws4_date_of_http(as_span *date, as_span text,
                               apr_pool_t *pool)
{
    int month;

    if (!has_form(text, "aaa, dd aaa dddd dd:dd:dd GMT"))
        return APR_EINVAL;
    month = month_of(text, 8);
    if (!month)
        return APR_EINVAL;
    *date = as_span_of(apr_psprintf(
        pool, "%.4s%02d%.2sT%.2s%.2s%.2sZ", text.at + 12, month, text.at + 5,
        text.at + 17, text.at + 20, text.at + 23));
    return APR_SUCCESS;
}
