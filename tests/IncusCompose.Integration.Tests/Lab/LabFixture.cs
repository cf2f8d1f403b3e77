namespace IncusCompose.Integration.Tests.Lab;

/// <summary>
/// One lab for all tests of the collection. <c>INCUS_COMPOSE_TEST_LAB=NAME</c> uses a lab that runs already, which saves
/// its start while a test is being written.
/// </summary>
public sealed class LabFixture : IAsyncLifetime
{
    public Lab Lab { get; private set; } = null!;

    public async Task InitializeAsync() =>
        Lab = Environment.GetEnvironmentVariable("INCUS_COMPOSE_TEST_LAB") is { Length: > 0 } name
            ? await Lab.JoinAsync(name)
            : await Lab.StartAsync($"test{Environment.ProcessId}", "--https");

    public async Task DisposeAsync() => await Lab.DisposeAsync();
}

/// <summary>The tests that share the lab run one after another, each with names of its own.</summary>
[CollectionDefinition(Name)]
public sealed class LabCollection : ICollectionFixture<LabFixture>
{
    public const string Name = "lab";
}
