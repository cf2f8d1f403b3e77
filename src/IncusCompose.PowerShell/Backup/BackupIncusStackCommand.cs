using System.Management.Automation;
using IncusCompose.Backups;
using IncusCompose.PowerShell.Completion;
using IncusCompose.PowerShell.Errors;
using IncusCompose.PowerShell.Hosting;

namespace IncusCompose.PowerShell.Commands;

/// <summary>Writes a stack into a directory or archive: definitions, and the data of its instances and volumes.</summary>
[Cmdlet(VerbsData.Backup, "IncusStack", SupportsShouldProcess = true)]
[OutputType(typeof(StackBackup))]
public sealed class BackupIncusStackCommand : ServerCmdlet
{
    /// <summary>The stack: its name, or an object of Get-IncusStack or Import-IncusStack.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(StackCompleter))]
    public StackIdentity Name { get; set; } = null!;

    /// <summary>A directory that is empty or does not exist, or a file that does not exist and whose name ends with .tar.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string Destination { get; set; } = "";

    /// <summary>How the data is compressed: gzip, zstd, xz, none, or what else the server knows.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(CompressionCompleter))]
    public string Compression { get; set; } = BackupOptions.DefaultCompression;

    /// <summary>Use the storage driver's own format: faster, but only a pool of the same driver can read it.</summary>
    [Parameter]
    public SwitchParameter OptimizedStorage { get; set; }

    /// <summary>Leave the snapshots of instances and volumes out.</summary>
    [Parameter]
    public SwitchParameter NoSnapshot { get; set; }

    /// <inheritdoc/>
    private protected override async Task ProcessAsync(Pipeline pipeline, CancellationToken cancellationToken)
    {
        var connection = await ConnectAsync(Name.Server, Name.Project, cancellationToken).ConfigureAwait(false);
        var stacks = await StackLookup.ListAsync(Session.Engine, connection, allProjects: false, cancellationToken).ConfigureAwait(false);
        if (stacks.All(stack => stack.Name != Name.Name))
        {
            pipeline.WriteError(CmdletErrors.StackNotFound(Name.Name, connection.Project, connection.Server, Name.Original));
            return;
        }

        var path = (await pipeline.ResolvePathAsync(Destination, literal: true).ConfigureAwait(false))[0];
        var text = $"Back up stack {Name.Name} of project {connection.Project} on {connection.Server} to {path}";
        if (!await pipeline.ShouldProcessAsync(text, text + "?", "Backup-IncusStack").ConfigureAwait(false))
            return;
        var progress = new CopyProgress(pipeline, $"Backing up stack {Name.Name}");
        try
        {
            var options = new BackupOptions { Compression = Compression, OptimizedStorage = OptimizedStorage, Snapshots = !NoSnapshot };
            var backup = await Session.Engine.BackUpAsync(connection.Client, Name.Name, path, options, progress, cancellationToken).ConfigureAwait(false);
            pipeline.WriteObject(backup with { Server = connection.Server });
        }
        finally
        {
            progress.Complete();
        }
    }
}
