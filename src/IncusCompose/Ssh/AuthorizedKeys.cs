using System.Text;
using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Instances;
using FileAttributes = Incus.Client.FileAttributes;

namespace IncusCompose.Ssh;

/// <summary>
/// Changes keys in an instance that cloud-init has set up already: in the user's own <c>authorized_keys</c>, through the
/// server, running or stopped. Only keys that a definition named are taken away; what others added stays.
/// </summary>
internal static class AuthorizedKeys
{
    private static readonly FileAttributes s_folder = new() { Mode = Convert.ToInt32("0700", 8) };
    private static readonly FileAttributes s_file = new() { Mode = Convert.ToInt32("0600", 8) };

    /// <param name="client">The server, in the instance's project.</param>
    /// <param name="instance">The instance's name.</param>
    /// <param name="before">Who was let in until now; null: nobody.</param>
    /// <param name="after">Who is to be let in; null: nobody.</param>
    /// <param name="cancellationToken">Ends the requests.</param>
    /// <exception cref="IncusException">The user to let in is not there, or files of the instance cannot be read or written.</exception>
    public static async Task ChangeAsync(
        IncusClient client, string instance, SshDefinition? before, SshDefinition? after, CancellationToken cancellationToken)
    {
        var accounts = await GuestText.ReadAsync(client, instance, "/etc/passwd", cancellationToken).ConfigureAwait(false) ?? "";
        var leaving = before is not null && before.User != after?.User;
        if (leaving && Account.Find(accounts, before!.User) is { } former)
            await EditAsync(client, instance, former, before.Keys, [], cancellationToken).ConfigureAwait(false);
        if (after is null)
            return;
        var account = Account.Find(accounts, after.User)
            ?? throw new IncusException(
                $"Instance {instance} has no user {after.User}, and cloud-init makes users at the first start only",
                $"Make it in the instance (useradd -m {after.User}) and apply again, or name a user under `ssh:` that it has");
        await EditAsync(client, instance, account, leaving ? [] : before?.Keys ?? [], after.Keys, cancellationToken).ConfigureAwait(false);
    }

    private static async Task EditAsync(
        IncusClient client, string instance, Account account, IReadOnlyList<string> drop, IReadOnlyList<string> keep, CancellationToken cancellationToken)
    {
        var folder = account.Home.TrimEnd('/') + "/.ssh";
        var path = folder + "/authorized_keys";
        var text = await GuestText.ReadAsync(client, instance, path, cancellationToken).ConfigureAwait(false);
        var edited = Edit(text ?? "", drop, keep);
        if (edited == (text ?? ""))
            return;
        if (text is null)
            await client.Instances.CreateDirectoryAsync(instance, folder, s_folder with { Uid = account.Uid, Gid = account.Gid }, cancellationToken).ConfigureAwait(false);
        using var content = new MemoryStream(Encoding.UTF8.GetBytes(edited));
        await client.Instances.PushFileAsync(instance, path, content, s_file with { Uid = account.Uid, Gid = account.Gid }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The text of the file without the keys to drop and with those to keep; every other line as it was.</summary>
    internal static string Edit(string text, IReadOnlyList<string> drop, IReadOnlyList<string> keep)
    {
        var kept = keep.Select(PublicKeys.IdentityOf).ToHashSet();
        var dropped = drop.Select(PublicKeys.IdentityOf).Where(key => key is not null && !kept.Contains(key)).ToHashSet();
        var lines = text.Split('\n').Where(line => PublicKeys.IdentityOf(line) is not { } key || !dropped.Contains(key)).ToList();
        var there = lines.Select(PublicKeys.IdentityOf).ToHashSet();
        var missing = keep.Where(key => !there.Contains(PublicKeys.IdentityOf(key))).ToList();
        if (missing.Count == 0)
            return string.Join('\n', lines);
        var rest = string.Join('\n', lines).TrimEnd('\n');
        return (rest.Length == 0 ? "" : rest + "\n") + string.Join('\n', missing) + "\n";
    }

    /// <summary>A line of <c>/etc/passwd</c>. Source: passwd(5).</summary>
    private sealed record Account(int Uid, int Gid, string Home)
    {
        public static Account? Find(string accounts, string user)
        {
            foreach (var line in accounts.Split('\n'))
            {
                var fields = line.Split(':');
                if (fields.Length >= 6 && fields[0] == user && int.TryParse(fields[2], out var uid) && int.TryParse(fields[3], out var gid))
                    return new Account(uid, gid, fields[5]);
            }

            return null;
        }
    }
}
