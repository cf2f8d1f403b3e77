using System.Text.RegularExpressions;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;

namespace IncusCompose.Validation;

/// <summary>What Incus takes for names. Each check returns what is wrong with a name and what to do, or null.</summary>
internal static partial class NameRules
{
    private const int MaxStackName = 63;

    /// <summary>A name that Incus would refuse.</summary>
    /// <param name="Message">What is wrong, to follow the name in a sentence.</param>
    /// <param name="Advice">What to do.</param>
    public readonly record struct Problem(string Message, string Advice);

    /// <summary>
    /// Reports every name in the stack that a server would refuse. The rules are the newest server's, so that a file works
    /// everywhere; what exists already may have a name that only an older server gave.
    /// </summary>
    public static void Check(StackDefinition stack, Findings findings)
    {
        Report(Stack(stack.Name), "BadStackName", "a stack", stack.Name, "name");
        if (stack.Project is { Create: true } project)
            Report(Project(project.Name), "BadProjectName", "a project", project.Name, findings.Has("project.name") ? "project.name" : "project");
        foreach (var other in stack.Projects.Values)
        {
            Report(Project(other.Name), "BadProjectName", "a project", other.Name, $"projects.{other.Name}");
            if (other.Name == stack.Project?.Name)
                findings.Error("SaidTwice", $"projects.{other.Name}", "it is the project that the stack lives in", "say what it is like under `project`, and make it there with `create: true`");
        }

        foreach (var same in stack.Certificates.Values.GroupBy(certificate => certificate.Fingerprint).Where(same => same.Count() > 1))
        {
            foreach (var certificate in same.Skip(1))
                findings.Error("DuplicateCertificate", $"certificates.{certificate.Name}", $"it is the same certificate as `{same.First().Name}`, which the server trusts once", "remove one of the two");
        }

        foreach (var instance in stack.Instances.Values)
        {
            var path = $"instances.{instance.Name}";
            Report(Instance(instance.Name), "BadInstanceName", "an instance", instance.Name, path);
            if (instance.Macvlan?.Parent is { } parent)
                Report(HostInterface(parent), "BadInterfaceName", "an interface", parent, $"{path}.network");
            foreach (var device in instance.Devices.Keys)
                Report(Api(device), "BadDeviceName", "a device", device, $"{path}.devices.{device}");
            foreach (var (index, nic) in instance.Networks.Bound())
            {
                if (nic.Name is not null)
                    Report(Interface(nic.Name), "BadInterfaceName", "an interface", nic.Name, $"{findings.AttachmentPath(instance, index)}.name");
            }
        }

        foreach (var network in stack.Networks.Values.Where(network => !network.External))
            Report(Network(network.Name, network.Type), "BadNetworkName", "a network", network.Name, $"networks.{network.Name}");
        foreach (var (network, peer) in stack.Networks.Values.SelectMany(network => network.Peers.Keys.Select(peer => (network.Name, peer))))
            Report(Instance(peer), "BadPeerName", "a peer", peer, $"networks.{network}.peers.{peer}");
        foreach (var acl in stack.NetworkAcls.Values.Where(acl => !acl.External))
            Report(Instance(acl.Name), "BadAclName", "a network ACL", acl.Name, $"network_acls.{acl.Name}");
        foreach (var set in stack.NetworkAddressSets.Values.Where(set => !set.External))
            Report(Instance(set.Name), "BadAddressSetName", "a network address set", set.Name, $"network_address_sets.{set.Name}");
        foreach (var integration in stack.NetworkIntegrations.Values.Where(integration => !integration.External))
            Report(Api(integration.Name), "BadIntegrationName", "a network integration", integration.Name, $"network_integrations.{integration.Name}");
        foreach (var zone in stack.NetworkZones.Values)
        {
            if (!zone.External)
                Report(Api(zone.Name), "BadZoneName", "a network zone", zone.Name, $"network_zones.{zone.Name}");
            foreach (var record in zone.Records.Keys)
                Report(Record(record), "BadRecordName", "a record", record, $"network_zones.{zone.Name}.records.{record}");
        }

        foreach (var pool in stack.StoragePools.Values.Where(pool => !pool.External))
            Report(Api(pool.Name), "BadPoolName", "a storage pool", pool.Name, $"storage_pools.{pool.Name}");
        foreach (var volume in stack.Volumes.Values.Where(volume => !volume.External))
            Report(Api(volume.Name), "BadVolumeName", "a volume", volume.Name, $"volumes.{volume.Name}");
        foreach (var bucket in stack.Buckets.Values.Where(bucket => !bucket.External))
        {
            Report(Bucket(bucket.Name), "BadBucketName", "a bucket", bucket.Name, $"buckets.{bucket.Name}");
            foreach (var key in bucket.Keys.Keys)
                Report(Api(key), "BadBucketKeyName", "a bucket key", key, $"buckets.{bucket.Name}.keys.{key}");
        }

        foreach (var profile in stack.Profiles.Values.Where(profile => !profile.External))
        {
            Report(Api(profile.Name), "BadProfileName", "a profile", profile.Name, $"profiles.{profile.Name}");
            foreach (var device in profile.Devices.Keys)
                Report(Api(device), "BadDeviceName", "a device", device, $"profiles.{profile.Name}.devices.{device}");
        }

        void Report(Problem? problem, string id, string kind, string name, string path)
        {
            if (problem is { } found)
                findings.Error(id, path, $"{Excerpts.Quote(name)} cannot be {kind}'s name: it {found.Message}", found.Advice);
        }
    }

    /// <summary>An instance's name. Source: Incus shared/validate/validate.go, IsHostname.</summary>
    public static Problem? Instance(string name) => name switch
    {
        "" => new("is empty", "give it a name"),
        { Length: > 63 } => new("is longer than 63 characters", "shorten it"),
        _ when name.StartsWith('-') => new("begins with a dash", $"write `{name.TrimStart('-')}`"),
        _ when name.EndsWith('-') => new("ends with a dash", $"write `{name.TrimEnd('-')}`"),
        _ when name.All(char.IsAsciiDigit) => new("is a number", "put a letter in it"),
        _ when !HostName().IsMatch(name) => new("has characters other than letters, digits and dashes", Instead(NotHostName().Replace(name, "-").Trim('-'))),
        _ => null,
    };

    /// <summary>A name within the API. Source: Incus shared/validate/validate.go, IsAPIName.</summary>
    public static Problem? Api(string name) => name switch
    {
        "" => new("is empty", "give it a name"),
        { Length: > 64 } => new("is longer than 64 characters", "shorten it"),
        _ when name.Any(char.IsWhiteSpace) => new("has blanks", Instead(string.Concat(name.Select(c => char.IsWhiteSpace(c) ? '-' : c)))),
        _ when name.IndexOfAny(['$', '?', '&', '+', '"', '\'', '`', '*', '/']) is >= 0 and var at => new($"has a {name[at]}", "leave it out"),
        _ when !ApiName().IsMatch(name) => new("does not begin and end with a letter or digit", "put one there"),
        _ => null,
    };

    /// <summary>A bucket's name, as S3 has it. Source: Incus internal/server/storage/drivers/driver_common.go, ValidateBucket.</summary>
    public static Problem? Bucket(string name) => name switch
    {
        { Length: < 3 or > 63 } => new("is not 3 to 63 characters long", "choose another"),
        _ when !BucketName().IsMatch(name) => new("has other characters than small letters, digits, dots and dashes, or does not begin and end with a letter or digit",
            Instead(NotBucketName().Replace(name.ToLowerInvariant(), "-").Trim('-', '.'))),
        _ => null,
    };

    /// <summary>A network's name. Source: Incus internal/server/network, ValidateName of the drivers.</summary>
    public static Problem? Network(string name, string type)
    {
        if (name == "none")
            return new("is Incus's word for no network", "choose another");
        if (name.Contains(':', StringComparison.Ordinal))
            return new("has a colon", "leave it out");
        // Only a bridge's name is an interface's name on the host.
        return (type == "bridge" ? Interface(name) : null) ?? Api(name);
    }

    /// <summary>
    /// The name of a record within its zone: DNS's own words, such as <c>_dmarc</c>, <c>_srv._tcp</c> and <c>*</c>, which servers
    /// take though a name in the API could not be one. Source: Incus internal/server/network/zone/zone.go, validateName.
    /// </summary>
    public static Problem? Record(string name)
    {
        if (name is "@" or "*")
            return null;
        var labels = (name.StartsWith("*.", StringComparison.Ordinal) ? name[2..] : name).Split('.');
        return Api(string.Join('.', labels.Select(label => label.Length > 1 ? label.TrimStart('_') : label)));
    }

    /// <summary>A network interface's name. Source: Incus shared/validate/validate.go, IsInterfaceName.</summary>
    public static Problem? Interface(string name) => name switch
    {
        { Length: < 2 } => new("is shorter than 2 characters", "lengthen it"),
        { Length: > 15 } => new("is longer than 15 characters", "shorten it"),
        _ when !InterfaceName().IsMatch(name) => new("has characters other than letters, digits, dashes, dots and underscores", "leave them out"),
        _ => null,
    };

    /// <summary>The name of an interface that the host has already. Source: Linux net/core/dev.c, dev_valid_name.</summary>
    public static Problem? HostInterface(string name) => name switch
    {
        { Length: > 15 } => new("is longer than 15 characters", "see what the host has with: ip link"),
        "." or ".." => new("is none on Linux", "see what the host has with: ip link"),
        _ when name.Any(c => char.IsWhiteSpace(c) || c is '/' or ':') => new("has a blank, a slash or a colon", "see what the host has with: ip link"),
        _ => null,
    };

    /// <summary>A project's name. Source: Incus cmd/incusd/api_project.go, projectValidateName.</summary>
    public static Problem? Project(string name) =>
        name.Contains('_', StringComparison.Ordinal) ? new("has an underscore", Instead(name.Replace('_', '-'))) : Api(name);

    /// <summary>A stack's name. It is a configuration value on the server, part of file names, and typed by people.</summary>
    public static Problem? Stack(string name) => name switch
    {
        "" => new("is empty", "give it a name"),
        { Length: > MaxStackName } => new($"is longer than {MaxStackName} characters", "shorten it"),
        _ when !StackName().IsMatch(name) => new("has characters other than letters, digits, dashes, dots and underscores, or does not begin with a letter or digit",
            Instead(StackNameFrom(name))),
        _ => null,
    };

    /// <summary>A stack's name made of a folder's: what cannot be in a name becomes a dash.</summary>
    public static string StackNameFrom(string folder)
    {
        var name = NotStackName().Replace(folder, "-").Trim('-', '.', '_');
        if (name.Length > MaxStackName)
            name = name[..MaxStackName].Trim('-', '.', '_');
        return name.Length == 0 ? "stack" : name;
    }

    private static string Instead(string name) => name.Length == 0 ? "choose another" : $"write `{name}`";

    [GeneratedRegex("^[a-z0-9][a-z0-9.-]*[a-z0-9]\\z")]
    private static partial Regex BucketName();

    [GeneratedRegex("[^a-z0-9.-]+")]
    private static partial Regex NotBucketName();

    [GeneratedRegex("^[a-zA-Z0-9-]+\\z")]
    private static partial Regex HostName();

    [GeneratedRegex("[^a-zA-Z0-9-]+")]
    private static partial Regex NotHostName();

    [GeneratedRegex("^[a-zA-Z0-9]+(.*[a-zA-Z0-9]+)?\\z")]
    private static partial Regex ApiName();

    [GeneratedRegex("^[-_a-zA-Z0-9.]+\\z")]
    private static partial Regex InterfaceName();

    [GeneratedRegex("^[a-zA-Z0-9][a-zA-Z0-9._-]*\\z")]
    private static partial Regex StackName();

    [GeneratedRegex("[^a-zA-Z0-9._-]+")]
    private static partial Regex NotStackName();
}
