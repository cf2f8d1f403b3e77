using System.CommandLine;
using System.CommandLine.Completions;
using System.Globalization;
using Incus.Client;
using IncusCompose.Connecting;
using IncusCompose.Definition;
using IncusCompose.Instances;

namespace IncusCompose.Cli.Commands;

/// <summary>
/// Names that a shell offers, from the stack file and the server that the command line so far leads to. Where one of them
/// is not there or does not answer in time there are none: the verb itself says what is wrong.
/// </summary>
internal sealed class NameCompletion(Session session)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>The stacks of the project, by their marks.</summary>
    public IEnumerable<CompletionItem> Stacks(CompletionContext context) => Find(context, async (invocation, cancellationToken) =>
    {
        await using var client = await invocation.ConnectAsync(null, cancellationToken);
        return (await invocation.Engine.GetStacksAsync(client, cancellationToken)).Select(stack => stack.Name);
    });

    /// <summary>The checkpoints of the stack that <c>--name</c> or the file says; without either all of the project.</summary>
    public IEnumerable<CompletionItem> Checkpoints(CompletionContext context) => Find(context, async (invocation, cancellationToken) =>
    {
        var stack = invocation.Name is null || invocation.Files.Count > 0 ? invocation.FindStack(cancellationToken) : null;
        await using var client = await invocation.ConnectAsync(stack, cancellationToken);
        return (await invocation.Engine.GetCheckpointsAsync(client, stack?.Name ?? invocation.Name, cancellationToken)).Select(checkpoint => checkpoint.Name);
    });

    /// <summary>The instances of the stack file, where one with replicas stands for all of them; without one, all of the project.</summary>
    public IEnumerable<CompletionItem> Instances(CompletionContext context) => InstancesOf(context, stack => stack.Instances.Keys);

    /// <summary>The same, where only a single one will do.</summary>
    public IEnumerable<CompletionItem> SingleInstances(CompletionContext context) => InstancesOf(context, stack => stack.Instances.Values.SelectMany(instance =>
        instance.Replicas is { } count ? Enumerable.Range(1, count).Select(number => string.Create(CultureInfo.InvariantCulture, $"{instance.Name}-{number}")) : [instance.Name]));

    private IEnumerable<CompletionItem> InstancesOf(CompletionContext context, Func<StackDefinition, IEnumerable<string>> names) => Find(context, async (invocation, cancellationToken) =>
    {
        if (invocation.FindStack(cancellationToken) is { } stack)
            return names(stack);
        await using var client = await invocation.ConnectAsync(null, cancellationToken);
        return (await client.Instances.ListAsync(cancellationToken)).Where(instance => !InstanceFacts.IsKeptCopy(instance)).Select(instance => instance.Name);
    });

    /// <summary>The same instances, each as the beginning of a path in it.</summary>
    public IEnumerable<CompletionItem> InstancePaths(CompletionContext context) => Instances(context).Select(item => new CompletionItem(item.Label + ":"));

    /// <summary>What the stack file has instances of.</summary>
    public IEnumerable<CompletionItem> Definitions(CompletionContext context) => Find(
        context, (invocation, cancellationToken) => Task.FromResult<IEnumerable<string>>(invocation.FindStack(cancellationToken)?.Instances.Keys ?? []));

    /// <summary>The same, each as the beginning of a number of replicas.</summary>
    public IEnumerable<CompletionItem> Scales(CompletionContext context) => Definitions(context).Select(item => new CompletionItem(item.Label + "="));

    /// <summary>The Incus servers of the user's configuration.</summary>
    public IEnumerable<CompletionItem> Remotes(CompletionContext context) => Find(context, (invocation, _) => Task.FromResult(
        new ServerConnector(invocation.Format).Load().Remotes.Values.Where(remote => remote.Protocol == "incus").Select(remote => remote.Name)));

    /// <summary>The checkpoints of the stack that an argument names.</summary>
    public Func<CompletionContext, IEnumerable<CompletionItem>> CheckpointsOf(Argument<string> stack) => context => Find(context, async (invocation, cancellationToken) =>
    {
        await using var client = await invocation.ConnectAsync(null, cancellationToken);
        return (await invocation.Engine.GetCheckpointsAsync(client, invocation.Get(stack), cancellationToken)).Select(checkpoint => checkpoint.Name);
    });

    /// <summary>The resources of the stack that an argument names, each as the beginning of another name.</summary>
    public Func<CompletionContext, IEnumerable<CompletionItem>> RenamesOf(Argument<string> stack) => context => Find(context, async (invocation, cancellationToken) =>
    {
        await using var client = await invocation.ConnectAsync(null, cancellationToken);
        var name = invocation.Get(stack);
        return (await invocation.Engine.GetStacksAsync(client, cancellationToken)).Where(one => one.Name == name)
            .SelectMany(one => one.Resources).Select(resource => resource.Name + "=").Distinct();
    });

    /// <summary>The snapshots of the instance that an argument names.</summary>
    public Func<CompletionContext, IEnumerable<CompletionItem>> SnapshotsOf(Argument<string> instance) => context => Find(context, async (invocation, cancellationToken) =>
    {
        if (invocation.Get(instance) is not { } name)
            return [];
        await using var client = await invocation.ConnectAsync(null, cancellationToken);
        return (await client.Instances.ListSnapshotsAsync(name, cancellationToken)).Select(snapshot => snapshot.Name);
    });

    private IEnumerable<CompletionItem> Find(CompletionContext context, Func<Invocation, CancellationToken, Task<IEnumerable<string>>> search)
    {
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            var invocation = new Invocation(session, context.ParseResult);
            var found = Task.Run(() => search(invocation, patience.Token), patience.Token).WaitAsync(patience.Token).GetAwaiter().GetResult();
            return [.. found
                .Where(name => name.StartsWith(context.WordToComplete, StringComparison.Ordinal))
                .Select(name => new CompletionItem(name))];
        }
        catch (Exception error) when (error is IncusException or Diagnostics.StackFileException or OperationCanceledException
            or InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
