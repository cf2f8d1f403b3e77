using Incus.Client;
using IncusCompose.Cli.Rendering;
using IncusCompose.Cli.Rendering.Json;
using IncusCompose.Instances;

namespace IncusCompose.Cli.Commands;

/// <summary><c>top</c>: the processes of the instances of a stack.</summary>
internal sealed class TopCommand(Session session, NameCompletion names)
    : StackInstancesVerb("top", "Show the processes of instances.", session, names)
{
    protected override async Task<int> ShowAsync(
        Invocation invocation, OpenStack stack, IReadOnlyList<Instance> instances, CancellationToken cancellationToken)
    {
        var lists = await Task.WhenAll(instances.Select(instance => ReadAsync(stack.Client, instance, cancellationToken)));
        var documents = lists.SelectMany(list => list.Processes.Select(process => ProcessDocument.From(list.Instance.Name, process))).ToList();
        var output = Session.Terminal.Out;
        if (invocation.Json)
        {
            JsonLines.Write(output.Inner, documents, JsonDocuments.Indented.IReadOnlyListProcessDocument);
        }
        else if (!invocation.Quiet)
        {
            var table = new TextTable("INSTANCE", "PID", "PPID", "USER", "TIME", "COMMAND");
            foreach (var process in documents)
                table.Add(process.Instance, process.Pid, process.ParentPid, process.User, process.Time, process.Command);

            table.Write(output);
        }

        output.Flush();
        foreach (var (instance, _, problem) in lists.Where(list => list.Problem is not null))
            Session.Terminal.Note($"{instance.Name}: {problem}");
        // Of all there are it shows those that it can; one that was named is wanted.
        return invocation.Get(Instances) is { Length: > 0 } && lists.Any(list => list.Problem is not null) ? ExitCode.Failure : ExitCode.Success;
    }

    private static async Task<(Instance Instance, IReadOnlyList<InstanceProcess> Processes, string? Problem)> ReadAsync(
        IncusClient client, Instance instance, CancellationToken cancellationToken)
    {
        if (instance.StatusCode is not (StatusCode.Running or StatusCode.Ready))
            return (instance, [], $"it is {instance.Status.ToLowerInvariant()}");
        try
        {
            return (instance, await ProcessList.ReadAsync(client, instance.Name, cancellationToken), null);
        }
        catch (IncusException error)
        {
            return (instance, [], error.Problem);
        }
    }
}
