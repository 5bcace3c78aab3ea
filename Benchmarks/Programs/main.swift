import Foundation

// espalier-benchmarks: what Benchmarks/run has measured by the program's own parts.
let arguments = Array(CommandLine.arguments.dropFirst())
let usage = """
    usage: espalier-benchmarks vgg DATA.h5 OUT.h5 [EPOCHS]
           espalier-benchmarks search MODEL.h5 DATA.h5 [NODES]
           espalier-benchmarks statistics MODEL.h5 [IMAGES]
           espalier-benchmarks objectives MODEL.h5 DATA.h5 LARGEST OUT.json

    """

switch (arguments.first, arguments.count) {
case ("vgg", 3...4):
    try VGGTraining.run(
        data: arguments[1],
        out: arguments[2],
        epochs: arguments.count == 4 ? Int(arguments[3]) ?? 30 : 30
    )
case ("search", 3...4):
    try SearchTable.run(
        model: arguments[1],
        data: arguments[2],
        nodes: arguments.count == 4 ? Int(arguments[3]) ?? 1_000_000 : 1_000_000
    )
case ("statistics", 2...3):
    try StatisticsTime.run(
        model: arguments[1],
        images: arguments.count == 3 ? Int(arguments[2]) ?? 2000 : 2000,
        rounds: 3
    )
case ("objectives", 5):
    try SearchTable.writeObjectives(
        model: arguments[1],
        data: arguments[2],
        largest: Int(arguments[3]) ?? 16,
        out: arguments[4]
    )
default:
    FileHandle.standardError.write(Data(usage.utf8))
    exit(64)
}

/// Writes a line at once, so that a log can be followed.
func say(_ line: String) {
    FileHandle.standardOutput.write(Data("\(line)\n".utf8))
}
