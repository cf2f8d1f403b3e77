using System.Globalization;
using System.Text;
using IncusCompose.Definition;
using IncusCompose.Ssh;

namespace IncusCompose.Guests;

/// <summary>
/// Packages and users of an instance as cloud-init data, beside what the file (or a profile) gives it already: in the same way
/// as those who may log in by SSH (<see cref="SshCloudInit"/>), which is added after it.
/// </summary>
internal static class GuestCloudInit
{
    /// <summary>An instance's configuration with its packages and users in it.</summary>
    /// <param name="instance">The instance.</param>
    /// <param name="own">Its configuration without them.</param>
    /// <param name="profiles">The configuration that comes from its profiles.</param>
    public static IReadOnlyDictionary<string, string> With(InstanceDefinition instance, IReadOnlyDictionary<string, string> own, IReadOnlyDictionary<string, string> profiles)
    {
        if (instance.Packages.Count == 0 && instance.Users.Count == 0)
            return own;
        // User data that says anything of the same would take the place of what our vendor data says.
        var userData = SshCloudInit.Find(SshCloudInit.UserDataKey, own, profiles);
        var hides = (userData is not null && ((instance.Users.Count > 0 && SshCloudInit.NamesUsers(userData)) || (instance.Packages.Count > 0 && NamesPackages(userData))))
            // Where those who log in by SSH are said in the user data, their list of users would hide ours.
            || (instance.Ssh is { } ssh && SshCloudInit.Place(ssh, instance.Persist, own, profiles).Key == SshCloudInit.UserDataKey);
        var key = hides ? SshCloudInit.UserDataKey : SshCloudInit.VendorDataKey;
        return new Dictionary<string, string>(own) { [key] = SshCloudInit.Join(SshCloudInit.Find(key, own, profiles), beside => Part(instance, beside)) };
    }

    private static bool NamesPackages(string text) => text.Contains("packages", StringComparison.Ordinal);

    private static string Part(InstanceDefinition instance, string? beside)
    {
        var text = new StringBuilder();
        if (instance.Users.Count > 0)
        {
            text.Append("users:\n");
            // A list of users takes the place of the image's own one, unless it names it.
            if (beside is null || !SshCloudInit.NamesUsers(beside))
                text.Append("- default\n");
        }

        foreach (var user in instance.Users)
        {
            text.Append("- name: ").Append(SshCloudInit.Quote(user.Name)).Append('\n');
            if (user.Uid is { } uid)
                text.Append("  uid: ").Append(uid.ToString(CultureInfo.InvariantCulture)).Append('\n');
            if (user.Groups.Count > 0)
                text.Append("  groups: ").Append(SshCloudInit.Quote(string.Join(',', user.Groups))).Append('\n');
            if (user.Shell is not null)
                text.Append("  shell: ").Append(SshCloudInit.Quote(user.Shell)).Append('\n');
            text.Append("  lock_passwd: ").Append(user.PasswordHash is null ? "true" : "false").Append('\n');
            if (user.PasswordHash is not null)
                text.Append("  passwd: ").Append(SshCloudInit.Quote(user.PasswordHash)).Append('\n');
            if (user.Sudo)
                text.Append("  sudo: \"ALL=(ALL) NOPASSWD:ALL\"\n");
            if (user.Keys.Count == 0)
                continue;
            text.Append("  ssh_authorized_keys:\n");
            foreach (var key in user.Keys)
                text.Append("  - ").Append(SshCloudInit.Quote(key)).Append('\n');
        }

        if (instance.Packages.Count == 0)
            return text.ToString();
        // Images come without lists of packages, or with old ones.
        text.Append("package_update: true\npackages:\n");
        foreach (var package in instance.Packages)
            text.Append("- ").Append(SshCloudInit.Quote(package)).Append('\n');
        return text.ToString();
    }
}
