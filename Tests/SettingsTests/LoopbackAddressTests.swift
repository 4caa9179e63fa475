import Testing

@testable import Settings

@Suite("A loopback address")
struct LoopbackAddressTests {
    @Test(
        "is one of 127.0.0.0/8, [::1] or localhost, with a port",
        arguments: [
            ("127.0.0.1:9469", "127.0.0.1", 9469), ("127.255.0.9:1", "127.255.0.9", 1),
            ("[::1]:65535", "::1", 65_535), ("localhost:0", "127.0.0.1", 0),
        ]
    )
    func right(_ text: String, _ host: String, _ port: Int) throws {
        let address = try #require(LoopbackAddress(parsing: text))
        #expect(address == LoopbackAddress(host: host, port: port))
        #expect(LoopbackAddress(parsing: "\(address)") == address)
    }

    @Test(
        "is nothing else",
        arguments: [
            "", ":", "9469", ":9469", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:+80",
            "127.0.0.1:080", "127.0.0.1:99999999999999999999", "0.0.0.0:9469", "128.0.0.1:9469",
            "192.168.0.1:9469", "127.1:9469", "127.0.0.256:9469", "0127.0.0.1:9469", "127.0.0.01:9469",
            "127..0.1:9469", "127.0.0.1.:9469", "[::]:9469", "::1:9469", "[::ffff:127.0.0.1]:9469",
            "localhost.example.org:9469", "Localhost:9469", " 127.0.0.1:9469", "١٢٧.0.0.1:9469",
        ]
    )
    func wrong(_ text: String) { #expect(LoopbackAddress(parsing: text) == nil) }
}
