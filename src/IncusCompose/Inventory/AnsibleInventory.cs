using Incus.Client;
using IncusCompose.Diagnostics;
using IncusCompose.Ssh;

namespace IncusCompose.Inventory;

/// <summary>
/// Instances as Ansible takes them: hosts with variables, in groups by stack, project, label and status. What has no SSH is
/// reached through Incus's own command. Source: Ansible's "How to build your inventory".
/// </summary>
public sealed record AnsibleInventory
{
    /// <summary>The connection plugin for what has no SSH, where none is named.</summary>
    public const string DefaultConnection = "community.general.incus";

    /// <summary>The variables of each host; a value is a text, a whole number, or a map of texts.</summary>
    public required IReadOnlyDictionary<string, IReadOnlyDictionary<string, object>> Hosts { get; init; }

    /// <summary>The hosts of each group.</summary>
    public required IReadOnlyDictionary<string, IReadOnlyList<string>> Groups { get; init; }

    /// <summary>Makes an inventory of instances.</summary>
    /// <param name="instances">The instances.</param>
    /// <param name="knownHosts">The file with their host keys.</param>
    /// <param name="connection">
    /// The connection plugin for what has no SSH, <c>community.general.incus</c> or <c>community.general.lxd</c>.
    /// </param>
    /// <exception cref="IncusException">A name that instances are reached by would be run as a template.</exception>
    public static AnsibleInventory Of(IReadOnlyList<InstanceAccess> instances, string knownHosts, string connection = DefaultConnection)
    {
        var hosts = new SortedDictionary<string, IReadOnlyDictionary<string, object>>(StringComparer.Ordinal);
        var groups = new SortedDictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        var names = instances.GroupBy(instance => instance.Name).ToDictionary(group => group.Key, group => group.Count());
        foreach (var instance in instances)
        {
            // Two projects may have an instance of the same name.
            var name = names[instance.Name] == 1 ? instance.Name : $"{instance.Name}.{instance.Project}";
            hosts[name] = Variables(instance, knownHosts, connection);
            foreach (var group in GroupsOf(instance))
                groups[group] = [.. groups.GetValueOrDefault(group, []), name];
        }

        return new AnsibleInventory { Hosts = hosts, Groups = groups };
    }

    private static IEnumerable<string> GroupsOf(InstanceAccess instance)
    {
        IEnumerable<string> groups =
        [
            .. instance.Stack is null ? Array.Empty<string>() : ["stack_" + instance.Stack],
            "project_" + instance.Project,
            .. instance.Labels.Select(label => label.Value.Length == 0 ? $"label_{label.Key}" : $"label_{label.Key}_{label.Value}"),
            "status_" + instance.Status.ToLowerInvariant(),
        ];
        // Ansible's groups are named as variables are.
        return groups.Select(group => string.Concat(group.Select(character => char.IsAsciiLetterOrDigit(character) ? character : '_'))).Distinct();
    }

    /// <summary>
    /// True for what Ansible would run on this machine as a template (<c>{{ lookup('pipe', …) }}</c>). Whoever may edit an instance
    /// writes its labels; they are left out, because the INI form has no way to mark text as plain.
    /// </summary>
    private static bool IsTemplate(string text) =>
        // Names other marks for templates, as in a template's file.
        text.StartsWith("#jinja2:", StringComparison.Ordinal)
        || text.Contains("{{", StringComparison.Ordinal) || text.Contains("{%", StringComparison.Ordinal) || text.Contains("{#", StringComparison.Ordinal);

    private static SortedDictionary<string, object> Variables(InstanceAccess instance, string knownHosts, string connection)
    {
        var variables = new SortedDictionary<string, object>(StringComparer.Ordinal)
        {
            ["incus_labels"] = instance.Labels.Where(label => !IsTemplate(label.Key) && !IsTemplate(label.Value)).ToDictionary(StringComparer.Ordinal),
        };
        Set("incus_name", instance.Name);
        Set("incus_project", instance.Project);
        Set("incus_server", instance.Server);
        Set("incus_status", instance.Status);
        Set("incus_type", instance.Type);
        Set("incus_image", instance.Image);
        Set("incus_stack", instance.Stack);
        if (instance.User is null)
        {
            variables["ansible_connection"] = connection;
            variables["ansible_host"] = Plain(instance.Name);
            // The plugin's own variables are named by its last word.
            var prefix = "ansible_" + connection.Split('.')[^1];
            variables[prefix + "_project"] = Plain(instance.Project);
            // A server known by its socket has no name of a remote.
            if (!instance.Server.Contains('/', StringComparison.Ordinal))
                variables[prefix + "_remote"] = Plain(instance.Server);
            return variables;
        }

        variables["ansible_user"] = Plain(instance.User);
        if (instance.Address is not null)
            variables["ansible_host"] = Plain(instance.Address);
        variables["ansible_port"] = instance.Port;
        Set("ansible_ssh_private_key_file", instance.KeyFile);
        Set("ansible_ssh_common_args", string.Join(' ', SshConfig.TrustFor(instance, knownHosts).Select(option => $"-o {option.Key}={option.Value}")) is { Length: > 0 } args ? Plain(args) : null);
        return variables;

        // Without it, something else would be reached.
        static string Plain(string name) => !IsTemplate(name) ? name : throw new IncusException(
            $"{Excerpts.Quote(name)} cannot stand in an inventory: Ansible would run it on this machine as a template", "Give it another name, or leave the instance out");

        void Set(string name, string? value)
        {
            if (value is not null && !IsTemplate(value))
                variables[name] = value;
        }
    }
}

/// <summary>How an inventory is written.</summary>
public enum InventoryFormat
{
    /// <summary>YAML, as Ansible's <c>yaml</c> inventory plugin reads it.</summary>
    Yaml,

    /// <summary>INI, as Ansible's <c>ini</c> inventory plugin reads it.</summary>
    Ini,

    /// <summary>JSON, as an inventory script answers <c>--list</c>.</summary>
    Json,
}
