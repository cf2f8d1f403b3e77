namespace Incus.Client;

/// <summary>The state of an operation put together from reports that come out of order.</summary>
internal sealed class OperationState(OperationInfo initial)
{
    private readonly Dictionary<string, OperationProgress> reported = new(StringComparer.Ordinal);

    public OperationInfo Info { get; private set; } = initial;

    /// <summary>Takes a report in. A final one stands; of the others the latest does.</summary>
    /// <returns>Progress that is new.</returns>
    public IReadOnlyList<OperationProgress> Apply(OperationInfo report)
    {
        if (Info.IsFinal || (!report.IsFinal && report.UpdatedAt < Info.UpdatedAt))
            return [];
        Info = report;
        var news = new List<OperationProgress>();
        foreach (var progress in ProgressParser.Parse(report))
        {
            if (reported.TryGetValue(progress.Stage, out var last) && last == progress)
                continue;
            reported[progress.Stage] = progress;
            news.Add(progress);
        }
        return news;
    }
}
