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

/// What `sqlite_register_past_images` asks of the program.
typedef struct sqlite_past_images {
    /// The image of that name, retained, and its size in bytes; null if there is none.
    void *(*open)(const char *name, sqlite3_int64 *byte_count);
    /// Reads bytes that are all in the image. Returns an SQLite result code.
    int (*read)(void *image, void *buffer, int count, sqlite3_int64 offset);
    void (*close)(void *image);
} sqlite_past_images;

/// The VFS, the default one that it stands for, and the program.
typedef struct sqlite_past_vfs {
    sqlite3_vfs base;
    const sqlite3_vfs *system;
    sqlite_past_images program;
} sqlite_past_vfs;

typedef struct sqlite_past_file {
    sqlite3_file base;
    const sqlite_past_images *program;
    void *image;
    sqlite3_int64 byte_count;
} sqlite_past_file;

static inline int sqlite_past_close(sqlite3_file *file) {
    const sqlite_past_file *past = (sqlite_past_file *)file;
    past->program->close(past->image);
    return SQLITE_OK;
}

/// What is beyond the image reads as zeros (sqlite.org/c3ref/io_methods.html, SQLITE_IOERR_SHORT_READ).
static inline int sqlite_past_read(sqlite3_file *file, void *buffer, int count, sqlite3_int64 offset) {
    const sqlite_past_file *past = (sqlite_past_file *)file;
    const sqlite3_int64 rest = offset < past->byte_count ? past->byte_count - offset : 0;
    if (count <= rest) return past->program->read(past->image, buffer, count, offset);
    memset(buffer, 0, (size_t)count);
    const int code = rest > 0 ? past->program->read(past->image, buffer, (int)rest, offset) : SQLITE_OK;
    return code == SQLITE_OK ? SQLITE_IOERR_SHORT_READ : code;
}

static inline int sqlite_past_write(sqlite3_file *file, const void *bytes, int count, sqlite3_int64 offset) {
    return SQLITE_READONLY;
}

static inline int sqlite_past_truncate(sqlite3_file *file, sqlite3_int64 byte_count) { return SQLITE_READONLY; }

static inline int sqlite_past_nothing(sqlite3_file *file, int level) { return SQLITE_OK; }

static inline int sqlite_past_size(sqlite3_file *file, sqlite3_int64 *byte_count) {
    *byte_count = ((sqlite_past_file *)file)->byte_count;
    return SQLITE_OK;
}

static inline int sqlite_past_is_reserved(sqlite3_file *file, int *result) {
    *result = 0;
    return SQLITE_OK;
}

static inline int sqlite_past_control(sqlite3_file *file, int operation, void *argument) {
    return SQLITE_NOTFOUND;
}

static inline int sqlite_past_sector(sqlite3_file *file) { return 4096; }

static inline int sqlite_past_characteristics(sqlite3_file *file) { return SQLITE_IOCAP_IMMUTABLE; }

/// An image if there is one of that name; otherwise, as for temporary files, what the default VFS opens.
static inline int sqlite_past_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *opened) {
    static const sqlite3_io_methods methods = {
        .iVersion = 1,
        .xClose = sqlite_past_close,
        .xRead = sqlite_past_read,
        .xWrite = sqlite_past_write,
        .xTruncate = sqlite_past_truncate,
        .xSync = sqlite_past_nothing,
        .xFileSize = sqlite_past_size,
        .xLock = sqlite_past_nothing,
        .xUnlock = sqlite_past_nothing,
        .xCheckReservedLock = sqlite_past_is_reserved,
        .xFileControl = sqlite_past_control,
        .xSectorSize = sqlite_past_sector,
        .xDeviceCharacteristics = sqlite_past_characteristics,
    };
    const sqlite_past_vfs *program = (sqlite_past_vfs *)vfs;
    sqlite_past_file *past = (sqlite_past_file *)file;
    void *image = 0;
    if (name != 0 && (flags & SQLITE_OPEN_MAIN_DB)) image = program->program.open(name, &past->byte_count);
    if (image == 0) return program->system->xOpen(vfs, name, file, flags, opened);
    past->program = &program->program;
    past->image = image;
    past->base.pMethods = &methods;
    if (opened != 0) *opened = SQLITE_OPEN_READONLY;
    return SQLITE_OK;
}

/// Registers the VFS `past-images`: SQLite reads from it what the program has no file of. To be called once.
/// Returns an SQLite result code.
static inline int sqlite_register_past_images(sqlite_past_images program) {
    static sqlite_past_vfs past;
    past.system = sqlite3_vfs_find(0);
    if (past.system == 0) return SQLITE_ERROR;
    past.program = program;
    past.base = *past.system;
    past.base.zName = "past-images";
    past.base.xFullPathname = sqlite_given_path;
    past.base.xOpen = sqlite_past_open;
    const int file_size = (int)sizeof(sqlite_past_file);
    if (past.base.szOsFile < file_size) past.base.szOsFile = file_size;
    return sqlite3_vfs_register(&past.base, 0);
}
