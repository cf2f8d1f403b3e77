namespace IncusCompose.Integration.Tests.Resilience;

/// <summary>
/// A lab whose daemon is killed by tests; they share it and run one after another. What other labs do to the host's links
/// is kept away from it.
/// </summary>
public sealed class CrashLabFixture : IAsyncLifetime
{
    public Lab.Lab Lab { get; private set; } = null!;

    public async Task InitializeAsync() => Lab = await Integration.Tests.Lab.Lab.StartAsync($"crash{Environment.ProcessId}", "--own-network");

    public async Task DisposeAsync()
    {
        if (Lab is not null)
            await Lab.DisposeAsync();
    }
}

/// <summary>The tests that kill daemons.</summary>
[CollectionDefinition(Name)]
public sealed class CrashLabCollection : ICollectionFixture<CrashLabFixture>
{
    public const string Name = "crash lab";
}
