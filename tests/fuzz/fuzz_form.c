/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * A form's body: every field that is read is found by its name.
 */
#include "form.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    const char *why = NULL;
    as_fields fields;
    int i;

    if (as_fields_parse(&fields, &why, fuzz_span(data, size), pool)
        != APR_SUCCESS) {
        REQUIRE(why);
        return 0;
    }
    for (i = 0; i < fields.count; i++) {
        const as_field *field = &fields.field[i];
        const char *name = as_string(pool, field->name);

        REQUIRE(as_fields_get(&fields, name) == &field->value);
        REQUIRE(!memchr(field->value.at, '\0', field->value.len));
    }
    return 0;
}
