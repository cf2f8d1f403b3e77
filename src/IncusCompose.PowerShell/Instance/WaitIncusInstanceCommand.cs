using System.Management.Automation;
using Incus.Client;
using IncusCompose.PowerShell.Completion;
using IncusCompose.PowerShell.Errors;
using IncusCompose.PowerShell.Hosting;
using IncusCompose.PowerShell.Parameters;
using IncusCompose.PowerShell.Sessions;
using IncusCompose.Readiness;

namespace IncusCompose.PowerShell.Commands;

/// <summary>Waits until instances have a status or an address.</summary>
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

    /// <summary>How long to wait; a number is seconds.</summary>
    [Parameter]
    [Seconds]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMinutes(1);

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
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Timeout);
        var waiter = new InstanceWaiter(connection.Client, name);
        var waitedFor = "";
        try
        {
            foreach (var condition in For)
            {
                waitedFor = condition is InstanceCondition.Address ? "an address" : $"status {Status}";
                pipeline.WriteVerbose($"Waiting for {waitedFor} of instance {name}.");
                await (condition is InstanceCondition.Address
                    ? waiter.WaitForAddressAsync(limit.Token)
                    : waiter.WaitForStatusAsync(Enum.Parse<StatusCode>(Status, ignoreCase: true), limit.Token)).ConfigureAwait(false);
            }

            if (await InstanceLookup.ReadAsync(connection, name, cancellationToken).ConfigureAwait(false) is { } instance)
                pipeline.WriteObject(instance);
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            pipeline.WriteError(CmdletErrors.Own(
                "WaitTimedOut", ErrorCategory.OperationTimeout, original,
                $"Instance '{name}' did not get {waitedFor} within {Timeout.TotalSeconds:0.###} s; its status is {waiter.LastStatus}.",
                waitedFor == "an address"
                    ? "See whether it has a network (Get-IncusInstance | Format-List) and whether a DHCP client runs in it, or give it more time with -Timeout."
                    : "Give it more time with -Timeout.",
                new TimeoutException(exception.Message, exception)));
        }
        catch (IncusNotFoundException exception)
        {
            pipeline.WriteError(CmdletErrors.InstanceNotFound(name, connection.Project, connection.Server, original, exception));
        }
        catch (IncusException exception)
        {
            pipeline.WriteError(CmdletErrors.From(exception, original));
        }
    }
}
