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

        return Find(await ReadAsync(client, instance, "/etc/passwd", "user", user, cancellationToken).ConfigureAwait(false), user)
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
        if (uint.TryParse(group, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            return number;
        // name:password:gid:members
        var lines = (await ReadAsync(client, instance, "/etc/group", "group", group, cancellationToken).ConfigureAwait(false)).Split('\n').Select(line => line.Split(':'));
        return lines.FirstOrDefault(fields => fields.Length >= 3 && fields[0] == group) is { } found && uint.TryParse(found[2], NumberStyles.None, CultureInfo.InvariantCulture, out number)
            ? number
            : throw new IncusNotFoundException($"Instance \"{instance}\" has no group \"{group}\" in its /etc/group", "Give a name of it or a number");
    }

    private static async Task<string> ReadAsync(IncusClient client, string instance, string path, string what, string name, CancellationToken cancellationToken) =>
        await GuestText.ReadAsync(client, instance, path, cancellationToken).ConfigureAwait(false)
            ?? throw new IncusNotFoundException($"Instance \"{instance}\" has no {path} to look the {what} \"{name}\" up in", "Give its number");

    /// <summary>Finds a name in the text of an <c>/etc/passwd</c>.</summary>
    /// <param name="passwd">The text.</param>
    /// <param name="name">The name.</param>
    /// <returns>The user; null where the name is not there.</returns>
    public static InstanceUser? Find(string passwd, string name)
    {
        foreach (var line in passwd.Split('\n'))
        {
            // name:password:uid:gid:comment:home:shell
            var fields = line.Split(':');
            if (fields.Length >= 6 && fields[0] == name && uint.TryParse(fields[2], out var user) && uint.TryParse(fields[3], out var group))
                return new InstanceUser(user, group, fields[5], new Dictionary<string, string> { ["HOME"] = fields[5], ["USER"] = name });
        }
        return null;
    }
}
