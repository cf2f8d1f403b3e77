using System.Security.Cryptography;
using System.Text;
using Incus.Client;
using IncusCompose.Integration.Tests.Lab;

namespace IncusCompose.Integration.Tests.Client;

[Collection(CommandLabCollection.Name)]
public sealed class ExecTests(BoxFixture box) : IClassFixture<BoxFixture>
{
    private InstanceApi Instances => box.Instances;

    [Fact]
    public async Task Output_error_and_exit_code_come_apart()
    {
        var result = await ShellAsync("echo out; echo err >&2; exit 3");
        Assert.Equal(new ExecResult(3, "out\n", "err\n"), result);
    }

    [Fact]
    public async Task Environment_user_group_and_directory_are_those_asked_for()
    {
        var result = await Instances.ExecAsync("box", new ExecRequest
        {
            Command = ["/bin/sh", "-c", "echo $GREETING; id -u; id -g; pwd"],
            Environment = new Dictionary<string, string> { ["GREETING"] = "good morning" },
            User = 1000,
            Group = 1001,
            WorkingDirectory = "/etc",
        });
        Assert.Equal("good morning\n1000\n1001\n/etc\n", result.StandardOutput);
    }

    [Fact]
    public async Task Input_is_read_to_its_end_and_none_is_end_of_file()
    {
        var result = await Instances.ExecAsync("box", Shell("cat; echo done"), new ExecStreams { StandardInput = new MemoryStream("hello\n"u8.ToArray()) });
        Assert.Equal("hello\ndone\n", result.StandardOutput);
        Assert.Equal("0\n", (await ShellAsync("cat | wc -c")).StandardOutput!.TrimStart());
    }

    [Fact]
    public async Task Ten_megabytes_of_binary_pass_unharmed_both_ways()
    {
        var data = RandomNumberGenerator.GetBytes(10 * 1024 * 1024);
        using var output = new MemoryStream();
        var result = await Instances.ExecAsync(
            "box", Shell("cat"), new ExecStreams { StandardInput = new MemoryStream(data), StandardOutput = output });
        Assert.Equal(0, result.ExitCode);
        Assert.Null(result.StandardOutput);
        Assert.Equal(SHA256.HashData(data), SHA256.HashData(output.ToArray()));
    }

    [Fact]
    public async Task All_output_is_there_when_the_exit_code_is()
    {
        var results = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => ShellAsync("seq 1 20000; seq 1 20000 >&2; exit 7")));
        var expected = string.Concat(Enumerable.Range(1, 20000).Select(static n => $"{n}\n"));
        Assert.All(results, result => Assert.Equal(new ExecResult(7, expected, expected), result));
    }

    [Fact]
    public async Task A_command_that_does_not_read_its_input_ends_all_the_same()
    {
        // A pipe whose writing end stays open: reading from it never ends.
        using var endless = new System.IO.Pipes.AnonymousPipeServerStream(System.IO.Pipes.PipeDirection.Out);
        using var input = new System.IO.Pipes.AnonymousPipeClientStream(System.IO.Pipes.PipeDirection.In, endless.ClientSafePipeHandle);
        var result = await Instances.ExecAsync("box", Shell("echo ready"), new ExecStreams { StandardInput = input }).WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal("ready\n", result.StandardOutput);
    }

    [Fact]
    public async Task A_missing_command_is_not_found_and_a_failing_shell_is_not()
    {
        var failure = await Assert.ThrowsAsync<IncusNotFoundException>(() => Instances.ExecAsync("box", new ExecRequest { Command = ["/no/such", "s3cret"] }));
        Assert.Contains("\"/no/such\"", failure.Message, StringComparison.Ordinal);
        Assert.Contains("instance box", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", failure.ToString(), StringComparison.Ordinal);

        var shell = await ShellAsync("no-such-thing");
        Assert.Equal(127, shell.ExitCode);
        Assert.Contains("not found", shell.StandardError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_no_program_can_not_be_executed()
    {
        var failure = await Assert.ThrowsAsync<IncusOperationException>(() => Instances.ExecAsync("box", new ExecRequest { Command = ["/etc/hostname"] }));
        Assert.Contains("can not be executed", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stopped_instance_refuses()
    {
        var stopped = await box.CreateStoppedAsync();
        var failure = await Assert.ThrowsAnyAsync<IncusException>(() => Instances.ExecAsync(stopped, Shell("true")));
        Assert.Contains("not running", failure.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Cancelling_kills_the_command()
    {
        using var cancel = new CancellationTokenSource();
        using var output = new SignallingStream();
        var running = Instances.ExecAsync("box", Shell("echo on; exec sleep 987"), new ExecStreams { StandardOutput = output }, cancel.Token);
        await output.Written.WaitAsync(TimeSpan.FromSeconds(20));

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running).WaitAsync(TimeSpan.FromSeconds(10));
        await Eventually.GetAsync(() => ShellAsync("ps | grep -c '[s]leep 987'"), static result => result.StandardOutput == "0\n");
    }

    [Theory]
    [InlineData("exec yes")]
    [InlineData("sleep 986 & exec yes >&2")]
    public async Task What_is_written_without_end_is_not_collected_without_end(string shell)
    {
        var error = await Assert.ThrowsAsync<IncusException>(
            () => Instances.ExecAsync("box", Shell(shell), new ExecStreams { LargestOutput = 100_000 })).WaitAsync(TimeSpan.FromSeconds(20));

        Assert.StartsWith("\"/bin/sh\" in instance box wrote more than 100000 bytes, and was ended", error.Message, StringComparison.Ordinal);
        await Eventually.GetAsync(() => ShellAsync("ps | grep -c '[y]es$'"), static result => result.StandardOutput == "0\n");
    }

    [Fact]
    public async Task A_stream_that_takes_no_more_ends_the_command()
    {
        using var full = new MemoryStream(new byte[1000]);

        await Assert.ThrowsAsync<NotSupportedException>(
            () => Instances.ExecAsync("box", Shell("exec yes no"), new ExecStreams { StandardOutput = full })).WaitAsync(TimeSpan.FromSeconds(20));

        await Eventually.GetAsync(() => ShellAsync("ps | grep -c '[y]es no'"), static result => result.StandardOutput == "0\n");
    }

    [Fact]
    public async Task Signals_reach_the_command()
    {
        var control = new ExecControl();
        using var output = new SignallingStream();
        var running = Instances.ExecAsync(
            "box", Shell("trap 'echo caught; exit 5' TERM; echo on; while true; do sleep 0.1; done"),
            new ExecStreams { StandardOutput = output, Control = control });
        await output.Written.WaitAsync(TimeSpan.FromSeconds(20));
        await control.SignalAsync(15);
        var result = await running.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(5, result.ExitCode);
        Assert.Equal("on\ncaught\n", Encoding.UTF8.GetString(output.ToArray()));
    }

    [Fact]
    public async Task A_terminal_has_the_size_asked_for_and_can_be_resized()
    {
        var control = new ExecControl();
        using var output = new SignallingStream();
        using var input = new MemoryStream("x\n"u8.ToArray());
        var running = Instances.ExecAsync(
            "box",
            Shell("stty size; trap 'stty size; exit 0' WINCH; echo on; while true; do sleep 0.1; done") with { Interactive = true, Width = 90, Height = 33 },
            new ExecStreams { StandardOutput = output, Control = control });
        await Eventually.GetAsync(() => Task.FromResult(Encoding.UTF8.GetString(output.ToArray())), static text => text.Contains("on", StringComparison.Ordinal));
        await control.ResizeAsync(100, 40);
        await running.WaitAsync(TimeSpan.FromSeconds(20));
        var text = Encoding.UTF8.GetString(output.ToArray());
        Assert.Contains("33 90", text, StringComparison.Ordinal);
        Assert.Contains("40 100", text, StringComparison.Ordinal);
    }

    private Task<ExecResult> ShellAsync(string script) => Instances.ExecAsync("box", Shell(script));

    private static ExecRequest Shell(string script) => new() { Command = ["/bin/sh", "-c", script] };

    /// <summary>Collects what is written and tells when the first of it has arrived.</summary>
    private sealed class SignallingStream : Stream
    {
        private readonly MemoryStream content = new();
        private readonly TaskCompletionSource written = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Written => written.Task;

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => content.Length;

        public override long Position { get => content.Position; set => throw new NotSupportedException(); }

        public byte[] ToArray()
        {
            lock (content)
                return content.ToArray();
        }

        public override void Flush() { }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count)
        {
            lock (content)
                content.Write(buffer, offset, count);
            written.TrySetResult();
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Write(buffer.ToArray(), 0, buffer.Length);
            return ValueTask.CompletedTask;
        }
    }
}
