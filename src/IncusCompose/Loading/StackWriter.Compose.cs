using IncusCompose.Definition;

namespace IncusCompose.Loading;

/// <content>Words of compose.</content>
internal static partial class StackWriter
{
    private sealed partial class Writer
    {
        private void Compose(Entries entries, InstanceDefinition instance) => entries
            .Text("user", instance.ProcessUser)
            .Node("command", instance.Command is null ? null : Command(instance.Command))
            .Text("stop_signal", instance.StopSignal)
            .Node("cap_add", Words(instance.CapAdd))
            .Node("cap_drop", Words(instance.CapDrop))
            .Node("security_opt", Words([.. SecurityOptions(instance)]))
            .Flag("read_only", instance.ReadOnly)
            .Text("hostname", instance.Hostname)
            .Node("dns", Words(instance.Dns))
            .Node("dns_search", Words(instance.DnsSearch))
            .Node("dns_opt", Words(instance.DnsOptions))
            .Node("extra_hosts", Words([.. instance.ExtraHosts.Select(host => $"{host.Name}={host.Address}")]))
            .Text("mac_address", instance.MacAddress)
            .Text("network_mode", instance.NoNetwork ? "none" : instance.HostNetwork ? "host" : null)
            .Text("ipc", instance.HostIpc ? "host" : null)
            .Text("uts", instance.HostUts ? "host" : null)
            .Node("group_add", Words(instance.ExtraGroups));

        private static IEnumerable<string> SecurityOptions(InstanceDefinition instance)
        {
            if (instance.NoNewPrivileges)
                yield return "no-new-privileges:true";
            if (instance.AppArmorUnconfined)
                yield return "apparmor:unconfined";
        }
    }
}
