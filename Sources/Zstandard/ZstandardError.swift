internal import CZstd

/// An error of libzstd, or of a check before the call.
package enum ZstandardError: Error, Hashable, Sendable, CustomStringConvertible {
    /// libzstd's own name for the error.
    case library(String)
    /// There was no memory for a context.
    case noMemory
    /// The bytes are not exactly one frame that says how long its content is.
    case notOneFrame
    /// The frame declares another content size than the caller expects.
    case unexpectedSize(declared: UInt64, expected: Int)
    /// The frame needs a window of this many bytes, more than any frame of ours.
    case windowTooLarge(UInt64)

    package var description: String {
        switch self {
        case .library(let name): "zstd: \(name)"
        case .noMemory: "no memory for zstd"
        case .notOneFrame: "not one complete zstd frame"
        case .unexpectedSize(let declared, let expected):
            "the zstd frame holds \(declared) bytes, not \(expected)"
        case .windowTooLarge(let bytes): "the zstd frame needs a window of \(bytes) bytes"
        }
    }

    /// Throws if `result` is one of libzstd's error codes. Otherwise returns it as a count of bytes.
    static func check(_ result: Int) throws(ZstandardError) -> Int {
        guard ZSTD_isError(result) == 0 else {
            throw .library(unsafe String(cString: ZSTD_getErrorName(result)))
        }
        return result
    }
}

/// The largest distance, as a power of two, to which a frame's matches may reach back: 128 MiB. A frame that
/// needs more is rejected, so that no frame can demand more memory.
let maximumWindowLog: Int32 = 27
