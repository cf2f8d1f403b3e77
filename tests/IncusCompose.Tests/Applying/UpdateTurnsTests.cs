using IncusCompose.Applying;
using IncusCompose.Definition;
using IncusCompose.Resources;
using IncusCompose.Resources.Instances;

namespace IncusCompose.Tests.Applying;

public class UpdateTurnsTests
{
    private readonly UpdateTurns _turns = new();

    [Fact]
    public async Task A_replica_has_its_turn_once_the_one_before_is_done()
    {
        var first = new TaskCompletionSource();
        var begun = new List<string>();
        var one = _turns.TakeAsync(Replica("web-1"), () => Begin("web-1", first.Task), default);
        var two = _turns.TakeAsync(Replica("web-2"), () => Begin("web-2", Task.CompletedTask), default);
        var other = _turns.TakeAsync(Replica("db-1", "db"), () => Begin("db-1", Task.CompletedTask), default);
        var all = _turns.TakeAsync(Replica("web-3", strategy: UpdateStrategy.All), () => Begin("web-3", Task.CompletedTask), default);
        await Task.WhenAll(other, all);

        Assert.Equal(["web-1", "db-1", "web-3"], begun);
        Assert.False(two.IsCompleted);
        first.SetResult();
        await Task.WhenAll(one, two);
        Assert.Equal("web-2", begun[^1]);

        Task Begin(string name, Task work)
        {
            begun.Add(name);
            return work;
        }
    }

    [Fact]
    public async Task None_has_a_turn_once_another_failed_but_that_one_again()
    {
        await Assert.ThrowsAsync<TimeoutException>(() => _turns.TakeAsync(Replica("web-1"), () => throw new TimeoutException(), default));
        var lost = await Assert.ThrowsAsync<TurnLostException>(() => _turns.TakeAsync(Replica("web-2"), () => Task.CompletedTask, default));
        Assert.Equal("not begun, since instance/web-1 failed", lost.Message);

        await _turns.TakeAsync(Replica("web-1"), () => Task.CompletedTask, default);
        await _turns.TakeAsync(Replica("web-2"), () => Task.CompletedTask, default);
    }

    private static DesiredInstance Replica(string name, string group = "web", UpdateStrategy strategy = UpdateStrategy.Rolling) => new()
    {
        Id = InstanceKind.IdOf(name),
        DefinitionPath = $"instances.{group}",
        Properties = new PropertyBag(),
        ImageWord = "busybox",
        ProfileConfig = new Dictionary<string, string>(),
        OwnConfig = new Dictionary<string, string>(),
        Group = group,
        Update = new UpdateDefinition { Strategy = strategy },
    };
}
