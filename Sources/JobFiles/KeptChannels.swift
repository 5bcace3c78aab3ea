/// Which units of each coupled group stay: `kept-channels.json`, so that other tools can map old channels to new ones.
public struct KeptChannels: Codable, Hashable, Sendable {
    /// One coupled group.
    public struct Group: Codable, Hashable, Sendable {
        /// The group's name.
        public var name: String
        /// The layers that make its channels.
        public var producers: [String]
        /// Its units in the teacher.
        public var units: Int
        /// The units that stay, counted from zero, ascending; unit `kept[i]` of the teacher is unit `i` of the student.
        public var kept: [Int]

        /// Makes a group.
        public init(name: String, producers: [String], units: Int, kept: [Int]) {
            self.name = name
            self.producers = producers
            self.units = units
            self.kept = kept
        }
    }

    /// The version of the keys; it rises when one is taken away or changes its meaning.
    public var schemaVersion = 1
    /// The groups, in the order of the layers that make them.
    public var groups: [Group]

    /// Joins the groups.
    public init(groups: [Group]) { self.groups = groups }
}
