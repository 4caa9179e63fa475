private import CZstd

/// Opens zstd frames, one shot each. Holds one `ZSTD_DCtx` and uses it again.
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

    /// Makes `content` the content of `frame`, `count` bytes; `content` is used again where it is large enough.
    ///
    /// `frame` must be exactly one frame that declares a content size of `count`; anything else is refused
    /// before memory is taken. With a wrong `prefix` the content is wrong or refused: the caller has a digest.
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
            // The prefix is only referenced, so the frame is opened while its bytes are borrowed.
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
        guard declared < UInt64.max - 1, ZSTD_isError(size) == 0, size == frame.byteCount else {
            throw .notOneFrame
        }
        guard declared == UInt64(count) else { throw .unexpectedSize(declared: declared, expected: count) }
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
