using System.Management.Automation;
using IncusCompose.Loading;
using IncusCompose.PowerShell.Sessions;

namespace IncusCompose.PowerShell.Completion;

/// <summary>Completes the words that activate instances of the stack files that the command line names, or of the file that is here.</summary>
public sealed class ActivationCompleter : NameCompleter
{
    // The session state itself cannot be asked while a completion runs; a command of the same runspace can.
    private protected override string Directory()
    {
        using var shell = System.Management.Automation.PowerShell.Create(RunspaceMode.CurrentRunspace);
        return shell.AddCommand("Get-Location").AddParameter("PSProvider", "FileSystem").Invoke<PathInfo>() is [var location, ..] ? location.ProviderPath : "";
    }

    /// <inheritdoc/>
    private protected override Task<IEnumerable<Candidate>> FindAsync(ServerSession session, BoundParameters bound, CancellationToken cancellationToken)
    {
        string[] files = [.. bound.All("Path"), .. bound.All("LiteralPath")];
        var loaded = session.Engine.Load(
            files,
            new LoadOptions { Activate = ["*"], EnvironmentFiles = bound.All("EnvFile"), WorkingDirectory = bound.Directory },
            cancellationToken);
        var words = from instance in loaded.Definition?.Instances ?? new Dictionary<string, Definition.InstanceDefinition>()
                    from word in instance.Value.Activate
                    group instance.Key by word into those
                    select new Candidate(those.Key, string.Join(", ", those));
        return Task.FromResult<IEnumerable<Candidate>>([.. words]);
    }
}
