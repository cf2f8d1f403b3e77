using System.Collections;
using System.Management.Automation;
using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Loading;
using IncusCompose.Planning;
using IncusCompose.PowerShell.Completion;
using IncusCompose.PowerShell.Errors;
using IncusCompose.PowerShell.Hosting;
using IncusCompose.PowerShell.Parameters;
using IncusCompose.PowerShell.Sessions;
using IncusCompose.Readiness;
using IncusCompose.Ssh;

namespace IncusCompose.PowerShell.Commands;

/// <summary>Creates containers or virtual machines that belong to no stack, and starts them. Those that are there already are kept.</summary>
[Cmdlet(VerbsCommon.New, "IncusInstance", SupportsShouldProcess = true)]
[OutputType(typeof(IncusInstance))]
public sealed class NewIncusInstanceCommand : ServerCmdlet
{
    private readonly Dictionary<string, InstanceDefinition> _wanted = new(StringComparer.Ordinal);
    private ServerConnection? _connection;
    private SshDefinition? _ssh;
    private MacvlanDefinition? _macvlan;
    private IReadOnlyList<VolumeMount> _volumes = [];
    private IReadOnlyList<PersistedFolder> _persisted = [];
    private string _currentDirectory = "";

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
    [ArgumentCompleter(typeof(StoragePoolCompleter))]
    public string? StoragePool { get; set; }

    /// <summary>
    /// Networks to attach, in order (eth0, eth1, …); without it, what the profiles say. macvlan, or macvlan: and an interface of
    /// the host: the network that the host stands in, after the others.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NetworkCompleter))]
    public string[] Network { get; set; } = [];

    /// <summary>Volumes and host paths to mount, as in a stack file: data:/var/lib/data, /srv/www:/var/www:ro.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(VolumeCompleter))]
    public string[] Volume { get; set; } = [];

    /// <summary>
    /// Folders of the host that outlive the instances, and their paths in them: /srv/dev1:/data. Made where they are not there,
    /// for the user of SSH, else for root; user and group numbers are those of the instance.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[] Persist { get; set; } = [];

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

    /// <summary>
    /// Public keys that let SshUser in: text, or paths of files with them. cloud-init sets it up, so that the image must have
    /// it. With SshUser alone, or -Wait Ssh: the user's own, ~/.ssh/*.pub.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[]? SshKey { get; set; }

    /// <summary>The user to log in as by SSH, who may do everything by sudo; cloud, where only SshKey or -Wait Ssh is given.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? SshUser { get; set; }

    /// <summary>Delete the instances when they stop.</summary>
    [Parameter]
    public SwitchParameter Ephemeral { get; set; }

    /// <summary>Create without starting.</summary>
    [Parameter]
    public SwitchParameter NoStart { get; set; }

    /// <summary>What to wait for before an instance is returned, such as Ssh: several are waited for one after the other.</summary>
    [Parameter]
    [ValidateNotNull]
    public InstanceCondition[] Wait { get; set; } = [];

    /// <summary>With <c>-Wait Ssh</c>: wait until somebody can really log in, with the key of this user, as SshUser.</summary>
    [Parameter]
    public SwitchParameter VerifyLogin { get; set; }

    /// <summary>How long to wait for each instance; a number is seconds.</summary>
    [Parameter]
    [Seconds]
    public TimeSpan WaitTimeout { get; set; } = TimeSpan.FromMinutes(3);

    /// <summary>Most instances to create at one time.</summary>
    [Parameter]
    [ValidateRange(1, 256)]
    public int ThrottleLimit { get; set; } = 16;

    /// <inheritdoc/>
    private protected override void OnBegin()
    {
        base.OnBegin();
        _currentDirectory = Host.CurrentDirectory;
    }

    /// <inheritdoc/>
    private protected override Task BeginAsync(Pipeline pipeline, CancellationToken cancellationToken)
    {
        if (Cpu is not null)
            InstanceLimits.CheckCpu(Cpu, "-Cpu");
        if (Memory is not null)
            InstanceLimits.CheckMemory(Memory, "-Memory");
        if (Disk is not null)
            InstanceLimits.CheckDisk(Disk, "-Disk");
        if (SshUser is not null)
            InstanceLimits.CheckUser(SshUser, "-SshUser");
        _volumes = [.. Volume.Select(text => InstanceLimits.ReadMount(text, "-Volume", _currentDirectory))];
        _persisted = [.. Persist.Select(text => InstanceLimits.ReadPersisted(text, "-Persist", _currentDirectory))];
        _macvlan = Network.Select(MacvlanDefinition.Parse).OfType<MacvlanDefinition>().FirstOrDefault();
        if (_macvlan is not null)
            pipeline.WriteWarning(char.ToUpperInvariant(MacvlanDefinition.HostLimit[0]) + MacvlanDefinition.HostLimit[1..] + ".");
        foreach (var condition in Wait.Where(condition => condition is InstanceCondition.Tcp or InstanceCondition.Http))
            throw new ArgumentException($"-Wait {condition}: it needs a port; use Wait-IncusInstance -For {condition} -Port after it.");
        if (VerifyLogin && !Wait.Contains(InstanceCondition.Ssh))
            throw CmdletErrors.Needs(nameof(VerifyLogin), "Wait Ssh", "there is no login without it");
        if (Wait.Length > 0 && NoStart)
            throw new ArgumentException("-Wait and -NoStart: what is not started is never there to wait for; leave out one of the two.");
        // Who is waited for by SSH is to get in; whoever gives cloud-init its data has said who that is.
        if (SshKey is not null || SshUser is not null || (Wait.Contains(InstanceCondition.Ssh) && (CloudInit is null || VerifyLogin)))
            _ssh = new SshDefinition { User = SshUser ?? SshDefinition.DefaultUser, Keys = ReadKeys() };
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    private protected override async Task ProcessAsync(Pipeline pipeline, CancellationToken cancellationToken)
    {
        _connection ??= await ConnectAsync(null, null, cancellationToken).ConfigureAwait(false);
        foreach (var name in Name)
        {
            try
            {
                InstanceLimits.CheckName(name, "-Name");
            }
            catch (ArgumentException invalid)
            {
                pipeline.WriteError(CmdletErrors.From(invalid, name) with { Id = "BadInstanceName" });
                continue;
            }

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
            var instances = result.Resources.Where(resource => resource.Kind == "instance").ToList();
            foreach (var kept in instances.Where(resource => resource.Change.Exists))
                TellKept(pipeline, kept.Change);
            foreach (var failed in result.Resources.Where(resource => resource.Outcome == ChangeOutcome.Failed))
                pipeline.WriteError(CmdletErrors.From(failed.Error!, failed.Name));
            var made = instances.Where(resource => resource.Outcome is ChangeOutcome.Done or ChangeOutcome.Unchanged).ToList();
            await Task.WhenAll(made.Select((resource, index) => FinishAsync(pipeline, connection, resource.Name, index, cancellationToken))).ConfigureAwait(false);
        }
        finally
        {
            progress.Complete();
        }
    }

    private static void TellKept(Pipeline pipeline, ResourceChange kept)
    {
        pipeline.WriteVerbose($"Instance {kept.Name} is there already, and kept.");
        if (kept.Properties.Count > 0)
            pipeline.WriteWarning($"Instance {kept.Name} is there already and kept as it is, which is not as asked for: {string.Join(", ", kept.Properties.Select(property => property.Path))}.");
    }

    /// <summary>Waits for what is wanted of an instance, and returns it.</summary>
    private async Task FinishAsync(Pipeline pipeline, ServerConnection connection, string name, int index, CancellationToken cancellationToken)
    {
        try
        {
            if (Wait.Length > 0)
            {
                // Its own bar, beside that of the creation.
                await ConditionWait.ForAsync(
                    pipeline, connection.Client, name, index + 1, Wait, StatusCode.Running, GateOf, WaitTimeout, cancellationToken).ConfigureAwait(false);
            }

            if (await InstanceLookup.ReadAsync(connection, name, cancellationToken).ConfigureAwait(false) is { } instance)
                pipeline.WriteObject(instance);
        }
        catch (Exception exception) when (exception is IncusException or NotReadyException)
        {
            pipeline.WriteError(CmdletErrors.From(exception, name));
        }
    }

    private ReadinessGate GateOf(InstanceCondition condition) =>
        condition == InstanceCondition.Ssh ? new SshGate { Port = _ssh?.Port ?? SshDefinition.DefaultPort, VerifyLogin = VerifyLogin } : ConditionWait.GateOf(condition);

    private IReadOnlyList<string> ReadKeys()
    {
        try
        {
            return PublicKeys.Read(SshKey ?? [], _currentDirectory);
        }
        catch (ArgumentException exception)
        {
            var parameter = SshKey is not null ? nameof(SshKey) : SshUser is not null ? nameof(SshUser) : "Wait Ssh";
            throw new ArgumentException($"-{parameter}: {exception.Message}{(SshKey is null ? " with -SshKey" : "")}.", exception);
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
        Macvlan = _macvlan,
        Networks = [.. Network.Where(network => MacvlanDefinition.Parse(network) is null).Select(network => new NetworkAttachment { Network = network })],
        Volumes = _volumes,
        Persist = _persisted,
        Environment = StringMap.From(Environment),
        Config = StringMap.From(Config),
        Devices = StringMap.OfMaps(Device, "Device"),
        Ssh = _ssh,
        CloudInit = CloudInit is null ? null : new CloudInitDefinition(CloudInit),
        Ephemeral = Ephemeral,
    };
}
