import Datasets
import Durability
import Graph
import HDF5
import JobFiles
import KerasFormat
import Pruning

extension JobFailure {
    /// A model or data file that libhdf5 could not give.
    public init(_ error: HDF5Error, file: String) {
        switch error {
        case .notHDF5:
            self.init(
                "model-not-hdf5",
                "\(file) is not an HDF5 file.",
                hint: "Save the model with model.save(\"NAME.h5\")."
            )
        case .truncated(let stored, let found):
            self.init(
                "model-truncated",
                "\(file) says it has \(stored) bytes. Received \(found): the copy was cut off.",
                hint: "Copy the file again.",
                ["expected": "\(stored)", "found": "\(found)"]
            )
        case .unreadable(let path, let number):
            self.init(
                "file-unreadable",
                "\(path) cannot be read (errno \(number)).",
                hint: "Check that the file exists and that the daemon may read it."
            )
        case .missing(let path):
            self.init(
                "hdf5-missing",
                "\(file) has no \(path).",
                hint: "Save the whole model again with model.save.",
                ["path": path]
            )
        case .unexpected(let path, let expected, let found):
            self.init(
                "hdf5-unexpected",
                "\(path) in \(file): received \(found). Expected \(expected).",
                hint: "Write the file again with Keras or h5py.",
                ["path": path]
            )
        case .tooLarge(let path, let limit, let found):
            self.init(
                "hdf5-too-large",
                "\(path) in \(file): received \(found). Expected at most \(limit) elements.",
                hint: "Use a smaller model or fewer samples.",
                ["path": path]
            )
        case .unsupported(let path, let feature):
            self.init(
                "hdf5-unsupported",
                "\(path) in \(file) uses \(feature), which is not read here.",
                hint: "Write the file again with plain h5py settings.",
                ["path": path]
            )
        case .failed(let operation, let path, let detail):
            self.init(
                "hdf5-damaged",
                "Could not \(operation) \(path) in \(file): \(detail)",
                hint: "The file is probably damaged: copy or write it again.",
                ["path": path]
            )
        }
    }

    /// A model that is not understood.
    public init(_ error: KerasError, file: String) {
        switch error {
        case .file(let error): self.init(error, file: file)
        case .archive(let error): self.init(error, file: file)
        case .json(let error):
            self.init(
                "model-config-invalid",
                "The configuration in \(file) is not JSON: \(error.problem) at byte \(error.position).",
                hint: "Save the model again with model.save."
            )
        case .notAModel(let found):
            self.init(
                "model-missing-config",
                "\(file) holds no model. Received \(found).",
                hint: "Save with model.save(\"NAME.h5\"), not save_weights."
            )
        case .configuration(let layer, let key, let expected, let found):
            self.init(
                "layer-config-invalid",
                "Layer \(layer), \(key): received \(found). Expected \(expected).",
                hint: "Save the model again with model.save.",
                ["layer": layer, "key": key]
            )
        case .unsupportedLayer(let layer, let className, let hint):
            self.init(
                "layer-unsupported",
                "Layer \(layer) is of class \(className), which cannot be run.",
                hint: hint,
                ["layer": layer, "class": className]
            )
        case .unsupportedSetting(let layer, let className, let setting, let found, let hint):
            self.init(
                "setting-unsupported",
                "Layer \(layer) (\(className)) has \(setting) \(found), which cannot be run.",
                hint: hint,
                ["layer": layer, "class": className, "setting": setting]
            )
        case .unknownInputShape(let layer, let found):
            self.init(
                "input-shape-unknown",
                "Input \(layer) leaves its shape open. Received \(found). Expected all sizes.",
                hint: "Build the model with a fixed input shape.",
                ["layer": layer]
            )
        case .inputShapeMismatch(let layer, let expected, let found):
            self.init(
                "input-shape-mismatch",
                "Input \(layer): received samples of \(found). Expected \(expected).",
                hint: "Use data of the model's input shape.",
                ["layer": layer]
            )
        case .duplicateLayer(let layer):
            self.init(
                "layer-duplicate",
                "Two layers are called \(layer).",
                hint: "Give every layer a name of its own.",
                ["layer": layer]
            )
        case .missingLayer(let layer, let reference):
            self.init(
                "layer-missing",
                "Layer \(layer) reads from \(reference), which is not there.",
                hint: "Save the model again with model.save.",
                ["layer": layer]
            )
        case .cycle(let layer):
            self.init(
                "layer-cycle",
                "Layer \(layer) feeds itself.",
                hint: "Recurrent models cannot be compressed.",
                ["layer": layer]
            )
        case .weightCount(let layer, let className, let expected, let found):
            self.init(
                "weight-count",
                "Layer \(layer) (\(className)): received \(found) weights. Expected \(expected).",
                hint: "Save the model again with model.save.",
                ["layer": layer]
            )
        case .graph(let error): self.init(error)
        case .otherModel(let layer, let expected, let found):
            self.init(
                "model-other",
                "Layer \(layer): received \(found). Expected \(expected).",
                hint: "This is an error of Espalier: please report it.",
                ["layer": layer]
            )
        }
    }

    /// A `.keras` file that is no archive that can be read.
    public init(_ error: ZipError, file: String) {
        switch error {
        case .noEnd:
            self.init(
                "model-truncated",
                "\(file) is an archive without its end: the copy was cut off.",
                hint: "Copy the file again."
            )
        case .damaged(let entry, let problem):
            self.init(
                "archive-damaged",
                "\(entry.isEmpty ? "The archive" : entry) in \(file) is damaged: \(problem).",
                hint: "Copy the file again, or save it again with model.save.",
                ["entry": entry]
            )
        case .unsupported(let entry, let feature):
            self.init(
                "archive-unsupported",
                "\(entry.isEmpty ? "The archive" : entry) in \(file) uses \(feature), "
                    + "which is not read here.",
                hint: "Save the model again with model.save(\"NAME.keras\").",
                ["entry": entry]
            )
        case .tooLarge(let limit):
            self.init(
                "archive-too-large",
                "\(file) holds more than \(limit) bytes.",
                hint: "Use a smaller model."
            )
        }
    }

    /// Layers that do not fit together.
    public init(_ error: GraphError) {
        switch error {
        case .inputMismatch(let layer, let expected, let found):
            self.init(
                "layer-input",
                "Layer \(layer): received \(found). Expected \(expected).",
                hint: "Check the model in Keras with model.summary().",
                ["layer": layer]
            )
        case .weightMismatch(let layer, let weight, let expected, let found):
            self.init(
                "weight-shape",
                "Layer \(layer), \(weight): received \(found). Expected \(expected).",
                hint: "Save the model again with model.save.",
                ["layer": layer, "weight": weight]
            )
        case .weightCount(let layer, let expected, let found):
            self.init(
                "weight-count",
                "Layer \(layer): received \(found) weights. Expected \(expected).",
                hint: "Save the model again with model.save.",
                ["layer": layer]
            )
        case .outputSize(let layer, let shape):
            self.init(
                "layer-output-size",
                "Layer \(layer) has an output of \(shape), which cannot be held.",
                hint: "Use a smaller input.",
                ["layer": layer]
            )
        case .invalidSetting(let layer, let setting, let expected, let found):
            self.init(
                "layer-setting",
                "Layer \(layer), \(setting): received \(found). Expected \(expected).",
                hint: "Check the layer in Keras.",
                ["layer": layer, "setting": setting]
            )
        }
    }

    /// Data that is missing or does not fit.
    public init(_ error: DataError) {
        switch error {
        case .unreadable(let path, let reason):
            self.init(
                "data-unreadable",
                "The data file \(path) cannot be read: \(reason)",
                hint: "Write it again as HDF5 and check that the daemon may read it.",
                ["path": path]
            )
        case .datasetMissing(let path, let name, let found):
            self.init(
                "dataset-missing",
                "\(path) has no dataset \(name). Received \(found.joined(separator: ", ")).",
                hint: "Name the datasets under data in the spec.",
                ["path": path, "dataset": name]
            )
        case .mismatch(let path, let name, let expected, let found):
            self.init(
                "data-mismatch",
                "\(name) in \(path): received \(found). Expected \(expected).",
                hint: "Use data made for this model.",
                ["path": path, "dataset": name]
            )
        }
    }

    /// A compression that cannot go on.
    public init(_ error: CompressionError) {
        switch error {
        case .budgetUnreachable(let unit, let asked, let reachable, let teacher):
            self.init(
                "budget-unreachable",
                "Received a budget of \(asked) \(unit.rawValue). "
                    + "Expected at least \(reachable), of the model's \(teacher).",
                hint: "Raise the budget, lower min_channels, or freeze fewer layers.",
                ["reachable": "\(reachable)", "teacher": "\(teacher)"]
            )
        case .budgetUnmeasurable(let unit, let reason):
            self.init(
                "budget-unmeasurable",
                "Received a budget of \(unit.rawValue). It cannot be measured: \(reason).",
                hint: "Give a budget of macs, parameters or bytes."
            )
        case .nothingToPrune(let frozen):
            self.init(
                "nothing-to-prune",
                "No layer of the model has channels that can be removed.",
                hint: "See espalier check for the reasons.",
                frozen
            )
        case .sampleShape(let expected, let found):
            self.init(
                "sample-shape",
                "Received samples of \(found). Expected \(expected).",
                hint: "Use data of the model's input shape, channels last."
            )
        case .labelRange(let classes, let largest):
            self.init(
                "label-range",
                "Received a label \(largest). Expected less than \(classes).",
                hint: "Labels count from 0."
            )
        case .teacherNotFinite(let layer):
            self.init(
                "teacher-not-finite",
                "Layer \(layer) answers with a number that is not finite.",
                hint: "Check the model's weights and the preprocessing.",
                ["layer": layer]
            )
        case .trainingDiverged(let epoch, let learningRate):
            self.init(
                "training-diverged",
                "Distillation diverged in epoch \(epoch) at learning rate \(learningRate).",
                hint: "Lower the learning rate."
            )
        case .checkpointMismatch(let expected, let found):
            self.init(
                "checkpoint-mismatch",
                "Received a checkpoint of \(found). Expected \(expected).",
                hint: "Drop the job again to start it over."
            )
        case .surgery(let error): self.init(error)
        case .severalInputsOrOutputs(let inputs, let outputs):
            self.init(
                "several-inputs-or-outputs",
                "Received a model of \(inputs) inputs and \(outputs) outputs. Expected one of each.",
                hint: "Compress a model with one input and one output."
            )
        }
    }

    /// A file operation that failed for good; a full disk is to be tried again instead.
    public init(_ error: FileSystemError) {
        self.init(
            "file-system",
            error.description,
            hint: "Check the folder's permissions and the disk, then drop the job again.",
            ["path": error.path]
        )
    }

    fileprivate init(
        _ code: String,
        _ message: String,
        hint: String,
        _ context: [String: String] = [:]
    ) {
        self.init(code: code, message: message, hint: hint, context: context)
    }
}
