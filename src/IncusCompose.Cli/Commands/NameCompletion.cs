using System.CommandLine.Completions;
using Incus.Client;

namespace IncusCompose.Cli.Commands;

/// <summary>
/// Names that a shell offers, from the stack file and the server that the command line so far leads to. Where one of them
/// is not there or does not answer in time there are none: the verb itself says what is wrong.
/// </summary>
internal sealed class NameCompletion(Session session)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>The stacks of the project, by their marks.</summary>
    public IEnumerable<CompletionItem> Stacks(CompletionContext context) => Find(context, async (invocation, cancellationToken) =>
    {
        await using var client = await invocation.ConnectAsync(null, cancellationToken);
        return (await invocation.Engine.GetStacksAsync(client, cancellationToken)).Select(stack => stack.Name);
    });

    /// <summary>The instances of the stack file; without one, all of the project.</summary>
    public IEnumerable<CompletionItem> Instances(CompletionContext context) => Find(context, async (invocation, cancellationToken) =>
    {
        if (invocation.FindStack(cancellationToken) is { } stack)
            return stack.Instances.Keys;
        await using var client = await invocation.ConnectAsync(null, cancellationToken);
        return (await client.Instances.ListAsync(cancellationToken)).Select(instance => instance.Name);
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
