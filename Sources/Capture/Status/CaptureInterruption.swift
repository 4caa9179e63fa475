/// The observer was asked to stop before everything was captured.
package struct CaptureInterruption: Error, Hashable, Sendable {
    /// The first capture of everything was not complete.
    package let isFirstCapture: Bool
    /// Files that were captured as they were when it was asked to stop.
    package let captured: Int
    /// Files that are protected, as far as they had been found.
    package let files: Int
    /// One of those that were not captured; nil when it was not found yet.
    package let example: String?
}

extension CaptureInterruption: CustomStringConvertible {
    package var description: String {
        guard !isFirstCapture else {
            return "stopped before the first capture was complete: \(captured) of \(files) files are captured"
        }
        let missing = files - captured
        return switch (example, missing) {
        case (let example?, 1): "stopped before the last changes of \(example) were captured"
        case (let example?, _):
            "stopped before the last changes of \(missing) files were captured, of \(example) for one"
        case (nil, _): "stopped before the last changes were captured"
        }
    }
}
