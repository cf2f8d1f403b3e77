using Incus.Client;
using IncusCompose.Operating;
using IncusCompose.Resources;
using IncusCompose.Resources.Instances;

namespace IncusCompose.Tests.Operating;

public sealed class StackInstancesTests
{
    private static readonly StackInstances s_shop = StackInstances.Of(
        "shop", "default", [Live("db", "db"), Live("web-2", "web"), Live("web-10", "web"), Live("web-3", "web")]);

    [Fact]
    public void A_definitions_name_stands_for_all_of_its_replicas()
    {
        Assert.Equal(["web-10", "web-2", "web-3"], s_shop.Select(["web"]).Select(live => live.Id.Name));
        Assert.Equal(["db", "web-2"], s_shop.Select(["web-2", "db", "db"]).Select(live => live.Id.Name));
    }

    [Theory]
    [InlineData("web", null, "web-2")]
    [InlineData("web", 10, "web-10")]
    [InlineData("web-3", null, "web-3")]
    [InlineData("db", null, "db")]
    [InlineData("db", 1, "db")]
    public void One_is_picked_by_its_number(string name, int? index, string picked) => Assert.Equal(picked, s_shop.Pick(name, index).Id.Name);

    [Fact]
    public void A_number_or_name_that_is_not_there_is_told_with_what_is()
    {
        Assert.Equal(
            "stack shop has no instance \"web-4\" on the server; did you mean \"web-2\"?",
            Assert.Throws<StackInstanceNotFoundException>(() => s_shop.Pick("web", 4)).Message);
        Assert.Equal(
            "stack shop has no instance \"cache\" on the server; there is: db, web-10, web-2, web-3",
            Assert.Throws<StackInstanceNotFoundException>(() => s_shop.Pick("cache", null)).Message);
    }

    private static LiveResource Live(string name, string definition) => new()
    {
        Id = InstanceKind.IdOf(name),
        Properties = PropertyBag.Empty,
        Raw = new Instance { Name = name },
        Mark = new OwnershipMark("shop", "default", $"instances.{definition}", AppliedRecord.Empty),
    };
}
