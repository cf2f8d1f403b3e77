using Incus.Client;

namespace IncusCompose.Integration.Tests.Lab;

/// <summary>
/// One cluster of three members, <c>m1</c> to <c>m3</c>, for all tests of a collection. Each member has a network of its own, as a
/// machine has: the lab's bridge and subnets are on each of them, and <c>lab host NAME MEMBER -- COMMAND</c> runs a command there.
/// A test that kills a member brings it back.
/// </summary>
public sealed class ClusterFixture : IAsyncLifetime
{
    private static int s_labs;

    public Lab Lab { get; private set; } = null!;

    /// <summary>A client of the default project, over the first member's Unix socket.</summary>
    public IncusClient Client { get; private set; } = null!;

    public IReadOnlyList<string> Members => Lab.Environment["LAB_MEMBERS"].Split(',');

    public string SocketOf(string member) => Lab.Environment[$"LAB_{member.ToUpperInvariant()}_SOCKET"];

    public async Task InitializeAsync()
    {
        Lab = await Lab.StartAsync($"cluster{Environment.ProcessId}-{Interlocked.Increment(ref s_labs)}", "--members", "3");
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

/// <summary>The tests that need a cluster share one, and run one after another.</summary>
[CollectionDefinition(Name)]
public sealed class ClusterCollection : ICollectionFixture<ClusterFixture>
{
    public const string Name = "cluster";
}
