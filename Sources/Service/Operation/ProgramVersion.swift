/// The program's version, as `espalier --version` and the package say it.
public enum ProgramVersion {
    /// By https://semver.org.
    public static let current = "0.1.0"
}
