private import CZstd

/// Makes zstd frames, each in one call. Reuses one `ZSTD_CCtx` and one output buffer.
@safe package struct Compressor: ~Copyable {
    private let context: OpaquePointer
    private var output: UnsafeMutableRawBufferPointer

    package init() throws(ZstandardError) {
        guard let context = unsafe ZSTD_createCCtx() else { throw .noMemory }
        unsafe self.context = context
        unsafe output = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    }

    deinit {
        unsafe ZSTD_freeCCtx(context)
        unsafe output.deallocate()
    }

    /// Appends one frame with `content` to `frames`. Returns the frame's size in bytes. The frame declares
    /// the size of its content and has no checksum: the records around it have one.
    ///
    /// - Parameters:
    ///   - prefix: matches may refer to it, up to 128 MiB back. The decompressor needs it as well.
    ///   - tableLog: the most entries that each of zstd's tables may have, as a power of two. An entry takes
    ///     4 bytes. Fewer save memory and cost up to 1 percent in size.
    @discardableResult
    package mutating func compress(
        _ content: RawSpan,
        prefix: RawSpan?,
        level: Int,
        tableLog: Int? = nil,
        into frames: inout [UInt8]
    ) throws(ZstandardError) -> Int {
        try configure(level: level, tableLog: tableLog, reach: content.byteCount + (prefix?.byteCount ?? 0))
        reserveOutput(ZSTD_compressBound(content.byteCount))
        let size: Int
        if let prefix, prefix.byteCount > 0 {
            // libzstd only refers to the prefix, so the frame is made while the prefix's bytes are borrowed.
            let result = unsafe prefix.withUnsafeBytes { prefix in
                let referenced = unsafe ZSTD_CCtx_refPrefix(context, prefix.baseAddress, prefix.count)
                return ZSTD_isError(referenced) != 0 ? referenced : compress(content)
            }
            size = try ZstandardError.check(result)
        } else {
            size = try ZstandardError.check(compress(content))
        }
        unsafe frames.append(contentsOf: UnsafeRawBufferPointer(rebasing: output[..<size]))
        return size
    }

    /// The same for an array, without a prefix.
    @discardableResult
    package mutating func compress(
        _ content: [UInt8],
        level: Int,
        into frames: inout [UInt8]
    ) throws(ZstandardError) -> Int {
        try compress(unsafe content.span.bytes, prefix: nil, level: level, into: &frames)
    }

    private func compress(_ content: RawSpan) -> Int {
        unsafe content.withUnsafeBytes { content in
            unsafe ZSTD_compress2(
                context,
                output.baseAddress,
                output.count,
                content.baseAddress,
                content.count
            )
        }
    }

    /// `reach`: the bytes of prefix and content together, all of which matches should be able to use.
    private func configure(level: Int, tableLog: Int?, reach: Int) throws(ZstandardError) {
        _ = try ZstandardError.check(unsafe ZSTD_CCtx_reset(context, ZSTD_reset_session_and_parameters))
        var windowLog: Int32 = 10
        while windowLog < maximumWindowLog && reach > 1 << Int(windowLog) { windowLog += 1 }
        try set(ZSTD_c_compressionLevel, Int32(clamping: level))
        try set(ZSTD_c_windowLog, windowLog)
        if let tableLog {
            try set(ZSTD_c_hashLog, Int32(tableLog))
            try set(ZSTD_c_chainLog, Int32(tableLog))
        }
        try set(ZSTD_c_contentSizeFlag, 1)
        try set(ZSTD_c_checksumFlag, 0)
    }

    private func set(_ parameter: ZSTD_cParameter, _ value: Int32) throws(ZstandardError) {
        _ = try ZstandardError.check(unsafe ZSTD_CCtx_setParameter(context, parameter, value))
    }

    private mutating func reserveOutput(_ byteCount: Int) {
        guard unsafe output.count < byteCount else { return }
        unsafe output.deallocate()
        unsafe output = .allocate(byteCount: byteCount, alignment: 16)
    }
}
