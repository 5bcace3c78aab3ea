import Durability
import JobFiles

extension JobFailure {
    /// A failure that was delivered before, in an attempt that was interrupted after it.
    static let delivered = JobFailure(
        code: "delivered-before",
        message: "The failure is in the outbox.",
        hint: "Read it there."
    )

    static let noOutcome = JobFailure(
        code: "internal",
        message: "The compression ended without a result.",
        hint: "This is an error of Espalier: please report it."
    )

    static func dropIncomplete(_ part: String) -> JobFailure {
        JobFailure(
            code: "drop-incomplete",
            message: "The \(part) went away while the job was claimed.",
            hint: "Drop the model and the spec again."
        )
    }

    static func checkpoint(_ error: CheckpointError) -> JobFailure {
        JobFailure(
            code: "checkpoint-unusable",
            message: "The checkpoint cannot be used: \(error)",
            hint: "Drop the job again to start it over."
        )
    }

    /// A written model that answers otherwise than the student in memory.
    static func verificationFailed(_ difference: Float, tolerance: Float) -> JobFailure {
        JobFailure(
            code: "verification-failed",
            message: "The written model's outputs differ by \(difference). "
                + "Expected at most \(tolerance).",
            hint: "This is an error of Espalier: please report it."
        )
    }

    /// A job whose workers died too often.
    static func interruptedRepeatedly(_ attempts: Int) -> JobFailure {
        JobFailure(
            code: "interrupted-repeatedly",
            message: "The job's worker died \(attempts) times without getting further.",
            hint: "Look for want of memory in the system's log; try fewer samples or threads.",
            context: ["attempts": "\(attempts)"]
        )
    }

    /// A job whose worker took more memory than the administrator gives one.
    static func memoryExceeded(_ bytes: Int, most: Int) -> JobFailure {
        JobFailure(
            code: "memory-exceeded",
            message:
                "The job took \(bytes >> 20) MiB of memory. Expected at most \(most >> 20) MiB.",
            hint:
                "Ask for a smaller batch or fewer samples, or let the administrator raise memory.",
            context: ["bytes": "\(bytes)", "limit": "\(most)"]
        )
    }

    /// A data file that is in none of the places where it was looked for.
    static func dataMissing(_ name: String, places: [String]) -> JobFailure {
        JobFailure(
            code: "data-missing",
            message: "The data file \(name) is in none of these places: "
                + places.joined(separator: ", ") + ".",
            hint: "Put it in one of them, or give its whole path if that is allowed.",
            context: ["path": name, "places": places.joined(separator: ":")]
        )
    }

    /// A data file outside the folders that the administrator allows.
    static func dataForbidden(_ name: String, folders: [String]) -> JobFailure {
        JobFailure(
            code: "data-forbidden",
            message: "The data file \(name) is in none of the folders that are allowed here: "
                + folders.joined(separator: ", ") + ".",
            hint:
                "Put it in one of them, or ask the administrator to add its folder to data_folders.",
            context: ["path": name, "folders": folders.joined(separator: ":")]
        )
    }

    /// A model whose bytes are not the ones the spec was written for.
    static func modelHash(_ file: String, expected: String, found: String) -> JobFailure {
        JobFailure(
            code: "model-hash-mismatch",
            message: "\(file) has the SHA-256 \(found). Expected \(expected).",
            hint: "Copy the model again, or correct model_sha256 in the spec.",
            context: ["expected": expected, "found": found]
        )
    }

    /// A teacher that does worse on the test samples than the spec says.
    static func accuracyBelowExpected(_ found: Double, expected: Double) -> JobFailure {
        JobFailure(
            code: "accuracy-below-expected",
            message: "The model reaches an accuracy of \(found) on the test samples. "
                + "Expected \(expected).",
            hint: "Check data.scale, data.mean, data.std and data.channels in the spec: "
                + "they must be those the model was trained with.",
            context: ["expected": "\(expected)", "found": "\(found)"]
        )
    }

    /// Samples without labels where labels are needed.
    static func labelsMissing(_ purpose: String) -> JobFailure {
        JobFailure(
            code: "labels-missing",
            message: "There are no test samples with class labels, which \(purpose) needs.",
            hint: "Give x_test and y_test, or name them under data in the spec."
        )
    }

    /// A job whose owner dropped `NAME.cancel`.
    static let cancelled = JobFailure(
        code: "cancelled",
        message: "The job was cancelled by its owner.",
        hint: "Drop the model and the spec again to start it over."
    )
}
