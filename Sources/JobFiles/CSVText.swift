/// Rows of comma-separated values as Python's `csv` writes them: lines end in CR LF.
struct CSVText {
    private(set) var text: String

    init(_ columns: [String]) {
        text = ""
        append(columns)
    }

    mutating func append(_ row: [String]) {
        text += row.map(Self.field).joined(separator: ",") + "\r\n"
    }

    /// Quoted where it holds a comma, a quote or a line break.
    private static func field(_ value: String) -> String {
        guard value.contains(where: { $0 == "," || $0 == "\"" || $0.isNewline }) else {
            return value
        }
        return "\"" + value.replacing("\"", with: "\"\"") + "\""
    }

    /// A number, or `NA` where there is none or none that is finite.
    static func number(_ value: Double?) -> String {
        guard let value, value.isFinite else { return "NA" }
        return "\(value)"
    }
}

extension JobMetrics {
    /// `history.csv`: the columns of Keras' CSVLogger, `epoch` first and the others sorted, `NA` where a value is missing.
    ///
    /// Source: keras/src/callbacks/csv_logger.py, `on_epoch_end`.
    public var historyCSV: String {
        var rows = CSVText([
            "epoch", "accuracy", "learning_rate", "loss", "val_accuracy", "val_loss",
        ])
        for epoch in epochs {
            rows.append(
                ["\(epoch.epoch)"]
                    + [
                        epoch.accuracy, epoch.learningRate, epoch.loss, epoch.heldOut.accuracy,
                        epoch.heldOut.loss,
                    ].map(CSVText.number)
            )
        }
        return rows.text
    }

    /// `sensitivity.csv`: one row per group and share that was removed.
    public var sensitivityCSV: String {
        var rows = CSVText([
            "group", "removed_fraction", "units", "kept_units", "val_loss", "val_accuracy",
        ])
        for group in groups {
            for point in group.sensitivity {
                rows.append([
                    group.name, CSVText.number(point.removedFraction), "\(group.units.before)",
                    "\(point.keptUnits)", CSVText.number(point.heldOut.loss),
                    CSVText.number(point.heldOut.accuracy),
                ])
            }
        }
        return rows.text
    }
}
