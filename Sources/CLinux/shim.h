// What of the kernel and the C library Swift cannot call itself.
#include <linux/fs.h>
#include <linux/openat2.h>
#include <linux/stat.h>
#include <malloc.h>
#include <poll.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

/// Asks that the calling thread gets the processor in slices of so many nanoseconds (sched_setattr(2)). From Linux
/// 6.12 on a thread with a shorter slice is let in at once before one with a longer slice; earlier kernels ignore
/// it. Returns 0, or -1 with `errno`.
static inline int linux_set_time_slice(uint64_t nanoseconds) {
    struct {
        uint32_t size, policy;
        uint64_t flags;
        int32_t nice;
        uint32_t priority;
        uint64_t runtime, deadline, period;
    } attributes;
    if (syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) != 0) return -1;
    attributes.runtime = nanoseconds;
    return (int)syscall(SYS_sched_setattr, 0, &attributes, 0);
}

/// The calling thread's number in the kernel (gettid(2)).
static inline int linux_thread(void) { return (int)syscall(SYS_gettid); }

/// A file in memory without a name, close-on-exec (memfd_create(2)); -1 with `errno`.
static inline int linux_unnamed_file(const char *name) { return (int)syscall(SYS_memfd_create, name, 1 /* MFD_CLOEXEC */); }

/// Waits for a semaphore until that time of CLOCK_MONOTONIC (sem_clockwait(3)). Returns 0, or -1 with `errno`.
static inline int linux_wait_for_semaphore(sem_t *semaphore, const struct timespec *deadline) {
    extern int sem_clockwait(sem_t *, clockid_t, const struct timespec *);
    return sem_clockwait(semaphore, CLOCK_MONOTONIC, deadline);
}

/// Makes the file `to` share the content of `from` until one of them is written (ioctl_ficlone(2)). Returns 0, or -1 with
/// `errno`.
static inline int linux_clone_file(int to, int from) { return ioctl(to, FICLONE, from); }

/// Gives the calling thread a name, of which the first 15 bytes count (prctl(2), PR_SET_NAME). Returns 0, or -1 with
/// `errno`.
static inline int linux_set_thread_name(const char *name) { return prctl(PR_SET_NAME, name, 0, 0, 0); }

/// The processors that the calling thread may use, a bit each (sched_getaffinity(2)); returns how many bytes of the
/// mask are set, or -1 with `errno`.
static inline int linux_get_affinity(void *mask, size_t bytes) {
    return (int)syscall(SYS_sched_getaffinity, 0, bytes, mask);
}

/// Binds the calling thread to the processors of the mask (sched_setaffinity(2)). Returns 0, or -1 with `errno`.
static inline int linux_set_affinity(const void *mask, size_t bytes) {
    return (int)syscall(SYS_sched_setaffinity, 0, bytes, mask);
}

/// Gives free pages of the heap back to the system (malloc_trim(3)). Returns whether there were any.
static inline int linux_trim_memory(void) { return malloc_trim(0); }

/// Lets the disk begin to write that part of a file, without waiting (sync_file_range(2)). Returns 0, or -1 with
/// `errno`.
static inline int linux_begin_writeback(int file, int64_t offset, int64_t bytes) {
    return (int)syscall(SYS_sync_file_range, file, offset, bytes, SYNC_FILE_RANGE_WRITE);
}

/// Gives a file another name, which must be free (renameat2(2), RENAME_NOREPLACE). Returns 0, or -1 with
/// `errno`; EINVAL where the file system cannot do that.
static inline int linux_rename_to_new(int old_directory, const char *old, int directory, const char *name) {
    return (int)syscall(SYS_renameat2, old_directory, old, directory, name, 1); // RENAME_NOREPLACE
}

/// Exchanges the names of two files (renameat2(2), RENAME_EXCHANGE). Returns 0, or -1 with `errno`; EINVAL where the file system
/// cannot do that.
static inline int linux_exchange(const char *one, const char *other) {
    return (int)syscall(SYS_renameat2, -100, one, -100, other, 2); // AT_FDCWD, RENAME_EXCHANGE
}

/// Makes a pipe, of which no program that is started has an end unless it is given one (pipe2(2), O_CLOEXEC). Returns 0, or -1
/// with `errno`.
static inline int linux_make_pipe(int ends[2]) { return (int)syscall(SYS_pipe2, ends, 02000000); }

/// open(2) names a file without opening it; the C library declares it only with extensions.
static const int linux_open_path = 010000000;

/// Opens `path`, seen from the open `directory`, if no component of it is a symbolic link, else fails with ELOOP
/// (openat2(2), from Linux 5.6 on). Returns the descriptor, or -1 with `errno`.
static inline int linux_open_direct(int directory, const char *path, int flags) {
    struct open_how how = {0};
    how.flags = (uint64_t)flags;
    how.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
    return (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
}

/// The magic number of the file system that an open file lies on (fstatfs(2), f_type); 0 if it cannot be asked.
static inline uint32_t linux_file_system_of(int file) {
    struct statfs status;
    return fstatfs(file, &status) == 0 ? (uint32_t)status.f_type : 0;
}

/// The mount that `path` lies on, by a number that no other mount has at the same time, and its device; a symbolic link is
/// not followed (statx(2); the number is 0 before Linux 5.8). Returns 0, or -1 with `errno`.
static inline int linux_mount_of(const char *path, uint64_t *number, uint64_t *device) {
    struct statx status;
    const int flags = 0x100 | 0x800; // AT_SYMLINK_NOFOLLOW, AT_NO_AUTOMOUNT
    if (syscall(SYS_statx, -100, path, flags, STATX_BASIC_STATS | STATX_MNT_ID, &status) != 0) return -1;
    *number = status.stx_mask & STATX_MNT_ID ? status.stx_mnt_id : 0;
    *device = (uint64_t)status.stx_dev_major << 32 | status.stx_dev_minor;
    return 0;
}

/// Whether nothing can be written at `path`, for its file system or its mount is read-only (statvfs(3), ST_RDONLY).
static inline int linux_is_read_only(const char *path) {
    struct statvfs status;
    return statvfs(path, &status) == 0 && (status.f_flag & ST_RDONLY) != 0;
}

// The C library declares it only with extensions.
extern int ppoll(struct pollfd *, nfds_t, const struct timespec *, const sigset_t *);

/// Waits for descriptors, at most so many nanoseconds; without end if that is negative (ppoll(2)). Returns how many are
/// ready, or -1 with `errno`.
static inline int linux_poll(struct pollfd *entries, uint32_t count, int64_t nanoseconds) {
    struct timespec timeout = {nanoseconds / 1000000000, nanoseconds % 1000000000};
    return ppoll(entries, count, nanoseconds < 0 ? 0 : &timeout, 0);
}

/// A spawned program leads a new session (posix_spawn(3), POSIX_SPAWN_SETSID); the C library declares it only with
/// extensions.
static const int16_t linux_spawn_new_session = 0x80;

// The C library declares it only with extensions.
extern int posix_spawn_file_actions_addclosefrom_np(void *, int);

/// Has a spawned program close all files from `first` on. `actions`: a posix_spawn_file_actions_t. Returns 0, or an error
/// number.
static inline int linux_spawn_closing(void *actions, int first) {
    return posix_spawn_file_actions_addclosefrom_np(actions, first);
}

/// The columns and rows of a terminal (ioctl_tty(2), TIOCGWINSZ). Returns 0, or -1 with `errno` where it is none.
static inline int linux_terminal_size(int file, uint16_t *columns, uint16_t *rows) {
    struct winsize size;
    if (ioctl(file, TIOCGWINSZ, &size) != 0) return -1;
    *columns = size.ws_col;
    *rows = size.ws_row;
    return 0;
}
