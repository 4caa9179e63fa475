private import CZstd

/// Decompresses zstd frames, each in one call. Reuses one `ZSTD_DCtx`.
@safe package struct Decompressor: ~Copyable {
    private let context: OpaquePointer

    package init() throws(ZstandardError) {
        guard let context = unsafe ZSTD_createDCtx() else { throw .noMemory }
        let result = unsafe ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, maximumWindowLog)
        guard ZSTD_isError(result) == 0 else {
            unsafe ZSTD_freeDCtx(context)
            throw .library(unsafe String(cString: ZSTD_getErrorName(result)))
        }
        unsafe self.context = context
    }

    deinit {
        unsafe ZSTD_freeDCtx(context)
    }

    /// Replaces `content` with the content of `frame`, `count` bytes. Reuses the storage of `content` if that
    /// is large enough.
    ///
    /// Before it allocates memory, it rejects anything that is not:
    /// 1. exactly one frame,
    /// 2. with a declared content size of `count`,
    /// 3. and a window of at most 128 MiB.
    ///
    /// With a wrong `prefix` the content is wrong or rejected. The caller verifies it with a digest.
    package func decompress(
        _ frame: RawSpan,
        prefix: RawSpan?,
        exactly count: Int,
        into content: inout [UInt8]
    ) throws(ZstandardError) {
        try validate(frame, exactly: count)
        if content.count < count {
            content.append(contentsOf: repeatElement(0, count: count - content.count))
        } else {
            content.removeLast(content.count - count)
        }
        let result: Int
        if let prefix, prefix.byteCount > 0 {
            // libzstd only refers to the prefix, so the frame is decompressed while the prefix's bytes are
            // borrowed.
            result = unsafe prefix.withUnsafeBytes { prefix in
                let referenced = unsafe ZSTD_DCtx_refPrefix(context, prefix.baseAddress, prefix.count)
                return ZSTD_isError(referenced) != 0 ? referenced : decompress(frame, into: &content)
            }
        } else {
            result = decompress(frame, into: &content)
        }
        let size = try ZstandardError.check(result)
        guard size == count else { throw .unexpectedSize(declared: UInt64(size), expected: count) }
    }

    private func validate(_ frame: RawSpan, exactly count: Int) throws(ZstandardError) {
        let (declared, size) = unsafe frame.withUnsafeBytes { frame in
            (
                unsafe ZSTD_getFrameContentSize(frame.baseAddress, frame.count),
                unsafe ZSTD_findFrameCompressedSize(frame.baseAddress, frame.count)
            )
        }
        // The two largest values mean "unknown" and "error".
        guard declared < UInt64.max - 1, ZSTD_isError(size) == 0, size == frame.byteCount, Self.isFrame(frame)
        else { throw .notOneFrame }
        // Decompressing in one call needs no window, so libzstd does not check it.
        let window = Self.windowBytes(frame) ?? declared
        guard window <= 1 << UInt64(maximumWindowLog) else { throw .windowTooLarge(window) }
        guard declared == UInt64(count) else { throw .unexpectedSize(declared: declared, expected: count) }
    }

    /// Whether it is not a skippable frame, which has no content (RFC 8878, section 3.1).
    private static func isFrame(_ frame: RawSpan) -> Bool {
        guard frame.byteCount >= 6 else { return false }
        let magic = unsafe frame.unsafeLoadUnaligned(as: UInt32.self)
        return UInt32(littleEndian: magic) == 0xfd2f_b528
    }

    /// The window size that the frame's header declares, in bytes; nil when that is the content size (RFC
    /// 8878, section 3.1.1.1). The frame has at least 6 bytes.
    private static func windowBytes(_ frame: RawSpan) -> UInt64? {
        let descriptor = unsafe frame.unsafeLoad(fromByteOffset: 4, as: UInt8.self)
        guard descriptor & 0x20 == 0 else { return nil }
        let window = unsafe frame.unsafeLoad(fromByteOffset: 5, as: UInt8.self)
        let base: UInt64 = 1 << (10 + UInt64(window >> 3))
        return base + base / 8 * UInt64(window & 7)
    }

    private func decompress(_ frame: RawSpan, into content: inout [UInt8]) -> Int {
        unsafe frame.withUnsafeBytes { frame in
            unsafe content.withUnsafeMutableBytes { content in
                unsafe ZSTD_decompressDCtx(
                    context,
                    content.baseAddress,
                    content.count,
                    frame.baseAddress,
                    frame.count
                )
            }
        }
    }
}
