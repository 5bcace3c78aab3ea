import Durability
import Foundation
import JobFiles
import Service
import Testing

/// The real program on real drops; every name in here is what a user would see.
@Suite("Daemon", .enabled(if: BuiltProgram.path != nil, "the program is not built"), .serialized)
struct DaemonTests {
    @Test(
        "drops that cannot be done are delivered as failures, and the good one among them is done"
    )
    func badDrops() throws {
        let place = try TemporarySpool()
        let spec = TemporarySpool.spec()
        let model = try TemporarySpool.model()
        try place.drop("a-text", model: Array("not a model".utf8))
        try place.drop("b-cut", model: Array(model.prefix(9000)))
        try place.drop("c-typo", spec: spec.replacing("budget", with: "bugdet"))
        try place.drop("d-data", spec: spec.replacing("data.h5", with: "none.h5"))
        try place.drop("e-range", spec: spec.replacing("0.6", with: "-1"))
        try place.drop("f-little", spec: spec.replacing("0.6", with: "0.0001"))
        let hash = String(repeating: "ab", count: 32)
        try place.drop("g-hash", spec: TemporarySpool.spec(adding: "model_sha256: \(hash)"))
        try place.drop("h-poor", spec: TemporarySpool.spec(adding: "expected_accuracy: 0.99"))
        try place.drop("i-unknown", model: replacing("MaxPooling2D", by: "MaxPoodles2D", in: model))
        try place.drop("j-heap", model: try TemporarySpool.modelThatHarmsTheLibrary())
        try place.drop("z-good")
        #expect(try BuiltProgram.drain(place.spool) == 1)

        let codes = [
            "a-text": "model-not-hdf5", "b-cut": "model-truncated", "c-typo": "spec-invalid",
            "d-data": "data-missing", "j-heap": "hdf5-damaged", "e-range": "spec-invalid",
            "f-little": "budget-unreachable", "g-hash": "model-hash-mismatch",
            "h-poor": "accuracy-below-expected", "i-unknown": "layer-unsupported",
        ]
        for (name, code) in codes {
            let failure = try place.failure(name)
            #expect(failure.code == code, "\(name): \(failure.message)")
            #expect(!failure.message.isEmpty && !failure.hint.isEmpty)
            let kept = try place.files.names(in: place.spool.failed).first { $0.hasPrefix(name) }
            #expect(
                try place.files.names(in: "\(place.spool.failed)/\(kept ?? "")/drop")
                    == ["\(name).h5", "\(name).yaml"],
                "what was dropped is kept"
            )
        }
        #expect(try place.failure("c-typo").hint.contains("Did you mean budget?"))
        #expect(try place.failure("d-data").message.contains("\(place.root)/data/none.h5"))
        let names = try place.files.names(in: "\(place.spool.outbox)/z-good")
        #expect(
            Set(names).isSuperset(of: ["z-good.h5", "metrics.json", "SHA256SUMS", "spec.yaml"])
        )
        #expect(try place.files.names(in: place.spool.inbox).isEmpty)
    }

    @Test("a job that takes more memory than one may have is ended at once, and says so")
    func memoryCeiling() throws {
        let place = try TemporarySpool()
        try place.drop("large")
        #expect(try BuiltProgram.drain(place.spool, ["--memory", "4M"]) == 1)
        let failure = try place.failure("large")
        #expect(failure.code == "memory-exceeded")
        #expect(failure.context["limit"] == "4194304")
    }

    @Test("a name that is taken in the outbox gets a number, and the checksums hold")
    func takenNames() throws {
        let place = try TemporarySpool()
        for expected in ["same", "same~2"] {
            try place.drop("same")
            #expect(try BuiltProgram.drain(place.spool) == 0)
            let sums = String(
                decoding: try place.delivered("\(expected)/SHA256SUMS"),
                as: UTF8.self
            )
            for line in sums.split(separator: "\n") {
                let name = line.split(separator: " ").last ?? ""
                let hash = SHA256.hash(try place.delivered("\(expected)/\(name)"))
                #expect(line.hasPrefix("\(hash)"))
            }
        }
        #expect(try place.delivered("same/same.h5") == place.delivered("same~2/same.h5"))
    }

    @Test("several methods and budgets in one drop come back as one delivery, a folder for each")
    func severalStudents() throws {
        let place = try TemporarySpool()
        let spec = TemporarySpool.spec().replacing("0.6", with: "[0.7, 0.6]")
        try place.drop("many", spec: spec + "\nmethod: [l1, taylor]\n")
        try place.drop("wrong", spec: spec + "\nmethod: [l1, tailor]\n")
        #expect(try BuiltProgram.drain(place.spool) == 1)
        #expect(try place.failure("wrong").hint.contains("Did you mean taylor?"))
        let names = try place.files.names(in: "\(place.spool.outbox)/many")
        let students = ["l1-macs-0.7", "l1-macs-0.6", "taylor-macs-0.7", "taylor-macs-0.6"]
        let own = [
            "SHA256SUMS", "comparison.csv", "comparison.json", "job.log", "report.html",
            "spec.yaml",
        ]
        #expect(Set(names) == Set(students + own))
        let comparison = try JSONText.value(
            ComparisonMetrics.self,
            from: place.delivered("many/comparison.json")
        )
        #expect(comparison.students.map(\.name) == students)
        for student in comparison.students {
            #expect(student.budget.isMet)
            // The spec in a student's folder makes this student alone.
            let text = try place.delivered("many/\(student.name)/spec.yaml")
            let spec = try JobSpec.parse(String(decoding: text, as: UTF8.self))
            #expect(spec.methods == [student.method])
            #expect(spec.budget.values == [student.budget.asked])
            let alone = "alone-\(student.name)"
            try place.drop(alone, spec: String(decoding: text, as: UTF8.self))
        }
        let page = String(decoding: try place.delivered("many/report.html"), as: UTF8.self)
        #expect(students.allSatisfy(page.contains))
        #expect(try BuiltProgram.drain(place.spool) == 0)
        for student in students {
            #expect(
                try place.delivered("many/\(student)/many.h5")
                    == place.delivered("alone-\(student)/alone-\(student).h5")
            )
        }
        #expect(try place.files.names(in: place.spool.done).count == 5)
    }

    @Test("a cancelled job is delivered as such; a wish for no job goes out of the way")
    func cancelling() throws {
        let place = try TemporarySpool()
        try place.drop("unwanted")
        for name in ["unwanted", "nobody"] {
            try place.files.touch("\(place.spool.inbox)/\(name).cancel")
        }
        #expect(try BuiltProgram.drain(place.spool) == 1)
        #expect(try place.failure("unwanted").code == "cancelled")
        #expect(try place.files.names(in: place.spool.failed).contains("nobody.cancel"))
        #expect(try place.files.names(in: place.spool.inbox).isEmpty)
    }

    @Test("a job folder that cannot be used keeps no other job waiting, and --once says it is left")
    func unusableFolder() throws {
        let place = try TemporarySpool()
        let bad = JobFolder(path: "\(place.spool.work)/bad~00000001")
        try place.files.makeDurableFolder(bad.drop)
        try place.files.writeNew([], to: "\(bad.drop)/bad.yaml")
        try place.files.makeDurableFolder("\(bad.attempts)/in-the-way")
        try place.drop("good")
        #expect(try BuiltProgram.drain(place.spool) == 75)
        #expect(try place.deliveries() == ["good"])
    }

    @Test("a job whose workers died too often is given up with its attempts")
    func deadWorkers() throws {
        let place = try TemporarySpool()
        let job = JobFolder(path: "\(place.spool.work)/deadly~00000001")
        try place.files.makeDurableFolder(job.drop)
        try place.files.writeNew(try TemporarySpool.model(), to: "\(job.drop)/deadly.h5")
        try place.files.writeNew(Array(TemporarySpool.spec().utf8), to: "\(job.drop)/deadly.yaml")
        try job.setAttemptCount(5, on: place.files)
        try job.setAttemptLimit(5, on: place.files)
        #expect(try BuiltProgram.drain(place.spool) == 1)
        let failure = try place.failure("deadly")
        #expect(failure.code == "interrupted-repeatedly")
        #expect(failure.context["attempts"] == "5")
    }

    private func replacing(_ name: String, by other: String, in model: [UInt8]) -> [UInt8] {
        let (from, to) = (Array(name.utf8), Array(other.utf8))
        var bytes = model
        var index = 0
        while index + from.count <= bytes.count {
            if bytes[index] == from[0], bytes[index..<index + from.count].elementsEqual(from) {
                bytes.replaceSubrange(index..<index + from.count, with: to)
                index += from.count
            } else {
                index += 1
            }
        }
        return bytes
    }
}
