using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Loading.Documents;
using IncusCompose.Operating;
using IncusCompose.Planning;
using IncusCompose.Resources;
using IncusCompose.Resources.Instances;

namespace IncusCompose.Exporting;

/// <summary>Makes a stack file of what is live: chooses, lets each kind say what of its resources is written, and checks what came of it.</summary>
/// <param name="format">Writes the file.</param>
/// <param name="remotes">The user's remotes, for image references.</param>
internal sealed class StackExporter(IDocumentFormat format, ClientConfiguration remotes)
{
    /// <exception cref="StackTargetException">What is to be written is not there.</exception>
    public async Task<StackExport> ExportAsync(IncusClient client, ExportOptions options, CancellationToken cancellationToken)
    {
        var server = await StackObserver.ObserveInFullAsync(client, cancellationToken).ConfigureAwait(false);
        var members = client.Server.Environment.ServerClustered ? await client.Cluster.ListMemberNamesAsync(cancellationToken).ConfigureAwait(false) : null;
        var owned = Select(server, client.Project, options).Owned.Select(server.Find).OfType<LiveResource>().ToList();
        return Export(
            server, client.Project, options, members,
            await GuestExport.LookAsync(client, owned.Select(live => live.Raw).OfType<Instance>(), cancellationToken).ConfigureAwait(false),
            await ImageExport.LookAsync(client, owned, cancellationToken).ConfigureAwait(false));
    }

    /// <param name="server">What is live.</param>
    /// <param name="project">The project that is looked at.</param>
    /// <param name="options">What to write.</param>
    /// <param name="members">The members of the cluster; null where the server is in none.</param>
    /// <param name="files">What lies where stacks have written to, by the instances' names; null: nothing was looked at.</param>
    /// <param name="imageForms">In which form images are that came from no server; null: nothing was asked.</param>
    public StackExport Export(
        ServerObservation server,
        string project,
        ExportOptions options,
        IReadOnlyList<string>? members = null,
        IReadOnlyDictionary<string, IReadOnlyList<FoundFile>>? files = null,
        IReadOnlyDictionary<ResourceId, string?>? imageForms = null)
    {
        var (selection, stackName) = (Select(server, project, options), options.Stack);
        files ??= new Dictionary<string, IReadOnlyList<FoundFile>>();
        var context = new ExportContext(server, project, remotes)
        {
            Owned = selection.Owned,
            Members = members,
            Format = format,
            Files = files,
            ImageForms = imageForms ?? new Dictionary<ResourceId, string?>(),
            Secrets = KnownSecrets.Of(server, files.Values.SelectMany(found => found)),
        };
        foreach (var other in selection.Others.GroupBy(live => live.Mark!.Stack))
            context.Note("OtherStack", "", $"{string.Join(", ", other.Select(live => live.Id))} belong{(other.Count() == 1 ? "s" : "")} to the stack \"{other.Key}\" and {(other.Count() == 1 ? "is" : "are")} not written", $"write it by its name: export {other.Key}");
        foreach (var theirs in options.Instances.Select(name => server.Find(InstanceKind.IdOf(name))!).Where(live => live.Mark is not null))
            context.Note("OtherStack", $"instances.{theirs.Id.Name}", $"{theirs.Id} belongs to the stack \"{theirs.Mark!.Stack}\": another one cannot adopt it");
        var stack = new StackDefinition
        {
            Name = options.Name ?? stackName ?? NameOf(options, project),
            Project = project == "default" ? null : new ProjectDefinition { Name = project },
        };
        foreach (var live in selection.Owned.Concat(selection.External).Select(id => server.Find(id)!)
            .OrderBy(live => ResourceKinds.RankOf(live.Id)).ThenBy(live => live.Id.Name, StringComparer.Ordinal).ThenBy(live => live.Id.ToString(), StringComparer.Ordinal))
            stack = ResourceKinds.Of(live.Id).Export(stack, live, context);
        stack = ReplicaFolding.Fold(stack, context);
        Check(stack, context);
        GuestExport.NoteContents(stack, context);
        var (document, variables) = SecretVariables.Write(stack, context);
        return new StackExport { Stack = stack, Document = document, Variables = variables, Notes = context.Notes, Text = StackFileText.Write(format, document, variables, context.Notes) };
    }

    private static ExportSelection Select(ServerObservation server, string project, ExportOptions options)
    {
        var selection = new ExportSelection(server, project);
        if (options.Stack is { } stackName)
        {
            selection.AddStack(stackName);
        }
        else if (options.Instances.Count > 0)
        {
            var known = server.OfKind(InstanceKind.KindName).Select(live => live.Id.Name).ToHashSet(StringComparer.Ordinal);
            foreach (var name in options.Instances)
                _ = known.Contains(name) ? true : throw new ExportedInstanceNotFoundException(name, project, known);
            selection.AddInstances(options.Instances);
        }
        else
        {
            selection.AddProject();
        }

        return selection;
    }

    private static string NameOf(ExportOptions options, string project) =>
        options.Instances.Count == 1 ? options.Instances.First() : project != "default" ? project : "stack";

    /// <summary>What a plan of the file would find different, be it the stack's own by then: said, so that nobody is surprised.</summary>
    private void Check(StackDefinition stack, ExportContext context)
    {
        var planning = new PlanningContext(Replicas.Expand(stack), context.Project, context.Server, remotes) { Members = context.Members };
        foreach (var kind in ResourceKinds.All)
        {
            foreach (var desired in kind.Desire(planning).Where(resource => !resource.External && context.Owned.Contains(resource.Id)))
            {
                if (kind.Locate(desired, context.Server) is not { } live)
                    continue;
                var mark = live.Mark ?? new OwnershipMark(stack.Name, context.Project, desired.DefinitionPath, Adoption.RecordOf(kind, desired, live));
                foreach (var property in PropertyComparer.Compare(kind, desired, live with { Mark = mark }, metadata: null)
                    .Where(property => property.Difference is not (PropertyDifference.Recorded or PropertyDifference.Unmanaged))
                    // Adoption records what the server does not know.
                    .Where(property => live.Mark is not null || property.Step is not { Path: var path } || !PropertyPath.IsEngineOnly(path)))
                    context.Note("NotWritten", desired.DefinitionPath, $"{property.Path} cannot be written as it is: a plan will say {property.Old ?? "(unset)"} -> {property.New ?? "(unset)"}");
            }
        }
    }
}
