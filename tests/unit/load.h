/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * load.h - vectors in JSON files, after unit.h.
 */
#ifndef UNIT_LOAD_H
#define UNIT_LOAD_H

#include <jansson.h>

#define LOADED_MOST 16

static json_t *loaded[LOADED_MOST];
static int loaded_count;

static void drop_loaded(void)
{
    while (loaded_count)
        json_decref(loaded[--loaded_count]);
}

/* A section of a file below the folder of vectors; lives until the program
 * ends. */
static json_t *load(const char *name, const char *section)
{
    char path[512];
    json_error_t error;
    json_t *file;

    snprintf(path, sizeof(path), "%s/%s", VECTORS, name);
    file = json_load_file(path, 0, &error);
    if (!file)
        fail_msg("%s: %s", path, error.text);
    assert_true(loaded_count < LOADED_MOST);
    if (!loaded_count)
        atexit(drop_loaded);
    loaded[loaded_count++] = file;
    return json_object_get(file, section);
}

#endif
