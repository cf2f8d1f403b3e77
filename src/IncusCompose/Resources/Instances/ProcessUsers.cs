using System.Globalization;
using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Instances;
using IncusCompose.Resources.Images;

namespace IncusCompose.Resources.Instances;

/// <summary>A user's name, and what its numbers are in an image.</summary>
/// <param name="Name">The name, or that of a user and a group, as the file says it: <c>app</c>, <c>app:www</c>.</param>
/// <param name="Uid">The user's number; null as long as it is not known.</param>
/// <param name="Gid">The group's number; null as long as it is not known.</param>
internal sealed record ProcessUser(string Name, string? Uid = null, string? Gid = null);

/// <summary>
/// Users that an application runs as, by their names. Incus takes numbers, which only the image knows: its own
/// <c>/etc/passwd</c> and <c>/etc/group</c> are read once the instance is there, before it starts for the first time. What
/// they said is recorded on the instance.
/// </summary>
internal static class ProcessUsers
{
    private const string UidKey = "oci.uid", GidKey = "oci.gid";

    private static readonly TimeSpan LongestCleanUp = TimeSpan.FromSeconds(60);

    /// <summary>The users of instances that are there already and whose numbers are not known yet; one that an instance does not have is an error.</summary>
    /// <param name="client">The project's view of the server.</param>
    /// <param name="context">The stack and what is live.</param>
    /// <param name="problems">Receives errors.</param>
    /// <param name="cancellationToken">Ends the requests.</param>
    /// <returns>The users, by the instances' names.</returns>
    public static async Task<IReadOnlyDictionary<string, ProcessUser>> AskAsync(IncusClient client, PlanningContext context, ICollection<Diagnostic> problems, CancellationToken cancellationToken)
    {
        var asked = context.Stack.Instances.Values
            .Where(instance => instance.ProcessUser is not null
                && context.Server.Find(InstanceKind.IdOf(instance.Name)) is { Raw: Instance made } live && OciApplications.IsOne(made)
                // What is made anew of another image has other users.
                && live.Properties[PropertyPath.Image] == StackImages.ReferenceOf(instance.Image, context.Stack)
                && Recorded(instance, live) is null)
            .ToList();
        var found = await Task.WhenAll(asked.Select(async Task<ProcessUser?> (instance) =>
        {
            try
            {
                return await ResolveAsync(client, instance.Name, instance.ProcessUser!, cancellationToken).ConfigureAwait(false);
            }
            catch (IncusException error)
            {
                var path = PathOf(instance);
                lock (problems)
                    problems.Add(Diagnostic.Error("UnknownUser", context.Stack.Source.Find(path), path, error.Problem, error.Advice ?? ""));
                return null;
            }
        })).ConfigureAwait(false);
        return asked.Zip(found).Where(pair => pair.Second is not null).ToDictionary(pair => pair.First.Name, pair => pair.Second!, StringComparer.Ordinal);
    }

    /// <summary>Adds the user to an instance's configuration, with the numbers as far as they are known.</summary>
    public static void Add(SortedDictionary<string, string> config, InstanceDefinition instance, PlanningContext context, LiveResource? live)
    {
        if (instance.ProcessUser is not { } name)
            return;
        context.Require("instance_oci_entrypoint", PathOf(instance), "`user`");
        Write(config, context.Users.GetValueOrDefault(instance.Name) ?? Recorded(instance, live) ?? new ProcessUser(name));
    }

    /// <summary>Takes a user's numbers out of a live instance's configuration where the file said the name; null where it did not, or somebody changed them.</summary>
    public static string? Take(SortedDictionary<string, string> config, IReadOnlyDictionary<string, string> live)
    {
        if (RecordedWords.ReadUser(live) is not { Uid: not null } user || config.GetValueOrDefault(UidKey) != user.Uid || config.GetValueOrDefault(GidKey) != user.Gid)
            return null;
        config.Remove(UidKey);
        config.Remove(GidKey);
        return user.Name;
    }

    /// <summary>True where an instance's user is said by a name.</summary>
    public static bool AreNamed(DesiredResource desired) => Of(desired) is not null;

    /// <summary>An instance as it should be, now that it was rebuilt: with the numbers that its user has in this image.</summary>
    /// <param name="context">Where.</param>
    /// <param name="desired">The instance; it does not run.</param>
    /// <param name="cancellationToken">Ends the requests.</param>
    /// <exception cref="IncusException">The image has no such user or group, or its files cannot be read. What the one before had counts no more then.</exception>
    public static async Task<DesiredResource> IntoRebuiltAsync(ApplyContext context, DesiredResource desired, CancellationToken cancellationToken)
    {
        try
        {
            return await ResolveAsync(context, desired, cancellationToken).ConfigureAwait(false);
        }
        catch (IncusException)
        {
            await context.Client.Instances.UpdateAsync(desired.Id.Name, now => now with { Config = now.Config.Where(entry => entry.Key != RecordedWords.User).ToDictionary() }, cancellationToken)
                .CompleteAsync(null, cancellationToken).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>An instance as it should be, once its image has said what its user's numbers are; the instance is there and does not run.</summary>
    private static async Task<DesiredResource> ResolveAsync(ApplyContext context, DesiredResource desired, CancellationToken cancellationToken)
    {
        if (Of(desired) is not { } word)
            return desired;
        ProcessUser user;
        try
        {
            user = await ResolveAsync(context.Client, desired.Id.Name, word.Name, cancellationToken).ConfigureAwait(false);
        }
        catch (IncusException error) when ((desired as DesiredInstance)?.UserPlace is { Length: > 0 } place)
        {
            throw new IncusException($"{place}: {error.Problem}", error.Advice);
        }

        var fields = ResourceFields.From(desired.Properties);
        Write(fields.Config, user);
        return desired with { Properties = fields.ToBag() };
    }

    /// <summary>Gives an instance that was just made the numbers of its user, and records them.</summary>
    /// <param name="context">Where.</param>
    /// <param name="desired">The instance as it should be.</param>
    /// <param name="cancellationToken">Ends the requests.</param>
    /// <exception cref="IncusException">The image has no such user or group, or its files cannot be read: the instance is gone then.</exception>
    public static async Task IntoNewAsync(ApplyContext context, DesiredResource desired, CancellationToken cancellationToken)
    {
        if (Of(desired) is null)
            return;
        try
        {
            var known = await ResolveAsync(context, desired, cancellationToken).ConfigureAwait(false);
            await context.Client.Instances.UpdateAsync(desired.Id.Name, now =>
            {
                var config = new Dictionary<string, string>(now.Config);
                foreach (var (path, value) in known.Properties)
                {
                    if (PropertyPath.IsConfig(path, out var key) && desired.Properties[path] != value)
                        config[key] = value;
                }

                context.MarkOf(known)?.Write(known.Id, config);
                return now with { Config = config };
            }, cancellationToken).CompleteAsync(null, cancellationToken).ConfigureAwait(false);
        }
        catch (IncusException error)
        {
            // It never ran: nothing is lost with it, and the next apply does not find it half made.
            if (await TakeAwayAsync(context, desired.Id.Name).ConfigureAwait(false) is { } problem)
            {
                throw new IncusException($"{error.Problem.TrimEnd('.')}; and {desired.Id.Name}, which never ran, could not be deleted: {problem}", $"delete it with: incus delete --force {desired.Id.Name}{(error.Advice is { } advice ? $"; {advice}" : "")}", error);
            }

            throw;
        }
    }

    /// <summary>Deletes an instance that was just made. Is not cancelled: the apply ends once it has ended.</summary>
    /// <returns>Why it is there still; null where it is gone.</returns>
    private static async Task<string?> TakeAwayAsync(ApplyContext context, string instance)
    {
        using var limit = new CancellationTokenSource(LongestCleanUp);
        try
        {
            await context.Commitments.SeeThroughAsync(async () =>
            {
                await InstanceKind.UnprotectAsync(context.Client, instance, limit.Token).ConfigureAwait(false);
                await context.Client.Instances.DeleteAsync(instance, limit.Token).CompleteAsync(null, limit.Token).OrGoneAsync().ConfigureAwait(false);
            }).ConfigureAwait(false);
            return null;
        }
        catch (IncusNotFoundException)
        {
            return null;
        }
        catch (Exception error) when (error is IncusException or OperationCanceledException)
        {
            return error is OperationCanceledException ? $"it took longer than {LongestCleanUp.TotalSeconds:0} seconds" : error.Message.TrimEnd('.');
        }
    }

    public static string PathOf(InstanceDefinition instance) => $"instances.{instance.Group ?? instance.Name}.user";

    /// <summary>The numbers of a user, as the files of an image have them.</summary>
    /// <param name="name">The user, and the group if one is said: names or numbers.</param>
    /// <param name="accounts">Its users and groups.</param>
    /// <exception cref="IncusException">It does not have them.</exception>
    internal static ProcessUser Resolve(string name, AccountFiles accounts)
    {
        var (user, group) = name.Split(':') is [var first, var second] ? (first, second) : (name, null);
        var account = accounts.FindUser(user);
        if (account is null && AccountFiles.Number(user) is null)
            throw Unknown("user", user, accounts.HasUsers, AccountFiles.UsersPath, accounts.Users.Select(known => known.Name));
        var own = group is null ? account?.Group ?? 0
            : accounts.FindGroup(group) ?? throw Unknown("group", group, accounts.HasGroups, AccountFiles.GroupsPath, accounts.Groups.Select(known => known.Name));
        return new ProcessUser(name, account is null ? user : Text(account.Number), Text(own));
    }

    private static string Text(uint number) => number.ToString(CultureInfo.InvariantCulture);

    private static IncusException Unknown(string noun, string name, bool hasFile, string file, IEnumerable<string> known)
    {
        var names = known.ToList();
        return !hasFile
            ? new IncusException($"there is no {file} in the image, so that it has no {noun} {name}", "Write numbers, such as 1000:1000")
            : new IncusException($"the image has no {noun} {name}", Suggestions.Nearest(name, names) is { } nearest ? $"Did you mean {nearest}?" : names.Count == 0 ? "Write numbers, such as 1000:1000" : $"It has: {string.Join(", ", names.Take(40))}; or write numbers, such as 1000:1000");
    }

    private static async Task<ProcessUser> ResolveAsync(IncusClient client, string instance, string name, CancellationToken cancellationToken)
    {
        var files = await client.Instances.OpenFilesAsync(instance, cancellationToken).ConfigureAwait(false);
        await using (files.ConfigureAwait(false))
        {
            return Resolve(name, new AccountFiles(
                await files.ReadTextAsync(AccountFiles.UsersPath, AccountFiles.LongestFile, cancellationToken).ConfigureAwait(false),
                name.Contains(':', StringComparison.Ordinal) ? await files.ReadTextAsync(AccountFiles.GroupsPath, AccountFiles.LongestFile, cancellationToken).ConfigureAwait(false) : null));
        }
    }

    private static ProcessUser? Of(DesiredResource desired) => RecordedWords.ReadUser(ResourceFields.From(desired.Properties).Config);

    private static void Write(SortedDictionary<string, string> config, ProcessUser user)
    {
        config[RecordedWords.User] = RecordedWords.Write(user);
        if (user is { Uid: { } uid, Gid: { } gid })
            (config[UidKey], config[GidKey]) = (uid, gid);
    }

    /// <summary>The numbers that the instance's files had; null where they had none for this name.</summary>
    private static ProcessUser? Recorded(InstanceDefinition instance, LiveResource? live) =>
        live?.Raw is Instance made && RecordedWords.ReadUser(made.Config) is { Uid: not null, Gid: not null } user && user.Name == instance.ProcessUser ? user : null;
}
