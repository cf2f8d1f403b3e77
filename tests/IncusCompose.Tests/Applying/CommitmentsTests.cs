using IncusCompose.Applying;

namespace IncusCompose.Tests.Applying;

/// <summary>What an apply goes through with, though its user has cancelled it.</summary>
public class CommitmentsTests
{
    [Fact]
    public async Task The_end_is_that_of_all_that_has_begun_whatever_becomes_of_it()
    {
        var commitments = new Commitments();
        var (first, second) = (new TaskCompletionSource(), new TaskCompletionSource());
        var failing = commitments.SeeThroughAsync(() => first.Task);
        var passing = commitments.SeeThroughAsync(() => second.Task);

        var end = commitments.EndAsync();
        first.SetException(new InvalidOperationException("lost"));
        Assert.False(end.IsCompleted);
        second.SetResult();
        await end;

        await passing;
        await Assert.ThrowsAsync<InvalidOperationException>(() => failing);
    }

    [Fact]
    public async Task Nothing_is_waited_for_where_nothing_has_begun() => await new Commitments().EndAsync();
}
