using System.Management.Automation;
using IncusCompose.PowerShell.Errors;
using IncusCompose.PowerShell.Sessions;

namespace IncusCompose.PowerShell.Hosting;

/// <summary>The real host: the PowerShell that runs a cmdlet.</summary>
internal sealed class PowerShellHost : ICmdletHost
{
    private readonly PSCmdlet _cmdlet;

    public PowerShellHost(PSCmdlet cmdlet)
    {
        _cmdlet = cmdlet;
    }

    /// <inheritdoc/>
    public ServerSession Session => RunspaceSessions.Current;

    /// <inheritdoc/>
    public string CurrentDirectory => _cmdlet.SessionState.Path.CurrentFileSystemLocation.Path;

    /// <inheritdoc/>
    public bool IsWhatIf =>
        _cmdlet.MyInvocation.BoundParameters.TryGetValue("WhatIf", out var said)
            ? LanguagePrimitives.IsTrue(said)
            : LanguagePrimitives.IsTrue(_cmdlet.SessionState.PSVariable.GetValue("WhatIfPreference"));

    private string? TimeParameter => Array.Find(["WaitTimeout", "Timeout"], _cmdlet.MyInvocation.MyCommand.Parameters.ContainsKey);

    /// <inheritdoc/>
    public IReadOnlyList<string> ResolvePath(string path, bool literal)
    {
        if (!literal && WildcardPattern.ContainsWildcardCharacters(path))
        {
            try
            {
                return _cmdlet.GetResolvedProviderPathFromPSPath(path, out _);
            }
            catch (ItemNotFoundException)
            {
                return [];
            }
        }

        return [_cmdlet.SessionState.Path.GetUnresolvedProviderPathFromPSPath(path)];
    }

    /// <inheritdoc/>
    public void WriteObject(object value) => _cmdlet.WriteObject(value);

    /// <inheritdoc/>
    public void WriteError(CmdletError error) => _cmdlet.WriteError(error.ToErrorRecord(TimeParameter));

    /// <inheritdoc/>
    public void WriteWarning(string text) => _cmdlet.WriteWarning(text);

    /// <inheritdoc/>
    public void WriteVerbose(string text) => _cmdlet.WriteVerbose(text);

    /// <inheritdoc/>
    public void WriteProgress(ProgressUpdate update) =>
        _cmdlet.WriteProgress(new ProgressRecord(update.Id, update.Activity, update.Status)
        {
            PercentComplete = update.Percent ?? -1,
            ParentActivityId = update.ParentId ?? -1,
            RecordType = update.Completed ? ProgressRecordType.Completed : ProgressRecordType.Processing,
        });

    /// <inheritdoc/>
    public bool ShouldProcess(string description, string question, string caption) =>
        _cmdlet.ShouldProcess(description, question, caption);

    /// <inheritdoc/>
    public void ThrowTerminatingError(CmdletError error) => _cmdlet.ThrowTerminatingError(error.ToErrorRecord(TimeParameter));
}
