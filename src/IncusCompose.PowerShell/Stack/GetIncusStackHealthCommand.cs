using System.Management.Automation;
using IncusCompose.PowerShell.Errors;
using IncusCompose.PowerShell.Hosting;
using IncusCompose.PowerShell.Sessions;
using IncusCompose.Readiness;

namespace IncusCompose.PowerShell.Commands;

/// <summary>Shows how every instance of stacks is right now: status, health, readiness, and what is missing.</summary>
[Cmdlet(VerbsCommon.Get, "IncusStackHealth", DefaultParameterSetName = NameSet)]
[OutputType(typeof(InstanceHealth))]
public sealed class GetIncusStackHealthCommand : StackTargetCmdlet
{
    /// <inheritdoc/>
    private protected override async Task ProcessStackAsync(
        Pipeline pipeline, ServerConnection connection, string name, StackIdentity identity, CancellationToken cancellationToken)
    {
        var instances = await Session.Engine.GetHealthAsync(connection.Client, name, cancellationToken).ConfigureAwait(false);
        if (instances.Count == 0)
            pipeline.WriteError(CmdletErrors.StackNotFound(name, connection.Project, connection.Server, identity.Original));
        foreach (var instance in instances)
            pipeline.WriteObject(instance with { Server = connection.Server });
    }
}
