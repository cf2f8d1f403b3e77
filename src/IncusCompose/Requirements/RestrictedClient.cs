using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Planning;
using IncusCompose.Resources;
using IncusCompose.Resources.Instances;
using IncusCompose.Resources.Networks;

namespace IncusCompose.Requirements;

/// <summary>
/// A client whose certificate is good for some projects only. The server refuses it what belongs to no project, and what is in
/// other ones, <c>default</c> included, it is shown without its configuration: it could make such a thing, and would not know it
/// again. So that is known before anything is done. Source: Incus internal/server/auth/driver_tls.go.
/// </summary>
/// <param name="Projects">The projects that it may use.</param>
internal sealed record RestrictedClient(IReadOnlyList<string> Projects)
{
    private const string Who = "this client's certificate is restricted to projects";

    /// <summary>What is known of the client; null where it is not restricted, or there is no telling.</summary>
    public static async Task<RestrictedClient?> OfAsync(IncusClient client, CancellationToken cancellationToken)
    {
        // Whoever is not restricted sees the server's configuration, to which the address belongs that it is reached by.
        if (client.Server is not { AuthUserMethod: "tls", AuthUserName: { Length: > 0 } fingerprint, Config.Count: 0 })
            return null;
        try
        {
            return (await client.Certificates.GetAsync(fingerprint, cancellationToken).ConfigureAwait(false)).Value is { Restricted: true } own ? new(own.Projects) : null;
        }
        catch (IncusException error) when (error is not IncusUnreachableException)
        {
            return null;
        }
    }

    /// <summary>True, with a problem reported, for what this client cannot own, be it there already or not.</summary>
    public bool CannotOwn(ResourceKind kind, DesiredResource resource, PlanningContext context)
    {
        if (resource.External)
            return false;
        // What it sees to be the stack's own it needs not make; whether it is to be changed, the plan will tell.
        if (kind.Locate(resource, context.Server)?.Mark?.BelongsTo(context.Stack.Name, context.Project) == true)
            return false;
        // Of the project's own configuration it sees all.
        if (kind.AdviceWhenRestricted is { } advice && !kind.ContainsAll)
        {
            RefuseServersOwn(kind, resource, advice, context);
            return true;
        }

        if (kind.ProjectFeature is not { } feature || context.Project == "default" || Projects.Contains("default") || IsOfProject(feature, context))
            return false;
        context.Error(
            "RestrictedClient", resource.DefinitionPath, $"{Who}, and the project \"{context.Project}\" has no {kind.Noun}s of its own ({feature.Name}): it would be one of the project \"default\", of which this client does not see enough to look after it",
            kind is NetworkKind or NetworkAclKind or NetworkAddressSetKind
                ? $"have an administrator make it, and mark it external: true; or have {feature.Name} turned on for the project"
                : $"have an administrator make it, or {feature.Name} turned on for the project");
        return true;
    }

    /// <summary>Reports a change that only an administrator makes.</summary>
    public static void Check(ResourceKind kind, ResourceChange change, PlanningContext context)
    {
        if (change is { Action: not ChangeAction.None, Desired: { } wanted } && kind is { AdviceWhenRestricted: { } leave, ContainsAll: false })
            RefuseServersOwn(kind, wanted, leave, context);
        if (change.Action != ChangeAction.None && kind is { AdviceWhenRestricted: { } advice, ContainsAll: true })
            context.Error("RestrictedClient", change.Desired!.DefinitionPath, $"{Who}, and a project is made and changed by administrators alone", advice);
        else if (change is { Desired: DesiredInstance { Place: { } place } instance } && (change.Action is ChangeAction.Create or ChangeAction.Replace || InstanceKind.IsMove(change)) && BlocksTargets(context))
        {
            context.Error(
                "RestrictedClient", instance.DefinitionPath,
                $"{Who}, and the project \"{context.Project}\" lets none of them say which member of the cluster an instance is on, which {change.Id} needs: "
                + (place.WithVolumes ? $"it uses volumes that are on {place.Target} alone" : $"its target is {place.Target}"),
                "have an administrator allow it with restricted.cluster.target=allow (of a project: restrictions: {cluster.target: allow}), " + (place.WithVolumes ? "or keep the volumes in a storage pool that all members share" : "or remove `target`"));
        }
    }

    private static void RefuseServersOwn(ResourceKind kind, DesiredResource resource, string advice, PlanningContext context) =>
        context.Error("RestrictedClient", resource.DefinitionPath, $"{Who}, and every {kind.Noun} is the server's as a whole, for administrators alone to make and change", advice);

    private static bool BlocksTargets(PlanningContext context) =>
        context.LiveProject?.Raw is Project { Config: var config } && ConfigTruth.IsTrue(config.GetValueOrDefault("restricted")) && config.GetValueOrDefault("restricted.cluster.target") != "allow";

    private static bool IsOfProject((string Name, bool IsDefault) feature, PlanningContext context) =>
        context.LiveProject?.Raw is not Project project || ObserveScope.HasOwn(project.Config, feature.Name, feature.IsDefault);
}
