import Glibc
import SystemPackage

/// Tells of every change to the mounts that this process sees (`proc(5)`, mountinfo): a mount over a directory makes no
/// inotify event.
package final class MountTable {
    let descriptor: Int32

    package init() throws(SystemError) {
        descriptor = unsafe open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .last("open", "/proc/self/mountinfo") }
    }

    deinit {
        close(descriptor)
    }
}
