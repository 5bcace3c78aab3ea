/// What the template of a report shows: text and finished drawings, no numbers that still need thought.
package struct ReportPage {
    struct Fact {
        var name: String
        var value: String
        /// A second line, smaller.
        var note: String?
    }

    struct Table {
        struct Row {
            var head: String
            var cells: [String]
        }

        var caption: String
        var columns: [String]
        var rows: [Row]
        var isSortable = false
        /// Whether the cells are codes such as hashes.
        var isCode = false
        /// Whether it is shown only when asked for.
        var isFolded = false

        init(
            _ caption: String,
            _ columns: [String],
            rows: [[String]],
            isSortable: Bool = false,
            isCode: Bool = false,
            isFolded: Bool = false
        ) {
            self.caption = caption
            self.columns = columns
            self.rows = rows.map { Row(head: $0.first ?? "", cells: Array($0.dropFirst())) }
            self.isSortable = isSortable
            self.isCode = isCode
            self.isFolded = isFolded
        }
    }

    struct Figure {
        var title: String
        var drawing: Markup
        var note: String?
        var table: Table?
    }

    struct Section {
        var anchor: String
        var title: String
        /// What the list of sections calls it.
        var shortTitle: String
        /// What the section says, in one or two sentences.
        var text: String
        /// A table that stands in one row with the figures.
        var leadingTables: [Table] = []
        var figures: [Figure] = []
        /// Drawings that belong together and share one key.
        var multiples: [Figure] = []
        /// Multiples that are shown only when asked for, and what they are called together.
        var furtherMultiples: [Figure] = []
        var furtherTitle: String?
        /// The key of the multiples, or of the wide drawing.
        var key: Markup?
        /// A drawing that is wider than a phone and scrolls by itself.
        var wide: Figure?
        /// Tables that follow the figures in one row with them.
        var trailingTables: [Table] = []
        var tables: [Table] = []
        var facts: [Fact] = []
        /// Something to type.
        var command: String?
        /// A long text that is shown only when asked for, and its title.
        var foldedText: String?
        var foldedTitle: String?
    }

    var title: String
    var subtitle: String
    /// `good`, `fair` or `poor`.
    var verdictClass: String
    var verdict: String
    var headlines: [Fact]
    var checks: [Check]
    var sections: [Section]
    var footer: String

    /// A reason to trust the result or not.
    package struct Check {
        package var isGood: Bool
        package var text: String
    }
}
