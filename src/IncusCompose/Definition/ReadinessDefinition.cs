using System.Globalization;
using System.Text.Json.Serialization;

namespace IncusCompose.Definition;

/// <summary>What must be true of an instance before it counts as ready.</summary>
public sealed record ReadinessDefinition
{
    /// <summary>How long each gate may take that does not say so itself: 2 minutes.</summary>
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromMinutes(2);

    /// <summary>The gates; all must be open. Their order means nothing.</summary>
    public required IReadOnlyList<ReadinessGate> Gates { get; init; }

    /// <summary>How long each gate may take; null: <see cref="DefaultTimeout"/>, and longer for cloud-init.</summary>
    public TimeSpan? Timeout { get; init; }
}

/// <summary>An IP family to wait for.</summary>
public enum AddressFamilyChoice
{
    /// <summary>IPv4 or IPv6, whichever comes first.</summary>
    Any,

    /// <summary>IPv4.</summary>
    Ipv4,

    /// <summary>IPv6.</summary>
    Ipv6,
}

/// <summary>One thing that must be true of an instance before it counts as ready.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "gate")]
[JsonDerivedType(typeof(AddressGate), "address")]
[JsonDerivedType(typeof(AgentGate), "agent")]
[JsonDerivedType(typeof(CloudInitGate), "cloud_init")]
[JsonDerivedType(typeof(GuestGate), "guest")]
[JsonDerivedType(typeof(SshGate), "ssh")]
[JsonDerivedType(typeof(TcpGate), "tcp")]
[JsonDerivedType(typeof(HttpGate), "http")]
[JsonDerivedType(typeof(HealthGate), "healthy")]
public abstract record ReadinessGate
{
    /// <summary>How long it may take from when the instance was started; null: as the other gates.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>What is waited for, as it stands in a sentence: <c>an IPv4 address</c>.</summary>
    [JsonIgnore]
    public abstract string Wanted { get; }

    /// <summary>How long it may take where nobody says.</summary>
    [JsonIgnore]
    public virtual TimeSpan UsualTimeout => ReadinessDefinition.DefaultTimeout;
}

/// <summary>The instance has a global address, and has it still a moment later.</summary>
public sealed record AddressGate : ReadinessGate
{
    /// <summary>The network interface; null: any.</summary>
    public string? Nic { get; init; }

    /// <summary>The family.</summary>
    public AddressFamilyChoice Family { get; init; }

    /// <inheritdoc/>
    [JsonIgnore]
    public override string Wanted =>
        (Family switch { AddressFamilyChoice.Ipv4 => "an IPv4 address", AddressFamilyChoice.Ipv6 => "an IPv6 address", _ => "an address" })
        + (Nic is null ? "" : $" on {Nic}");
}

/// <summary>A virtual machine's agent answers; a container needs none. Source: Incus doc/reference/instance_options.md.</summary>
public sealed record AgentGate : ReadinessGate
{
    /// <inheritdoc/>
    [JsonIgnore]
    public override string Wanted => "the agent";
}

/// <summary>cloud-init is done, without errors. Source: Incus doc/cloud-init.md.</summary>
public sealed record CloudInitGate : ReadinessGate
{
    /// <inheritdoc/>
    [JsonIgnore]
    public override string Wanted => "the end of cloud-init";

    /// <inheritdoc/>
    [JsonIgnore]
    public override TimeSpan UsualTimeout => TimeSpan.FromMinutes(10);
}

/// <summary>The guest says that it is ready, by <c>/dev/incus</c>. Source: Incus doc/dev-incus.md; API extension <c>instance_ready_state</c>.</summary>
public sealed record GuestGate : ReadinessGate
{
    /// <inheritdoc/>
    [JsonIgnore]
    public override string Wanted => "the guest's own word that it is ready";
}

/// <summary>An SSH server greets the machine that waits (RFC 4253, 4.2), or lets its user in.</summary>
public sealed record SshGate : ReadinessGate
{
    /// <summary>The port, 1 to 65535.</summary>
    public int Port { get; init; } = SshDefinition.DefaultPort;

    /// <summary>
    /// True where it is open only once the user of the machine that waits has logged in, as the user that the instance's
    /// <see cref="InstanceDefinition.Ssh"/> lets in.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool VerifyLogin { get; init; }

    /// <inheritdoc/>
    [JsonIgnore]
    public override string Wanted => string.Create(CultureInfo.InvariantCulture, $"{(VerifyLogin ? "a login by" : "an answer of")} SSH at port {Port}");
}

/// <summary>A TCP port takes connections of the machine that waits.</summary>
public sealed record TcpGate : ReadinessGate
{
    /// <summary>The port, 1 to 65535.</summary>
    public required int Port { get; init; }

    /// <inheritdoc/>
    [JsonIgnore]
    public override string Wanted => string.Create(CultureInfo.InvariantCulture, $"an open TCP port {Port}");
}

/// <summary>A web server answers the machine that waits.</summary>
public sealed record HttpGate : ReadinessGate
{
    /// <summary>The request and the answer that counts.</summary>
    public required HttpProbe Request { get; init; }

    /// <inheritdoc/>
    [JsonIgnore]
    public override string Wanted => Request.Wanted;
}

/// <summary>The instance's own health check succeeds.</summary>
public sealed record HealthGate : ReadinessGate
{
    /// <inheritdoc/>
    [JsonIgnore]
    public override string Wanted => "healthy";
}

/// <summary>How to tell that an instance is healthy.</summary>
public sealed record HealthCheckDefinition
{
    /// <summary>The check.</summary>
    public required HealthProbe Probe { get; init; }

    /// <summary>Time between two checks of what is watched.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long one check may take before it counts as failed.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How many checks in a row must fail before the instance is unhealthy; at least 1.</summary>
    public int Retries { get; init; } = 3;

    /// <summary>How long after its start failures do not count.</summary>
    public TimeSpan StartPeriod { get; init; }

    /// <summary>Longest time between two checks while the instance comes up; null: as often as is cheap.</summary>
    public TimeSpan? StartInterval { get; init; }

    /// <summary>
    /// When an instance that never was healthy is given up, counted from its start: the start period, and then as long as
    /// <see cref="Retries"/> checks take at their interval.
    /// </summary>
    [JsonIgnore]
    public TimeSpan Patience => StartPeriod + (Interval * Retries);
}

/// <summary>One check of an instance's health.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "probe")]
[JsonDerivedType(typeof(ExecProbe), "exec")]
[JsonDerivedType(typeof(TcpProbe), "tcp")]
[JsonDerivedType(typeof(HttpProbe), "http")]
public abstract record HealthProbe
{
    /// <summary>What is checked, in a few words that give no secret away.</summary>
    [JsonIgnore]
    public abstract string Wanted { get; }
}

/// <summary>A command in the instance, run through the API; exit status 0 is healthy.</summary>
public sealed record ExecProbe : HealthProbe
{
    /// <summary>The program and its arguments. A shell line is <c>/bin/sh -c LINE</c>.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <inheritdoc/>
    [JsonIgnore]
    public override string Wanted => $"success of {CommandWords.ProgramOf(Command)}";

    /// <summary>The same command in the same order.</summary>
    public bool Equals(ExecProbe? other) => other is not null && Command.SequenceEqual(other.Command);

    /// <inheritdoc/>
    public override int GetHashCode() => Command.Count == 0 ? 0 : Command[0].GetHashCode(StringComparison.Ordinal);
}

/// <summary>A TCP connection from the machine that waits.</summary>
public sealed record TcpProbe : HealthProbe
{
    /// <summary>The port, 1 to 65535.</summary>
    public required int Port { get; init; }

    /// <inheritdoc/>
    [JsonIgnore]
    public override string Wanted => string.Create(CultureInfo.InvariantCulture, $"an open TCP port {Port}");
}

/// <summary>An HTTP request from the machine that waits.</summary>
public sealed record HttpProbe : HealthProbe
{
    /// <summary>The port, 1 to 65535.</summary>
    public required int Port { get; init; }

    /// <summary>The path and query, beginning with a slash.</summary>
    public string Path { get; init; } = "/";

    /// <summary>True for https. The certificate is not checked: nothing is sent that it would protect.</summary>
    public bool Tls { get; init; }

    /// <summary>The lowest status that counts.</summary>
    public int LeastStatus { get; init; } = 200;

    /// <summary>The highest status that counts.</summary>
    public int MostStatus { get; init; } = 399;

    /// <inheritdoc/>
    [JsonIgnore]
    public override string Wanted => string.Create(
        CultureInfo.InvariantCulture,
        $"HTTP status {LeastStatus}{(MostStatus == LeastStatus ? "" : $"-{MostStatus}")} of {PathWithoutQuery} at port {Port}{(Tls ? " (https)" : "")}");

    private string PathWithoutQuery => Path.Split('?')[0];
}
