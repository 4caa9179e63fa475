internal import CZstd

/// The zstd library that this program is linked with.
package enum ZstandardLibrary {
    /// As `1.5.4`.
    package static var version: String { unsafe String(cString: ZSTD_versionString()) }
}
