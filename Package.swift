// swift-tools-version: 6.1
import PackageDescription

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

/// A library target of the house; `imports` are the only targets it may import (Docs/architecture.md).
func room(
    _ name: String,
    imports: [Target.Dependency],
    resources: [Resource] = []
) -> Target {
    .target(
        name: name,
        dependencies: imports,
        resources: resources,
        swiftSettings: settings
    )
}

func tests(of name: String, imports: [Target.Dependency]) -> Target {
    .testTarget(
        name: "\(name)Tests",
        dependencies: [.target(name: name)] + imports,
        swiftSettings: settings
    )
}

let argumentParser = Target.Dependency.product(
    name: "ArgumentParser",
    package: "swift-argument-parser"
)
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let mustache = Target.Dependency.product(name: "Mustache", package: "swift-mustache")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

let package = Package(
    name: "espalier-pruner",
    products: [.executable(name: "espalier", targets: ["espalier"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.0.0"),
    ],
    targets: [
        .systemLibrary(
            name: "COpenBLAS",
            pkgConfig: "openblas",
            providers: [.apt(["libopenblas-dev"])]
        ),
        .systemLibrary(name: "CHDF5", pkgConfig: "hdf5", providers: [.apt(["libhdf5-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .target(name: "CKernels"),
        room("Tensors", imports: ["COpenBLAS", "CKernels"]),
        room("Graph", imports: ["Tensors"]),
        room("Engine", imports: ["Graph", "Tensors"]),
        room("HDF5", imports: ["CHDF5"]),
        room("KerasFormat", imports: ["HDF5", "Graph", "Tensors", "CZlib"]),
        room("Datasets", imports: ["HDF5", "Tensors"]),
        room("Pruning", imports: ["Graph", "Engine", "Datasets", "Tensors"]),
        room(
            "JobFiles",
            imports: ["Graph", mustache, yams],
            resources: [
                "failure.mustache", "figure.mustache", "index.js", "index.mustache", "page.js",
                "report.mustache", "style.css", "table.mustache",
            ].map { .embedInCode("Templates/\($0)") }
        ),
        room("Durability", imports: []),
        room(
            "Service",
            imports: [
                "Tensors", "Graph", "Engine", "HDF5", "KerasFormat", "Datasets", "Pruning",
                "JobFiles", "Durability", logging, yams,
            ]
        ),
        .executableTarget(
            name: "espalier",
            dependencies: ["Service", "JobFiles", argumentParser, logging],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "espalier-benchmarks",
            dependencies: [
                "Datasets", "Durability", "Engine", "Graph", "KerasFormat", "Pruning", "Service",
                "Tensors",
            ],
            path: "Benchmarks/Programs",
            swiftSettings: settings
        ),
        // Not a test suite but a program that runs for as long as it is told to.
        .executableTarget(
            name: "espalier-fuzz",
            dependencies: ["Durability", "HDF5", "KerasFormat", "Service", "Tensors"],
            path: "Tests/Fuzz",
            swiftSettings: settings
        ),
        tests(of: "Tensors", imports: []),
        tests(of: "Graph", imports: ["Tensors"]),
        tests(of: "Engine", imports: ["Graph", "Tensors", "HDF5", "KerasFormat"]),
        tests(of: "HDF5", imports: []),
        tests(of: "KerasFormat", imports: ["HDF5", "Graph", "Tensors", "Engine"]),
        tests(of: "Datasets", imports: ["HDF5", "Tensors"]),
        tests(of: "Pruning", imports: ["Graph", "Engine", "Datasets", "Tensors"]),
        tests(of: "JobFiles", imports: ["Graph"]),
        tests(of: "Durability", imports: []),
        tests(
            of: "Service",
            imports: [
                "Durability", "JobFiles", "KerasFormat", "HDF5", "Graph", "Tensors", "Engine",
                "Pruning", "Datasets",
            ]
        ),
    ],
    swiftLanguageModes: [.v6]
)
