/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * argv -> ht_run, by the rows of the verb and the global ones.
 *
 *     htauth [OPTION...] VERB [WORD | OPTION]...
 *     OPTION = --NAME | --NAME VALUE | --NAME=VALUE | -L VALUE
 *
 * Options and words may stand in any order; what follows "--" is words. An
 * option with a list takes further words as long as they are values of its.
 */
#include <stddef.h>

#include "htauth.h"

#define GLOBAL(field) offsetof(ht_options, field)

const ht_option ht_global_options[] = {
    { "store", 'f', "STORE", HT_TEXT, GLOBAL(store), NULL,
      "file:PATH or dbd:DRIVER:PARAMS; else $HTAUTH_STORE" },
    { "json", 0, NULL, HT_FLAG, GLOBAL(json), NULL,
      "answer in JSON, for programs" },
    { "help", 'h', NULL, HT_FLAG, GLOBAL(help), NULL, "this text" },
    { "version", 0, NULL, HT_FLAG, GLOBAL(version), NULL, "which htauth" },
    { NULL, 0, NULL, HT_FLAG, 0, NULL, NULL }
};

typedef struct parser {
    ht_run *run;
    const char *const *next; /* of argv, which ends with NULL */
    apr_array_header_t *words;
} parser;

/* ---- options --------------------------------------------------------- */

static const ht_option *row_of(const ht_option *rows, as_span name)
{
    for (; rows && rows->name; rows++)
        if (as_span_is(name, rows->name)
            || (rows->letter && name.len == 1 && *name.at == rows->letter))
            return rows;
    return NULL;
}

static const ht_option *option_of(const parser *p, as_span name)
{
    const ht_verb *verb = p->run->verb;
    const ht_option *row = verb ? row_of(verb->options, name) : NULL;

    return row ? row : row_of(ht_global_options, name);
}

/* "a,b" -> a, b; 0 if one of them is no value. */
static int push_values(apr_array_header_t *list, const ht_option *option,
                       const char *word)
{
    apr_size_t len;

    for (;; word += len + 1) {
        len = strcspn(word, ",");
        if (!option->fits((as_span){ word, len }))
            return 0;
        if (list)
            *(const char **)apr_array_push(list)
                = apr_pstrmemdup(list->pool, word, len);
        if (!word[len])
            return 1;
    }
}

static int take_list(parser *p, const ht_option *option, const char *value,
                     apr_array_header_t **list)
{
    if (!*list)
        *list = apr_array_make(p->run->pool, 4, sizeof(const char *));
    if (!push_values(*list, option, value))
        return ht_error(HT_USAGE, "--%s does not know \"%s\"; it takes %s",
                        option->name, value, option->value);
    while (*p->next && **p->next != '-' && push_values(NULL, option, *p->next))
        push_values(*list, option, *p->next++);
    return HT_OK;
}

static int take_value(parser *p, const ht_option *option, const char *value)
{
    char *field = (char *)&p->run->opt + option->at;

    if (option->type == HT_LIST)
        return take_list(p, option, value, (apr_array_header_t **)field);
    if (*(const char **)field)
        return ht_error(HT_USAGE, "--%s stands there twice", option->name);
    *(const char **)field = value;
    return HT_OK;
}

/* name: without its dashes, perhaps with "=value". */
static int take_option(parser *p, const char *name)
{
    as_span bare = { name, strcspn(name, "=") };
    const char *value = name[bare.len] ? name + bare.len + 1 : NULL;
    const ht_option *option = option_of(p, bare);

    if (!option)
        return ht_error(HT_USAGE, "there is no option \"%s\"; see htauth "
                        "%s --help", p->next[-1],
                        p->run->verb ? p->run->verb->name : "");
    if (option->type != HT_FLAG) {
        if (!value)
            value = *p->next;
        else
            return take_value(p, option, value);
        if (!value)
            return ht_error(HT_USAGE, "--%s needs %s", option->name,
                            option->value);
        p->next++;
        return take_value(p, option, value);
    }
    if (value)
        return ht_error(HT_USAGE, "--%s takes no value", option->name);
    *(int *)((char *)&p->run->opt + option->at) = 1;
    return HT_OK;
}

static int is_option(const char *word)
{
    return word[0] == '-' && word[1];
}

/* "-f", "--store": the name after the dashes. */
static const char *name_in(const char *word)
{
    return word[1] == '-' ? word + 2 : word + 1;
}

/* ---- verbs and words ------------------------------------------------- */

/* How many of the words a verb's name is; 0 if it is another. */
static int words_of_name(const char *name, const char *const *words)
{
    int count = 0;
    apr_size_t len;

    for (;; name += len + 1) {
        len = strcspn(name, " ");
        if (!words[count] || !as_span_is((as_span){ name, len }, words[count]))
            return 0;
        count++;
        if (!name[len])
            return count;
    }
}

static int take_verb(parser *p, const ht_verb *const *verbs)
{
    int begins = 0;

    for (; *verbs; verbs++) {
        int count = words_of_name((*verbs)->name, p->next);

        if (count) {
            p->run->verb = *verbs;
            p->next += count;
            return HT_OK;
        }
        begins |= !strncmp((*verbs)->name, *p->next, strlen(*p->next));
    }
    if (begins)
        return ht_error(HT_USAGE, "\"%s\" what? See htauth --help", *p->next);
    return ht_error(HT_USAGE, "there is no verb \"%s\"; see htauth --help",
                    *p->next);
}

static int take_next(parser *p, const ht_verb *const *verbs, int *only_words)
{
    const char *word = *p->next;

    if (!*only_words && is_option(word)) {
        p->next++;
        if (strcmp(word, "--") != 0)
            return take_option(p, name_in(word));
        *only_words = 1;
        return HT_OK;
    }
    if (!p->run->verb)
        return take_verb(p, verbs);
    *(const char **)apr_array_push(p->words) = word;
    p->next++;
    return HT_OK;
}

static int count_words(const ht_run *run)
{
    const ht_verb *verb = run->verb;

    if (run->opt.help || run->opt.version)
        return HT_OK;
    if (!verb)
        return ht_error(HT_USAGE, "what to do? See htauth --help");
    if (run->count < verb->least)
        return ht_error(HT_USAGE, "htauth %s needs %s", verb->name,
                        verb->words);
    if (run->count > verb->most)
        return ht_error(HT_USAGE, "htauth %s does not know what to do with "
                        "\"%s\"", verb->name, run->words[verb->most]);
    return HT_OK;
}

int ht_options_parse(ht_run *run, int argc, const char *const *argv,
                     const ht_verb *const *verbs)
{
    parser p = { run, argv + (argc ? 1 : 0), NULL };
    int code = HT_OK, only_words = 0;

    p.words = apr_array_make(run->pool, 4, sizeof(const char *));
    while (code == HT_OK && *p.next)
        code = take_next(&p, verbs, &only_words);
    run->words = (const char *const *)p.words->elts;
    run->count = p.words->nelts;
    return code == HT_OK ? count_words(run) : code;
}
