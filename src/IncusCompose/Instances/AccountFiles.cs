using System.Formats.Tar;
using System.Globalization;

namespace IncusCompose.Instances;

/// <summary>A user as a system's own files know it.</summary>
/// <param name="Name">The name.</param>
/// <param name="Number">The user's number.</param>
/// <param name="Group">The number of its group.</param>
/// <param name="Home">Its folder; null where none is said.</param>
internal sealed record Account(string Name, uint Number, uint Group, string? Home);

/// <summary>
/// The users and groups of an instance or an image, as its <c>/etc/passwd</c> and <c>/etc/group</c> say. Lines that say no
/// numbers say nobody. Sources: passwd(5), group(5).
/// </summary>
/// <param name="users">The text of <c>/etc/passwd</c>; null where there is none.</param>
/// <param name="groups">The text of <c>/etc/group</c>; null where there is none.</param>
internal sealed class AccountFiles(string? users, string? groups)
{
    public const string UsersPath = "/etc/passwd", GroupsPath = "/etc/group";

    /// <summary>Far more than any has that people made.</summary>
    public const int LongestFile = 4 * 1024 * 1024;

    /// <summary>False where there is no file that users could be in.</summary>
    public bool HasUsers => users is not null;

    /// <summary>False where there is no file that groups could be in.</summary>
    public bool HasGroups => groups is not null;

    /// <summary>The users, in the file's order.</summary>
    public IReadOnlyList<Account> Users { get; } =
        [.. Lines(users, 4).Select(line => Number(line[2]) is { } number && Number(line[3]) is { } group ? new Account(line[0], number, group, line is [_, _, _, _, _, { Length: > 0 } home, ..] ? home : null) : null).OfType<Account>()];

    /// <summary>The groups by their names, in the file's order.</summary>
    public IReadOnlyList<(string Name, uint Number)> Groups { get; } =
        [.. Lines(groups, 3).Where(line => Number(line[2]) is not null).Select(line => (line[0], Number(line[2])!.Value))];

    /// <summary>A user by its name, else by its number; null where there is none.</summary>
    public Account? FindUser(string user) => Users.FirstOrDefault(account => account.Name == user) ?? (Number(user) is { } number ? Users.FirstOrDefault(account => account.Number == number) : null);

    /// <summary>The number of a group by its name; a number is itself, whether it has a name or not. Null where there is no such name.</summary>
    public uint? FindGroup(string group) => Groups.FirstOrDefault(known => known.Name == group) is { Name: not null } found ? found.Number : Number(group);

    /// <summary>A number of a user or group as it is written; null for what is none.</summary>
    public static uint? Number(string text) => uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>Reads them of a root file system.</summary>
    /// <param name="archive">It as a tar archive.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public static async Task<AccountFiles> ReadAsync(Stream archive, CancellationToken cancellationToken)
    {
        string? users = null, groups = null;
        var reader = new TarReader(archive, leaveOpen: true);
        await using (reader.ConfigureAwait(false))
        {
            while (await reader.GetNextEntryAsync(copyData: false, cancellationToken).ConfigureAwait(false) is { } entry)
            {
                var path = "/" + entry.Name.TrimStart('.', '/');
                if (path is not (UsersPath or GroupsPath) || entry.DataStream is not { } content || entry.Length > LongestFile)
                    continue;
                using var text = new StreamReader(content, leaveOpen: true);
                var read = await text.ReadToEndAsync(cancellationToken).ConfigureAwait(false);
                (users, groups) = path == UsersPath ? (read, groups) : (users, read);
            }
        }

        return new AccountFiles(users, groups);
    }

    private static IEnumerable<string[]> Lines(string? text, int fields) =>
        (text ?? "").Split('\n').Select(line => line.TrimEnd('\r').Split(':')).Where(line => line.Length >= fields && line[0].Length > 0 && line[0][0] != '#');
}
