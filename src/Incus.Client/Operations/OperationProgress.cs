namespace Incus.Client;

/// <summary>How far an operation is, from its <c>*_progress</c> metadata.</summary>
/// <param name="Operation">Id of the operation.</param>
/// <param name="Stage">Name of the stage, the metadata key without <c>_progress</c>, such as <c>download</c> or
/// <c>create_instance_from_image_unpack</c>.</param>
/// <param name="Text">The server's own words, such as <c>rootfs: 45% (12.30MB/s)</c>.</param>
/// <param name="Percent">0 to 100; null where the server does not say.</param>
/// <param name="ProcessedBytes">Bytes done; null where the server does not say.</param>
/// <param name="BytesPerSecond">Speed; null where the server does not say.</param>
public sealed record OperationProgress(
    string Operation, string Stage, string Text, int? Percent, long? ProcessedBytes, long? BytesPerSecond);
