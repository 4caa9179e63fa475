// SQLite, and what of it Swift cannot call itself.
#include <sqlite3.h>

/// From now on no trigger fires for this connection (sqlite.org/c3ref/c_dbconfig_defensive.html,
/// SQLITE_DBCONFIG_ENABLE_TRIGGER).
static inline int sqlite_disable_triggers(sqlite3 *database) {
    return sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, (int *)0);
}
