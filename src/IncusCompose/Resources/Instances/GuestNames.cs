using System.Text;
using Incus.Client;
using IncusCompose.Definition;

namespace IncusCompose.Resources.Instances;

/// <summary>
/// The files of a container by which it knows names. They lie in a folder of their own in it and are mounted over the
/// usual ones when it starts, so that nothing in the image that writes those (templates, cloud-init, DHCP clients) can undo
/// them; what is written anew counts at once.
/// </summary>
internal static class GuestNames
{
    private const string Folder = "/etc/incus-compose";
    private const string Resolver = "/etc/resolv.conf";

    /// <summary>What stands where the link of systemd-resolved was: its own answerer, which is asked again once nothing is mounted there.</summary>
    private const string Stub = "nameserver 127.0.0.53\noptions edns0 trust-ad\n";

    // An image that holds one program may have neither.
    private static readonly string[] s_folders = ["/etc", Folder];

    /// <summary>LXC's configuration that mounts them, and names the container. Source: lxc.container.conf(5).</summary>
    public static IEnumerable<string> LxcLines(InstanceDefinition instance)
    {
        if (NamesDefinition.Of(instance) is not { } names)
            yield break;
        if (names.Hostname is not null)
            yield return $"lxc.uts.name = {names.Hostname}";
        foreach (var (path, _) in FilesOf(names, instance.Name))
            yield return $"lxc.mount.entry = {Folder[1..]}/{path[(path.LastIndexOf('/') + 1)..]} {path[1..]} none bind,relative,optional,create=file{(path == Resolver ? ",ro" : "")} 0 0";
    }

    /// <summary>Writes the files into a container, running or stopped.</summary>
    /// <param name="client">The project's view of the server.</param>
    /// <param name="instance">The container.</param>
    /// <param name="names">What it is to know; null: nothing, and what it knew is mounted no more.</param>
    /// <param name="cancellationToken">Ends the requests.</param>
    /// <exception cref="IncusException">They could not be written.</exception>
    public static async Task WriteAsync(IncusClient client, string instance, NamesDefinition? names, CancellationToken cancellationToken)
    {
        if (names is null)
            return;
        var files = await client.Instances.OpenFilesAsync(instance, cancellationToken).ConfigureAwait(false);
        await using (files.ConfigureAwait(false))
        {
            foreach (var folder in s_folders)
            {
                if (await files.FindAsync(folder, followLink: true, cancellationToken).ConfigureAwait(false) is null)
                    await files.CreateDirectoryAsync(folder, cancellationToken).ConfigureAwait(false);
            }

            foreach (var (path, text) in FilesOf(names, instance))
                await WriteAsync(files, $"{Folder}/{path[(path.LastIndexOf('/') + 1)..]}", text, cancellationToken).ConfigureAwait(false);
            // A link cannot be mounted over.
            if (names.Servers.Count > 0 && await files.FindAsync(Resolver, followLink: false, cancellationToken).ConfigureAwait(false) is { Kind: InstanceFileKind.Link })
            {
                await files.DeleteAsync(Resolver, cancellationToken).ConfigureAwait(false);
                await WriteAsync(files, Resolver, Stub, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private static async Task WriteAsync(InstanceFiles files, string path, string text, CancellationToken cancellationToken)
    {
        using var content = new MemoryStream(Encoding.UTF8.GetBytes(text));
        await files.WriteAsync(path, content, 0x1a4 /* 0644 */, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A name, and what of it stands before its domain: some images call themselves that alone.</summary>
    private static string WithShort(string name) => name.Contains('.', StringComparison.Ordinal) ? $"{name} {name[..name.IndexOf('.', StringComparison.Ordinal)]}" : name;

    private static IEnumerable<(string Path, string Text)> FilesOf(NamesDefinition names, string instance)
    {
        if (names.Hostname is not null)
            yield return ("/etc/hostname", names.Hostname + "\n");
        if (names.Hostname is not null || names.Hosts.Count > 0)
        {
            var hosts = new StringBuilder($"""
                127.0.0.1 localhost
                127.0.1.1 {WithShort(names.Hostname ?? instance)}
                ::1 localhost ip6-localhost ip6-loopback
                ff02::1 ip6-allnodes
                ff02::2 ip6-allrouters

                """.ReplaceLineEndings("\n"));
            foreach (var host in names.Hosts)
                hosts.Append(host.Address).Append(' ').Append(host.Name).Append('\n');
            yield return ("/etc/hosts", hosts.ToString());
        }

        if (names.Servers.Count > 0)
        {
            var resolver = new StringBuilder();
            foreach (var server in names.Servers)
                resolver.Append("nameserver ").Append(server).Append('\n');
            if (names.Search.Count > 0)
                resolver.Append("search ").AppendJoin(' ', names.Search).Append('\n');
            if (names.Options.Count > 0)
                resolver.Append("options ").AppendJoin(' ', names.Options).Append('\n');
            yield return (Resolver, resolver.ToString());
        }
    }
}
