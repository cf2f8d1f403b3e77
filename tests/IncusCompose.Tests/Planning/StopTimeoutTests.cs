using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Planning;
using IncusCompose.Resources.Instances;
using static IncusCompose.Tests.Planning.PlanningWorld;

namespace IncusCompose.Tests.Planning;

/// <summary>How long an instance may take to stop.</summary>
public class StopTimeoutTests
{
    [Theory]
    [InlineData(null, null, 30)]
    [InlineData("90", null, 90)]
    [InlineData("90", 5, 5)]
    [InlineData(null, 0, 0)]
    [InlineData("soon", null, 30)]
    public void Is_what_the_user_says_else_the_instance_itself_else_half_a_minute(string? own, int? said, int seconds)
    {
        var world = new PlanningWorld();
        var live = world.Applied(Stack(Web), "web") with { ExpandedConfig = own is null ? Map() : Map(("boot.host_shutdown_timeout", own)) };
        var change = world.With(live).Plan(Stack(Web)).Resources.Single(resource => resource.Id == InstanceKind.IdOf("web"));
        var context = new ApplyContext(null!, new StackPlan { Stack = "shop", Project = "default" }, new ApplyOptions { StopTimeout = said is { } number ? TimeSpan.FromSeconds(number) : null }, new ClientConfiguration())
        {
            OwnStopTimeout = InstancePower.StopTimeoutOf(change),
        };
        Assert.Equal(TimeSpan.FromSeconds(seconds), context.StopTimeout);
    }
}
