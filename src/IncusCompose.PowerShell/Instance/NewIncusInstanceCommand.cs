using System.Collections;
using System.Management.Automation;
using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.PowerShell.Completion;
using IncusCompose.PowerShell.Errors;
using IncusCompose.PowerShell.Hosting;
using IncusCompose.PowerShell.Parameters;
using IncusCompose.PowerShell.Sessions;

namespace IncusCompose.PowerShell.Commands;

/// <summary>Creates containers or virtual machines that belong to no stack, and starts them.</summary>
[Cmdlet(VerbsCommon.New, "IncusInstance", SupportsShouldProcess = true)]
[OutputType(typeof(IncusInstance))]
public sealed class NewIncusInstanceCommand : ServerCmdlet
{
    private readonly List<(ServerConnection Connection, InstanceDefinition Definition)> _wanted = [];

    /// <summary>Names of the instances to create.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = [];

    /// <summary>What to create them from: remote:alias, or an alias or fingerprint on the server.</summary>
    [Parameter(Position = 1)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImageCompleter))]
    public string Image { get; set; } = InstanceDefinition.DefaultImage;

    /// <summary>Container or virtual machine.</summary>
    [Parameter]
    public InstanceType Type { get; set; }

    /// <summary>Free text about the instances.</summary>
    [Parameter]
    [ValidateNotNull]
    public string? Description { get; set; }

    /// <summary>Incus profiles in order; without it, the profile default. An empty array: none.</summary>
    [Parameter]
    [ValidateNotNull]
    [AllowEmptyCollection]
    [ArgumentCompleter(typeof(ProfileCompleter))]
    public string[]? Profile { get; set; }

    /// <summary>CPUs: a number of them (2) or a set (0-3,6).</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Cpu { get; set; }

    /// <summary>Memory: a size (512MiB, 2GiB) or a share of the host's (20%).</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Memory { get; set; }

    /// <summary>Size of the root disk (10GiB).</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Disk { get; set; }

    /// <summary>Storage pool of the root disk.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? StoragePool { get; set; }

    /// <summary>Networks to attach, in order (eth0, eth1, …); without it, what the profiles say.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NetworkCompleter))]
    public string[] Network { get; set; } = [];

    /// <summary>Environment variables.</summary>
    [Parameter]
    [ValidateNotNull]
    public IDictionary Environment { get; set; } = new Hashtable();

    /// <summary>Instance configuration, such as @{ 'security.nesting' = $true }.</summary>
    [Parameter]
    [ValidateNotNull]
    public IDictionary Config { get; set; } = new Hashtable();

    /// <summary>Devices by name, such as @{ data = @{ type = 'disk'; source = '/srv'; path = '/data' } }.</summary>
    [Parameter]
    [ValidateNotNull]
    public IDictionary Device { get; set; } = new Hashtable();

    /// <summary>cloud-init user data, as text.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? CloudInit { get; set; }

    /// <summary>Delete the instances when they stop.</summary>
    [Parameter]
    public SwitchParameter Ephemeral { get; set; }

    /// <summary>Create without starting.</summary>
    [Parameter]
    public SwitchParameter NoStart { get; set; }

    /// <inheritdoc/>
    private protected override async Task ProcessAsync(Pipeline pipeline, CancellationToken cancellationToken)
    {
        var connection = await ConnectAsync(null, null, cancellationToken).ConfigureAwait(false);
        foreach (var name in Name)
        {
            var definition = Define(name);
            var what = $"Create {(NoStart ? "" : "and start ")}instance {name} from {Image} (project {connection.Project} on {connection.Server})";
            if (await pipeline.ShouldProcessAsync(what, what + "?", "New-IncusInstance").ConfigureAwait(false))
                _wanted.Add((connection, definition));
        }
    }

    /// <inheritdoc/>
    private protected override Task EndAsync(Pipeline pipeline, CancellationToken cancellationToken) =>
        Task.WhenAll(_wanted.Select((wanted, index) => CreateAsync(pipeline, wanted.Connection, wanted.Definition, index, cancellationToken)));

    private async Task CreateAsync(Pipeline pipeline, ServerConnection connection, InstanceDefinition definition, int index, CancellationToken cancellationToken)
    {
        var progress = new InstanceProgress(pipeline, definition.Name, index);
        try
        {
            await Session.Engine.CreateInstanceAsync(connection.Client, definition, !NoStart, progress, cancellationToken).ConfigureAwait(false);
            if (await InstanceLookup.ReadAsync(connection, definition.Name, cancellationToken).ConfigureAwait(false) is { } instance)
                pipeline.WriteObject(instance);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            pipeline.WriteError(CmdletErrors.From(exception, definition.Name));
        }
        finally
        {
            progress.Complete();
        }
    }

    private InstanceDefinition Define(string name) => new()
    {
        Name = name,
        Image = Image,
        Type = Type,
        Description = Description,
        Profiles = Profile,
        Cpu = Cpu,
        Memory = Memory,
        Disk = Disk is null && StoragePool is null ? null : new RootDiskDefinition(Disk, StoragePool),
        Networks = [.. Network.Select(network => new NetworkAttachment { Network = network })],
        Environment = StringMap.From(Environment),
        Config = StringMap.From(Config),
        Devices = StringMap.OfMaps(Device, "Device"),
        CloudInit = CloudInit is null ? null : new CloudInitDefinition(CloudInit),
        Ephemeral = Ephemeral,
    };
}
