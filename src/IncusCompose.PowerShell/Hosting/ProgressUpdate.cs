namespace IncusCompose.PowerShell.Hosting;

/// <summary>How far one piece of work has come; becomes a progress bar.</summary>
/// <param name="Id">Which bar; updates of the same bar have the same number.</param>
/// <param name="Activity">What is being done.</param>
/// <param name="Status">How it stands.</param>
internal sealed record ProgressUpdate(int Id, string Activity, string Status)
{
    /// <summary>0 to 100; null where nobody knows.</summary>
    public int? Percent { get; init; }

    /// <summary>The bar that this one belongs under; null for a bar of its own.</summary>
    public int? ParentId { get; init; }

    /// <summary>True to take the bar away.</summary>
    public bool Completed { get; init; }
}
