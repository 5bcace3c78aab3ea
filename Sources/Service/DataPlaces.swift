import Foundation
import JobFiles

/// The folders in which a data file that a spec names is looked for, in order.
struct DataPlaces {
    let folders: [String]

    /// The first place where the file is; an absolute path is its own only place.
    func path(of name: String) throws(JobFailure) -> String {
        let places = name.hasPrefix("/") ? [name] : folders.map { "\($0)/\(name)" }
        guard let path = places.first(where: { FileManager.default.fileExists(atPath: $0) }) else {
            throw .dataMissing(name, places: places)
        }
        return path
    }
}
