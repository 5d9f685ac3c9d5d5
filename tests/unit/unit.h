/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * unit.h - what every cmocka program needs: a pool per test and spans.
 */
#ifndef UNIT_H
#define UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "apr_general.h"
#include "apr_pools.h"
#include "authscheme_span.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static APR_INLINE int unit_setup(void **state)
{
    apr_pool_t *pool;

    if (apr_initialize() != APR_SUCCESS
        || apr_pool_create(&pool, NULL) != APR_SUCCESS)
        return -1;
    *state = pool;
    return 0;
}

static APR_INLINE int unit_teardown(void **state)
{
    apr_pool_destroy(*state);
    apr_terminate();
    return 0;
}

#define UNIT_TEST(f) cmocka_unit_test_setup_teardown(f, unit_setup, unit_teardown)

static APR_INLINE void assert_span(as_span span, const char *text)
{
    assert_int_equal(span.len, strlen(text));
    if (span.len)
        assert_memory_equal(span.at, text, span.len);
}

/* A copy that ends where its memory ends, so that a sanitizer sees a read past
 * the span. Free it. */
static APR_INLINE as_span exact(const char *text, size_t len)
{
    char *copy = malloc(len ? len : 1);

    assert_non_null(copy);
    memcpy(copy, text, len);
    return (as_span){ copy, len };
}

#endif
