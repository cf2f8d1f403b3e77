using System.Globalization;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Loading.Documents;

namespace IncusCompose.Loading;

internal static partial class StackWriter
{
    private sealed partial class Writer
    {
        private MappingNode Acl(NetworkAclDefinition acl) => new Entries(mask)
            .Text("description", acl.Description)
            .Node("ingress", acl.Ingress.Count == 0 ? null : List(acl.Ingress.Select(Rule)))
            .Node("egress", acl.Egress.Count == 0 ? null : List(acl.Egress.Select(Rule)))
            .Values("config", acl.Config)
            .Flag("external", acl.External)
            .ToNode();

        private MappingNode Rule(NetworkAclRuleDefinition rule) => new Entries(mask)
            .Text("action", rule.Action)
            .Text("source", rule.Source)
            .Text("destination", rule.Destination)
            .Text("protocol", rule.Protocol)
            .Text("source_port", rule.SourcePort)
            .Text("destination_port", rule.DestinationPort)
            .Text("icmp_type", rule.IcmpType)
            .Text("icmp_code", rule.IcmpCode)
            .Text("state", rule.State == "enabled" ? null : rule.State)
            .Text("description", rule.Description)
            .ToNode();

        private DocumentNode AddressSet(NetworkAddressSetDefinition set) => set is { Description: null, External: false, Config.Count: 0, Addresses.Count: > 0 }
            ? List(set.Addresses.Select(Scalar))
            : new Entries(mask)
                .Node("addresses", set.Addresses.Count == 0 ? null : List(set.Addresses.Select(Scalar)))
                .Text("description", set.Description)
                .Values("config", set.Config)
                .Flag("external", set.External)
                .ToNode();

        private DocumentNode Record(NetworkZoneRecordDefinition record) => record is { Description: null, Config.Count: 0, Entries.Count: > 0 }
            ? List(record.Entries.Select(Entry))
            : new Entries(mask)
                .Node("entries", record.Entries.Count == 0 ? null : List(record.Entries.Select(Entry)))
                .Text("description", record.Description)
                .Values("config", record.Config)
                .ToNode();

        private DocumentNode Entry(NetworkZoneEntryDefinition entry) => entry.Ttl is null && entry.Value == entry.Value.Trim() && !entry.Type.Contains(' ', StringComparison.Ordinal) && entry.Value.Length > 0
            ? Scalar(mask("value", $"{entry.Type} {entry.Value}"))
            : new Entries(mask)
                .Text("type", entry.Type)
                .Text("value", entry.Value)
                .Text("ttl", entry.Ttl?.ToString(CultureInfo.InvariantCulture))
                .ToNode();

        private MappingNode Integration(NetworkIntegrationDefinition integration) => new Entries(mask)
            .Text("type", integration.Type == "ovn" ? null : integration.Type)
            .Text("description", integration.Description)
            .Values("config", integration.Config)
            .Flag("external", integration.External)
            .ToNode();

        private DocumentNode ForwardPort(NetworkForwardPortDefinition port) => new Entries(mask)
            .Text("listen_port", port.ListenPort)
            .Text("target_address", port.TargetAddress)
            .Text("target_port", port.TargetPort)
            .Text("protocol", port.Protocol == "tcp" ? null : port.Protocol)
            .Flag("snat", port.Snat)
            .Text("description", port.Description)
            .ToNode();

        private DocumentNode Backend(NetworkBackendDefinition backend) => backend is { TargetPort: null, Description: null }
            ? Scalar(backend.TargetAddress)
            : new Entries(mask)
                .Text("target_address", backend.TargetAddress)
                .Text("target_port", backend.TargetPort)
                .Text("description", backend.Description)
                .ToNode();

        private DocumentNode BalancedPort(NetworkBalancedPortDefinition port) => new Entries(mask)
            .Text("listen_port", port.ListenPort)
            .Node("target_backend", port.Backends.Count == 0 ? null : List(port.Backends.Select(Scalar)))
            .Text("protocol", port.Protocol == "tcp" ? null : port.Protocol)
            .Text("description", port.Description)
            .ToNode();

        private DocumentNode Attachment(NetworkAttachment nic) => nic == new NetworkAttachment { Network = nic.Network }
            ? Scalar(nic.Network)
            : new Entries(mask)
                .Text("network", nic.Network)
                .Text("ipv4", nic.Ipv4)
                .Text("ipv6", nic.Ipv6)
                .Text("mac", nic.Mac)
                .Text("name", nic.Name)
                .Text("acls", nic.Acls)
                .ToNode();

        private DocumentNode Port(PortMapping port)
        {
            var published = Range(port.HostPort, port.Count);
            var target = Range(port.InstancePort, port.Count);
            if (port.InstanceAddress == "127.0.0.1")
            {
                var host = port.HostAddress.Contains(':', StringComparison.Ordinal) ? $"[{port.HostAddress}]:" : $"{port.HostAddress}:";
                // 22:22 alone would be a number in base 60 to old YAML readers.
                return new ScalarNode(SourceLocation.None, $"{host}{published}:{target}/{port.Protocol}", ScalarStyle.Plain);
            }

            return new Entries(mask)
                .Text("target", target)
                .Text("published", published)
                .Text("host_ip", port.HostAddress)
                .Text("protocol", port.Protocol)
                .Text("instance_ip", port.InstanceAddress)
                .ToNode();
        }

        private static string Range(int first, int count) =>
            count == 1 ? first.ToString(CultureInfo.InvariantCulture) : string.Create(CultureInfo.InvariantCulture, $"{first}-{first + count - 1}");
    }
}
