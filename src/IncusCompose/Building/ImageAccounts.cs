using System.Formats.Tar;
using System.Globalization;
using Incus.Client;

namespace IncusCompose.Building;

/// <summary>The users and groups of an image, by which it may say who runs its program.</summary>
internal sealed class ImageAccounts
{
    private const int LargestFile = 1024 * 1024;

    private readonly List<string[]> _users = [];
    private readonly List<string[]> _groups = [];

    /// <param name="users">The text of <c>/etc/passwd</c>.</param>
    /// <param name="groups">The text of <c>/etc/group</c>.</param>
    public ImageAccounts(string users, string groups)
    {
        _users.AddRange(users.Split('\n').Select(line => line.TrimEnd('\r').Split(':')).Where(fields => fields.Length >= 6));
        _groups.AddRange(groups.Split('\n').Select(line => line.TrimEnd('\r').Split(':')).Where(fields => fields.Length >= 3));
    }

    /// <summary>Reads them of a root file system.</summary>
    /// <param name="archive">It as a tar archive.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public static async Task<ImageAccounts> ReadAsync(Stream archive, CancellationToken cancellationToken)
    {
        var (users, groups) = ("", "");
        var reader = new TarReader(archive, leaveOpen: true);
        await using (reader.ConfigureAwait(false))
        {
            while (await reader.GetNextEntryAsync(copyData: false, cancellationToken).ConfigureAwait(false) is { } entry)
            {
                var name = entry.Name.TrimStart('.', '/');
                if (name is not ("etc/passwd" or "etc/group") || entry.DataStream is not { } content || entry.Length > LargestFile)
                    continue;
                using var text = new StreamReader(content, leaveOpen: true);
                var read = await text.ReadToEndAsync(cancellationToken).ConfigureAwait(false);
                if (name == "etc/passwd")
                    users = read;
                else
                    groups = read;
            }
        }

        return new ImageAccounts(users, groups);
    }

    /// <summary>A user in numbers.</summary>
    /// <param name="said">A name or a number, and with a colon a group; empty: root.</param>
    /// <exception cref="IncusException">The image has no such user or group.</exception>
    public (uint User, uint Group, string Home) Find(string said)
    {
        var (name, group) = said.Split(':', 2) is [var first, var second] ? (first, second) : (said, "");
        name = name.Length == 0 ? "0" : name;
        var number = Number(name);
        var account = _users.Find(fields => fields[0] == name) ?? (number is null ? null : _users.Find(fields => fields[2] == name));
        var user = account is not null ? Number(account[2]) : number;
        if (user is null)
            throw new IncusException($"The image runs as the user {name}, whom its own /etc/passwd does not know", "make that user in the Dockerfile, or write a number after `USER`");
        var own = account is null ? 0 : Number(account[3]) ?? 0;
        if (group.Length > 0)
        {
            own = (_groups.Find(fields => fields[0] == group) is { } known ? Number(known[2]) : Number(group))
                ?? throw new IncusException($"The image runs as the group {group}, which its own /etc/group does not know", "make that group in the Dockerfile, or write a number after `USER`");
        }

        return (user.Value, own, account is [_, _, _, _, _, { Length: > 0 } home, ..] ? home : user == 0 ? "/root" : "/");
    }

    private static uint? Number(string text) => uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
