using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Instances;
using IncusCompose.Inventory;
using IncusCompose.Loading.Documents;
using IncusCompose.Readiness;
using IncusCompose.Ssh;

namespace IncusCompose.Provision;

/// <summary>
/// Has Ansible, on this machine, apply a playbook or role to one instance. What it is told lies in a folder that only this user
/// may enter and that is gone afterwards: the inventory, the host keys taken from the instances themselves, the variables.
/// </summary>
/// <param name="client">The connection, in the instance's project.</param>
/// <param name="instance">The instance.</param>
/// <param name="ansible">What to apply.</param>
internal sealed class AnsibleRun(IncusClient client, string instance, AnsibleDefinition ansible)
{
    public const string Program = "ansible-playbook";

    /// <summary>The instances that the inventory holds too.</summary>
    public IReadOnlyCollection<string> Dependencies { get; init; } = [];

    private string Plugin => ansible.Connection ?? AnsibleInventory.DefaultConnection;

    /// <summary>The folder that it is run in; null: the process's current one.</summary>
    public string? Folder { get; init; }

    /// <param name="command">The command without its arguments: what is set around it, and how long it may take.</param>
    /// <param name="tell">Receives each line that it writes.</param>
    /// <param name="cancellationToken">Kills it.</param>
    /// <returns>How it failed, with the last of its output; null where it succeeded. And its exit status where it had one.</returns>
    /// <exception cref="NotReadyException">The instance does not answer.</exception>
    /// <exception cref="IncusException">The server could not be asked.</exception>
    /// <exception cref="IOException">What it is told could not be written.</exception>
    public async Task<(string? Failure, int? ExitCode)> RunAsync(StepCommand command, Action<string> tell, CancellationToken cancellationToken)
    {
        if (!IsInstalled())
            return ($"there is no {Program} on this machine's PATH; install Ansible, for example with: apt-get install ansible", null);
        var instances = await ReachAsync(command.Timeout, cancellationToken).ConfigureAwait(false);
        var own = instances.Single(access => access.Name == instance);
        if (own is { User: not null, HasSsh: false })
            return ("there is no way to the instance by SSH: it has no address", null);
        var folder = Directory.CreateTempSubdirectory("incus-compose-");
        try
        {
            var arguments = Write(folder.FullName, instances, own);
            var recap = RecapOf(instance);
            var (reached, unplugged) = (false, false);
            var (failure, exitCode) = await (command with
            {
                Command = [Program, .. arguments],
                Environment = command.Environment.With(Settings(folder.FullName)),
                Hidden = PlainValues.TextsIn("", ansible.Variables is null ? null : JsonNode.Parse(ansible.Variables)),
            }).RunHereAsync(Take, cancellationToken).ConfigureAwait(false);
            if (failure is not null && unplugged)
                return ($"Ansible has no connection plugin {Plugin}, by which it reaches an instance without `ssh`; install it (ansible-galaxy collection install community.general), name another with `connection`, or let it in by `ssh`", exitCode);
            return failure is null && !reached
                ? ($"it has no task for the instance; write `hosts: all` in the playbook, put the instance into the groups that it names with `groups`{(ansible.Tags.Count + ansible.SkipTags.Count > 0 ? ", or leave something with `tags`" : "")}", exitCode)
                : (failure, exitCode);

            void Take(string line)
            {
                reached |= recap.IsMatch(line);
                unplugged |= own.User is null && line.Contains($"connection plugin '{Plugin}' was not found", StringComparison.Ordinal);
                if (line.Length > 0)
                    tell(line);
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>Waits until Ansible can come in, and reads how it comes to the instances.</summary>
    private async Task<IReadOnlyList<InstanceAccess>> ReachAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        var ssh = Resources.RecordedWords.ReadSsh((await client.Instances.GetAsync(instance, cancellationToken).ConfigureAwait(false)).Value.Config);
        if (ssh is not null)
        {
            // The user is let in by cloud-init.
            var waiter = new InstanceWaiter(client, instance) { MustRun = true };
            await waiter.WaitForAsync(new SshGate { Port = ssh.Port }, timeout, cancellationToken).ConfigureAwait(false);
            await waiter.WaitForAsync(new CloudInitGate(), timeout, cancellationToken).ConfigureAwait(false);
        }

        var wanted = Dependencies.Append(instance).ToHashSet(StringComparer.Ordinal);
        return await AccessReader.ReadAsync(client, new AccessOptions { Wanted = one => wanted.Contains(one.Name) }, cancellationToken).ConfigureAwait(false);
    }

    private List<string> Write(string folder, IReadOnlyList<InstanceAccess> instances, InstanceAccess own)
    {
        var knownHosts = Path.Combine(folder, "known_hosts");
        KnownHosts.Replace(knownHosts, instances);
        var inventory = AnsibleInventory.Of(instances, knownHosts, Plugin);
        var groups = new SortedDictionary<string, IReadOnlyList<string>>(inventory.Groups.ToDictionary(), StringComparer.Ordinal);
        foreach (var group in ansible.Groups)
            groups[group] = [.. groups.GetValueOrDefault(group, []).Append(own.Name).Distinct()];
        List<string> arguments =
        [
            "--inventory", WriteFile(folder, "inventory.ini", InventoryText.Ini(inventory with { Groups = groups })),
            "--limit", own.Name,
            .. ansible.Variables is null ? Array.Empty<string>() : ["--extra-vars", "@" + WriteFile(folder, "vars.json", ansible.Variables)],
            .. ansible.Tags.Count == 0 ? Array.Empty<string>() : ["--tags", string.Join(',', ansible.Tags)],
            .. ansible.SkipTags.Count == 0 ? Array.Empty<string>() : ["--skip-tags", string.Join(',', ansible.SkipTags)],
            .. ansible.Become == true ? ["--become"] : Array.Empty<string>(),
            .. ansible.ExtraArguments,
            ansible.Playbook ?? WriteRolePlay(folder),
        ];
        return arguments;
    }

    /// <summary>Writes a playbook with nothing but the role, under its own name, and with those that lie beside it within its reach. JSON is YAML.</summary>
    private string WriteRolePlay(string folder)
    {
        var role = ansible.Role!;
        if (Path.GetDirectoryName(role) is { Length: > 0 } roles && Path.IsPathRooted(role))
            File.CreateSymbolicLink(Path.Combine(folder, "roles"), roles);
        var play = new JsonObject
        {
            ["hosts"] = "all",
            ["become"] = ansible.Become ?? true,
            ["roles"] = new JsonArray(new JsonObject { ["role"] = Path.IsPathRooted(role) ? Path.GetFileName(role) : role }),
        };
        return WriteFile(folder, "role.yml", new JsonArray(play).ToJsonString(PlainValues.Json));
    }

    private static string WriteFile(string folder, string name, string text)
    {
        var path = Path.Combine(folder, name);
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>What the rest relies on, whatever the user's own settings are: plain output as it comes, and nothing left behind.</summary>
    private Dictionary<string, string> Settings(string folder)
    {
        var settings = new Dictionary<string, string>
        {
            ["ANSIBLE_STDOUT_CALLBACK"] = "default",
            ["ANSIBLE_NOCOLOR"] = "1",
            ["ANSIBLE_FORCE_COLOR"] = "0",
            ["ANSIBLE_RETRY_FILES_ENABLED"] = "0",
            // Connections that are kept open belong to a machine as it is now: one that is made anew may get its address.
            ["ANSIBLE_SSH_CONTROL_PATH_DIR"] = Path.Combine(folder, "cp"),
            ["PYTHONUNBUFFERED"] = "1",
            ["PYTHONDONTWRITEBYTECODE"] = "1",
        };
        // As if the user had gone to the playbook's folder; the stack's is looked into by Ansible itself.
        if (Environment.GetEnvironmentVariable("ANSIBLE_CONFIG") is null && ansible.Playbook is not null && Path.Combine(Path.GetDirectoryName(ansible.Playbook)!, "ansible.cfg") is var config && File.Exists(config))
            settings["ANSIBLE_CONFIG"] = config;
        return settings;
    }

    private static bool IsInstalled() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Any(folder => File.Exists(Path.Combine(folder, Program)));

    // "web : ok=5 changed=0 unreachable=0 …", in which the name stands first.
    private static Regex RecapOf(string host) => new($"^{Regex.Escape(host)}\\s+: ok=[0-9]", RegexOptions.CultureInvariant);
}
