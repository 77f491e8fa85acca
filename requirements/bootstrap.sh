#!/bin/sh
# Usage: sh requirements/bootstrap.sh run|dev
#
# Makes .venv and installs what the lock says, hashes required; nothing to do costs milliseconds.
# Needs Python 3.11 or 3.12 and a package index. Takes uv where there is one, else pip brings it.
# PYTHON=/path/to/python3.12 chooses the interpreter. All that is said goes to stderr.
set -eu

cd "$(dirname "$0")/.."
level=$1
venv=.venv
stamp=$venv/.touchline
remedy='install Python 3.12 (Debian: apt-get install python3.12-venv, or python3.11-venv;
 macOS: brew install python@3.12) or name one that you have: make PYTHON=/path/to/python3.12'

say() { echo "touchline: $*" | tr -d '\n' >&2; echo >&2; }
fail() { say "$*"; exit 1; }

# Prints the path of the interpreter behind $1, if it runs and its version suits. A version
# manager's shim may stand on PATH and not run, and an active environment may be the one to remake.
interpreter() {
    "$1" -c 'import sys
if (3, 11) <= sys.version_info[:2] < (3, 13): print(sys._base_executable)' 2>/dev/null </dev/null
}

# Runs "$2 PATH-ENTRY/$1" over PATH, our own .venv left out, until it prints something.
search() {
    found=
    rest=$PATH:
    while [ -z "$found" ] && [ -n "$rest" ]; do
        file=${rest%%:*}/$1
        rest=${rest#*:}
        [ "$file" = "$PWD/$venv/bin/$1" ] || [ ! -x "$file" ] || found=$("$2" "$file") || found=
    done
    echo "$found"
}

find_python() {
    for name in python3.12 python3.11 python3 python; do
        base=$(search "$name" interpreter)
        [ -z "$base" ] || break
    done
    echo "$base"
}

working_uv() { "$1" --version >/dev/null 2>&1 </dev/null && echo "$1"; }

# uv reads neither pip's settings nor, unless told, the system's certificates; an index that pip
# reaches should do.
share_pip_settings() {
    for bundle in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /Library; do
        [ ! -e $bundle ] || export UV_SYSTEM_CERTS="${UV_SYSTEM_CERTS:-1}"
    done
    index=${PIP_INDEX_URL:-$(cat "${PIP_CONFIG_FILE:-/dev/null}" "${HOME:-}/.config/pip/pip.conf" \
        "${HOME:-}/.pip/pip.conf" /etc/pip.conf 2>/dev/null |
        sed -n 's/^ *index-url *[=:] *//p' | sed -n 1p)}
    if [ -n "$index" ] && [ -z "${UV_DEFAULT_INDEX:-}${UV_INDEX_URL:-}" ]; then
        export UV_DEFAULT_INDEX="$index"
    fi
}

# Leaves a .venv with a Python that suits and the uv of the lock.
make_venv() {
    if [ -n "${PYTHON:-}" ]; then
        base=$(interpreter "$PYTHON" || true)
        [ -n "$base" ] || fail "PYTHON=$PYTHON is not a Python 3.11 or 3.12 that runs."
    else
        base=$(find_python)
    fi
    uv=$(search uv working_uv)
    [ -n "$base$uv" ] || fail "there is no Python 3.11 or 3.12 here: $remedy."
    say "making $venv with ${base:-a Python that uv is to bring}"
    rm -rf $venv
    if [ -n "$uv" ] && [ -n "$base" ]; then
        "$uv" venv --quiet --no-python-downloads --python "$base" $venv >&2
    elif [ -n "$uv" ]; then
        # Only here, where nothing on this machine suits, may uv download a Python.
        "$uv" venv --quiet --python 3.12 $venv >/dev/null 2>&1 ||
            fail "there is no Python 3.11 or 3.12 here and uv could not bring one: $remedy."
    elif "$base" -c 'import ensurepip' >/dev/null 2>&1; then
        "$base" -m venv $venv >&2
        $venv/bin/python -m pip install --quiet --disable-pip-version-check --no-user \
            --only-binary :all: --require-hashes --requirement requirements/bootstrap.lock >&2
        return
    else
        version=$("$base" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        fail "$base cannot make environments: apt-get install python$version-venv, or install uv."
    fi
    "$uv" pip install --quiet --python $venv/bin/python \
        --require-hashes --requirement requirements/bootstrap.lock >&2
}

# What .venv was made from: the locks, the project's own metadata, and the folder both lie in.
now="$(cat pyproject.toml requirements/*.lock requirements/bootstrap.sh | cksum) in $PWD"
was=$(cat $stamp 2>/dev/null || true)
# What dev installs contains what run needs, and once made it is kept.
case $was in dev*) level=dev ;; esac

usable() { [ -n "$(interpreter $venv/bin/python)" ]; }
if [ "$was" = "$level $now" ] && usable; then
    exit 0
fi

share_pip_settings
# Scripts in an environment name its folder: one that was moved here has to be made anew.
case $was in "" | *" in $PWD") moved= ;; *) moved=yes ;; esac
if [ -n "$moved" ] || ! usable || [ -z "$(working_uv $venv/bin/uv)" ]; then
    make_venv
fi
say "installing what requirements/$level.lock says"
rm -f $stamp
locks=requirements/$level.lock
[ "$level" = dev ] || locks="$locks requirements/bootstrap.lock"
# shellcheck disable=SC2086 # file names without spaces
$venv/bin/uv pip sync --quiet --python $venv/bin/python --require-hashes $locks >&2
$venv/bin/uv pip install --quiet --python $venv/bin/python \
    --no-deps --no-build-isolation --editable . >&2
echo "$level $now" >$stamp
