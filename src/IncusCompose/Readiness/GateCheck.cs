using System.Diagnostics;
using System.Net;
using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Ssh;

namespace IncusCompose.Readiness;

/// <summary>Looks whether one gate of an instance is open.</summary>
/// <param name="client">The connection, in the instance's project.</param>
/// <param name="name">The instance.</param>
/// <param name="gate">The gate.</param>
/// <param name="health">The instance's health check; null where it has none.</param>
internal sealed class GateCheck(IncusClient client, string name, ReadinessGate gate, HealthCheckDefinition? health)
{
    // A port is knocked at much more often than the server is asked where, which costs it more than the knock.
    private static readonly TimeSpan s_addressesHold = TimeSpan.FromSeconds(1);

    private readonly bool _knocks = gate is TcpGate or SshGate or HttpGate || (gate is HealthGate && health?.Probe is TcpProbe or HttpProbe);
    private IReadOnlyList<string> _addresses = [];
    private long _addressesRead;

    // Addresses seen at the last look: one counts when it is still there at the next.
    private HashSet<string> _seen = [];

    // Says which interfaces are its NICs.
    private Instance? _instance;

    /// <summary>The longest pause between two looks; null: the usual one.</summary>
    public TimeSpan? LongestPause => gate is HealthGate ? health?.StartInterval : null;

    /// <summary>Looks once.</summary>
    /// <exception cref="IncusNotFoundException">There is no such instance.</exception>
    public async Task<Look> LookAsync(CancellationToken cancellationToken)
    {
        if (gate is GuestGate or CloudInitGate or AgentGate or SshGate { VerifyLogin: true })
            return await LookAtInstanceAsync(cancellationToken).ConfigureAwait(false);
        if (gate is HealthGate && health is null)
            return Look.Undefined("it has no health check");
        if (_knocks && _addresses.Count > 0 && Stopwatch.GetElapsedTime(_addressesRead) < s_addressesHold)
            return await KnockAsync(cancellationToken).ConfigureAwait(false);
        _instance ??= (await client.Instances.GetAsync(name, cancellationToken).ConfigureAwait(false)).Value;
        InstanceState state;
        try
        {
            state = await client.Instances.GetStateAsync(name, cancellationToken).ConfigureAwait(false);
        }
        catch (IncusException error) when (error.StatusCode is HttpStatusCode.InternalServerError)
        {
            // An instance that is just starting or stopping may have no readable state for a moment.
            return Look.Soon("it is starting or stopping");
        }

        // While it does not run, only an event brings it further.
        if (!IsRunning(state.StatusCode))
        {
            _seen = [];
            _addresses = [];
            return Look.AfterEvent($"its status is {state.Status}");
        }

        if (gate is AddressGate address)
            return LookAtAddresses(address, _instance, state);
        _addresses = NicAddresses.Of(_instance, state);
        _addressesRead = Stopwatch.GetTimestamp();
        return await KnockAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Asks the instance itself, at the addresses that it has.</summary>
    private async Task<Look> KnockAsync(CancellationToken cancellationToken)
    {
        var failure = gate switch
        {
            TcpGate tcp => await Probes.TcpAsync(_addresses, tcp.Port, cancellationToken).ConfigureAwait(false),
            SshGate ssh => await Probes.SshAsync(_addresses, ssh.Port, cancellationToken).ConfigureAwait(false),
            HttpGate http => await Probes.HttpAsync(_addresses, http.Request, cancellationToken).ConfigureAwait(false),
            HealthGate => await Probes.CheckHealthAsync(client, name, health!, _addresses, cancellationToken).ConfigureAwait(false),
            _ => throw new InvalidOperationException($"A gate of the kind {gate.GetType().Name} is not known."),
        };
        // This machine may have a way of its own all the same, so that it is tried.
        if (_knocks && Probes.IsUnreached(failure) && SshRoute.IsApart(client.Address, _instance!))
            return Look.Undefined($"{failure}; {SshRoute.WhyApart}");
        // What is waited for is said once.
        if (gate is HealthGate && failure.StartsWith(health!.Probe.Wanted + ": ", StringComparison.Ordinal))
            failure = failure[(health.Probe.Wanted.Length + 2)..];
        return failure.Length == 0 ? Look.Met : _knocks && _addresses.Count > 0 ? Look.Often(failure) : Look.Soon(failure);
    }

    /// <summary>Says what the instance itself knows of why the gate is closed; null where there is nothing to say.</summary>
    /// <param name="seen">What was seen last; null where no look could be waited for to its end.</param>
    /// <param name="cancellationToken">Ends the question.</param>
    public async Task<string?> WhyClosedAsync(string? seen, CancellationToken cancellationToken)
    {
        switch (gate)
        {
            case SshGate:
                return string.Join("; ", new[] { seen, await WhyNoServerAsync(cancellationToken).ConfigureAwait(false) }.OfType<string>()) is { Length: > 0 } why ? why : null;
            case AddressGate { Family: not AddressFamilyChoice.Any } address when seen is not null:
                return seen + await WhyNoneOfFamilyAsync(address, cancellationToken).ConfigureAwait(false);
            case HealthGate when seen is null && health is not null:
                return "no answer yet";
            case CloudInitGate when seen is null:
                return (await CloudInitAsync(cancellationToken).ConfigureAwait(false)).Reason;
            default:
                return seen;
        }
    }

    /// <summary>Says which of its networks give no address of a family; empty where none does.</summary>
    private async Task<string> WhyNoneOfFamilyAsync(AddressGate wanted, CancellationToken cancellationToken)
    {
        var key = wanted.Family == AddressFamilyChoice.Ipv4 ? "ipv4.address" : "ipv6.address";
        var instance = (await client.Instances.GetAsync(name, cancellationToken).ConfigureAwait(false)).Value;
        var networks = instance.ExpandedDevices
            .Where(device => device.Value.GetValueOrDefault("type") == "nic" && (wanted.Nic is null || device.Value.GetValueOrDefault("name", device.Key) == wanted.Nic))
            .Select(device => device.Value.GetValueOrDefault("network"))
            .OfType<string>()
            .ToHashSet();
        var without = (await client.Networks.ListAsync(cancellationToken).ConfigureAwait(false))
            .Where(network => network.Managed && networks.Contains(network.Name) && network.Config.GetValueOrDefault(key) == "none")
            .Select(network => $"; the network {network.Name} has {key} none");
        return string.Concat(without);
    }

    private async Task<Look> CloudInitAsync(CancellationToken cancellationToken) => CloudInitStatus.Read(
        await client.Instances.ExecAsync(name, new ExecRequest { Command = ["cloud-init", "status", "--format", "json"] }, CloudInitStatus.Streams, cancellationToken).ConfigureAwait(false));

    private async Task<string?> WhyNoServerAsync(CancellationToken cancellationToken)
    {
        // A shell that ends with 127, as it does where there is no such command, is to the server one that it has not found.
        var look = new ExecRequest { Command = CommandWords.OfShell($"[ -x {SshDefinition.Server} ] || command -v sshd || command -v dropbear || exit 1") };
        if ((await client.Instances.ExecAsync(name, look, CloudInitStatus.Streams, cancellationToken).ConfigureAwait(false)).ExitCode == 0)
            return null;
        const string Missing = "it has no SSH server";
        try
        {
            if (await CloudInitAsync(cancellationToken).ConfigureAwait(false) is { Next: NextLook.Soon } running)
                return $"{Missing} yet, and {running.Reason}";
        }
        catch (IncusException error) when (error is not IncusUnreachableException)
        {
            // It has no cloud-init.
        }

        return $"{Missing}; choose an image that has one, or install openssh-server in it (with `ssh:` or -SshUser, cloud-init does where the instance reaches its distribution's packages)";
    }

    public static bool IsRunning(StatusCode status) => status is StatusCode.Running or StatusCode.Ready;

    private async Task<Look> LookAtInstanceAsync(CancellationToken cancellationToken)
    {
        var instance = (await client.Instances.GetAsync(name, cancellationToken).ConfigureAwait(false)).Value;
        if (!IsRunning(instance.StatusCode))
            return Look.AfterEvent($"its status is {instance.Status}");
        switch (gate)
        {
            case GuestGate:
                return instance.StatusCode is StatusCode.Ready ? Look.Met : Look.AfterEvent("it runs, but its guest has not said that it is ready");
            case AgentGate when instance.Type == InstanceTypes.Container:
                return Look.Met;
            case SshGate ssh:
                var (failure, final) = await LoginCheck.TryAsync(
                    client, instance, ssh, (address, port) => Probes.SshAsync([address], port, cancellationToken), cancellationToken).ConfigureAwait(false);
                return failure.Length == 0 ? Look.Met : final ? Look.Undefined(failure) : Look.Soon(failure);
            case AgentGate:
                var state = await client.Instances.GetStateAsync(name, cancellationToken).ConfigureAwait(false);
                return state.Processes > 0 ? Look.Met : Look.Soon("its agent does not answer");
            default:
                return await LookAtCloudInitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>An address counts when it was there at the last look too: what comes and goes at once is no address yet.</summary>
    private Look LookAtAddresses(AddressGate wanted, Instance instance, InstanceState state)
    {
        var interfaces = wanted.Nic is null ? NicAddresses.InterfacesOf(instance, state).ToList() : [.. state.Network.Where(network => network.Key == wanted.Nic)];
        var all = interfaces.SelectMany(network => network.Value.Addresses).Where(address => address.Scope == "global").ToList();
        var now = all
            .Where(address => wanted.Family switch
            {
                AddressFamilyChoice.Ipv4 => address.Family == "inet",
                AddressFamilyChoice.Ipv6 => address.Family == "inet6",
                _ => true,
            })
            .Select(NicAddresses.TextOf)
            .OfType<string>()
            .ToHashSet();
        var stays = now.Overlaps(_seen);
        _seen = now;
        if (stays)
            return Look.Met;
        if (now.Count > 0)
            return Look.AtOnce($"it has had {now.First()} for a moment only");
        if (wanted.Nic is { } nic && interfaces.Count == 0)
            return Look.Soon($"it has no interface {nic}, only {string.Join(", ", state.Network.Keys.Order(StringComparer.Ordinal))}");
        if (all.Select(NicAddresses.TextOf).OfType<string>().FirstOrDefault() is { } other)
            return Look.Soon($"it has {other}, and no {(wanted.Family == AddressFamilyChoice.Ipv4 ? "IPv4" : "IPv6")} address");
        return Look.Soon(interfaces.Exists(network => network.Key != "lo") ? "no DHCP server has answered its client, or it runs none" : "it has no network interface");
    }

    /// <summary>Lets cloud-init itself wait for its end.</summary>
    private async Task<Look> LookAtCloudInitAsync(CancellationToken cancellationToken)
    {
        ExecResult result;
        try
        {
            result = await client.Instances.ExecAsync(
                name, new ExecRequest { Command = ["cloud-init", "status", "--wait", "--format", "json"] }, CloudInitStatus.Streams, cancellationToken).ConfigureAwait(false);
        }
        catch (IncusNotFoundException error) when (error.ServerMessage?.Contains("Command not found", StringComparison.Ordinal) != false)
        {
            if (await client.Instances.FindAsync(name, cancellationToken).ConfigureAwait(false) is null)
                throw;
            return Look.Undefined("its image has no cloud-init; choose one that has, such as images:debian/12/cloud");
        }
        catch (IncusException error) when (error is not IncusUnreachableException)
        {
            // It was stopped or restarted meanwhile.
            return Look.Soon(error.ServerMessage ?? error.Message);
        }

        return CloudInitStatus.Read(result);
    }
}
