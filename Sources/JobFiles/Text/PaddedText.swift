extension String {
    /// With spaces behind, at least so long.
    package func padded(to length: Int) -> String {
        self + String(repeating: " ", count: max(0, length - count))
    }
}
