using IncusCompose.Diagnostics;
using IncusCompose.Planning;
using IncusCompose.Resources;

namespace IncusCompose.Cli.Tests;

/// <summary>Plans to render.</summary>
internal static class Plans
{
    public static ResourceId Instance(string name) => new("instance", name);

    public static ResourceChange Change(ResourceId id, ChangeAction action, params PropertyChange[] properties) =>
        new() { Id = id, Action = action, Properties = properties };

    public static PropertyChange Property(
        string path, PropertyDifference difference, string? old, string? @new, ChangeImpact impact = ChangeImpact.Live) =>
        new(path, difference, impact, old, @new);

    /// <summary>Every kind of action and every kind of difference, once.</summary>
    public static StackPlan Everything() => new()
    {
        Stack = "shop",
        Project = "web-shop",
        Server = "local",
        Resources =
        [
            Change(new("storage-pool", "default"), ChangeAction.None),
            Change(new("network", "shopnet"), ChangeAction.Create,
                Property("config.ipv4.address", PropertyDifference.Added, null, "10.5.0.1/24"),
                Property("config.ipv6.address", PropertyDifference.Added, null, "none")),
            Change(new("volume", "data", "default"), ChangeAction.None),
            Change(new("profile", "small"), ChangeAction.None,
                Property("config.limits.cpu", PropertyDifference.Unmanaged, "2", null)),
            Change(Instance("cache"), ChangeAction.Start) with { Reason = "it is stopped" },
            Change(Instance("db"), ChangeAction.Update,
                Property("config.cloud-init.user-data", PropertyDifference.Changed, "(52 characters)", "(52 characters)"),
                Property("config.user.settings", PropertyDifference.Changed,
                    "packages:\n- nginx\n- curl\nruncmd:\n- one\n- two\n- three\n- four\n",
                    "packages:\n- nginx\n- wget\nruncmd:\n- one\n- two\n- three\n- four\n- five\n",
                    ChangeImpact.Restart),
                Property("config.environment.EMPTY", PropertyDifference.Added, null, ""),
                Property("config.limits.memory", PropertyDifference.Changed, "256MiB", "512MiB"),
                Property("config.user.escape", PropertyDifference.Drifted, "\e[31mred\n", "plain"),
                Property("config.user.gone", PropertyDifference.Drifted, null, "back"),
                Property("config.user.left", PropertyDifference.Unmanaged, "theirs", null),
                Property("config.user.old", PropertyDifference.Removed, "x", null),
                Property("config.user.same", PropertyDifference.Recorded, "y", "y")) with
            {
                PendingRestart = true,
                DependsOn = [new("network", "shopnet")],
            },
            Change(Instance("queue"), ChangeAction.Update,
                Property("config.security.nesting", PropertyDifference.Changed, "false", "true", ChangeImpact.Restart)) with
            {
                Restarts = true,
            },
            Change(Instance("slow"), ChangeAction.Restart) with { Restarts = true, Reason = "changes wait for it" },
            Change(Instance("web"), ChangeAction.Rebuild,
                Property("image", PropertyDifference.Changed, "old (1234567890ab)", "new (ba0987654321)", ChangeImpact.Rebuild)) with
            {
                Restarts = true,
            },
            Change(Instance("win"), ChangeAction.Replace,
                Property("type", PropertyDifference.Changed, "container", "virtual-machine", ChangeImpact.Replace)),
            Change(Instance("taken"), ChangeAction.Create) with
            {
                Refused = "an instance of this name exists and is not the stack's; rename one of the two",
            },
            Change(Instance("gone"), ChangeAction.Delete) with { Reason = "no longer in the file" },
        ],
        Orphans = [new(new("volume", "logs", "default"), "up --prune --remove-volumes deletes it with its data")],
        Diagnostics =
        [
            Diagnostic.Warning("PoolAlmostFull", new SourceLocation("stack.yaml", 7, 3), "volumes.data", "the pool has 1GiB left", "make room"),
        ],
    };

    public static StackPlan Unchanged() => new()
    {
        Stack = "shop",
        Project = "default",
        Server = "local",
        Resources = [Change(Instance("web"), ChangeAction.None), Change(Instance("db"), ChangeAction.None)],
    };
}
