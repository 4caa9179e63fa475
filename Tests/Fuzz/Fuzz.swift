/// libFuzzer's own main, which the program has none of (llvm.org/docs/LibFuzzer.html, "Using libFuzzer as
/// a library").
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ test: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// Reads what libFuzzer makes up. The first byte of an input chooses the decoder, the rest is what it reads.
///
/// Checksums are made right first, or nothing behind them would ever be reached. Any input may be
/// refused; none may trap.
@main
enum Fuzz {
    static func main() {
        var count = CommandLine.argc
        var arguments = unsafe CommandLine.unsafeArgv
        _ = unsafe runDriver(&count, &arguments) { unsafe feed($0, $1) }
    }
}

private func feed(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let data = unsafe data, count > 1 else { return 0 }
    let input = unsafe [UInt8](UnsafeBufferPointer(start: data, count: count))
    let bytes = Array(input.dropFirst())
    let decoders = unsafe Decoders.shared
    switch input[0] % 7 {
    case 0: decoders.changes(bytes)
    case 1: decoders.block(bytes)
    case 2: decoders.headers(bytes)
    case 3: decoders.payloads(bytes)
    case 4: decoders.segment(bytes)
    case 5: decoders.base(bytes)
    default: decoders.frame(bytes)
    }
    return 0
}
