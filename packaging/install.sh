#!/bin/sh
# Installs Holdfast below PREFIX, or removes it from there: ./install.sh [--uninstall] PREFIX
# What was installed is listed in PREFIX/share/holdfast, where a copy of this script is.
set -eu

fail() {
    printf 'install.sh: %s\n' "$1" >&2
    exit 1
}

usage='./install.sh [--uninstall] PREFIX, for example /usr/local'
uninstall=false
if [ "${1-}" = --uninstall ]; then
    uninstall=true
    shift
fi
[ $# = 1 ] || fail "$usage"
case $1 in
*[[:space:]\"\'\\\$%\&\|]*) fail "systemd cannot be given such a name: $1" ;;
/*) prefix=${1%/} ;;
*) fail "PREFIX begins with /: $usage" ;;
esac
here=$(dirname -- "$(readlink -f -- "$0")")
lists=$prefix/share/holdfast

# Whether systemd runs the service with the program from here.
is_service() {
    [ -d /run/systemd/system ] &&
        systemctl show --property ExecStart holdfast.service 2>/dev/null | grep -qF "path=$prefix/bin/holdfast "
}

# Removes the files that a list names, and the directories that were made for them and are empty now.
remove_files() {
    while IFS= read -r file; do rm -f -- "$prefix/$file"; done <"$1"
}

if $uninstall; then
    [ -e "$lists/files" ] || fail "nothing was installed in $prefix by install.sh"
    # The unit may be that of `holdfast install`, or the one from here.
    if is_service; then "$prefix/bin/holdfast" uninstall --quiet 2>/dev/null || systemctl disable --now holdfast.service; fi
    remove_files "$lists/files"
    sort -r "$lists/directories" >"$lists/directories.reversed"
    directories=$(cat "$lists/directories.reversed")
    rm -f -- "$lists/files" "$lists/directories" "$lists/directories.reversed"
    printf '%s\n' "$directories" | while IFS= read -r directory; do
        rmdir -- "$prefix/$directory" 2>/dev/null || true
    done
    echo "removed from $prefix; repositories and configurations stay"
    exit 0
fi

cd -- "$here"
[ -x bin/holdfast ] || fail 'run it where the archive was unpacked'
bin/holdfast version >/dev/null || fail 'the program does not start; it needs: apt-get install libsqlite3-0 libzstd1 libstdc++6 zlib1g'

umask 022
mkdir -p -- "$prefix"
new=$(mktemp -d)
trap 'rm -rf -- "$new"' EXIT
{
    find bin lib share -type f
    echo share/holdfast/install.sh
} | sort >"$new/files"
{
    find bin lib share -type d
    echo share/holdfast
} | sort | while IFS= read -r directory; do
    [ -d "$prefix/$directory" ] || {
        mkdir -- "$prefix/$directory"
        printf '%s\n' "$directory"
    }
done >"$new/directories"

# A rename, so that neither a running program nor one that starts meanwhile sees half a file.
while IFS= read -r file; do
    if [ "$file" = share/holdfast/install.sh ]; then from=install.sh; else from=$file; fi
    cp -- "$from" "$prefix/$file.new"
    if [ "$file" = lib/systemd/system/holdfast.service ]; then
        sed "s|/usr/bin/holdfast|$prefix/bin/holdfast|" "$from" >"$prefix/$file.new"
    fi
    mv -f -- "$prefix/$file.new" "$prefix/$file"
done <"$new/files"

# What an older version had, and this one has not.
if [ -e "$lists/files" ]; then
    grep -vxF -f "$new/files" "$lists/files" >"$new/old" || true
    remove_files "$new/old"
fi
cp -- "$new/files" "$lists/files"
cat "$new/directories" >>"$lists/directories"

echo "installed in $prefix; to remove it: $lists/install.sh --uninstall $prefix"
if is_service && systemctl --quiet is-active holdfast.service; then
    echo 'the service still runs the former version: systemctl daemon-reload && systemctl restart holdfast'
fi
