using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Loading.Keys;

namespace IncusCompose.Validation;

/// <summary>What a device of a file says must be what its kind has. Source: Incus internal/server/device, validateConfig of each kind.</summary>
internal static class DeviceRules
{
    private static readonly Dictionary<string, InstanceType> s_onlyFor = new(StringComparer.Ordinal)
    {
        ["unix-char"] = InstanceType.Container,
        ["unix-block"] = InstanceType.Container,
        ["unix-hotplug"] = InstanceType.Container,
        ["nic_ipvlan"] = InstanceType.Container,
        ["gpu_mig"] = InstanceType.Container,
        ["gpu_mdev"] = InstanceType.VirtualMachine,
        ["gpu_sriov"] = InstanceType.VirtualMachine,
        ["gpu_native_context"] = InstanceType.VirtualMachine,
        ["pci"] = InstanceType.VirtualMachine,
    };

    public static void Check(StackDefinition stack, Findings findings)
    {
        foreach (var instance in stack.Instances.Values)
            CheckAll(instance.Devices, $"instances.{instance.Name}.devices", instance.Type);
        foreach (var profile in stack.Profiles.Values)
            CheckAll(profile.Devices, $"profiles.{profile.Name}.devices", null);

        void CheckAll(IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> devices, string path, InstanceType? type)
        {
            // What other words made of themselves is theirs to check.
            foreach (var (name, device) in devices.Where(device => findings.Has($"{path}.{device.Key}")))
                new Checker(device, $"{path}.{name}", type, stack, findings).Check();
        }
    }

    /// <summary>True for an option that a device of the file can say without <c>config</c>.</summary>
    public static bool IsKnown(IReadOnlyDictionary<string, string> device, string key)
    {
        if (key == "type" || !device.TryGetValue("type", out var type) || !DeviceOptions.Types.Contains(type))
            return key != DeviceShapes.RawWord;
        var options = DeviceOptions.Of(DeviceOptions.KindsOf(device, _ => null));
        return options.Find(key) is { } option && (device[key].Length == 0 || DeviceShapes.Check(option, device[key]) is null);
    }

    private sealed class Checker(IReadOnlyDictionary<string, string> device, string path, InstanceType? type, StackDefinition stack, Findings findings)
    {
        public void Check()
        {
            if (!device.TryGetValue("type", out var deviceType))
            {
                // A type that could not be read has been reported.
                if (!findings.Has($"{path}.type"))
                    findings.Error("MissingDeviceOption", path, "the device has no `type`", "add `type:` with one such as `disk`, `nic` or `proxy`");
                return;
            }

            if (!DeviceOptions.Types.Contains(deviceType))
            {
                findings.Error("UnknownDeviceType", $"{path}.type", $"Incus has no device type {Excerpts.Quote(deviceType)}",
                    Suggestions.DidYouMean(deviceType, DeviceOptions.Types, $"write one of: {string.Join(", ", DeviceOptions.Types)}"));
                return;
            }

            var kinds = DeviceOptions.KindsOf(device, network => stack.Networks.GetValueOrDefault(network) is { External: false } own ? own.Type : null);
            if (kinds.Count == 0)
            {
                UnknownKind(deviceType);
                return;
            }

            if (kinds is [var only] && s_onlyFor.TryGetValue(only, out var owner) && type is not null && type != owner)
                WrongType($"{path}.type", $"a device `{only.Replace('_', ' ')}`", owner);
            CheckOptions(DeviceOptions.Of(kinds), kinds is [var one] ? one.Replace('_', ' ') : deviceType);
            CheckNeeds(deviceType, kinds is [var kind] ? kind : "");
        }

        private void UnknownKind(string deviceType)
        {
            var key = deviceType == "nic" ? "nictype" : "gputype";
            var known = DeviceOptions.All.Select(pair => pair.Kind).Distinct().Where(kind => kind.StartsWith(deviceType + "_", StringComparison.Ordinal)).Select(kind => kind[(deviceType.Length + 1)..]).ToList();
            var value = device.GetValueOrDefault(key, "");
            if (!IsRaw(key))
                findings.Error("BadDeviceOption", $"{path}.{key}", $"{Excerpts.Quote(value)} is not known here", Suggestions.DidYouMean(value, known, $"write one of: {string.Join(", ", known)}"));
        }

        private void CheckOptions(IReadOnlyDictionary<string, DeviceOption> options, string kind)
        {
            foreach (var (key, value) in device)
            {
                if (key == "type" || IsRaw(key))
                    continue;
                if (options.Find(key) is not { } option)
                {
                    findings.Error("UnknownDeviceOption", $"{path}.{key}", $"a device `{kind}` has no option {Excerpts.Quote(key)}",
                        Suggestions.DidYouMean(key, options.Keys, "remove it; where the server knows it all the same, write it under `config` of the device"));
                }
                else if (type is not null && option.Only is { } only && only != type)
                {
                    WrongType($"{path}.{key}", $"`{key}` of a device `{kind}`", only);
                }
                // Empty is as if it were not there.
                else if (value.Length > 0 && DeviceShapes.Check(option, value) is var (problem, advice))
                {
                    findings.Error("BadDeviceOption", $"{path}.{key}", $"{Excerpts.Quote(Secrets.Mask(key, value))} {problem}", advice);
                }
            }
        }

        private void CheckNeeds(string deviceType, string kind)
        {
            switch (deviceType)
            {
                case "nic":
                    if (Has("network") && Has("nictype"))
                        Report("nictype", "`network` says what kind of interface it is", "remove one of the two");
                    else if (!Has("network") && !Has("nictype"))
                        Need("network", "the network that it is on", ", or `nictype:`");
                    if (Has("nictype") && kind is "nic_bridged" or "nic_macvlan" or "nic_physical" or "nic_ipvlan" or "nic_ovn" && !Has("network"))
                        Need(kind == "nic_ovn" ? "network" : "parent", kind == "nic_ovn" ? "the network that it is on" : "the host's interface");
                    break;
                case "disk":
                    if (device.GetValueOrDefault("path") == "/")
                        Need("pool", "the storage pool that it lies on");
                    else if (Need("source", "what it is: a volume, or a path on the host") && type == InstanceType.Container)
                        Need("path", "where it is mounted");
                    break;
                case "proxy":
                    Need("listen", "where it listens, such as `tcp:0.0.0.0:80`");
                    Need("connect", "where it leads, such as `tcp:127.0.0.1:80`");
                    if (type == InstanceType.VirtualMachine && device.GetValueOrDefault("nat") is not "true")
                        findings.Error("ProxyOfVirtualMachine", path, "Incus publishes the ports of a virtual machine by NAT only", "add `nat: true`, and give it a fixed address");
                    break;
                case "gpu":
                    foreach (var key in (string[])["id", "productid", "vendorid"])
                        Excludes("pci", key);
                    foreach (var key in (string[])["productid", "vendorid"])
                        Excludes("id", key);
                    if (kind == "gpu_mdev")
                        Need("mdev", "the profile of the mediated device, such as `i915-GVTg_V5_4`");
                    if (kind == "gpu_mig" && !Has("mig.uuid") && !(Has("mig.gi") && Has("mig.ci")))
                        Need("mig.uuid", "the MIG device", ", or `mig.gi:` and `mig.ci:`");
                    Excludes("mig.uuid", "mig.gi");
                    Excludes("mig.uuid", "mig.ci");
                    break;
                case "infiniband":
                    Need("nictype", "`physical` or `sriov`");
                    Need("parent", "the host's interface");
                    break;
                case "unix-char" or "unix-block" when !Has("source") && !Has("path"):
                    Need("source", "the device on the host such as `/dev/fuse`", ", or `path:`");
                    break;
                case "unix-hotplug" when !Has("vendorid") && !Has("productid") && !Has("pci"):
                    Need("vendorid", "the vendor's number such as `1234`", ", `productid:` or `pci:`");
                    break;
                case "tpm" when type == InstanceType.Container:
                    Need("path", "where it is, such as `/dev/tpm0`");
                    Need("pathrm", "where its resource manager is, such as `/dev/tpmrm0`");
                    break;
                case "pci":
                    Need("address", "the device's address such as `0000:01:00.0`");
                    break;
            }
        }

        private bool Has(string key) => device.TryGetValue(key, out var value) ? value.Length > 0 : findings.Has($"{path}.{key}");

        /// <summary>Raw options are handed on as they are.</summary>
        private bool IsRaw(string key) => findings.Has($"{path}.{DeviceShapes.RawWord}.{key}");

        private bool Need(string key, string what, string or = "")
        {
            if (Has(key))
                return true;
            findings.Error("MissingDeviceOption", path, $"the device has no `{key}`", $"add `{key}:` with {what}{or}");
            return false;
        }

        private void Excludes(string key, string other)
        {
            if (Has(key) && Has(other))
                Report(other, $"`{key}` says which one it is", "remove one of the two");
        }

        private void Report(string key, string message, string advice) =>
            findings.Error("Conflict", IsRaw(key) ? $"{path}.{DeviceShapes.RawWord}.{key}" : $"{path}.{key}", message, advice);

        private void WrongType(string place, string what, InstanceType only) => findings.Error("WrongInstanceType", place,
            only == InstanceType.VirtualMachine ? $"only virtual machines have {what}, and this is a container" : $"only containers have {what}, and this is a virtual machine", "remove it");
    }
}
