#!/bin/sh
# Has Holdfast protect DevTeam's data. The argument is what happens; the standard input is the event of the host, as JSON.
#
# It hinders nobody. It always exits with 0, and waits for a tag no longer than HOLDFAST_PATIENCE, 1 s by default. The
# standard output is empty, because the host could take it for a decision. Only at the start of a session it says there
# what is protected, and the status line is its output.

patience=${HOLDFAST_PATIENCE:-1}
case $patience in *[!0-9]* | 0?*) patience=1 ;; esac

# A field of the event, by its JSON path; nothing if there is none. Within quotes that are doubled, SQL takes any text.
field() {
    {
        printf "SELECT json_extract('"
        printf %s "$event" | sed "s/'/''/g"
        printf "', '%s');\n" "$1"
    } | sqlite3 -batch -init /dev/null :memory: 2>/dev/null
}

# The directory in which the event happened.
directory() {
    place=$(field '$.cwd')
    [ -d "$place" ] || place=${CLAUDE_PROJECT_DIR:-.}
    (cd "$place" && pwd -P)
}

# DevTeam's data in the directory, or in the nearest one above it that has some.
nearest() {
    place=$1
    while [ ! -d "$place/.devteam" ]; do
        [ "$place" != / ] && [ -n "$place" ] || return 0
        place=${place%/*}
    done
    printf '%s\n' "$place/.devteam"
}

# DevTeam's data of this directory, and of each git worktree of its project, one on a line.
every_root() {
    here=$(directory)
    {
        if [ -d "${DEVTEAM_DIR:-}" ]; then
            (cd "$DEVTEAM_DIR" && pwd -P)
        else
            nearest "$here"
        fi
        git -C "$here" worktree list --porcelain 2>/dev/null | sed -n 's/^worktree //p' | while IFS= read -r tree; do
            if [ -d "$tree/.devteam" ]; then printf '%s\n' "$(cd "$tree" && pwd -P)/.devteam"; fi
        done
    } | sort -u
}

limited() {
    timeout -k 1 $((patience + 1)) holdfast "$@"
}

# Starts a watcher where none runs, for the roots in $@.
protect() {
    limited watch --ensure --quiet "$@" 2>/dev/null
    # 124 and 137: it took too long.
    case $? in 0 | 124 | 137) return ;; esac
    # One that cannot be protected hinders no other.
    for root; do limited watch --ensure --quiet "$root" & done
    wait
}

# Tags the present of the roots in $@ with a name that retention keeps for a while.
tag() {
    name=$1-$(date +%Y%m%d-%H%M%S)
    shift
    for root; do
        limited snapshot "$root" --tag "$name" --automatic --message "session $session" --timeout "${patience}s" --quiet \
            >/dev/null &
    done
    wait
}

# What the shell command in $1 may do to DevTeam's data; nothing if it is harmless.
danger() {
    case $1 in
        *db-init*) echo db-init ;;
        *db-maintenance*) echo db-maintenance ;;
        *checkpoint*restore*) echo checkpoint-restore ;;
        *rollback*) echo rollback ;;
        *)
            words=$(printf %s "$1" | tr '\n' ' ')
            if printf %s "$words" | grep -Eq '(^|[^[:alnum:]_.-])git .*(clean|worktree +remove)'; then
                echo removal
            elif printf %s "$words" | grep -q devteam &&
                printf %s "$words" | grep -Eq '(^|[^[:alnum:]_.-])(rm|rmdir|unlink|shred|truncate|mv) |-delete'; then
                echo removal
            fi
            ;;
    esac
}

# What holdfast says of the root in $1, in one line.
state() {
    said=$(timeout 1 holdfast status --line "$1" 2>/dev/null)
    case $? in
        10) said='NOT PROTECTED · nothing was captured yet' ;;
        124) said='NOT PROTECTED · no answer' ;;
        127) said='NOT PROTECTED · holdfast is not installed' ;;
    esac
    printf '%s\n' "${said:-NOT PROTECTED · holdfast status failed}"
}

# The same of a root whose watcher may just have started.
settled_state() {
    tries=$((patience * 4))
    while said=$(state "$1"); do
        case $said in
            *'no watcher runs'* | *'first capture is under way'* | *'nothing was captured yet'*) ;;
            *) break ;;
        esac
        if [ "$tries" -eq 0 ] || ! sleep 0.2; then break; fi
        tries=$((tries - 1))
    done
    printf '%s\n' "$said"
}

# Says for the roots in $@ whether they are protected.
announce() {
    for root; do
        if ! command -v holdfast >/dev/null; then
            echo "Holdfast is not installed: $root is not protected"
        elif problem=$(limited watch --ensure --quiet "$root" 2>&1); then
            # It may hang, or only wait for the root.
            said=$(settled_state "$root")
            case $said in
                protected*) echo "Holdfast protects $root" ;;
                *) echo "$root: $said" ;;
            esac
        else
            echo "$root is not protected: ${problem:-holdfast did not answer}"
        fi
    done
}

main() {
    action=$1
    event=$(cat)
    if [ "$action" = before-command ]; then
        # Most commands are none of its business, which is known at once.
        case $event in
            *db-init* | *db-maintenance* | *restore* | *rollback* | *devteam* | *clean* | *worktree*) ;;
            *) return ;;
        esac
        command=$(field '$.tool_input.command')
        danger=$(danger "${command:-$event}")
        [ -n "$danger" ] || return
    fi
    if [ "$action" = status-line ]; then
        root=$(nearest "$(directory)")
        [ -z "$root" ] || printf 'holdfast: %s\n' "$(state "$root")"
        return
    fi
    roots=$(every_root)
    [ -n "$roots" ] || return
    set --
    while IFS= read -r root; do set -- "$@" "$root"; done <<END
$roots
END
    session=$(field '$.session_id' | LC_ALL=C tr -cd 'A-Za-z0-9._-' | cut -c 1-64)
    session=${session:-unknown}
    if [ "$action" != session-start ]; then
        command -v holdfast >/dev/null || return
    fi
    case $action in
        session-start) protect "$@" 2>/dev/null; announce "$@" ;;
        prompt) protect "$@" ;;
        before-command) protect "$@"; tag "before-$danger" "$@" ;;
        before-compaction) protect "$@"; tag "before-compaction-$session" "$@" ;;
        session-end) tag "session-end-$session" "$@" ;;
    esac
}

main "${1:-}"
exit 0
