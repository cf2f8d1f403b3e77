using Incus.Client;
using IncusCompose.Planning;

namespace IncusCompose.Resources;

/// <summary>
/// Members of a cluster that do not answer. What they have of their own is unknown; what the server does on all members, or
/// on such a one, is not begun. What has nothing to do with them goes on.
/// </summary>
internal static class SilentMembers
{
    public const string Advice = "bring the member back; how it is, says: incus cluster list";

    /// <summary>The members that the cluster itself counts as offline; none where the server is in no cluster, or they may not be seen.</summary>
    public static async Task<IReadOnlyList<string>> ListAsync(IncusClient client, CancellationToken cancellationToken)
    {
        if (!client.Server.Environment.ServerClustered)
            return [];
        try
        {
            return [.. (await client.Cluster.ListMembersAsync(cancellationToken).ConfigureAwait(false)).Where(member => member.Status == "Offline").Select(member => member.ServerName)];
        }
        catch (IncusForbiddenException)
        {
            return [];
        }
    }

    /// <summary>Asks each member for what it has of its own of something.</summary>
    /// <param name="members">The members.</param>
    /// <param name="ask">The request; null where a member has nothing.</param>
    /// <returns>The answers, and who gave none: the server says so in the name of such a member, with an error of its own.</returns>
    public static async Task<(Dictionary<string, T> Answers, IReadOnlyList<string> Silent)> AskAsync<T>(IReadOnlyList<string> members, Func<string, Task<T?>> ask)
        where T : class
    {
        var silent = new HashSet<string>(StringComparer.Ordinal);
        var answers = await Task.WhenAll(members.Select(async member =>
        {
            try
            {
                return (member, answer: await ask(member).ConfigureAwait(false));
            }
            catch (IncusException error) when ((int?)error.StatusCode >= 500 && error is not IncusForbiddenException and not IncusNotFoundException)
            {
                lock (silent)
                    silent.Add(member);
                return (member, answer: null);
            }
        })).ConfigureAwait(false);
        return (answers.Where(pair => pair.answer is not null).ToDictionary(pair => pair.member, pair => pair.answer!), [.. silent.Order(StringComparer.Ordinal)]);
    }

    /// <summary>Refuses the changes that need a member that does not answer.</summary>
    public static void Refuse(Dictionary<ResourceId, ResourceChange> changes, ServerObservation server)
    {
        if (server.SilentMembers.Count == 0)
            return;
        foreach (var change in changes.Values.Where(change => change.Action != ChangeAction.None).ToList())
        {
            if (WhyNot(change.Id, change.Live, change.Desired, server) is { } why)
                changes[change.Id] = change with { Refused = $"{why}; {Advice}" };
        }
    }

    /// <summary>Why a resource is neither made, changed nor deleted now; null where nothing stands in the way.</summary>
    public static string? WhyNot(ResourceId id, LiveResource? live, DesiredResource? desired, ServerObservation server)
    {
        if (server.SilentMembers.Count == 0)
            return null;
        var kind = ResourceKinds.Of(id);
        if (kind.IsOnAllMembers)
            return $"the cluster member \"{server.SilentMembers[0]}\" does not answer, and the server makes, changes and deletes a {kind.Noun} on all members at once";
        if (kind.ConcernsAllMembers(id, live, desired, server))
            return $"the cluster member \"{server.SilentMembers[0]}\" does not answer, and the server tells all members at once of such a change of a {kind.Noun}";
        var member = new[] { kind.MemberOf(live), desired is null ? null : kind.MemberOf(desired) }.FirstOrDefault(one => one is not null && server.SilentMembers.Contains(one));
        return member is null ? null : $"the cluster member \"{member}\" does not answer, where it is or is to be";
    }
}
