/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * Stands in for libFuzzer: runs the target once for each file that is named.
 */
#include <stdio.h>

#include "fuzz.h"

static int replay(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data, *exact;
    size_t size;

    if (!file) {
        perror(path);
        return 1;
    }
    data = malloc(1 << 20);
    size = fread(data, 1, 1 << 20, file);
    fclose(file);
    exact = malloc(size ? size : 1);
    memcpy(exact, data, size);
    free(data);
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    return 0;
}

int main(int argc, char *argv[])
{
    int i, status = 0;

    for (i = 1; i < argc; i++)
        status |= replay(argv[i]);
    return status;
}
