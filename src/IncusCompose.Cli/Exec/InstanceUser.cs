using System.Globalization;
using System.Text;
using Incus.Client;
using IncusCompose.Cli.Commands;

namespace IncusCompose.Cli.Exec;

/// <summary>A user of an instance by number, which is how the Incus API wants it (doc/instance-exec.md).</summary>
/// <param name="User">User number.</param>
/// <param name="Group">Group number.</param>
/// <param name="Home">Home directory; null where it is not known.</param>
/// <param name="Environment">What a login would set.</param>
internal sealed record InstanceUser(uint User, uint Group, string? Home, IReadOnlyDictionary<string, string> Environment)
{
    private static readonly Dictionary<string, string> Nothing = [];

    /// <summary>Finds a user: numbers as they are, a name in the instance's own <c>/etc/passwd</c>.</summary>
    /// <param name="client">The server.</param>
    /// <param name="instance">The instance.</param>
    /// <param name="user">A name, <c>UID</c> or <c>UID:GID</c>; null for root.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <exception cref="CommandException">There is no such user.</exception>
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

        using var content = new MemoryStream();
        try
        {
            await client.Instances.PullFileAsync(instance, "/etc/passwd", content, cancellationToken);
        }
        catch (IncusNotFoundException)
        {
            throw new CommandException($"instance \"{instance}\" has no /etc/passwd to look the user \"{user}\" up in; give its number");
        }
        return Find(Encoding.UTF8.GetString(content.ToArray()), user)
            ?? throw new CommandException($"instance \"{instance}\" has no user \"{user}\" in its /etc/passwd; give a name of it or a number");
    }

    /// <summary>Finds a name in the text of an <c>/etc/passwd</c>; null where it is not there.</summary>
    internal static InstanceUser? Find(string passwd, string name)
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
