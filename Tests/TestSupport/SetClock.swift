import Foundation

/// The wall clock as a program sees it, which nobody can set for one program: a library that is loaded
/// before others adds to it. The clocks that nobody can set stay.
package struct SetClock {
    private let library: String
    private let offset: String

    private static let source = """
        #define _GNU_SOURCE
        #include <fcntl.h>
        #include <stdlib.h>
        #include <sys/syscall.h>
        #include <time.h>
        #include <unistd.h>
        int clock_gettime(clockid_t clock, struct timespec *time) {
            int result = syscall(SYS_clock_gettime, clock, time);
            if (result || clock != CLOCK_REALTIME) return result;
            char text[32] = {0};
            int file = open(getenv("CLOCK_OFFSET"), O_RDONLY | O_CLOEXEC);
            if (file < 0) abort();
            if (read(file, text, sizeof text - 1) > 0) time->tv_sec += atol(text);
            close(file);
            return 0;
        }
        """

    /// Compiles the library.
    package init(in folder: TemporaryDirectory) throws {
        library = folder.file("clock.so")
        offset = folder.file("clock-offset")
        let source = folder.file("clock.c")
        try Self.source.write(toFile: source, atomically: true, encoding: .utf8)
        try set(seconds: 0)
        let result = try Command.run("clang", ["-shared", "-fPIC", "-o", library, source])
        guard result.status == 0 else { throw CommandFailure(command: "clang", result: result) }
    }

    /// From now on it says so many seconds more than the right clock.
    package func set(seconds: Int) throws {
        try String(seconds).write(toFile: offset, atomically: true, encoding: .utf8)
    }

    /// For programs that see it.
    package var environment: [String: String] { ["LD_PRELOAD": library, "CLOCK_OFFSET": offset] }
}
