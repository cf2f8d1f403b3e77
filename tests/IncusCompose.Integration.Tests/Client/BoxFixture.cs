using Incus.Client;
using IncusCompose.Integration.Tests.Lab;

namespace IncusCompose.Integration.Tests.Client;

/// <summary>One running container, <c>box</c>, for all tests of a class.</summary>
public sealed class BoxFixture(LabFixture lab) : IAsyncLifetime
{
    public TestProject Project { get; private set; } = null!;

    public InstanceApi Instances => Project.Client.Instances;

    public async Task InitializeAsync()
    {
        Project = await lab.CreateProjectAsync();
        await Project.LaunchAsync("box");
    }

    /// <summary>A container that does not run.</summary>
    public async Task<string> CreateStoppedAsync()
    {
        await Instances.CreateAsync(new InstanceCreate { Name = "stopped", Source = InstanceSource.FromAlias(LabFixture.Image) }).CompleteAsync();
        return "stopped";
    }

    public async Task DisposeAsync() => await Project.DisposeAsync();
}
