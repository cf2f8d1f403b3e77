using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Incus.Client;
using IncusCompose.Checkpoints;
using IncusCompose.Diagnostics;
using IncusCompose.Resources;
using IncusCompose.Resources.Images;
using IncusCompose.Resources.Networks;
using IncusCompose.Resources.Projects;
using IncusCompose.Resources.Storage;
using IncusCompose.Validation;

namespace IncusCompose.Backups;

/// <summary>What is different about a clone.</summary>
public sealed record CloneOptions
{
    /// <summary>The clone's name; null for that of the stack, which needs another project or server.</summary>
    public string? Name { get; init; }

    /// <summary>Names of resources, with those that they are to have. Else a name that is taken gets the clone's in front of it.</summary>
    public IReadOnlyDictionary<string, string> Names { get; init; } = new Dictionary<string, string>();

    /// <summary>Storage pools, with those to use instead.</summary>
    public IReadOnlyDictionary<string, string> Pools { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// Networks of the stack, with the IPv4 addresses that they are to have in the clone (<c>10.1.2.1/24</c>); fixed addresses
    /// of instances move along. Else the server chooses, and fixed addresses are dropped.
    /// </summary>
    public IReadOnlyDictionary<string, string> Addresses { get; init; } = new Dictionary<string, string>();

    /// <summary>What to add to published ports. Null: on the same server they are left out, on another one they stay.</summary>
    public int? PortOffset { get; init; }

    /// <summary>The state to clone: one of the checkpoints of the stack, without snapshots. Null: the stack as it is now.</summary>
    public StackCheckpoint? Checkpoint { get; init; }

    /// <summary>False to leave the snapshots out.</summary>
    public bool Snapshots { get; init; } = true;

    /// <summary>
    /// True to bring a clone that is there up to date: of the data only what differs is sent, new resources are made, and
    /// what the clone's instances wrote themselves is lost. They must be stopped. Where there is no clone yet, it is made.
    /// </summary>
    public bool Refresh { get; init; }
}

/// <summary>What becomes of a stack's names, addresses and ports in its clone.</summary>
internal sealed class CloneRules(IncusClient source, string stack, IncusClient target, CloneOptions options)
{
    private readonly SortedSet<string> _warnings = new(StringComparer.Ordinal);
    private readonly string _name = options.Name ?? stack;
    private readonly bool _isSameServer = IsSameServer(source, target);
    private StackPlacer _placer = null!;
    private HashSet<ResourceId> _own = [];
    private ServerObservation? _there;

    public async Task<StackCopyPlan> PlanAsync(CancellationToken cancellationToken)
    {
        if (options.Name is { } asked && NameRules.Stack(asked) is { } problem)
            throw new StackConflictException(asked, [$"{Excerpts.Quote(asked)} cannot be a stack's name: it {problem.Message}; {problem.Advice}"]);
        var from = options.Checkpoint is { } checkpoint ? await CheckpointContent.ReadAsync(source, checkpoint, cancellationToken).ConfigureAwait(false) : null;
        var content = from?.Resources ?? await StackContent.ReadAsync(source, stack, cancellationToken).ConfigureAwait(false);
        content = Shareable(content);
        _own = [.. content.Select(live => live.Id)];
        _placer = new StackPlacer(target, _name, content, options.Pools) { Rename = Rename, Change = Change, Renews = options.Refresh ? Renews : null };
        if (_isSameServer && source.Project == target.Project && _name == stack)
            throw new StackConflictException(_name, ["a clone in the same project needs a name of its own"]);
        var renamed = _own.Where(id => id.Kind is not (ProjectKind.KindName or StoragePoolKind.KindName)).ToList();
        _placer.ReportUnknown("resource", options.Names.Keys.Except(renamed.Select(id => id.Name)), renamed.Select(id => id.ToString()));
        _placer.ReportUnknown("network", options.Addresses.Keys, _own.Where(id => id.Kind == NetworkKind.KindName).Select(id => id.Name));
        foreach (var (id, _) in from?.Data.Where(data => !_isSameServer && options.Refresh && data.Value.Contains('/', StringComparison.Ordinal)) ?? [])
            _placer.Report($"{id} of the checkpoint is a snapshot, which another server's copy cannot be brought up to date from: take the checkpoint with its copies");
        var plan = await _placer.PlanAsync(
            new LiveSource(source, stack, _isSameServer, options.Snapshots && from is null, from?.Data), () => [.. _warnings], cancellationToken).ConfigureAwait(false);
        if (!options.Refresh)
            return plan;
        var placed = plan.Resources.Select(resource => resource.Id).ToHashSet();
        var left = _there!.Resources.Where(live => IsClones(live) && live.Id.Kind != ImageKind.KindName && !placed.Contains(live.Id));
        return plan with
        {
            // What is kept at hand does not run beside its original.
            Resources = [.. plan.Resources.Select(resource => resource with { Starts = false })],
            Warnings = [.. plan.Warnings, .. left.Select(live => $"{live.Id} stays, though stack {stack} has nothing like it any more")],
        };
    }

    /// <summary>
    /// The resources that a clone can have beside its original: an address is listened on once on a server, and an
    /// integration is one for all.
    /// </summary>
    private IReadOnlyList<LiveResource> Shareable(IReadOnlyList<LiveResource> content)
    {
        if (!_isSameServer)
            return content;
        var left = content.Where(live => live.Id.Kind is NetworkForwardKind.KindName or NetworkLoadBalancerKind.KindName or NetworkPeerKind.KindName or NetworkIntegrationKind.KindName).ToList();
        _warnings.UnionWith(left.Select(live => $"{live.Id} is left out, since on this server it is the original's"));
        return [.. content.Except(left)];
    }

    /// <summary>True where both are views of one server, whichever way they lead to it.</summary>
    private static bool IsSameServer(IncusClient one, IncusClient other) =>
        one.Address == other.Address
        || (one.Server.Environment.CertificateFingerprint is { Length: > 0 } fingerprint && fingerprint == other.Server.Environment.CertificateFingerprint);

    private string Rename(LiveResource live, ResourceId there, ServerObservation server)
    {
        _there = server;
        if (!options.Refresh && server.Resources.Any(other => other.Mark?.BelongsTo(_name, target.Project) == true))
            _placer.Report($"there is a stack {_name} in project {target.Project} already");
        var name = options.Names.TryGetValue(live.Id.ToString(), out var chosen) || options.Names.TryGetValue(live.Id.Name, out chosen)
            ? chosen
            : (server.Find(there) is { } taken && StackPlacer.IsInTheWay(taken) && !(options.Refresh && IsClones(taken))) || IsSeenElsewhere(live) || IsBeside() ? Prefixed(live.Id.Name) : live.Id.Name;
        var problem = live switch
        {
            _ when name == live.Id.Name => null,
            { Raw: Instance } => NameRules.Instance(name),
            { Raw: Network network } => NameRules.Network(name, network.Type),
            _ => NameRules.Api(name),
        };
        if (problem is { } wrong)
            _placer.Report($"{live.Id} would be called {Excerpts.Quote(name)}, which {wrong.Message}: choose another name for it");
        return name;
    }

    /// <summary>True where the clone is in the stack's own project: what of the stack is gone just now keeps its name.</summary>
    private bool IsBeside() => _isSameServer && source.Project == target.Project;

    private bool IsClones(LiveResource there) => there.Mark?.BelongsTo(_name, target.Project) == true;

    /// <summary>
    /// True for a resource of the clone that may be overwritten. Data is overwritten only where it was copied from this very
    /// stack: whoever mixes up source and target must not lose the original.
    /// </summary>
    private bool Renews(LiveResource live, LiveResource there)
    {
        if (!IsClones(there))
            return false;
        if (!StackContent.HasData(live.Id))
            return true;
        var config = there.Raw is Instance instance ? instance.Config : ((StorageVolume)there.Raw).Config;
        if (config.GetValueOrDefault(LiveSource.OriginKey) != LiveSource.OriginOf(source, stack, live.Id))
        {
            _placer.Report($"{there.Id} there is no copy of {live.Id} of stack {stack} in project {source.Project} on {source.Name}: its own data would be lost");
            return false;
        }

        if (there.Raw is Instance { StatusCode: not StatusCode.Stopped } running)
            _placer.Report($"{there.Id} is {running.Status.ToLowerInvariant()} there: stop it first; what it wrote since will be lost");
        return true;
    }

    /// <summary>True for an instance on a network that the clone shares: the names there are one for all projects.</summary>
    private bool IsSeenElsewhere(LiveResource live) =>
        _isSameServer && live.Raw is Instance instance
        && DeviceUses.Of(instance.ExpandedDevices).Any(used => used.Kind == NetworkKind.KindName && !_own.Contains(used));

    private string Prefixed(string name) =>
        name.StartsWith(stack + "-", StringComparison.Ordinal) ? _name + name[stack.Length..] : $"{_name}-{name}";

    private void Change(LiveResource live, ResourceFields fields, LiveResource? renewed)
    {
        if (live.Id.Kind == NetworkKind.KindName && (_isSameServer || options.Addresses.ContainsKey(live.Id.Name)))
            FreeAddresses(live, fields, renewed?.Raw as Network);
        foreach (var (name, device) in fields.Devices.Where(device => device.Value.GetValueOrDefault("type") == "nic"))
            FreeNic(live, name, device);
        MovePorts(live, fields);
    }

    /// <summary>Two networks of a server cannot have the same addresses: the server chooses others.</summary>
    private void FreeAddresses(LiveResource live, ResourceFields fields, Network? renewed)
    {
        foreach (var key in new[] { "ipv4.address", "ipv6.address" })
        {
            if (fields.Config.GetValueOrDefault(key) is not { } address || address is "none" or "auto")
                continue;
            if (key == "ipv4.address" && options.Addresses.TryGetValue(live.Id.Name, out var given))
            {
                if (!IPNetwork.TryParse(NetworkOf(given), out _))
                    _placer.Report($"{given} is no address of a network, such as 10.1.2.1/24");
                fields.Set(PropertyPath.Config(key), given);
                continue;
            }

            // The one that was chosen for it stays.
            if (renewed is not null)
            {
                fields.Set(PropertyPath.Config(key), renewed.Config.GetValueOrDefault(key));
                continue;
            }

            var isWanted = live.Mark!.Applied.Contains(PropertyPath.Config(key));
            fields.Set(PropertyPath.Config(key), isWanted ? "auto" : null);
            if (isWanted)
                _warnings.Add($"{live.Id}: the server chooses another address than {address}");
        }

        foreach (var key in new[] { "ipv4.dhcp.ranges", "ipv6.dhcp.ranges" })
        {
            if (fields.Config.GetValueOrDefault(key) is not { } ranges)
                continue;
            fields.Set(PropertyPath.Config(key), null);
            _warnings.Add($"{live.Id}: {key} ({ranges}) is left out, since its address is another");
        }
    }

    private void FreeNic(LiveResource live, string name, SortedDictionary<string, string> device)
    {
        device.Remove("hwaddr");
        foreach (var key in new[] { "ipv4.address", "ipv6.address" })
        {
            // On another server its network is made as it was.
            if (!device.TryGetValue(key, out var address) || address == "none" || (!_isSameServer && _own.Contains(NetworkKind.IdOf(device.GetValueOrDefault("network", "")))))
                continue;
            if (key == "ipv4.address" && Moved(device.GetValueOrDefault("network", ""), address) is { } moved)
            {
                device[key] = moved;
                continue;
            }

            device.Remove(key);
            _warnings.Add($"{live.Id}: {name} has no fixed address any more instead of {address}");
        }
    }

    /// <summary>A fixed address at the same place of its network's new subnet; null where none was given.</summary>
    private string? Moved(string network, string address)
    {
        // By now the device names the clone's network.
        var origin = _own.FirstOrDefault(id => id.Kind == NetworkKind.KindName && _placer.NameOf(id) == network)?.Name;
        if (origin is null || !options.Addresses.TryGetValue(origin, out var given) || !IPNetwork.TryParse(NetworkOf(given), out var subnet)
            || !IPAddress.TryParse(address, out var before) || before.AddressFamily != AddressFamily.InterNetwork || subnet.BaseAddress.AddressFamily != AddressFamily.InterNetwork)
            return null;
        var host = subnet.PrefixLength == 32 ? 0 : uint.MaxValue >> subnet.PrefixLength;
        var place = BinaryPrimitives.ReadUInt32BigEndian(before.GetAddressBytes()) & host;
        var there = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(there, BinaryPrimitives.ReadUInt32BigEndian(subnet.BaseAddress.GetAddressBytes()) | place);
        return new IPAddress(there).ToString();
    }

    /// <summary>The network of an address with its prefix: <c>10.1.2.1/24</c> is one of <c>10.1.2.0/24</c>.</summary>
    private static string NetworkOf(string address)
    {
        var parts = address.Split('/');
        if (parts.Length != 2 || !IPAddress.TryParse(parts[0], out var ip) || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var prefix) || prefix > 32)
            return "";
        var bytes = ip.GetAddressBytes();
        for (var bit = prefix; bit < bytes.Length * 8; bit++)
            bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        return $"{new IPAddress(bytes)}/{prefix}";
    }

    private void MovePorts(LiveResource live, ResourceFields fields)
    {
        if (options.PortOffset is { } offset)
        {
            foreach (var problem in PublishedPortRules.Move(fields, offset))
                _placer.Report($"{live.Id}: {problem}");
            return;
        }

        if (!_isSameServer)
            return;
        foreach (var listen in PublishedPortRules.Withdraw(fields))
            _warnings.Add($"{live.Id}: {listen} is not published, since {live.Id.Name} does so already; say by how much its ports are to be higher");
    }
}
