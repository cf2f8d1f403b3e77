using System.Globalization;
using Incus.Client;

namespace IncusCompose.Instances;

/// <summary>A user of an instance by number, which is how the Incus API wants it (doc/instance-exec.md).</summary>
/// <param name="User">User number.</param>
/// <param name="Group">Group number.</param>
/// <param name="Home">Home directory; null where it is not known.</param>
/// <param name="Environment">What a login would set.</param>
public sealed record InstanceUser(uint User, uint Group, string? Home, IReadOnlyDictionary<string, string> Environment)
{
    private static readonly Dictionary<string, string> Nothing = [];

    /// <summary>Finds a user: numbers as they are, a name in the instance's own <c>/etc/passwd</c>.</summary>
    /// <param name="client">The server.</param>
    /// <param name="instance">The instance.</param>
    /// <param name="user">A name, <c>UID</c> or <c>UID:GID</c>; null for root.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <exception cref="IncusNotFoundException">There is no such user.</exception>
    /// <exception cref="IncusException">The instance could not be asked.</exception>
    public static async Task<InstanceUser> ResolveAsync(IncusClient client, string instance, string? user, CancellationToken cancellationToken)
    {
        if (user is null)
            return new InstanceUser(0, 0, null, Nothing);
        var numbers = user.Split(':');
        if (numbers.Length <= 2 && numbers.All(number => uint.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out _)))
        {
            var all = Array.ConvertAll(numbers, number => uint.Parse(number, CultureInfo.InvariantCulture));
            return new InstanceUser(all[0], all.Length == 2 ? all[1] : all[0], null, Nothing);
        }

        return Find(await ReadAsync(client, instance, AccountFiles.UsersPath, "user", user, cancellationToken).ConfigureAwait(false), user)
            ?? throw new IncusNotFoundException($"Instance \"{instance}\" has no user \"{user}\" in its /etc/passwd", "Give a name of it or a number");
    }

    /// <summary>Finds a group: a number as it is, a name in the instance's own <c>/etc/group</c>.</summary>
    /// <param name="client">The server.</param>
    /// <param name="instance">The instance.</param>
    /// <param name="group">A name or number.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <exception cref="IncusNotFoundException">There is no such group.</exception>
    /// <exception cref="IncusException">The instance could not be asked.</exception>
    public static async Task<uint> ResolveGroupAsync(IncusClient client, string instance, string group, CancellationToken cancellationToken)
    {
        if (AccountFiles.Number(group) is { } number)
            return number;
        return new AccountFiles(null, await ReadAsync(client, instance, AccountFiles.GroupsPath, "group", group, cancellationToken).ConfigureAwait(false)).FindGroup(group)
            ?? throw new IncusNotFoundException($"Instance \"{instance}\" has no group \"{group}\" in its /etc/group", "Give a name of it or a number");
    }

    private static async Task<string> ReadAsync(IncusClient client, string instance, string path, string what, string name, CancellationToken cancellationToken) =>
        await GuestText.ReadAsync(client, instance, path, cancellationToken).ConfigureAwait(false)
            ?? throw new IncusNotFoundException($"Instance \"{instance}\" has no {path} to look the {what} \"{name}\" up in", "Give its number");

    /// <summary>Finds a name in the text of an <c>/etc/passwd</c>.</summary>
    /// <param name="passwd">The text.</param>
    /// <param name="name">The name.</param>
    /// <returns>The user; null where the name is not there.</returns>
    public static InstanceUser? Find(string passwd, string name) => Of(new AccountFiles(passwd, null).Users.FirstOrDefault(account => account.Name == name));

    private static InstanceUser? Of(Account? account) => account is null ? null : new InstanceUser(account.Number, account.Group, account.Home, account.Home is null
        ? new Dictionary<string, string> { ["USER"] = account.Name }
        : new Dictionary<string, string> { ["HOME"] = account.Home, ["USER"] = account.Name });
}
