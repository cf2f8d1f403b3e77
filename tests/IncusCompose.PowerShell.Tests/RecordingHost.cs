using IncusCompose.PowerShell.Errors;
using IncusCompose.PowerShell.Hosting;
using IncusCompose.PowerShell.Sessions;

namespace IncusCompose.PowerShell.Tests;

/// <summary>A host without PowerShell: keeps what is written, in order, and answers every question the same way.</summary>
internal sealed class RecordingHost : ICmdletHost, IDisposable
{
    private readonly int _thread = Environment.CurrentManagedThreadId;

    public List<object> Objects { get; } = [];

    public List<CmdletError> Errors { get; } = [];

    public List<string> Warnings { get; } = [];

    public List<string> Verbose { get; } = [];

    public List<string> Questions { get; } = [];

    public List<ProgressUpdate> Progress { get; } = [];

    public bool Answer { get; init; } = true;

    /// <summary>Thrown by the first write of an object, as PowerShell does when a later command wants no more.</summary>
    public Exception? ThrowOnWrite { get; init; }

    public ServerSession Session { get; } = new();

    public bool IsWhatIf { get; init; }

    public string CurrentDirectory { get; init; } = Environment.CurrentDirectory;

    public void Dispose() => Session.Dispose();

    public IReadOnlyList<string> ResolvePath(string path, bool literal) => [Path.GetFullPath(path, CurrentDirectory)];

    public void WriteObject(object value)
    {
        OnPipelineThread();
        if (ThrowOnWrite is not null)
            throw ThrowOnWrite;
        Objects.Add(value);
    }

    public void WriteError(CmdletError error)
    {
        OnPipelineThread();
        Errors.Add(error);
    }

    public void WriteWarning(string text)
    {
        OnPipelineThread();
        Warnings.Add(text);
    }

    public void WriteVerbose(string text)
    {
        OnPipelineThread();
        Verbose.Add(text);
    }

    public void WriteProgress(ProgressUpdate update)
    {
        OnPipelineThread();
        Progress.Add(update);
    }

    public bool ShouldProcess(string description, string question, string caption)
    {
        OnPipelineThread();
        Questions.Add(description);
        return Answer;
    }

    public void ThrowTerminatingError(CmdletError error) => throw new CmdletException(error);

    /// <summary>PowerShell refuses a write from any other thread, so this host does too.</summary>
    private void OnPipelineThread() =>
        Assert.Equal(_thread, Environment.CurrentManagedThreadId);
}
