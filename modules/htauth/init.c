/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * init - an empty store; check - what is wrong with one.
 */
#include <stddef.h>

#include <jansson.h>

#include "htauth.h"

/* ---- init ------------------------------------------------------------ */

static int run_init(ht_run *run)
{
    ht_store *store = run->store;
    int code = store->backend->init(store, run->opt.group);

    if (code != HT_OK)
        return code;
    if (run->opt.json)
        return ht_print_json(json_pack("{s:s}", "store", store->backend->name));
    ht_print("The store is made. Put a user into it:\n\n"
             "  htauth user NAME --realm REALM\n");
    return HT_OK;
}

#define FIELD(name) offsetof(ht_options, name)

static const ht_option init_options[] = {
    { "group", 0, "GROUP", HT_TEXT, FIELD(group), NULL,
      "the group httpd runs as may read the file" },
    { NULL, 0, NULL, HT_FLAG, 0, NULL, NULL }
};

const ht_verb ht_verb_init = {
    .name = "init",
    .words = "",
    .summary = "make an empty store",
    .about =
        "file: makes a file that its owner alone can read, or with --group\n"
        "that group as well. dbd: makes the table in the database; for SQLite\n"
        "the database, too. What is there already is left alone.\n"
        "\n"
        "  htauth -f file:/etc/apache2/credentials init --group www-data\n"
        "  htauth -f dbd:sqlite3:/var/lib/authscheme/keys.db init\n",
    .options = init_options,
    .run = run_init,
};

/* ---- check ----------------------------------------------------------- */

static void print_problem(const ht_problem *problem)
{
    if (problem->line)
        ht_print("line %d: ", problem->line);
    else if (problem->where)
        ht_print("%s: ", problem->where);
    ht_print("%s%s\n", problem->is_warning ? "(works) " : "", problem->text);
}

static json_t *json_problem(const ht_problem *problem, apr_pool_t *pool)
{
    json_t *object = json_object();

    if (problem->line)
        json_object_set_new(object, "line", json_integer(problem->line));
    if (problem->where)
        json_object_set_new(object, "where",
                            json_string(ht_clean(pool, problem->where)));
    json_object_set_new(object, "text",
                        json_string(ht_clean(pool, problem->text)));
    json_object_set_new(object, "severity",
                        json_string(problem->is_warning ? "warning"
                                                        : "error"));
    return object;
}

static int count_errors(const apr_array_header_t *problems)
{
    int i, n = 0;

    for (i = 0; i < problems->nelts; i++)
        n += !APR_ARRAY_IDX(problems, i, ht_problem).is_warning;
    return n;
}

static int print_check(const apr_array_header_t *problems, int count)
{
    int errors = count_errors(problems), i;
    int warnings = problems->nelts - errors;

    for (i = 0; i < problems->nelts; i++)
        print_problem(&APR_ARRAY_IDX(problems, i, ht_problem));
    ht_print("%d credential%s, %d error%s, %d warning%s\n", count,
             count == 1 ? "" : "s", errors, errors == 1 ? "" : "s", warnings,
             warnings == 1 ? "" : "s");
    return HT_OK;
}

static int print_check_json(const apr_array_header_t *problems, int count,
                            apr_pool_t *pool)
{
    json_t *list = json_array();
    int i;

    for (i = 0; i < problems->nelts; i++)
        json_array_append_new(list, json_problem(&APR_ARRAY_IDX(problems, i,
                                                                ht_problem),
                                                 pool));
    return ht_print_json(json_pack("{s:i,s:o}", "credentials", count,
                                   "problems", list));
}

static int run_check(ht_run *run)
{
    apr_array_header_t *problems = apr_array_make(run->pool, 8,
                                                  sizeof(ht_problem));
    int count = 0;
    int code = run->store->backend->check(run->store, problems, &count);

    if (code != HT_OK)
        return code;
    code = run->opt.json ? print_check_json(problems, count, run->pool)
                         : print_check(problems, count);
    if (code != HT_OK)
        return code;
    return count_errors(problems) ? HT_DAMAGED : HT_OK;
}

const ht_verb ht_verb_check = {
    .name = "check",
    .words = "",
    .summary = "what is wrong with a store",
    .about =
        "Reads all of the store as httpd would, and more closely. Errors are\n"
        "what httpd refuses; the exit code is 3 then. Warnings, \"(works)\",\n"
        "are what you may want to change.\n",
    .run = run_check,
};
