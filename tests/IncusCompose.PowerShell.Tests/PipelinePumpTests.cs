using IncusCompose.PowerShell.Hosting;

namespace IncusCompose.PowerShell.Tests;

public sealed class PipelinePumpTests : IDisposable
{
    private readonly RecordingHost _host = new();

    public void Dispose() => _host.Dispose();

    [Fact]
    public void What_many_threads_write_arrives_on_the_pipeline_thread_and_each_thread_s_order_is_kept()
    {
        var failure = PipelinePump.Run(
            _host,
            (pipeline, _) => Task.WhenAll(Enumerable.Range(0, 8).Select(thread => Task.Run(() =>
            {
                for (var i = 0; i < 200; i++)
                    pipeline.WriteObject((thread, i));
            }))),
            CancellationToken.None);

        Assert.Null(failure);
        Assert.Equal(1600, _host.Objects.Count);
        foreach (var byThread in _host.Objects.Cast<(int Thread, int Number)>().GroupBy(item => item.Thread))
            Assert.Equal(Enumerable.Range(0, 200), byThread.Select(item => item.Number));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_question_is_asked_on_the_pipeline_thread_and_its_answer_comes_back(bool answer)
    {
        using var host = new RecordingHost { Answer = answer };
        bool? got = null;

        PipelinePump.Run(
            host,
            async (pipeline, _) => got = await pipeline.ShouldProcessAsync("Delete instance web", "Delete instance web?", "Confirm"),
            CancellationToken.None);

        Assert.Equal(answer, got);
        Assert.Equal(["Delete instance web"], host.Questions);
    }

    [Fact]
    public void An_exception_of_the_work_is_handed_back_after_everything_was_written()
    {
        var failure = PipelinePump.Run(
            _host,
            (pipeline, _) =>
            {
                pipeline.WriteObject(1);
                throw new InvalidOperationException("no");
            },
            CancellationToken.None);

        Assert.Equal("no", Assert.IsType<InvalidOperationException>(failure).Message);
        Assert.Equal([1], _host.Objects);
    }

    [Fact]
    public void An_exception_of_the_host_cancels_the_work_waits_for_it_and_comes_out_as_it_was()
    {
        var enough = new InvalidOperationException("a later command has enough");
        using var host = new RecordingHost { ThrowOnWrite = enough };
        var cleanedUp = false;

        var thrown = Assert.Throws<InvalidOperationException>(() => PipelinePump.Run(
            host,
            async (pipeline, cancellation) =>
            {
                pipeline.WriteObject(1);
                try
                {
                    await Task.Delay(Timeout.Infinite, cancellation);
                }
                finally
                {
                    await Task.Yield();
                    cleanedUp = true;
                }
            },
            CancellationToken.None));

        Assert.Same(enough, thrown);
        Assert.True(cleanedUp);
    }

    [Fact]
    public void A_stop_cancels_the_work_and_a_question_that_nobody_will_answer_any_more()
    {
        using var stop = new CancellationTokenSource();
        using var host = new RecordingHost { ThrowOnWrite = new InvalidOperationException("stopped") };

        Assert.Throws<InvalidOperationException>(() => PipelinePump.Run(
            host,
            async (pipeline, _) =>
            {
                pipeline.WriteObject(1);
                await pipeline.ShouldProcessAsync("never asked", "", "");
            },
            stop.Token));
        Assert.Empty(host.Questions);

        var failure = PipelinePump.Run(
            _host,
            async (_, cancellation) =>
            {
                await stop.CancelAsync();
                await Task.Delay(Timeout.Infinite, cancellation);
            },
            stop.Token);
        Assert.IsAssignableFrom<OperationCanceledException>(failure);
    }

    [Fact]
    public void What_is_written_after_the_end_is_dropped()
    {
        Pipeline? late = null;

        PipelinePump.Run(
            _host,
            (pipeline, _) =>
            {
                late = pipeline;
                return Task.CompletedTask;
            },
            CancellationToken.None);
        late!.WriteObject(1);

        Assert.Empty(_host.Objects);
    }
}
