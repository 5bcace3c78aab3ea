import Graph
import HDF5
import Tensors

/// Why a Keras file cannot be read as a network, or a network not be written back into it.
public enum KerasError: Error, Hashable, Sendable {
    /// The file itself could not be read or written.
    case file(HDF5Error)
    /// The archive, a `.keras` file, could not be read or written.
    case archive(ZipError)
    /// The model's configuration is not JSON.
    case json(JSONError)
    /// The file holds no model but something else, such as weights alone.
    case notAModel(found: String)
    /// A key of a layer's configuration is missing or of the wrong kind; `layer` is the model's name for the model's own.
    case configuration(layer: String, key: String, expected: String, found: String)
    /// A layer of a class that cannot be executed.
    case unsupportedLayer(layer: String, className: String, hint: String)
    /// A layer of a known class with a setting that cannot be executed.
    case unsupportedSetting(
        layer: String,
        className: String,
        setting: String,
        found: String,
        hint: String
    )
    /// An input's height, width or channels are not in the file and no shape was given.
    case unknownInputShape(layer: String, found: String)
    /// The shape that was given for the input contradicts the file.
    case inputShapeMismatch(layer: String, expected: String, found: Shape)
    /// Two layers have one name.
    case duplicateLayer(String)
    /// A layer reads from a layer or call that does not exist.
    case missingLayer(layer: String, reference: String)
    /// Layers feed each other in a circle.
    case cycle(layer: String)
    /// The file has the wrong number of weights for a layer.
    case weightCount(layer: String, className: String, expected: Int, found: Int)
    /// The layers do not fit together.
    case graph(GraphError)
    /// A network was to be written into the file of another model.
    case otherModel(layer: String, expected: String, found: String)
}

extension KerasError {
    /// Runs a body that reads or writes HDF5.
    static func hdf5<Result>(
        _ body: () throws(HDF5Error) -> Result
    ) throws(KerasError) -> Result {
        do {
            return try body()
        } catch {
            throw .file(error)
        }
    }
}
