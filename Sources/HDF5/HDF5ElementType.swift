import CHDF5

/// What the elements of a dataset or attribute are.
public enum HDF5ElementType: Hashable, Sendable {
    /// IEEE binary16.
    case float16
    /// IEEE binary32.
    case float32
    /// IEEE binary64.
    case float64
    /// An integer of the given size.
    case integer(bits: Int, isSigned: Bool)
    /// Text, of fixed or variable length.
    case string
    /// Anything else, such as a compound or an enumeration.
    case other

    /// Whether the elements are numbers that convert to floating point.
    public var isNumber: Bool {
        switch self {
        case .float16, .float32, .float64, .integer: true
        case .string, .other: false
        }
    }

    init(_ type: Identifier) {
        let size = H5Tget_size(type.number)
        switch H5Tget_class(type.number) {
        case H5T_INTEGER:
            self = .integer(bits: size * 8, isSigned: H5Tget_sign(type.number) == H5T_SGN_2)
        case H5T_STRING: self = .string
        case H5T_FLOAT: self = Self.float(type, size: size)
        default: self = .other
        }
    }

    /// Tells binary16 from bfloat16 and the like by the widths of exponent and mantissa.
    private static func float(_ type: Identifier, size: Int) -> Self {
        var sign = 0
        var exponent = 0
        var exponentBits = 0
        var mantissa = 0
        var mantissaBits = 0
        H5Tget_fields(
            type.number,
            &sign,
            &exponent,
            &exponentBits,
            &mantissa,
            &mantissaBits
        )
        switch (size, exponentBits, mantissaBits) {
        case (2, 5, 10): return .float16
        case (4, 8, 23): return .float32
        case (8, 11, 52): return .float64
        default: return .other
        }
    }

    /// A new little-endian datatype in the file for numbers of this kind.
    func makeDatatype(path: String) throws(HDF5Error) -> Identifier {
        let number: hid_t
        switch self {
        case .float16: number = ch5_make_float16()
        case .float32: number = H5Tcopy(ch5_ieee_f32le())
        case .float64: number = H5Tcopy(ch5_ieee_f64le())
        case .integer(let bits, let isSigned):
            guard [8, 16, 32, 64].contains(bits) else {
                throw .unsupported(path: path, feature: "integers of \(bits) bits")
            }
            number = H5Tcopy(isSigned ? ch5_std_i64le() : ch5_std_u64le())
            if number >= 0 { H5Tset_size(number, bits / 8) }
        case .string, .other:
            throw .unsupported(path: path, feature: "a dataset of \(self)")
        }
        return try .datatype(number, operation: "make a datatype for", path: path)
    }
}
