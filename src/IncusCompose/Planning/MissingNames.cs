using IncusCompose.Diagnostics;
using IncusCompose.Resources;

namespace IncusCompose.Planning;

/// <summary>
/// What the file names must be in the file or on the server: the server would refuse it only once what comes before is
/// made. Where the server does not show all there is, nothing is said.
/// </summary>
internal static class MissingNames
{
    /// <summary>How many names a message lists.</summary>
    private const int MostListed = 20;

    public static void Check(IReadOnlyList<(ResourceKind Kind, DesiredResource Resource)> desired, PlanningContext context)
    {
        var own = desired.Select(pair => pair.Resource.Id).ToHashSet();
        // Replicas are one place in the file.
        var said = new HashSet<(ResourceId, SourceLocation)>();
        foreach (var (kind, resource) in desired.Where(pair => !pair.Resource.External))
        {
            foreach (var named in resource.Names)
            {
                var what = ResourceKinds.Of(named.Id);
                if (own.Contains(named.Id) || context.Server.Find(named.Id) is not null || !what.IsSeenInFull(context) || what.NamesElsewhere(context).Contains(named.Id.Name))
                    continue;
                // What the server has taken already it knows, whatever of it can be seen.
                if (kind.Locate(resource, context.Server)?.Uses.Contains(named.Id) == true)
                    continue;
                var path = named.Path.FirstOrDefault(context.Stack.Source.Contains) ?? named.Path[0];
                if (said.Add((named.Id, context.Stack.Source.Find(path))))
                    Report(named.Id, path, own, context);
            }
        }
    }

    private static void Report(ResourceId id, string path, IReadOnlySet<ResourceId> own, PlanningContext context)
    {
        var noun = ResourceKinds.Of(id).Noun;
        var known = own.Concat(context.Server.OfKind(id.Kind).Select(live => live.Id))
            .Where(other => other.Kind == id.Kind && other.Scope == id.Scope)
            .Select(other => other.Name).Concat(ResourceKinds.Of(id).NamesElsewhere(context)).Distinct().Order(StringComparer.Ordinal).ToList();
        var advice = known.Count == 0 ? "add it to the file, or create it first"
            : "add it to the file, or name one of: " + string.Join(", ", known.Take(MostListed)) + (known.Count > MostListed ? ", …" : "");
        context.Error("MissingName", path, $"there is no {noun} \"{id.Name}\"{(id.Scope is null ? "" : $" in \"{id.Scope}\"")} in the file or on the server", Suggestions.DidYouMean(id.Name, known, advice));
    }
}
