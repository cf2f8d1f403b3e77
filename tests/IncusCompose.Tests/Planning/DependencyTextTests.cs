using IncusCompose.Definition;
using IncusCompose.Resources;

namespace IncusCompose.Tests.Planning;

public class DependencyTextTests
{
    [Fact]
    public void Dependencies_are_recorded_with_all_that_is_said_of_them_in_an_order_of_their_own()
    {
        InstanceDependency[] dependencies =
        [
            new("web"),
            new("db", DependencyCondition.Healthy) { Restart = true },
            new("cache", DependencyCondition.Ready) { Required = false },
            new("job", DependencyCondition.Completed),
        ];
        var text = DependencyText.Write(dependencies);
        Assert.Equal("cache:ready:optional,db:healthy:restart,job:completed,web", text);
        Assert.Equal(dependencies.OrderBy(dependency => dependency.Instance, StringComparer.Ordinal), DependencyText.Read(text));
    }

    [Fact]
    public void Words_of_a_later_version_are_passed_over() =>
        Assert.Equal([new InstanceDependency("db", DependencyCondition.Ready)], DependencyText.Read("db:later:ready"));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    public void Nothing_recorded_is_no_dependency(string? text) => Assert.Empty(DependencyText.Read(text));
}
