using IncusCompose.Definition;
using IncusCompose.Guests;
using IncusCompose.Planning;
using IncusCompose.Tests.Planning;
using static IncusCompose.Tests.Planning.PlanningWorld;

namespace IncusCompose.Tests.Guests;

/// <summary>What a plan says of files inside instances.</summary>
public class GuestPlanTests
{
    private readonly PlanningWorld _world = new();

    public GuestPlanTests() => _world.Secrets["db"] = "hunter22"u8.ToArray();

    [Fact]
    public void A_new_instance_gets_everything_and_no_secret_is_shown()
    {
        var plan = _world.Plan(Stack("hello", isSecret: true));
        Assert.Contains("      + files./etc/motd: 5 bytes, 0644\n      + secrets.db: (secret)\n", Text(plan), StringComparison.Ordinal);
        Assert.DoesNotContain("hunter22", Text(plan) + plan, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_there_as_it_was_written_needs_nothing_and_what_differs_is_put_back_or_changed()
    {
        var stack = Stack("hello", isSecret: true);
        Written(stack, _ => null);
        Assert.Empty(_world.Plan(stack).Changes);

        Written(stack, file => file.Label == "files./etc/motd" ? "gone" : "changed");
        Assert.Equal("""
              ~ instance/web: change
                  ~ files./etc/motd: gone -> 5 bytes, 0644 (drifted)
                  ~ secrets.db: (secret, changed) -> (secret) (drifted)
            shop: 1 to change, 0 unchanged

            """.ReplaceLineEndings("\n"), Text(_world.Plan(stack)));

        _world.Secrets["db"] = "hunter23"u8.ToArray();
        Assert.Contains("      ~ files./etc/motd: changed -> 3 bytes, 0644\n      ~ secrets.db: (secret) -> (secret, changed)\n", Seen(Stack("bye", isSecret: true), "changed"), StringComparison.Ordinal);
    }

    [Fact]
    public void Other_permissions_in_the_file_are_a_change_of_the_file_and_other_ones_there_are_drift()
    {
        StackDefinition Of(int? mode) => PlanningWorld.Stack(new InstanceDefinition
        {
            Name = "web", Image = "busybox", Secrets = [new GrantDefinition { Source = "db", Mode = mode }], Files = [new FileDefinition { Target = "/etc/motd", Content = "hello", Mode = mode }],
        }) with { Secrets = Secrets };
        Written(Of(null), file => file.Label == "secrets.db" ? "mode 0400" : "mode 0644");
        Assert.Contains("      ~ files./etc/motd: mode 0644 -> 5 bytes, 0444\n      ~ secrets.db: (secret, mode 0400) -> (secret, 0444 root)\n", Text(_world.Plan(Of(0b100_100_100))), StringComparison.Ordinal);

        Written(Of(null), _ => "mode 0777");
        Assert.Contains("      ~ files./etc/motd: mode 0777 -> 5 bytes, 0644 (drifted)\n      ~ secrets.db: (secret, mode 0777) -> (secret, 0400 root) (drifted)\n", Text(_world.Plan(Of(null))), StringComparison.Ordinal);
    }

    [Fact]
    public void What_the_file_drops_is_removed_only_where_nobody_changed_it()
    {
        var stack = Stack("hello", isSecret: true);
        Written(stack, _ => null);
        _world.Looks["web"] = new GuestLook { Differences = new Dictionary<string, string>(), Removable = new HashSet<string> { "/run/secrets/db" } };
        Assert.Equal("""
              ~ instance/web: change
                  = files./etc/motd: gone or changed in the instance, no longer looked after (already so, recorded)
                  - secrets.db: (secret)
            shop: 1 to change, 0 unchanged

            """.ReplaceLineEndings("\n"), Text(_world.Plan(PlanningWorld.Stack(new InstanceDefinition { Name = "web", Image = "busybox" }))));
    }

    [Fact]
    public void Where_an_instance_cannot_be_looked_into_what_was_written_last_has_to_do()
    {
        var stack = Stack("hello", isSecret: true);
        Written(stack, _ => null);
        _world.Looks.Clear();
        Assert.Empty(_world.Plan(stack).Changes);
        Assert.Equal(["files./etc/motd"], _world.Plan(Stack("bye", isSecret: true)).Changes.Single().Properties.Select(property => property.Path));
    }

    [Fact]
    public void Credentials_are_configuration_that_is_not_shown()
    {
        var plan = _world.Plan(PlanningWorld.Stack(new InstanceDefinition { Name = "web", Image = "busybox", Secrets = [new GrantDefinition { Source = "db", Target = "db.password", Delivery = GrantDelivery.Credential }] }) with { Secrets = Secrets });
        Assert.Contains("      + config.systemd.credential.db.password: ******\n", Text(plan), StringComparison.Ordinal);
        Assert.Contains(new PropertyStep("config/systemd.credential.db.password", "hunter22"), plan.Changes.Single().Steps);
        _world.Secrets["db"] = [0, 255];
        Assert.Contains(new PropertyStep("config/systemd.credential-binary.db", "AP8="), _world.Plan(PlanningWorld.Stack(new InstanceDefinition { Name = "web", Image = "busybox", Secrets = [new GrantDefinition { Source = "db", Delivery = GrantDelivery.Credential }] }) with { Secrets = Secrets }).Changes.Single().Steps);
    }

    private static Dictionary<string, SecretDefinition> Secrets => new() { ["db"] = new() { Name = "db", File = "/nowhere" } };

    private static StackDefinition Stack(string motd, bool isSecret) => PlanningWorld.Stack(new InstanceDefinition
    {
        Name = "web",
        Image = "busybox",
        Files = [new FileDefinition { Target = "/etc/motd", Content = motd }],
        Secrets = isSecret ? [new GrantDefinition { Source = "db" }] : [],
    }) with { Secrets = Secrets };

    private string Seen(StackDefinition stack, string difference)
    {
        _world.Looks["web"] = new GuestLook { Differences = new Dictionary<string, string> { ["/etc/motd"] = difference, ["/run/secrets/db"] = difference }, Removable = new HashSet<string>() };
        return Text(_world.Plan(stack));
    }

    /// <summary>The instance as it is once its files were written, of which so much has changed since.</summary>
    private void Written(StackDefinition stack, Func<GuestFile, string?> difference)
    {
        var files = GuestFile.Of(stack, stack.Instances["web"], _world.Secrets, []);
        // Without the files: the observation has none before it was looked.
        if (!_world.Looks.ContainsKey("web"))
        {
            var instance = _world.Applied(stack, "web");
            _world.With(instance with { Config = new Dictionary<string, string>(instance.Config) { [GuestRecord.Key] = GuestRecord.Empty.Of(files).ToString() } });
        }

        _world.Looks["web"] = new GuestLook
        {
            Differences = files.Where(file => difference(file) is not null).ToDictionary(file => file.Target, file => difference(file)!),
            Removable = new HashSet<string>(),
        };
    }
}
