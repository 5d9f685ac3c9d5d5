# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# steps.sh - what build/check and build/demo share: steps that are quiet when
# they work and say in one line what went wrong when they do not. Sourced;
# wants $name (for messages), $top (the source tree) and $out (a folder).

logs=$out/logs
mkdir -p "$logs"

# Debian's python3: one in front of PATH may not have pytest.
python=/usr/bin/python3
[ -x "$python" ] || python=python3

# The line of a log that says most.
gist() {
    grep -Ev '^# |Werror' "$1" \
        | grep -E -m1 '(^|[^_[:alnum:]])([Ee]rror|ERROR|E|warning|style|performance|portability):|FAILED|\*\*\*' \
        || tail -n1 "$1"
}

complain() {
    printf '%s: %s failed: %s (log: %s)\n' "$name" "$1" \
        "$(gist "$2" | cut -c1-300)" "$2" >&2
}

# try WHAT command... : runs it into a log; false if it failed.
try() {
    what=$1
    log=$logs/$(echo "$what" | tr -c '[:alnum:]\n' '-').log
    shift
    printf '== %s\n' "$what"
    "$@" >"$log" 2>&1 </dev/null && return 0
    complain "$what" "$log"
    return 1
}

# step: the same, but nothing can go on without it.
step() {
    try "$@" || exit 1
}

# bootstrap: makes configure, where it is not newer than what it is made of.
bootstrap() {
    cd "$top"
    mkdir -p build/aux
    [ -e configure ] && [ -e Makefile.in ] \
        && [ -z "$(find configure.ac Makefile.am build/m4 modules tests docs \
                    \( -name '*.ac' -o -name '*.am' -o -name '*.mk' -o -name '*.m4' \) \
                    -newer configure | head -n1)" ] \
        || autoreconf -fi
}

# build_in DIR configure-arguments... : an up to date build in a folder.
build_in() {
    dir=$1
    shift
    mkdir -p "$dir"
    cd "$dir"
    "$top/configure" -q "$@" && make -s -j"$(nproc)"
}
