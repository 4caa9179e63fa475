import LinuxSystem
import SystemPackage

/// What is left out, and the status of that: directories that cannot be read, names of which it is not known
/// what has them, and by design links, repositories, remotes, and file systems that hold no files of anybody.
struct Omissions {
    private let context: CaptureContext
    /// Directories that could not be watched or listed; the slow round tries again.
    private(set) var directories: Set<FilePath> = []
    /// Names of which it is not known what has them.
    private(set) var unseen: Set<FilePath> = []
    /// When to ask for those again.
    private(set) var nextCheck: MonotonicInstant?
    private(set) var designed: [FilePath: DesignedReason] = [:]
    /// Sockets and pipes come and go where programs work: said are only those of before the first capture.
    private var saysSpecial = true

    private static let unseenPause = Duration.seconds(1)

    init(_ context: CaptureContext) {
        self.context = context
    }

    mutating func firstCaptureIsOver() { saysSpecial = false }

    mutating func leaveOut(directory name: FilePath, _ error: any Error, _ places: RootPlaces) {
        directories.insert(name)
        context.meter.leftOut(places.path(of: name).printable, error)
    }

    /// By design: no fault of anybody, and said once.
    mutating func leaveOut(_ name: FilePath, _ reason: DesignedReason, _ places: RootPlaces) {
        let path = places.path(of: name)
        if designed.updateValue(reason, forKey: name) != reason {
            context.meter.leftOutByDesign(path, reason, isSaid: !reason.isSpecial || saysSpecial)
        }
        if reason == .link { context.links.add(path, in: places.path, context.meter) }
    }

    /// What has the name is not left out any more.
    mutating func takeIn(_ name: FilePath, _ places: RootPlaces) {
        if designed.removeValue(forKey: name) != nil {
            context.meter.leftOutByDesign(places.path(of: name), nil)
        }
        guard directories.remove(name) != nil else { return }
        context.meter.leftOut(places.path(of: name).printable, nil)
    }

    /// Everything is listed anew.
    mutating func forgetDesigned() {
        designed = [:]
        context.meter.forgetDesigned()
    }

    /// What has that name; nil when nothing has. When that is not known, the name is left out until it is.
    mutating func status(of name: FilePath, _ places: RootPlaces) -> FileStatus? {
        do throws(SystemError) {
            let status = try FileStatus.directUnlessMissing(places.path(of: name))
            if unseen.remove(name) != nil {
                context.meter.leftOut(places.path(of: name).printable, nil)
            }
            return status
        } catch {
            couldNotSee(name, error, places)
            return nil
        }
    }

    /// It is not known what has that name.
    mutating func couldNotSee(_ name: FilePath, _ error: SystemError, _ places: RootPlaces) {
        unseen.insert(name)
        context.meter.leftOut(places.path(of: name).printable, error)
        let time = MonotonicInstant.now.advanced(by: Self.unseenPause)
        nextCheck = min(nextCheck ?? time, time)
    }

    /// The names are asked for again.
    mutating func checksAgain() { nextCheck = nil }
}
