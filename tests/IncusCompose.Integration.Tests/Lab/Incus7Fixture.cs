using Incus.Client;

namespace IncusCompose.Integration.Tests.Lab;

/// <summary>A lab of Incus 7.0 LTS for all tests of a collection; its private OCI registry is started by whoever asks for it.</summary>
public sealed class Incus7Fixture : IAsyncLifetime
{
    private static int s_labs;

    public Lab Lab { get; private set; } = null!;

    /// <summary>A client of the default project, over the Unix socket.</summary>
    public IncusClient Client { get; private set; } = null!;

    /// <summary>A new, empty project for one test; see <see cref="LabFixture.CreateProjectAsync"/>.</summary>
    public Task<TestProject> CreateProjectAsync() => TestProject.CreateAsync(Client, Lab.Environment["LAB_BRIDGE"]);

    public async Task InitializeAsync()
    {
        // Each of its tests says so.
        if (Incus7FactAttribute.WhyNot is not null)
            return;
        Lab = await Lab.StartAsync($"seven{Environment.ProcessId}-{Interlocked.Increment(ref s_labs)}", "--incus", "7", "--https");
        Client = await Lab.ConnectAsync();
    }

    public async Task DisposeAsync()
    {
        // Null where the lab could not be started.
        if (Client is not null)
            await Client.DisposeAsync();
        if (Lab is not null)
            await Lab.DisposeAsync();
    }
}

/// <summary>The tests of what only Incus 7 has share one, and run one after another.</summary>
[CollectionDefinition(Name)]
public sealed class Incus7LabCollection : ICollectionFixture<Incus7Fixture>
{
    public const string Name = "Incus 7";
}
