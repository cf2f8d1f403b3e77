using System.Globalization;
using System.Text;

namespace IncusCompose.Ssh;

/// <summary>What the system's <c>ssh</c> is told of instances. Source: ssh_config(5).</summary>
public static class SshConfig
{
    /// <summary>The options by which an instance is reached, in the order of the manual page's.</summary>
    /// <param name="instance">An instance with a way by SSH.</param>
    /// <param name="knownHosts">The file with its host keys.</param>
    /// <exception cref="ArgumentException">There is no way by SSH.</exception>
    public static IReadOnlyList<KeyValuePair<string, string>> OptionsFor(InstanceAccess instance, string knownHosts)
    {
        if (!instance.HasSsh)
            throw new ArgumentException($"There is no way to {instance.Name} by SSH.", nameof(instance));
        var options = new List<KeyValuePair<string, string>>
        {
            new("HostName", instance.Address!),
            new("Port", instance.Port.ToString(CultureInfo.InvariantCulture)),
            new("User", instance.User!),
        };
        if (instance.KeyFile is not null)
            options.Add(new("IdentityFile", Quote(instance.KeyFile)));
        options.AddRange(TrustFor(instance, knownHosts));
        return options;
    }

    /// <summary>The options that say which way to go and which host keys to believe.</summary>
    internal static IEnumerable<KeyValuePair<string, string>> TrustFor(InstanceAccess instance, string knownHosts)
    {
        if (instance.Jump is not null)
            yield return new("ProxyJump", instance.Jump);
        // Without keys it is for the user to decide, as with any host.
        if (instance.HostKeys.Count == 0)
            yield break;
        yield return new("HostKeyAlias", instance.HostKeyAlias);
        yield return new("UserKnownHostsFile", Quote(knownHosts));
        yield return new("StrictHostKeyChecking", "yes");
    }

    /// <summary>A file to be included from <c>~/.ssh/config</c>; instances without a way by SSH are left out.</summary>
    /// <param name="instances">The instances.</param>
    /// <param name="knownHosts">The file with their host keys.</param>
    /// <exception cref="ArgumentException">A value has a control character in it.</exception>
    public static string Write(IReadOnlyList<InstanceAccess> instances, string knownHosts)
    {
        var text = new StringBuilder();
        foreach (var instance in instances.Where(instance => instance.HasSsh))
        {
            if (text.Length > 0)
                text.Append('\n');
            // Where several projects have one of the same name, the first that matches wins in ssh: the plain name is only one's.
            var first = instances.First(other => other.HasSsh && other.Name == instance.Name) == instance;
            text.Append("Host ").Append(first ? instance.Name + " " : "").Append(instance.HostKeyAlias).Append('\n');
            foreach (var (key, value) in OptionsFor(instance, knownHosts))
            {
                // A line of its own would be a directive of its own.
                if (value.Any(char.IsControl))
                    throw new ArgumentException($"{key} of {instance.Name} has a control character in it, which ssh cannot be told; give one without.", nameof(instances));
                text.Append("    ").Append(key).Append(' ').Append(value).Append('\n');
            }
        }

        return text.ToString();
    }

    /// <summary>Writes such a file, and the host keys beside it; both hold what is live, and nothing else.</summary>
    /// <param name="path">The file's absolute path.</param>
    /// <param name="instances">The instances.</param>
    /// <exception cref="IOException">A file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">A file may not be written.</exception>
    public static void WriteFile(string path, IReadOnlyList<InstanceAccess> instances)
    {
        KnownHosts.CheckPlace(path);
        var knownHosts = KnownHosts.Beside(path);
        KnownHosts.Replace(knownHosts, instances);
        File.WriteAllText(path, Write(instances, knownHosts));
    }

    private static string Quote(string path) => path.Contains(' ', StringComparison.Ordinal) ? $"\"{path}\"" : path;
}
