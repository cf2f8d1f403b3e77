using System.CommandLine;
using IncusCompose.Cli.Rendering;
using IncusCompose.Cli.Rendering.Json;

namespace IncusCompose.Cli.Commands;

/// <summary><c>volumes</c>: the volumes of a stack, and which instances use them.</summary>
internal sealed class VolumesCommand : Verb
{
    private readonly Argument<string[]> _instances = new("instance")
    {
        Description = "Only volumes that these instances use.",
        Arity = ArgumentArity.ZeroOrMore,
    };

    public VolumesCommand(Session session, NameCompletion names) : base("volumes", "List the stack's volumes.", session)
    {
        _instances.CompletionSources.Add(names.Instances);
        Add(_instances);
    }

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        await using var stack = await invocation.OpenStackAsync(cancellationToken);
        var users = invocation.Get(_instances) is { Length: > 0 } names
            ? (await invocation.Engine.GetInstancesAsync(stack.Client, stack.Name, names, cancellationToken)).Select(instance => instance.Name).ToHashSet()
            : null;
        var found = (await invocation.Engine.GetStacksAsync(stack.Client, cancellationToken)).FirstOrDefault(one => one.Name == stack.Name);
        var ids = found?.Resources.Where(resource => resource.Kind == "volume").Select(resource => resource.Id) ?? [];
        var volumes = await Task.WhenAll(ids.Select(async id => (Id: id, Volume: await stack.Client.StorageVolumes.FindAsync(id.Scope!, id.Name, cancellationToken))));
        var documents = volumes
            .Where(one => one.Volume is not null)
            .Select(one => VolumeDocument.From(one.Id, one.Volume!.Value))
            .Where(volume => users is null || volume.UsedBy.Any(users.Contains))
            .ToList();
        var output = Session.Terminal.Out;
        if (invocation.Json)
        {
            JsonLines.Write(output.Inner, documents, JsonDocuments.Indented.IReadOnlyListVolumeDocument);
        }
        else if (invocation.Quiet)
        {
            foreach (var volume in documents)
                output.Line(StyledWriter.Printable(volume.Name));
        }
        else
        {
            var table = new TextTable("NAME", "POOL", "SIZE", "USED BY");
            foreach (var volume in documents)
                table.Add(volume.Name, volume.Pool, volume.Size, string.Join(",", volume.UsedBy));
            table.Write(output);
        }

        return ExitCode.Success;
    }
}
