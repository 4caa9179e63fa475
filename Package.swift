// swift-tools-version: 6.2
import PackageDescription

/// Every target of ours: Swift 6 language mode, strict memory safety, no warning left standing.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableExperimentalFeature("Lifetimes"),
]

/// `FilePath`: paths as Linux has them, bytes that need not be UTF-8.
let path: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")

/// What `holdfast --version` says of the source, set by `scripts/run`: SwiftPM would not notice a new commit.
let commit = Context.environment["HOLDFAST_COMMIT"] ?? ""

let package = Package(
    name: "holdfast",
    products: [
        .executable(name: "holdfast", targets: ["holdfast"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0", traits: []),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.0.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    ],
    targets: [
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CLinux"),
        .target(name: "CBuild", cSettings: [.define("HOLDFAST_COMMIT", to: "\"\(commit)\"")]),

        // The floor: three targets that know nothing of each other.
        .target(name: "Zstandard", dependencies: ["CZstd"], swiftSettings: strict),
        .target(name: "SQLiteFiles", swiftSettings: strict),
        .target(name: "LinuxSystem", dependencies: ["CLinux", path], swiftSettings: strict),

        // The house, upwards. `scripts/check-style` holds these arrows.
        .target(
            name: "RepositoryFormat",
            dependencies: ["SQLiteFiles", "LinuxSystem", path],
            swiftSettings: strict
        ),
        .target(
            name: "RepositoryReader",
            dependencies: ["RepositoryFormat", "Zstandard", "SQLiteFiles", "LinuxSystem", path],
            swiftSettings: strict
        ),
        .target(
            name: "RepositoryWriter",
            dependencies: [
                "RepositoryReader", "RepositoryFormat", "Zstandard", "SQLiteFiles", "LinuxSystem", path,
            ],
            swiftSettings: strict
        ),
        .target(
            name: "Capture",
            dependencies: [
                "RepositoryWriter", "RepositoryReader", "RepositoryFormat", "SQLiteFiles", "LinuxSystem",
                path,
            ],
            swiftSettings: strict
        ),
        .target(
            name: "History",
            dependencies: ["RepositoryReader", "RepositoryFormat", "SQLiteFiles", "LinuxSystem", path],
            swiftSettings: strict
        ),
        .target(
            name: "Recovery",
            dependencies: [
                "History", "RepositoryReader", "RepositoryFormat", "SQLiteFiles", "LinuxSystem", path,
                "CSQLite",
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "Settings",
            dependencies: ["History", "LinuxSystem", path, "Yams"],
            swiftSettings: strict
        ),
        .target(
            name: "Service",
            dependencies: [
                "Capture", "Recovery", "History", "RepositoryWriter", "RepositoryReader", "RepositoryFormat",
                "LinuxSystem", path,
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict
        ),
        // What knows a network, each with its own library.
        .target(
            name: "WebClient",
            dependencies: [
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "Remote",
            dependencies: [
                "WebClient", "RepositoryReader", "RepositoryFormat", "LinuxSystem", path,
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "CryptoExtras", package: "swift-crypto"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "WebServer",
            dependencies: [
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "holdfast",
            dependencies: [
                "WebClient", "WebServer", "Remote", "Service", "Settings", "Capture", "Recovery", "History",
                "RepositoryWriter",
                "RepositoryReader", "RepositoryFormat", "Zstandard", "LinuxSystem", "CBuild", path,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict
        ),

        .target(
            name: "TestSupport",
            dependencies: [
                "RepositoryWriter", "RepositoryReader", "RepositoryFormat", "SQLiteFiles", "LinuxSystem",
                path,
            ],
            path: "Tests/TestSupport",
            swiftSettings: strict
        ),
        .testTarget(
            name: "ZstandardTests",
            dependencies: ["Zstandard", "TestSupport"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "SQLiteFilesTests",
            dependencies: ["SQLiteFiles", "TestSupport"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "LinuxSystemTests",
            dependencies: ["LinuxSystem", "TestSupport"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "RepositoryTests",
            dependencies: [
                "RepositoryWriter", "RepositoryReader", "RepositoryFormat", "Zstandard", "SQLiteFiles",
                "LinuxSystem", path, "TestSupport",
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "CaptureTests",
            dependencies: [
                "Capture", "RepositoryWriter", "RepositoryReader", "RepositoryFormat", "SQLiteFiles",
                "LinuxSystem", path, "TestSupport",
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "RecoveryTests",
            dependencies: [
                "Recovery", "History", "RepositoryWriter", "RepositoryReader", "RepositoryFormat",
                "SQLiteFiles", "LinuxSystem", path, "TestSupport",
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "SettingsTests",
            dependencies: ["Settings", "History", "LinuxSystem", path, "TestSupport", "Yams"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "ServiceTests",
            dependencies: [
                "Service", "Capture", "Recovery", "History", "RepositoryWriter", "RepositoryReader",
                "RepositoryFormat", "LinuxSystem", path, "TestSupport",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "RemoteTests",
            dependencies: [
                "Remote", "WebClient", "RepositoryWriter", "RepositoryReader", "RepositoryFormat",
                "LinuxSystem", path, "TestSupport",
                .product(name: "Crypto", package: "swift-crypto"),
            ],
            swiftSettings: strict
        ),
        // Through the program: its commands, and apart from them the watcher.
        .testTarget(
            name: "CommandTests",
            dependencies: [
                "holdfast", "Remote", "Service", "Recovery", "RepositoryWriter", "RepositoryReader",
                "RepositoryFormat", "LinuxSystem", path, "TestSupport",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "HoldfastTests",
            dependencies: [
                "holdfast", "RepositoryWriter", "RepositoryReader", "RepositoryFormat", "LinuxSystem", path,
                "TestSupport",
            ],
            swiftSettings: strict
        ),
    ]
)

// Only for scripts/package, which names an object file with less of ICU's data: a smaller program.
if let data = Context.environment["HOLDFAST_ICU_DATA"] {
    let smaller = ["--no-export-dynamic", "-z", "pack-relative-relocs"].flatMap { ["-Xlinker", $0] }
    package.targets.first { $0.name == "holdfast" }?.linkerSettings = [
        .unsafeFlags([data, "-use-ld=lld"] + smaller)
    ]
}

// Only for scripts/fuzz, which compiles everything for libFuzzer and names its library.
if let library = Context.environment["HOLDFAST_FUZZ"] {
    package.products.append(.executable(name: "fuzz", targets: ["fuzz"]))
    package.targets.append(
        .executableTarget(
            name: "fuzz",
            dependencies: [
                "RepositoryWriter", "RepositoryReader", "RepositoryFormat", "Zstandard", "SQLiteFiles",
                "LinuxSystem", path,
            ],
            path: "Tests/Fuzz",
            exclude: ["corpus.tar.gz"],
            swiftSettings: strict + [.unsafeFlags(["-parse-as-library"])],
            linkerSettings: [.unsafeFlags([library, "-lstdc++", "-lm"])]
        )
    )
}
