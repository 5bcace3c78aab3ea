import Glibc

/// The few libm functions the house needs, named in full so that no other file imports the C library for them.
extension Double {
    /// The natural logarithm.
    @inlinable public static func logarithm(_ value: Double) -> Double { Glibc.log(value) }
    /// e to the given power.
    @inlinable public static func exponential(_ value: Double) -> Double { Glibc.exp(value) }
    /// The cosine of an angle in radians.
    @inlinable public static func cosine(_ value: Double) -> Double { Glibc.cos(value) }
    /// A power.
    @inlinable public static func power(_ base: Double, _ exponent: Double) -> Double {
        Glibc.pow(base, exponent)
    }
}

extension Float {
    /// The natural logarithm.
    @inlinable public static func logarithm(_ value: Float) -> Float { Glibc.logf(value) }
    /// The natural logarithm of one plus the value, accurate near zero.
    @inlinable public static func logarithmOnePlus(_ value: Float) -> Float { Glibc.log1pf(value) }
    /// e to the given power.
    @inlinable public static func exponential(_ value: Float) -> Float { Glibc.expf(value) }
    /// e to the given power less one, accurate near zero.
    @inlinable public static func exponentialLessOne(_ value: Float) -> Float {
        Glibc.expm1f(value)
    }
    /// The hyperbolic tangent.
    @inlinable public static func hyperbolicTangent(_ value: Float) -> Float { Glibc.tanhf(value) }
    /// The error function.
    @inlinable public static func errorFunction(_ value: Float) -> Float { Glibc.erff(value) }
}
