using System.Management.Automation;
using Incus.Client;
using IncusCompose.Instances;
using IncusCompose.PowerShell.Completion;
using IncusCompose.PowerShell.Hosting;
using IncusCompose.PowerShell.Sessions;

namespace IncusCompose.PowerShell.Commands;

/// <summary>Lists containers and virtual machines, with their state and addresses.</summary>
[Cmdlet(VerbsCommon.Get, "IncusInstance")]
[OutputType(typeof(IncusInstance))]
public sealed class GetIncusInstanceCommand : ServerCmdlet
{
    /// <summary>Names, wildcards allowed. Without it: every instance.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(InstanceCompleter))]
    public InstanceIdentity[]? Name { get; set; }

    /// <summary>Only instances of these stacks, wildcards allowed.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(StackCompleter))]
    public string[]? Stack { get; set; }

    /// <summary>Every project that the client may see.</summary>
    [Parameter]
    public SwitchParameter AllProjects { get; set; }

    /// <summary>Leave out addresses and usage: one request for any number of instances.</summary>
    [Parameter]
    public SwitchParameter SkipState { get; set; }

    /// <inheritdoc/>
    private protected override async Task ProcessAsync(Pipeline pipeline, CancellationToken cancellationToken)
    {
        if (Name is null)
        {
            var connection = await ConnectAsync(null, null, cancellationToken).ConfigureAwait(false);
            await WriteAsync(pipeline, connection, await ListAsync(connection, null, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
            return;
        }

        foreach (var identity in Name)
        {
            var connection = await ConnectAsync(identity.Server, identity.Project, cancellationToken).ConfigureAwait(false);
            var found = AllProjects
                ? await ListAsync(connection, identity.Name, cancellationToken).ConfigureAwait(false)
                : await InstanceLookup.FindAsync(pipeline, connection, identity, cancellationToken).ConfigureAwait(false);
            await WriteAsync(pipeline, connection, found, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<IReadOnlyList<Instance>> ListAsync(ServerConnection connection, string? name, CancellationToken cancellationToken)
    {
        var all = AllProjects
            ? await connection.Client.Instances.ListAllProjectsAsync(cancellationToken).ConfigureAwait(false)
            : await InstanceLookup.ListAsync(connection, cancellationToken).ConfigureAwait(false);
        var wanted = WildcardPattern.Get(name ?? "*", WildcardOptions.IgnoreCase);
        return [.. from instance in all
                   where instance.Name == name || (wanted.IsMatch(instance.Name) && !InstanceFacts.IsKeptCopy(instance))
                   orderby instance.Project, instance.Name
                   select instance];
    }

    private async Task WriteAsync(Pipeline pipeline, ServerConnection connection, IReadOnlyList<Instance> instances, CancellationToken cancellationToken)
    {
        if (Stack is not null)
        {
            var wanted = Stack.Select(stack => WildcardPattern.Get(stack, WildcardOptions.IgnoreCase)).ToList();
            instances = [.. instances.Where(instance => InstanceFacts.StackOf(instance) is { } stack && wanted.Any(pattern => pattern.IsMatch(stack)))];
        }

        if (SkipState)
        {
            foreach (var instance in instances)
                pipeline.WriteObject(IncusInstance.From(connection, instance, null));
            return;
        }

        await foreach (var instance in InstanceLookup.WithStateAsync(connection, instances, cancellationToken).ConfigureAwait(false))
            pipeline.WriteObject(instance);
    }
}
