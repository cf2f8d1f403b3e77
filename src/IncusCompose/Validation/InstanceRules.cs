using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Resources.Images;

namespace IncusCompose.Validation;

/// <summary>What an instance says of itself must make sense together.</summary>
internal static class InstanceRules
{
    /// <summary>Less than this is a number whose unit was forgotten.</summary>
    private const long LeastSensibleSize = 1024 * 1024;

    public static void CheckSizes(StackDefinition stack, Findings findings)
    {
        foreach (var instance in stack.Instances.Values)
        {
            var path = $"instances.{instance.Name}";
            Check(instance.Memory, $"{path}.memory", "MiB");
            Check(instance.Disk?.Size, findings.Has($"{path}.disk.size") ? $"{path}.disk.size" : $"{path}.disk", "GiB");
        }

        foreach (var volume in stack.Volumes.Values)
            Check(volume.Size, $"volumes.{volume.Name}.size", "GiB");

        void Check(string? size, string path, string unit)
        {
            if (size is not null && ByteSize.TryParse(size, out var bytes) && bytes < LeastSensibleSize)
            {
                var number = size.TrimEnd('B', 'b', 'k', 'i', 'K', ' ');
                findings.Warning("TinySize", path, $"`{size}` is {bytes} bytes", $"did you mean `{number}{unit}`?");
            }
        }
    }

    public static void CheckEphemeral(StackDefinition stack, Findings findings)
    {
        foreach (var instance in stack.Instances.Values)
        {
            if (instance is { Ephemeral: true, Autostart: true })
            {
                findings.Warning("AutostartOfEphemeral", $"instances.{instance.Name}.autostart",
                    "an ephemeral instance is gone once the host goes down, so it never starts with it", "remove `autostart` or `ephemeral`");
            }
        }
    }

    /// <summary>What is waited for must be able to come.</summary>
    public static void CheckReadiness(StackDefinition stack, Findings findings)
    {
        foreach (var instance in stack.Instances.Values)
        {
            var path = $"instances.{instance.Name}.ready";
            if (instance.Healthcheck is null && !ImageHealth.MayComeWith(instance, stack) && instance.Ready?.Gates.Any(gate => gate is HealthGate) == true)
                findings.Error("NoHealthcheck", findings.Has($"{path}.healthy") ? $"{path}.healthy" : path, "there is no health check, so it never becomes healthy", "give it a `healthcheck`, or wait for something else");
            if (instance.HealthTiming is not null && !ImageHealth.MayComeWith(instance, stack))
                findings.Error("BadHealthcheck", $"instances.{instance.Name}.healthcheck", "it says nothing to check, and its image has no check of its own", Loading.Keys.ReadinessShapes.NameCheck);
            foreach (var nic in (instance.Ready?.Gates ?? []).OfType<AddressGate>().Select(gate => gate.Nic).OfType<string>())
            {
                var names = instance.Networks.Select((network, index) => network?.Name ?? $"eth{index}").Concat(instance.Macvlan is null ? [] : [$"eth{instance.Networks.Count}"]).Concat(instance.Devices.Where(device => device.Value.GetValueOrDefault("type") == "nic").Select(device => device.Value.GetValueOrDefault("name", device.Key))).ToList();
                if (names.Count > 0 && instance.Profiles is { Count: 0 } && !names.Contains(nic))
                    findings.Error("UnknownInterface", $"{path}.address", $"it has no interface {Excerpts.Quote(nic)}", $"write one of: {string.Join(", ", names)}");
            }
        }
    }

    public static void CheckLogin(StackDefinition stack, Findings findings)
    {
        foreach (var instance in stack.Instances.Values)
        {
            if (instance.Ssh is null && instance.Ready?.Gates.Any(gate => gate is SshGate { VerifyLogin: true }) == true)
            {
                findings.Error("NoLogin", $"instances.{instance.Name}.ready.ssh.verify_login", "nobody is let in to the instance, so that nobody can have logged in",
                    "write `ssh: true` for it, or leave `verify_login` out");
            }
        }
    }

    public static void CheckProfiles(StackDefinition stack, Findings findings)
    {
        foreach (var instance in stack.Instances.Values)
        {
            var seen = new HashSet<string>(StringComparer.Ordinal);
            foreach (var (index, profile) in (instance.Profiles ?? []).Bound())
            {
                if (!seen.Add(profile))
                    findings.Error("DuplicateProfile", $"instances.{instance.Name}.profiles[{index}]", $"the profile `{profile}` is named twice", "remove one of the two");
            }
        }
    }

    public static void CheckCloudInit(StackDefinition stack, Findings findings)
    {
        foreach (var instance in stack.Instances.Values)
        {
            Check(instance.CloudInit?.UserData, "user_data");
            Check(instance.CloudInit?.VendorData, "vendor_data");

            void Check(string? data, string key)
            {
                // Every format of cloud-init but MIME, which begins with its headers, begins with a line after a number sign.
                if (data is null || data.Trim().Length == 0 || data.StartsWith('#') || data.Contains("MIME-Version", StringComparison.OrdinalIgnoreCase) || data.StartsWith("Content-Type", StringComparison.OrdinalIgnoreCase))
                    return;
                findings.Warning("NoCloudConfigHeader", $"instances.{instance.Name}.cloud_init.{key}",
                    "the text does not say what it is, so cloud-init will ignore it", "begin it with the line `#cloud-config`, or with `#!` for a script");
            }
        }
    }

    public static void CheckVariables(StackDefinition stack, Findings findings)
    {
        foreach (var instance in stack.Instances.Values)
        {
            foreach (var name in instance.Environment.Keys)
            {
                if (name.Length == 0)
                    findings.Error("BadVariableName", $"instances.{instance.Name}.environment", "a variable has no name", "give it one");
                else if (name.Any(c => c is '=' or '\0' || char.IsWhiteSpace(c)))
                    findings.Error("BadVariableName", $"instances.{instance.Name}.environment.{name}", $"{Excerpts.Quote(name)} cannot be a variable's name", "use letters, digits and underscores");
            }

            if (instance.Labels.ContainsKey(""))
                findings.Error("BadLabelName", $"instances.{instance.Name}.labels", "a label has no name", "give it one");
        }
    }
}
