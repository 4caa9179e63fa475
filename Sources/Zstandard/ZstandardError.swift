internal import CZstd

/// What libzstd, or a check before it, refused.
package enum ZstandardError: Error, Hashable, Sendable, CustomStringConvertible {
    /// libzstd's own name for the error.
    case library(String)
    /// There was no memory for a context.
    case noMemory
    /// The bytes are not exactly one frame that says how long its content is.
    case notOneFrame
    /// The frame's content has another length than the caller was promised.
    case unexpectedSize(declared: UInt64, expected: Int)
    /// The frame may reach back further than any of ours, so many bytes.
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

    /// Throws when `result` is one of libzstd's error codes, else returns it as a count of bytes.
    static func check(_ result: Int) throws(ZstandardError) -> Int {
        guard ZSTD_isError(result) == 0 else {
            throw .library(unsafe String(cString: ZSTD_getErrorName(result)))
        }
        return result
    }
}

/// The largest distance, as a power of two, that a frame may reach back into its prefix: 128 MiB. What needs
/// more is refused, so that no frame can ask for more memory.
let maximumWindowLog: Int32 = 27
