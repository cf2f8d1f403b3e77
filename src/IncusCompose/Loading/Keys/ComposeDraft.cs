using IncusCompose.Definition;

namespace IncusCompose.Loading.Keys;

/// <summary>
/// What compose's words say of an instance, until all of them are known: several of them decide one setting of Incus
/// together, and <c>deploy</c> says some of them again.
/// </summary>
internal sealed record ComposeDraft
{
    public ComposeLimits Limits { get; init; } = new();

    /// <summary>What <c>deploy</c> says; null: nothing.</summary>
    public ComposeDeploy? Deploy { get; init; }

    public string? CpuSet { get; init; }

    public int? CpuShares { get; init; }

    public int? CpuPercent { get; init; }

    /// <summary>Microseconds.</summary>
    public int? CpuQuota { get; init; }

    /// <summary>Microseconds.</summary>
    public int? CpuPeriod { get; init; }

    /// <summary>Memory and swap together: a size, or <c>-1</c>.</summary>
    public string? MemorySwap { get; init; }

    public string? ShmSize { get; init; }

    public RestartPolicy? Restart { get; init; }

    public int? Scale { get; init; }

    public IReadOnlyList<string>? Entrypoint { get; init; }

    public IReadOnlyList<string>? Command { get; init; }

    public string? ContainerName { get; init; }

    public IReadOnlyList<string> Links { get; init; } = [];

    public IReadOnlyList<ComposeGpu> Gpus { get; init; } = [];
}

/// <summary>The limits that compose says as words of a service, and under <c>deploy.resources.limits</c>.</summary>
internal sealed record ComposeLimits
{
    /// <summary>How many CPUs' time; 0: as many as there are.</summary>
    public decimal? Cpus { get; init; }

    /// <summary>In Incus's units; <c>0</c>: as much as there is.</summary>
    public string? Memory { get; init; }

    /// <summary>How many processes; -1 and 0: any number.</summary>
    public int? Pids { get; init; }
}

/// <summary>What is used of <c>deploy</c>.</summary>
internal sealed record ComposeDeploy
{
    public ComposeLimits Limits { get; init; } = new();

    public IReadOnlyList<ComposeGpu> Gpus { get; init; } = [];

    public int? Replicas { get; init; }

    public RestartPolicy? Restart { get; init; }

    public UpdateDefinition? Update { get; init; }

    /// <summary>The member that <c>placement</c> asks for; null: none.</summary>
    public string? Node { get; init; }
}

/// <summary>GPUs that are asked for.</summary>
/// <param name="Count">How many; null: all, or those of <paramref name="Ids"/>.</param>
/// <param name="Ids">Which.</param>
/// <param name="Nvidia">Whether NVIDIA's libraries are to be there.</param>
internal sealed record ComposeGpu(int? Count, IReadOnlyList<string> Ids, bool Nvidia);

/// <summary>When an instance is started again without anybody asking for it.</summary>
internal enum RestartPolicy
{
    No,
    OnFailure,
    UnlessStopped,
    Always,
}
