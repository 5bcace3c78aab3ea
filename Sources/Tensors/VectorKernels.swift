import CKernels
import Foundation

/// The instruction sets the inner loops are compiled for.
public enum InstructionSet: String, Sendable, Hashable, CaseIterable {
    /// What every processor has.
    case portable
    /// The sixteen lanes of AVX-512 on AVX2 registers: the same source as ``avx512``, for tests on lesser processors.
    case wide
    /// Eight lanes with fused multiply-add.
    case avx2
    /// Sixteen lanes.
    case avx512

    private var code: espalier_instruction_set {
        switch self {
        case .portable: espalier_portable
        case .wide: espalier_wide
        case .avx2: espalier_avx2
        case .avx512: espalier_avx512
        }
    }

    /// The kernels of this set, or nil where this processor lacks it.
    public var kernels: VectorKernels? {
        espalier_kernels_of(code).map { VectorKernels(set: self, table: $0) }
    }
}

/// The inner loops of one instruction set.
///
/// Layers read ``current`` once, before they share out work, so that all pieces agree about packed layouts.
public struct VectorKernels: @unchecked Sendable {
    /// The instruction set.
    public let set: InstructionSet
    /// The loops; the table is a constant of the program.
    public let table: UnsafePointer<espalier_kernels>

    /// The floats of one vector, the block length of every packed layout.
    public var lanes: Int { Int(table.pointee.lanes) }

    /// A number of channels rounded up to whole vectors.
    public func padded(_ channels: Int) -> Int { (channels + lanes - 1) / lanes * lanes }

    /// The kernels of this task: the best of the processor, or those that `ESPALIER_KERNELS` names.
    @TaskLocal public static var current = preferred

    private static let preferred: VectorKernels = {
        let wanted = ProcessInfo.processInfo.environment["ESPALIER_KERNELS"]
        if let wanted, let kernels = InstructionSet(rawValue: wanted)?.kernels { return kernels }
        guard
            let best = InstructionSet.avx512.kernels ?? InstructionSet.avx2.kernels
                ?? InstructionSet.portable.kernels
        else { preconditionFailure("every processor has the portable kernels") }
        return best
    }()
}
