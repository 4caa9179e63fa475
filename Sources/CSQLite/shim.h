// SQLite, and what of it Swift cannot call itself.
#include <sqlite3.h>
#include <string.h>

/// From now on no trigger fires for this connection (sqlite.org/c3ref/c_dbconfig_defensive.html,
/// SQLITE_DBCONFIG_ENABLE_TRIGGER).
static inline int sqlite_disable_triggers(sqlite3 *database) {
    return sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, (int *)0);
}

/// The xFullPathname of `sqlite_register_given_paths`: the path as it was given.
static inline int sqlite_given_path(sqlite3_vfs *system, const char *path, int size, char *full) {
    const size_t length = strlen(path);
    if (size <= 0 || length >= (size_t)size) return SQLITE_CANTOPEN;
    memcpy(full, path, length + 1);
    return SQLITE_OK;
}

/// Registers the VFS `given-paths`: the default one, but that it takes a path as it is given. The default one
/// puts what a symbolic link says in the place of the link, and opens what has that path by then
/// (sqlite.org/c3ref/vfs.html, xFullPathname). Neither follows a link at the path's end. To be called once.
/// Returns an SQLite result code.
static inline int sqlite_register_given_paths(void) {
    static sqlite3_vfs given;
    const sqlite3_vfs *system = sqlite3_vfs_find(0);
    if (system == 0) return SQLITE_ERROR;
    given = *system;
    given.zName = "given-paths";
    given.xFullPathname = sqlite_given_path;
    return sqlite3_vfs_register(&given, 0);
}
