using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;
using IncusCompose.Definition;

namespace IncusCompose.Ssh;

/// <summary>
/// Brings a user and its keys into an instance by cloud-init, beside what the file (or a profile) gives it already. It is
/// vendor data, which cloud-init lays under the user data by itself; where the user data says anything of users, it would hide
/// the vendor data's, so that the two are put into one then. What is there already is put into one with ours as a MIME
/// message of two parts, of which ours says that its lists are to be added.
/// Source: cloud-init's documentation, "Vendor data", "User data formats" and "Merging user data sections".
/// </summary>
internal static partial class SshCloudInit
{
    public const string UserDataKey = "cloud-init.user-data";
    public const string VendorDataKey = "cloud-init.vendor-data";

    // Older names that Incus still reads where the newer are not set. Source: Incus doc/reference/instance_options.md.
    private static readonly Dictionary<string, string> s_formerKeys = new() { [UserDataKey] = "user.user-data", [VendorDataKey] = "user.vendor-data" };

    /// <summary>
    /// A shell line for the end of the first start: an image without an SSH server gets its distribution's own. It costs
    /// nothing where there is one. What becomes of it does not count for cloud-init: whoever waits for SSH is told.
    /// </summary>
    private const string InstallServer =
        $"[ -x {SshDefinition.Server} ] || {{ "
        + "if command -v apt-get; then apt-get -q update; DEBIAN_FRONTEND=noninteractive apt-get -qy -o Dpkg::Options::=--force-confold --no-install-recommends install openssh-server; "
        + "elif command -v dnf; then dnf -qy install openssh-server && systemctl enable --now sshd; "
        + "elif command -v zypper; then zypper -n install openssh-server && systemctl enable --now sshd; "
        + "elif command -v pacman; then pacman -Sy --noconfirm openssh && systemctl enable --now sshd; "
        + "elif command -v apk; then apk add openssh && rc-update add sshd && rc-service sshd start; fi; } || true";

    private static readonly JsonSerializerOptions s_quoting = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Says which key of the instance's configuration ours goes to, and with what value.</summary>
    /// <param name="ssh">Who may log in.</param>
    /// <param name="folders">The host's folders in the instance; those in the user's home are there before the home is.</param>
    /// <param name="own">The instance's configuration without it.</param>
    /// <param name="profiles">The configuration that comes from its profiles.</param>
    public static KeyValuePair<string, string> Place(
        SshDefinition ssh, IReadOnlyList<PersistedFolder> folders, IReadOnlyDictionary<string, string> own, IReadOnlyDictionary<string, string> profiles)
    {
        var inHome = folders.Where(folder => ssh.User != "root" && folder.Target.StartsWith(HomeOf(ssh) + "/", StringComparison.Ordinal)).ToList();
        var userData = Find(UserDataKey, own, profiles);
        var key = Hides(userData, ssh, inHome) ? UserDataKey : VendorDataKey;
        return new(key, Join(Find(key, own, profiles), beside => Part(ssh, inHome, beside)));
    }

    /// <summary>The data that an instance has under a key, or under its former name, of its own or by its profiles; null where it has none.</summary>
    internal static string? Find(string name, IReadOnlyDictionary<string, string> own, IReadOnlyDictionary<string, string> profiles) =>
        new[] { own.GetValueOrDefault(name), own.GetValueOrDefault(s_formerKeys[name]), profiles.GetValueOrDefault(name), profiles.GetValueOrDefault(s_formerKeys[name]) }
            .FirstOrDefault(text => !string.IsNullOrWhiteSpace(text));

    /// <summary>True for data that says which users there are.</summary>
    internal static bool NamesUsers(string text) => Users().IsMatch(text);

    /// <summary>Text for cloud-init that says what it said before, and something more.</summary>
    /// <param name="existing">What there is already; null: nothing.</param>
    /// <param name="part">Writes what is added, as keys of cloud-config, beside what there is.</param>
    internal static string Join(string? existing, Func<string?, string> part)
    {
        if (existing is null)
            return "#cloud-config\n" + part(null);
        var boundary = "incus-compose";
        while (existing.Contains(boundary, StringComparison.Ordinal))
            boundary += "-";
        return $"""
            Content-Type: multipart/mixed; boundary="{boundary}"
            MIME-Version: 1.0

            --{boundary}
            {Existing(existing)}
            --{boundary}
            Content-Type: text/cloud-config; charset="us-ascii"

            #cloud-config
            merge_how:
            - name: list
              settings: [append]
            - name: dict
              settings: [no_replace, recurse_list]
            {part(existing)}
            --{boundary}--

            """.ReplaceLineEndings("\n");
    }

    /// <summary>What was there as a part of its own. cloud-init tells by its first line what plain text is.</summary>
    private static string Existing(string text)
    {
        if (IsMessage(text))
            return text;
        return Ascii.IsValid(text)
            ? $"Content-Type: text/plain; charset=\"us-ascii\"\n\n{text}"
            : $"Content-Type: text/plain; charset=\"utf-8\"\nContent-Transfer-Encoding: base64\n\n{Convert.ToBase64String(Encoding.UTF8.GetBytes(text), Base64FormattingOptions.InsertLineBreaks)}";
    }

    private static string Part(SshDefinition ssh, IReadOnlyList<PersistedFolder> inHome, string? beside)
    {
        var text = new StringBuilder("users:\n");
        // A list of users takes the place of the image's own one, unless it names it.
        if (beside is null || !Users().IsMatch(beside))
            text.Append("- default\n");
        text.Append("- name: ").Append(Quote(ssh.User)).Append('\n');
        if (ssh.User != "root")
        {
            text.Append("  shell: ").Append(Quote(ssh.Shell)).Append('\n').Append("  lock_passwd: true\n");
            if (ssh.Sudo)
                text.Append("  sudo: \"ALL=(ALL) NOPASSWD:ALL\"\n");
        }

        text.Append("  ssh_authorized_keys:\n");
        foreach (var key in ssh.Keys)
            text.Append("  - ").Append(Quote(key)).Append('\n');
        if (ssh.User == "root")
            text.Append("disable_root: false\n");
        if (inHome.Count > 0)
            text.Append("bootcmd:\n- ").Append(Quote(MakeHome(ssh, inHome))).Append('\n');
        if (ssh.Port != SshDefinition.DefaultPort)
            text.Append("write_files:\n- path: /etc/ssh/sshd_config.d/10-incus-compose.conf\n  content: \"Port ").Append(ssh.Port).Append("\\n\"\n");
        text.Append("runcmd:\n- ").Append(Quote(InstallServer)).Append('\n');
        // Where a socket listens in its place, the file alone changes nothing.
        if (ssh.Port != SshDefinition.DefaultPort)
            text.Append("- \"systemctl daemon-reload; systemctl try-restart ssh.socket ssh.service sshd.service || true\"\n");

        return text.ToString();
    }

    /// <summary>
    /// A shell line for before the users are made. What is mounted in a home makes the home too, as root's, and whoever makes
    /// the user leaves what is there already alone.
    /// </summary>
    private static string MakeHome(SshDefinition ssh, IReadOnlyList<PersistedFolder> inHome)
    {
        var owner = inHome[0].Owner ?? ssh.FirstUser;
        var mounts = string.Join(" -o ", inHome.Select(folder => "-path " + ShellQuote(folder.Target.TrimEnd('/'))));
        return $"[ \"$(stat -c %u {HomeOf(ssh)})\" != 0 ] || {{ cp -Rn /etc/skel/. {HomeOf(ssh)}; find {HomeOf(ssh)} \\( {mounts} \\) -prune -o -exec chown -h {owner.Uid}:{owner.Gid} {{}} +; }}";
    }

    private static string HomeOf(SshDefinition ssh) => "/home/" + ssh.User;

    private static string ShellQuote(string text) => $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    /// <summary>True where user data says something that would take the place of what our vendor data says.</summary>
    private static bool Hides(string? userData, SshDefinition ssh, IReadOnlyList<PersistedFolder> inHome) =>
        userData is not null
        && (Users().IsMatch(userData) || (inHome.Count > 0 && BootCommands().IsMatch(userData)) || Commands().IsMatch(userData) || (ssh.Port != SshDefinition.DefaultPort && Files().IsMatch(userData)) || (ssh.User == "root" && DisableRoot().IsMatch(userData)));

    private static bool IsMessage(string text) =>
        text.StartsWith("Content-Type:", StringComparison.OrdinalIgnoreCase) || text.StartsWith("MIME-Version:", StringComparison.OrdinalIgnoreCase);

    /// <summary>Text as a YAML string, which JSON's strings are as well.</summary>
    internal static string Quote(string text) => JsonSerializer.Serialize(text, s_quoting);

    [GeneratedRegex("^(users|[\"']users[\"'])[ \\t]*:|[{,]\\s*[\"']?users[\"']?\\s*:", RegexOptions.Multiline)]
    private static partial Regex Users();

    [GeneratedRegex("^[\"']?runcmd[\"']?[ \\t]*:|[{,]\\s*[\"']?runcmd[\"']?\\s*:", RegexOptions.Multiline)]
    private static partial Regex Commands();

    [GeneratedRegex("^[\"']?write_files[\"']?[ \\t]*:|[{,]\\s*[\"']?write_files[\"']?\\s*:", RegexOptions.Multiline)]
    private static partial Regex Files();

    [GeneratedRegex("^[\"']?bootcmd[\"']?[ \\t]*:", RegexOptions.Multiline)]
    private static partial Regex BootCommands();

    [GeneratedRegex("^[\"']?disable_root[\"']?[ \\t]*:", RegexOptions.Multiline)]
    private static partial Regex DisableRoot();
}
