/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * A form's body. What is read twice reads the same, and no field is there that
 * can't be found by its name.
 */
#include <stdint.h>
#include <stdlib.h>

#include "apr_general.h"
#include "apr_pools.h"

#include "form.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static apr_pool_t *root;
    apr_pool_t *pool;
    as_fields fields;
    const char *why = NULL;
    int i;

    if (!root && (apr_initialize() != APR_SUCCESS
                  || apr_pool_create(&root, NULL) != APR_SUCCESS))
        abort();
    apr_pool_create(&pool, root);
    if (as_fields_parse(&fields, &why, (as_span){ (const char *)data, size },
                        pool)
        == APR_SUCCESS) {
        for (i = 0; i < fields.count; i++) {
            const as_field *field = &fields.field[i];

            if (as_fields_get(&fields, as_string(pool, field->name))
                    != &field->value
                || memchr(field->value.at, '\0', field->value.len))
                abort();
        }
    }
    else if (!why) {
        abort();
    }
    apr_pool_destroy(pool);
    return 0;
}
