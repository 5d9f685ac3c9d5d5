/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * htauth - makes and looks after the credentials that httpd's authentication
 * modules check: passwords, tokens, keys.
 *
 * A verb is a row; the help is printed from the same rows. Secrets come in by
 * the terminal or stdin and go out by stdout, once.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "apr_general.h"

#include "htauth.h"

static const ht_verb *const verbs[] = {
    &ht_verb_init, &ht_verb_user, &ht_verb_token, &ht_verb_aws4,
    &ht_verb_import_htpasswd, &ht_verb_import_htdigest, &ht_verb_hoba_list,
    &ht_verb_hoba_approve, &ht_verb_hoba_revoke, &ht_verb_hoba_invite,
    &ht_verb_list, &ht_verb_remove_user, &ht_verb_remove_token,
    &ht_verb_remove_key, &ht_verb_remove_invite, &ht_verb_disable_user,
    &ht_verb_disable_key, &ht_verb_enable_user, &ht_verb_enable_key,
    &ht_verb_check, NULL
};

/* ---- help ------------------------------------------------------------ */

static void print_options(const ht_option *row)
{
    for (; row && row->name; row++) {
        char left[64], letter[8] = "";

        if (row->letter)
            apr_snprintf(letter, sizeof(letter), "-%c, ", row->letter);
        apr_snprintf(left, sizeof(left), "%s--%s%s%s", letter, row->name,
                     row->value ? " " : "", row->value ? row->value : "");
        ht_print("  %-24s %s\n", left, row->help);
    }
}

static int print_verb(const ht_verb *verb)
{
    ht_print("htauth %s - %s\n\n", verb->name, verb->summary);
    ht_print("usage: htauth [-f STORE] %s%s%s%s\n", verb->name,
             *verb->words ? " " : "", verb->words,
             verb->options ? " [OPTION ...]" : "");
    if (verb->options) {
        ht_print("\n");
        print_options(verb->options);
    }
    ht_print("\n%s", verb->about);
    return HT_OK;
}

static int print_help(void)
{
    const ht_verb *const *verb;

    ht_print("htauth - passwords, tokens and keys for httpd's authentication "
             "modules\n\nusage: htauth [-f STORE] [--json] VERB ...\n\n");
    for (verb = verbs; *verb; verb++) {
        char left[64];

        apr_snprintf(left, sizeof(left), "%s %s", (*verb)->name,
                     (*verb)->words);
        ht_print("  %-22s %s\n", left, (*verb)->summary);
    }
    ht_print("\n");
    print_options(ht_global_options);
    ht_print("\nhtauth VERB --help says more of a verb, htauth(1) of all.\n");
    return HT_OK;
}

/* ---- main ------------------------------------------------------------ */

/* No memory image of a process that may hold passwords. Linux hands one to
 * the program of core_pattern with a limit of 0, but not with 1. */
static void forbid_core(void)
{
    const struct rlimit limit = { 1, 1 };

    if (setrlimit(RLIMIT_CORE, &limit) != 0)
        ht_note("htauth: core dumps can't be turned off");
}

static int open_store(ht_run *run)
{
    const char *name = run->opt.store ? run->opt.store
                                      : getenv("HTAUTH_STORE");
    int code;

    if (!name || !*name)
        return ht_error(HT_USAGE, "which store? Use -f file:PATH or "
                        "-f dbd:DRIVER:PARAMS, or set HTAUTH_STORE");
    code = ht_store_named(&run->store, name, run->pool);
    if (code == HT_OK)
        run->store->in_argv = run->opt.store != NULL;
    return code;
}

static int run_verb(ht_run *run)
{
    int code = open_store(run);

    if (code != HT_OK)
        return code;
    code = run->verb->run(run);
    run->store->backend->close(run->store);
    return code;
}

static int do_it(ht_run *run, int argc, const char *const *argv)
{
    int code = ht_options_parse(run, argc, argv, verbs);

    if (code != HT_OK)
        return code;
    if (run->opt.version) {
        ht_print("htauth " PACKAGE_VERSION "\n");
        return HT_OK;
    }
    if (run->opt.help)
        return run->verb ? print_verb(run->verb) : print_help();
    return run_verb(run);
}

int main(int argc, const char *const argv[])
{
    ht_run run = { 0 };
    int code;

    forbid_core();
    umask(S_IRWXG | S_IRWXO);
    signal(SIGPIPE, SIG_IGN); /* a reader that has gone is a write error */
    if (apr_initialize() != APR_SUCCESS
        || apr_pool_create(&run.pool, NULL) != APR_SUCCESS)
        return ht_error(HT_SYSTEM, "no memory");

    code = do_it(&run, argc, argv);
    if (fflush(stdout) != 0 || ferror(stdout))
        code = ht_error(HT_SYSTEM, "the answer could not be written");
    apr_pool_destroy(run.pool);
    apr_terminate();
    return code;
}
