using System.Collections;
using System.Management.Automation;
using IncusCompose.Applying;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Loading;
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
    private readonly Dictionary<string, InstanceDefinition> _wanted = new(StringComparer.Ordinal);
    private ServerConnection? _connection;

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

    /// <summary>Most instances to create at one time.</summary>
    [Parameter]
    [ValidateRange(1, 256)]
    public int ThrottleLimit { get; set; } = 16;

    /// <inheritdoc/>
    private protected override Task BeginAsync(Pipeline pipeline, CancellationToken cancellationToken)
    {
        if (Cpu is not null)
            InstanceLimits.CheckCpu(Cpu, "-Cpu");
        if (Memory is not null)
            InstanceLimits.CheckMemory(Memory, "-Memory");
        if (Disk is not null)
            InstanceLimits.CheckDisk(Disk, "-Disk");
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    private protected override async Task ProcessAsync(Pipeline pipeline, CancellationToken cancellationToken)
    {
        _connection ??= await ConnectAsync(null, null, cancellationToken).ConfigureAwait(false);
        foreach (var name in Name)
        {
            var definition = Define(name);
            var what = $"Create {(NoStart ? "" : "and start ")}instance {name} from {Image} (project {_connection.Project} on {_connection.Server})";
            if (await pipeline.ShouldProcessAsync(what, what + "?", "New-IncusInstance").ConfigureAwait(false) && !_wanted.TryAdd(name, definition))
                pipeline.WriteWarning($"Instance {name} is named twice and created once.");
        }
    }

    /// <inheritdoc/>
    private protected override async Task EndAsync(Pipeline pipeline, CancellationToken cancellationToken)
    {
        // One that cannot be created does not stop the others.
        while (_wanted.Count > 0)
        {
            try
            {
                await CreateAsync(pipeline, _connection!, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (StackFileException exception)
            {
                foreach (var problem in exception.Diagnostics.Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error))
                {
                    // instances.NAME.image
                    var name = problem.Path.Split('.').ElementAtOrDefault(1) ?? "";
                    pipeline.WriteError(CmdletErrors.CannotCreate(name, problem, exception));
                    if (!_wanted.Remove(name))
                        _wanted.Clear();
                }
            }
        }
    }

    private async Task CreateAsync(Pipeline pipeline, ServerConnection connection, CancellationToken cancellationToken)
    {
        var progress = new InstanceProgress(pipeline, _wanted.Count);
        try
        {
            var result = await Session.Engine.CreateInstancesAsync(
                connection.Client, _wanted.Values, !NoStart, ThrottleLimit, progress, cancellationToken).ConfigureAwait(false);
            foreach (var failed in result.Resources.Where(resource => resource.Outcome == ChangeOutcome.Failed))
                pipeline.WriteError(CmdletErrors.From(failed.Error!, failed.Name));
            var made = result.Resources.Where(resource => resource is { Kind: "instance", Outcome: ChangeOutcome.Done });
            foreach (var instance in await Task.WhenAll(made.Select(resource => InstanceLookup.ReadAsync(connection, resource.Name, cancellationToken))).ConfigureAwait(false))
            {
                if (instance is not null)
                    pipeline.WriteObject(instance);
            }
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
