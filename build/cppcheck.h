/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/* Loops of jansson's that cppcheck must know: it does not read system headers. */
#define json_array_foreach(array, i, value) \
    for (i = 0; i < json_array_size(array) \
                && (value = json_array_get(array, i)); i++)
#define json_object_foreach(object, key, value) \
    for (key = json_object_iter_key(json_object_iter(object)); \
         key && (value = json_object_get(object, key)); \
         key = next_key(object, key))
