// BlockCache owns the verified blocks of segments in memory, and their bound.

public final class BlockCache: Sendable {
  /// `bytesMax` bounds what the cache keeps; what readers hold beyond that is freed when they let go.
  public init(bytesMax: Int) {}
}
