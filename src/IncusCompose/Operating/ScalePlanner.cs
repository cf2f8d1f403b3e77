using Incus.Client;
using IncusCompose.Diagnostics;
using IncusCompose.Planning;
using IncusCompose.Resources;
using IncusCompose.Resources.Images;
using IncusCompose.Resources.Instances;

namespace IncusCompose.Operating;

/// <summary>
/// Plans other numbers of replicas from the server alone: a new replica is to be as the lowest that is there, as its stack
/// last applied it; those with the highest numbers go. Nothing else of the stack changes.
/// </summary>
internal static class ScalePlanner
{
    /// <exception cref="StackNotFoundException">No instance has the stack's mark.</exception>
    /// <exception cref="PlanOptionException">The stack has no replicas of a name, or their image is gone.</exception>
    public static StackPlan Plan(string stack, string project, ServerObservation server, IReadOnlyDictionary<string, int> scale, string serverName)
    {
        var own = StackInstances.Of(stack, project, [.. server.OfKind(InstanceKind.KindName)]).All.ToList();
        var changes = new List<ResourceChange>();
        foreach (var (group, count) in scale)
        {
            var replicas = own
                .Where(live => live.Mark!.Key == $"instances.{group}" && Replicas.NumberOf(group, live.Id.Name) is not null)
                .OrderBy(live => Replicas.NumberOf(group, live.Id.Name))
                .ToList();
            if (replicas.Count == 0)
            {
                var groups = own.Select(live => live.Mark!.Key["instances.".Length..]).Where(key => own.Any(live => Replicas.NumberOf(key, live.Id.Name) is not null)).Distinct().Order(StringComparer.Ordinal).ToList();
                throw new PlanOptionException($"Stack {stack} has no replicas of {Excerpts.Quote(group)} in project {project}; {(groups.Count == 0 ? "give an instance of its file `replicas:` first" : $"it has some of: {string.Join(", ", groups)}")}");
            }

            if (count is < 0 or > Replicas.Most)
                throw new PlanOptionException($"{count} is no number of replicas; write one from 0 to {Replicas.Most}");
            var names = replicas.Select(live => live.Id.Name).ToHashSet(StringComparer.Ordinal);
            foreach (var missing in Enumerable.Range(1, count).Select(number => Replicas.NameOf(group, number)).Where(name => !names.Contains(name)))
                changes.AddRange(Creation(missing, replicas[0], server, changes));
            foreach (var live in replicas)
            {
                changes.Add(Replicas.NumberOf(group, live.Id.Name) > count
                    ? new ResourceChange
                    {
                        Id = live.Id, Action = ChangeAction.Delete, Live = live, Reason = "more than the replicas that are wanted",
                        Refused = ResourceKinds.Of(live.Id).DeletionRefusal(live),
                    }
                    : new ResourceChange { Id = live.Id, Action = ChangeAction.None, Live = live });
            }
        }

        return new StackPlan { Stack = stack, Project = project, Server = serverName, Resources = changes };
    }

    /// <summary>An instance like another one, and the image that it is made from.</summary>
    private static IEnumerable<ResourceChange> Creation(string name, LiveResource model, ServerObservation server, List<ResourceChange> planned)
    {
        var instance = (Instance)model.Raw;
        var fingerprint = instance.Config.GetValueOrDefault("volatile.base_image", "");
        var image = server.Images.FirstOrDefault(image => image.Fingerprint == fingerprint)
            ?? throw new PlanOptionException($"The image that {model.Id} was made from is no longer on the server; change the number with the stack's file, which says where it comes from");
        var imageId = new ResourceId(ImageKind.KindName, fingerprint[..12]);
        if (!planned.Exists(change => change.Id == imageId))
        {
            yield return new ResourceChange
            {
                Id = imageId, Action = ChangeAction.None,
                Live = new LiveResource { Id = imageId, Properties = PropertyBag.Empty, Raw = image },
            };
        }

        // What was applied, as it is now: what somebody else added to the other one is not the stack's.
        var applied = model.Mark!.Applied;
        var properties = new PropertyBag(applied.Paths.Where(path => model.Properties[path] is not null).Select(path => KeyValuePair.Create(path, model.Properties[path]!)));
        var desired = new DesiredInstance
        {
            Id = InstanceKind.IdOf(name),
            DefinitionPath = model.Mark.Key,
            Properties = properties,
            ImageWord = applied.Plain(PropertyPath.Image) ?? fingerprint,
            ProfileConfig = new Dictionary<string, string>(),
            OwnConfig = new Dictionary<string, string>(),
            DependsOn = [imageId],
        };
        yield return new ResourcePlanner(new PlanOptions(), null).Plan(ResourceKinds.Of(desired.Id), desired, null) with { DependsOn = [imageId] };
    }
}
