/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/* What cppcheck must know of headers that it does not read: loops of jansson. */
#define json_array_foreach(array, i, value) \
    for (i = 0; i < json_array_size(array) \
                && (value = json_array_get(array, i)); i++)
#define json_object_foreach(object, key, value) \
    for (key = json_object_iter_key(json_object_iter(object)); \
         key && (value = json_object_get(object, key)); \
         key = next_key(object, key))

/* It knows what snprintf() fills. */
#define apr_snprintf snprintf
