using System.Collections;
using System.Management.Automation;
using IncusCompose.Backups;
using IncusCompose.PowerShell.Errors;
using IncusCompose.PowerShell.Hosting;
using IncusCompose.PowerShell.Parameters;

namespace IncusCompose.PowerShell.Commands;

/// <content>Makes a stack from a backup, on the same server or another one.</content>
public sealed partial class RestoreIncusStackCommand
{
    private const string FromSet = "From";

    /// <summary>A directory or archive of Backup-IncusStack. Its digests are compared before anything is made.</summary>
    [Parameter(ParameterSetName = FromSet, Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [Alias("Path", "PSPath", "LP")]
    public string From { get; set; } = "";

    /// <summary>Storage pools that have another name on the server: the name in the backup, and the one to use.</summary>
    [Parameter(ParameterSetName = FromSet)]
    [ValidateNotNull]
    public Hashtable PoolMap { get; set; } = [];

    /// <summary>Leave the instances stopped; without it those are started that ran.</summary>
    [Parameter(ParameterSetName = FromSet)]
    public SwitchParameter NoStart { get; set; }

    private async Task RestoreBackupAsync(Pipeline pipeline, CancellationToken cancellationToken)
    {
        var path = (await pipeline.ResolvePathAsync(From, literal: true).ConfigureAwait(false))[0];
        var backup = await Session.Engine.ReadBackupAsync(path, cancellationToken).ConfigureAwait(false);
        var connection = await ConnectAsync(null, backup.Project, cancellationToken).ConfigureAwait(false);
        var progress = new CopyProgress(pipeline, $"Restoring stack {backup.Stack}");
        try
        {
            var options = new BackupRestoreOptions { Pools = StringMap.From(PoolMap) };
            var plan = await Session.Engine.PlanRestoreAsync(connection.Client, path, options, progress, cancellationToken).ConfigureAwait(false);
            var text = $"Restore stack {plan.Stack} into project {plan.Project} on {connection.Server}: {string.Join(", ", plan.Resources.Where(resource => !resource.Exists))}";
            if (!await AgreesAsync(pipeline, text).ConfigureAwait(false))
                return;
            var result = await Session.Engine.CopyAsync(connection.Client, plan, new CopyOptions { Start = !NoStart }, progress, cancellationToken).ConfigureAwait(false);
            pipeline.WriteObject(result with { Server = connection.Server });
            foreach (var (name, reason) in result.NotStarted)
                pipeline.WriteError(CmdletErrors.NotStarted(name, reason));
        }
        catch (Exception error) when (error is BackupUnusableException or StackConflictException)
        {
            pipeline.WriteError(CmdletErrors.From(error, From));
        }
        finally
        {
            progress.Complete();
        }
    }

    /// <summary>A backup is made into what is not there yet: that is asked for only where the command line wants to be asked.</summary>
    private async Task<bool> AgreesAsync(Pipeline pipeline, string text)
    {
        if (IsWhatIf || MyInvocation?.BoundParameters.ContainsKey("Confirm") == true)
            return await pipeline.ShouldProcessAsync(text, text + "?", "Restore-IncusStack").ConfigureAwait(false);
        pipeline.WriteVerbose(text);
        return true;
    }
}
