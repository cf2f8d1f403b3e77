using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Instances;
using IncusCompose.Resources.Instances;
using IncusCompose.Tests.Loading;
using static IncusCompose.Tests.Planning.PlanningWorld;

namespace IncusCompose.Tests.Planning;

/// <summary>Users by name, whose numbers the image knows.</summary>
public class ProcessUserTests
{
    private const string Users = "root:x:0:0:root:/root:/bin/sh\napp:x:1234:2345:App:/srv:/bin/sh\n#old:x:1:1\nbroken:x:many:1::\n";
    private const string Groups = "root:x:0:\r\nwww:x:33:app\r\n";

    [Theory]
    [InlineData("app", "1234", "2345")]
    [InlineData("app:www", "1234", "33")]
    [InlineData("app:7", "1234", "7")]
    [InlineData("1234:www", "1234", "33")]
    [InlineData("99:www", "99", "33")]
    public void Names_are_looked_up_where_the_image_has_them(string name, string uid, string gid) =>
        Assert.Equal(new ProcessUser(name, uid, gid), ProcessUsers.Resolve(name, new AccountFiles(Users, Groups)));

    [Theory]
    [InlineData("ap", Users, Groups, "the image has no user ap Did you mean app?")]
    [InlineData("postgres", Users, Groups, "the image has no user postgres It has: root, app; or write numbers, such as 1000:1000")]
    [InlineData("broken", Users, Groups, "the image has no user broken")]
    [InlineData("app:staff", Users, Groups, "the image has no group staff It has: root, www; or write numbers, such as 1000:1000")]
    [InlineData("app", null, null, "there is no /etc/passwd in the image, so that it has no user app Write numbers, such as 1000:1000")]
    public void A_name_that_the_image_does_not_have_is_said_with_those_that_it_has(string name, string? users, string? groups, string problem)
    {
        var error = Assert.Throws<IncusException>(() => ProcessUsers.Resolve(name, new AccountFiles(users, groups)));
        Assert.StartsWith(problem, $"{error.Problem} {error.Advice}", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("app", "app")]
    [InlineData("app:www-data", "app:www-data")]
    [InlineData("\"1000:www\"", "1000:www")]
    [InlineData("\"1000:1000\"", null)]
    [InlineData("root", null)]
    public void The_words_for_it_are_those_of_compose(string text, string? name) =>
        Assert.Equal(name, StackText.Load($"services: {{web: {{image: nginx, user: {text}}}}}\n").Definition!.Instances["web"].ProcessUser);

    [Fact]
    public void Its_numbers_stand_on_the_instance_and_are_put_back_where_somebody_changes_them()
    {
        var stack = Stack(new InstanceDefinition { Name = "web", Image = "registry:app:1", ProcessUser = "app" });
        var created = new PlanningWorld().Plan(stack).Changes.Single(change => change.Name == "web");
        Assert.Equal("app", Assert.Single(created.Properties, property => property.Path == "config.user.incus-compose.user").New);
        Assert.DoesNotContain(created.Properties, property => property.Path == "config.oci.uid");

        // Once they are known, it is as if the file had said them.
        var live = new PlanningWorld { Users = { ["web"] = new ProcessUser("app", "1234", "2345") } }.Applied(stack, "web");
        Assert.Equal(("1234", "2345"), (live.Config["oci.uid"], live.Config["oci.gid"]));
        Assert.Empty(new PlanningWorld().With(live).Plan(stack).Changes);
        var config = new Dictionary<string, string>(live.Config) { ["oci.uid"] = "0" };
        var drift = Assert.Single(new PlanningWorld().With(live with { Config = config, ExpandedConfig = config }).Plan(stack).Changes);
        Assert.Equal("config.oci.uid: 0 -> 1234", Assert.Single(drift.Properties) is var line ? $"{line.Path}: {line.Old} -> {line.New}" : "");

        // An export has the name, not the numbers.
        var exported = new SortedDictionary<string, string>(live.Config.ToDictionary(), StringComparer.Ordinal);
        Assert.Equal("app", ProcessUsers.Take(exported, live.Config));
        Assert.DoesNotContain("oci.uid", exported.Keys);

        // Without the word it is the image's user again.
        var dropped = Assert.Single(new PlanningWorld().With(live).Plan(Stack(new InstanceDefinition { Name = "web", Image = "registry:app:1" })).Changes);
        Assert.Equal(["config.oci.gid", "config.oci.uid", "config.user.incus-compose.user"], dropped.Properties.Select(property => property.Path));
    }
}
