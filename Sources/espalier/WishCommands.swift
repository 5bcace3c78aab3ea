import ArgumentParser
import Durability
import Service

/// A command that drops a wish into the inbox, as its owner could by hand.
protocol WishCommand: ParsableCommand {
    static var wish: JobWish { get }
    var name: String { get }
    var place: PlaceOptions { get }
}

extension WishCommand {
    func run() throws {
        do {
            let file = try WishFile(name, in: try place.spool())
                .make(Self.wish, on: RealFileSystem())
            print(file)
        } catch let refusal as WishFile.Refusal {
            switch refusal {
            case .unknown(let names):
                let list = names.isEmpty ? "there is none" : names.joined(separator: ", ")
                say("espalier: received \(name). Expected a job to \(Self.wish.rawValue): \(list).")
                throw ExitCode(65)
            case .failed(let error):
                say("espalier: \(error)")
                throw ExitCode(73)
            }
        }
    }
}

struct Cancel: WishCommand {
    static let wish = JobWish.cancel
    static let configuration = CommandConfiguration(
        abstract: "Ends a job; it is delivered as failed, and can be retried."
    )
    @Argument(help: "The name of the drop.") var name: String
    @OptionGroup var place: PlaceOptions
}

struct Pause: WishCommand {
    static let wish = JobWish.pause
    static let configuration = CommandConfiguration(
        abstract: "Stops a job at its next step, its progress saved, until it is resumed."
    )
    @Argument(help: "The name of the drop.") var name: String
    @OptionGroup var place: PlaceOptions
}

struct Resume: WishCommand {
    static let wish = JobWish.resume
    static let configuration = CommandConfiguration(abstract: "Goes on with a paused job.")
    @Argument(help: "The name of the drop.") var name: String
    @OptionGroup var place: PlaceOptions
}

struct Retry: WishCommand {
    static let wish = JobWish.retry
    static let configuration = CommandConfiguration(
        abstract: "Does a failed job again, or a resting one at once."
    )
    @Argument(help: "The name of the drop.") var name: String
    @OptionGroup var place: PlaceOptions
}
