using System.Management.Automation;
using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.PowerShell.Completion;
using IncusCompose.PowerShell.Errors;
using IncusCompose.PowerShell.Hosting;
using IncusCompose.PowerShell.Parameters;
using IncusCompose.PowerShell.Sessions;
using IncusCompose.Readiness;

namespace IncusCompose.PowerShell.Commands;

/// <summary>Waits until instances have a status or an address, answer at a port, or are ready or healthy.</summary>
[Cmdlet(VerbsLifecycle.Wait, "IncusInstance")]
[OutputType(typeof(IncusInstance))]
public sealed class WaitIncusInstanceCommand : ServerCmdlet
{
    private readonly List<(ServerConnection Connection, string Name, object Original)> _targets = [];

    /// <summary>The instances: names (wildcards allowed) or objects of Get-IncusInstance.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(InstanceCompleter))]
    public InstanceIdentity[] Name { get; set; } = [];

    /// <summary>What to wait for; several are waited for one after the other.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public InstanceCondition[] For { get; set; } = [InstanceCondition.Status];

    /// <summary>The status to wait for with <c>-For Status</c>.</summary>
    [Parameter]
    [ValidateSet("Running", "Stopped", "Frozen")]
    public string Status { get; set; } = "Running";

    /// <summary>The port, with <c>-For Tcp</c> and <c>-For Http</c>, which need it, and with <c>-For Ssh</c>, where it is 22 otherwise.</summary>
    [Parameter]
    [ValidateRange(1, 65535)]
    public int? Port { get; set; }

    /// <summary>With <c>-For Ssh</c>: wait until somebody can really log in, with the key of this user, as the user that the instance lets in.</summary>
    [Parameter]
    public SwitchParameter VerifyLogin { get; set; }

    /// <summary>The path that <c>-For Http</c> asks for.</summary>
    [Parameter]
    [ValidatePattern("^/")]
    public string HttpPath { get; set; } = "/";

    /// <summary>The network interface that is to have an address with <c>-For Address</c>; any without it.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NicCompleter))]
    public string? Nic { get; set; }

    /// <summary>The family of the address with <c>-For Address</c>.</summary>
    [Parameter]
    public AddressFamilyChoice AddressFamily { get; set; }

    /// <summary>How long to wait in all; a number is seconds.</summary>
    [Parameter]
    [Seconds]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMinutes(1);

    /// <inheritdoc/>
    private protected override Task BeginAsync(Pipeline pipeline, CancellationToken cancellationToken)
    {
        foreach (var condition in For.Where(condition => condition is InstanceCondition.Tcp or InstanceCondition.Http))
        {
            if (Port is null)
                throw CmdletErrors.Needs($"For {condition}", nameof(Port), "there is no port that every instance has open");
        }

        if (VerifyLogin && !For.Contains(InstanceCondition.Ssh))
            throw CmdletErrors.Needs(nameof(VerifyLogin), "For Ssh", "there is no login without it");
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    private protected override async Task ProcessAsync(Pipeline pipeline, CancellationToken cancellationToken)
    {
        foreach (var identity in Name)
        {
            var connection = await ConnectAsync(identity.Server, identity.Project, cancellationToken).ConfigureAwait(false);
            foreach (var instance in await InstanceLookup.FindAsync(pipeline, connection, identity, cancellationToken).ConfigureAwait(false))
                _targets.Add((connection, instance.Name, identity.Original));
        }
    }

    /// <inheritdoc/>
    private protected override Task EndAsync(Pipeline pipeline, CancellationToken cancellationToken) =>
        Task.WhenAll(_targets.Select(target => WaitAsync(pipeline, target.Connection, target.Name, target.Original, cancellationToken)));

    private async Task WaitAsync(Pipeline pipeline, ServerConnection connection, string name, object original, CancellationToken cancellationToken)
    {
        try
        {
            await ConditionWait.ForAsync(
                pipeline, connection.Client, name, BarOf(name), For, Enum.Parse<StatusCode>(Status, ignoreCase: true), GateOf, Timeout, cancellationToken).ConfigureAwait(false);
            if (await InstanceLookup.ReadAsync(connection, name, cancellationToken).ConfigureAwait(false) is { } instance)
                pipeline.WriteObject(instance);
        }
        catch (IncusNotFoundException exception)
        {
            pipeline.WriteError(CmdletErrors.From(exception, original) with { Id = "InstanceNotFound" });
        }
        catch (Exception exception) when (exception is IncusException or NotReadyException)
        {
            pipeline.WriteError(CmdletErrors.From(exception, original));
        }
    }

    private int BarOf(string name) => _targets.FindIndex(target => target.Name == name);

    private ReadinessGate GateOf(InstanceCondition condition) => condition switch
    {
        InstanceCondition.Address => new AddressGate { Nic = Nic, Family = AddressFamily },
        InstanceCondition.Http => new HttpGate { Request = new HttpProbe { Port = Port!.Value, Path = HttpPath } },
        InstanceCondition.Ssh => new SshGate { Port = Port ?? SshDefinition.DefaultPort, VerifyLogin = VerifyLogin },
        InstanceCondition.Tcp => new TcpGate { Port = Port!.Value },
        _ => ConditionWait.GateOf(condition),
    };
}
