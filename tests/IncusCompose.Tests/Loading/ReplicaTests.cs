using IncusCompose.Definition;
using IncusCompose.Planning;

namespace IncusCompose.Tests.Loading;

/// <summary>Several instances of one definition, and how they are changed.</summary>
public class ReplicaTests
{
    [Theory]
    [InlineData("update: rolling", UpdateStrategy.Rolling, 1)]
    [InlineData("update: all", UpdateStrategy.All, 1)]
    [InlineData("update: {strategy: manual}", UpdateStrategy.Manual, 1)]
    [InlineData("update: {parallel: 2}", UpdateStrategy.Rolling, 2)]
    [InlineData("update: {}", UpdateStrategy.Rolling, 1)]
    public void An_update_is_a_word_or_says_more(string text, UpdateStrategy strategy, int parallel) =>
        Assert.Equal(new UpdateDefinition { Strategy = strategy, Parallel = parallel }, StackText.Web(text).Update);

    [Fact]
    public void An_update_says_what_becomes_of_all_where_one_fails()
    {
        Assert.Equal(new UpdateDefinition { OnFailure = UpdateFailure.Rollback }, StackText.Web("update: {on_failure: rollback}").Update);
        Assert.Equal(new UpdateDefinition { Checkpoint = true }, StackText.Web("update: {on_failure: stop, checkpoint: true}").Update);
    }

    [Fact]
    public void Replicas_are_instances_with_numbers_and_what_depends_on_the_definition_depends_on_all_of_them()
    {
        var stack = Replicas.Expand(StackText.Require("""
            instances:
              web: { replicas: 2, depends_on: [db] }
              db: {}
              proxy: { depends_on: { web: { condition: ready, restart: true } } }
            """));
        Assert.Equal(["web-1", "web-2", "db", "proxy"], stack.Instances.Keys);
        Assert.Equal(("web-2", "web"), (stack.Instances["web-2"].Name, stack.Instances["web-2"].Group));
        Assert.Equal(
            [new InstanceDependency("web-1", DependencyCondition.Ready) { Restart = true }, new InstanceDependency("web-2", DependencyCondition.Ready) { Restart = true }],
            stack.Instances["proxy"].DependsOn);
        // A problem that only the server shows is told at the definition.
        Assert.Equal(stack.Source.Find("instances.web"), stack.Source.Find("instances.web-2"));
    }

    [Theory]
    [InlineData(1, new[] { "web-1" })]
    [InlineData(0, new string[0])]
    public void One_replica_has_a_number_and_there_may_be_none(int replicas, string[] names) =>
        Assert.Equal(names, Replicas.Expand(StackText.Require($"instances:\n  web: {{ replicas: {replicas} }}")).Instances.Keys);

    [Fact]
    public void A_scale_wins_over_the_file() =>
        Assert.Equal(["web-1", "web-2", "web-3"], Replicas.Expand(StackText.Require("instances:\n  web: { replicas: 2 }"), new Dictionary<string, int> { ["web"] = 3 }).Instances.Keys);

    [Theory]
    [InlineData("web-1", 1)]
    [InlineData("web-12", 12)]
    [InlineData("web", null)]
    [InlineData("web-", null)]
    [InlineData("web-0", null)]
    [InlineData("web-01", null)]
    [InlineData("web-x", null)]
    [InlineData("webs-1", null)]
    public void A_replicas_number_is_told_from_its_name(string name, int? number) => Assert.Equal(number, Replicas.NumberOf("web", name));
}
