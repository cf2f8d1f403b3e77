namespace IncusCompose.PowerShell.Hosting;

/// <summary>Passes words of progress on at once and in order, which <see cref="Progress{T}"/> does not promise.</summary>
internal sealed class ImmediateProgress(Action<string> report) : IProgress<string>
{
    /// <inheritdoc/>
    public void Report(string value) => report(value);
}
