using System.Collections;
using System.Management.Automation;
using Incus.Client;
using IncusCompose.Checkpoints;
using IncusCompose.PowerShell.Completion;
using IncusCompose.PowerShell.Errors;
using IncusCompose.PowerShell.Hosting;
using IncusCompose.PowerShell.Parameters;
using IncusCompose.Publishing;

namespace IncusCompose.PowerShell.Commands;

/// <summary>Makes an image from an instance, from one of its snapshots, or from a checkpoint of its stack.</summary>
[Cmdlet(VerbsData.Publish, "IncusImage", SupportsShouldProcess = true, DefaultParameterSetName = InstanceSet)]
[OutputType(typeof(PublishedImage))]
public sealed class PublishIncusImageCommand : ServerCmdlet
{
    private const string InstanceSet = "Instance";
    private const string CheckpointSet = "Checkpoint";
    private const string InputObjectSet = "InputObject";

    /// <summary>The instance: its name, or an object of Get-IncusInstance. Its volumes are not in the image.</summary>
    [Parameter(ParameterSetName = InstanceSet, Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [Parameter(ParameterSetName = CheckpointSet, Mandatory = true, Position = 0)]
    [Parameter(ParameterSetName = InputObjectSet, Mandatory = true, Position = 0)]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(InstanceCompleter))]
    public InstanceIdentity Instance { get; set; } = null!;

    /// <summary>Names of the image, which a stack file can say.</summary>
    [Parameter(Position = 1)]
    [ValidateNotNullOrEmpty]
    public string[] Alias { get; set; } = [];

    /// <summary>The name of a snapshot of the instance. Without it: the instance as it is now; one that runs goes on running.</summary>
    [Parameter(ParameterSetName = InstanceSet)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(SnapshotCompleter))]
    public string? Snapshot { get; set; }

    /// <summary>The name of a checkpoint of the instance's stack. The instance need not be there any more.</summary>
    [Parameter(ParameterSetName = CheckpointSet, Mandatory = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(CheckpointCompleter))]
    public string? Checkpoint { get; set; }

    /// <summary>The stack of the checkpoint, where several have one of that name with such an instance.</summary>
    [Parameter(ParameterSetName = CheckpointSet)]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(StackCompleter))]
    public StackIdentity? Stack { get; set; }

    /// <summary>A checkpoint of Get-IncusStackCheckpoint.</summary>
    [Parameter(ParameterSetName = InputObjectSet, Mandatory = true, ValueFromPipeline = true)]
    [ValidateNotNull]
    public StackCheckpoint? InputObject { get; set; }

    /// <summary>Properties of the image, such as description, beside those of the image that the instance was made from.</summary>
    [Parameter]
    [ValidateNotNull]
    public Hashtable Property { get; set; } = [];

    /// <summary>How the image is compressed: gzip, zstd, xz, none, or what else the server knows. Without it: as the server is set to.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(CompressionCompleter))]
    public string? Compression { get; set; }

    /// <summary>Let anybody fetch the image from the server.</summary>
    [Parameter]
    public SwitchParameter Public { get; set; }

    /// <summary>Let aliases that are there lead to the new image. The image that they led to stays.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    private protected override async Task ProcessAsync(Pipeline pipeline, CancellationToken cancellationToken)
    {
        var (server, project) = InputObject is { } given
            ? (given.Server.Length > 0 ? given.Server : null, given.Project)
            : (Stack?.Server ?? Instance.Server, Stack?.Project ?? Instance.Project);
        var connection = await ConnectAsync(server, project, cancellationToken).ConfigureAwait(false);
        var checkpoint = InputObject?.Name ?? Checkpoint;
        var from = checkpoint is not null ? $"instance {Instance} of checkpoint {checkpoint}"
            : Snapshot is not null ? $"snapshot {Snapshot} of instance {Instance}"
            : $"instance {Instance}";
        var text = $"Make image {(Alias.Length > 0 ? string.Join(", ", Alias) + " " : "")}from {from} in project {connection.Project} on {connection.Server}";
        if (!await pipeline.ShouldProcessAsync(text, text + "?", "Publish-IncusImage").ConfigureAwait(false))
            return;
        var options = new PublishOptions
        {
            Instance = Instance.Name,
            Snapshot = Snapshot,
            Checkpoint = checkpoint,
            Stack = InputObject?.Stack ?? Stack?.Name,
            Aliases = Alias,
            MoveAliases = Force,
            Properties = StringMap.From(Property),
            Public = Public,
            Compression = Compression,
        };
        var activity = $"Publishing {Instance}";
        try
        {
            var image = await Session.Engine.PublishImageAsync(connection.Client, options, new Progress(pipeline, activity), cancellationToken).ConfigureAwait(false);
            foreach (var warning in image.Warnings)
                pipeline.WriteWarning(warning);
            pipeline.WriteObject(image with { Server = connection.Server });
        }
        catch (Exception error) when (error is PublishException or CheckpointException)
        {
            pipeline.WriteError(CmdletErrors.From(error, InputObject ?? Instance.Original));
        }
        finally
        {
            pipeline.WriteProgress(new ProgressUpdate(0, activity, "done") { Completed = true });
        }
    }

    private sealed class Progress(Pipeline pipeline, string activity) : IProgress<OperationProgress>
    {
        public void Report(OperationProgress value) => pipeline.WriteProgress(new ProgressUpdate(0, activity, value.Text) { Percent = value.Percent });
    }
}
