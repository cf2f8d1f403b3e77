using Incus.Client;

namespace IncusCompose.Integration.Tests.Lab;

/// <summary>
/// One lab for all tests of a collection, answering HTTPS too. <c>INCUS_COMPOSE_TEST_LAB=NAME</c> uses a lab that runs
/// already (<c>tests/lab/lab start NAME --https</c>), which saves its start while a test is being written.
/// Tests that kill the daemon start a lab of their own.
/// </summary>
public class LabFixture : IAsyncLifetime
{
    private static int s_labs;

    /// <summary>Alias of the tiny image that every lab has in its default project.</summary>
    public const string Image = "busybox";

    public Lab Lab { get; private set; } = null!;

    /// <summary>A client of the default project, over the Unix socket.</summary>
    public IncusClient Client { get; private set; } = null!;

    /// <summary>How the lab is started.</summary>
    protected virtual string Option => "--https";

    public async Task InitializeAsync()
    {
        var number = Interlocked.Increment(ref s_labs);
        Lab = Environment.GetEnvironmentVariable("INCUS_COMPOSE_TEST_LAB") is { Length: > 0 } name
            ? await Lab.JoinAsync(name)
            : await Lab.StartAsync($"test{Environment.ProcessId}-{number}", Option);
        Client = await Lab.ConnectAsync();
    }

    /// <summary>
    /// A new, empty project for one test (or class). It sees the default project's images and networks, and has profiles
    /// and volumes of its own; its <c>default</c> profile has a root disk and a NIC on the lab's network. Running
    /// instances with such a NIC need names that differ between projects that live at the same time.
    /// </summary>
    public Task<TestProject> CreateProjectAsync() => TestProject.CreateAsync(Client, Lab.Environment["LAB_BRIDGE"]);

    public async Task DisposeAsync()
    {
        // Null where the lab could not be started.
        if (Client is not null)
            await Client.DisposeAsync();
        if (Lab is not null)
            await Lab.DisposeAsync();
    }
}

/// <summary>One that does not answer HTTPS and keeps its links to itself: the others' come and go without it, and its own without them.</summary>
public sealed class SecludedLabFixture : LabFixture
{
    protected override string Option => "--own-network";
}
