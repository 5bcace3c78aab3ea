/// Which Espalier this is, as the report and the metrics say it.
public enum EspalierVersion {
    /// By semantic versioning.
    public static let current = "0.1.0"
}
