using IncusCompose.PowerShell.Sessions;

namespace IncusCompose.PowerShell.Completion;

/// <summary>Completes the network interfaces of the instance that the command line names.</summary>
public sealed class NicCompleter : NameCompleter
{
    /// <inheritdoc/>
    private protected override async Task<IEnumerable<Candidate>> FindAsync(ServerSession session, BoundParameters bound, CancellationToken cancellationToken)
    {
        var connection = await session.ConnectAsync(
            bound["Remote"] ?? bound.Server?.Name, bound["Project"] ?? bound.Server?.Project, cancellationToken).ConfigureAwait(false);
        if (bound["Name"] is not { } instance)
            return [];
        var devices = (await connection.Client.Instances.GetAsync(instance, cancellationToken).ConfigureAwait(false)).Value.ExpandedDevices
            .Where(device => device.Value.GetValueOrDefault("type") == "nic")
            .Select(device => new Candidate(device.Value.GetValueOrDefault("name", device.Key), device.Value.GetValueOrDefault("network") ?? device.Value.GetValueOrDefault("parent") ?? "nic"));
        // What else it has (bridges of its own containers) is seen only while it runs.
        var state = await connection.Client.Instances.GetStateAsync(instance, cancellationToken).ConfigureAwait(false);
        return state.Network.Where(nic => nic.Key != "lo")
            .Select(nic => new Candidate(nic.Key, Describe("nic", string.Join(", ", nic.Value.Addresses.Select(address => address.Address)))))
            .Concat(devices).DistinctBy(candidate => candidate.Name);
    }
}
