using System.Text;
using IncusCompose.Instances;

namespace IncusCompose.Tests.Instances;

/// <summary>Programs of this machine: run to their end, or killed with all that they have started.</summary>
public class HostProgramTests
{
    [Fact]
    public async Task Its_output_and_its_end_are_told()
    {
        using var output = new MemoryStream();
        var said = new CommandOutput(null, []);
        using var errors = new LineStream(said.Take);

        var end = await new HostProgram { Command = ["sh", "-c", "echo $A; echo b >&2; read x; exit 3"], Environment = new Dictionary<string, string> { ["A"] = "a" } }.RunAsync(output, errors, default);

        Assert.Equal("a\n", Encoding.UTF8.GetString(output.ToArray()));
        Assert.Equal((3, "sh ended with exit status 3", "sh ended with exit status 3; its output: b"), (end.ExitCode, end.Problem, end.FailureWith(said)));
        Assert.Equal(new ProgramEnd(0, null), await new HostProgram { Command = ["true"] }.RunAsync(Stream.Null, Stream.Null, default));
    }

    [Fact]
    public async Task One_that_is_not_there_is_no_exception()
    {
        var end = await new HostProgram { Command = ["./no-such-program"], Folder = "/" }.RunAsync(Stream.Null, Stream.Null, default);

        Assert.True(end.NotStarted);
        Assert.StartsWith("./no-such-program cannot be started on this machine: ", end.Problem, StringComparison.Ordinal);
        Assert.False(HostProgram.IsInstalled("no-such-program"));
        Assert.True(HostProgram.IsInstalled("sh"));
    }

    [Fact]
    public async Task One_that_takes_too_long_or_writes_too_much_is_ended()
    {
        var slow = await new HostProgram { Command = ["sleep", "1000"], Timeout = TimeSpan.FromMilliseconds(100) }.RunAsync(Stream.Null, Stream.Null, default);
        Assert.Equal((true, null, "sleep did not end within 100ms"), (slow.TookTooLong, slow.ExitCode, slow.Problem));

        var long_ = await new HostProgram { Command = ["yes"], MostOutput = 1000 }.RunAsync(Stream.Null, Stream.Null, default);
        Assert.True(long_.WroteTooMuch);
    }

    [Fact]
    public async Task What_is_not_wanted_any_more_goes_with_all_that_it_has_started()
    {
        using var stop = new CancellationTokenSource();
        var child = "";
        using var lines = new LineStream(line =>
        {
            child = line;
            stop.Cancel();
        });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => new HostProgram { Command = ["sh", "-c", "sleep 1000 & echo $!; wait"] }.RunAsync(lines, Stream.Null, stop.Token));

        // Killed, and perhaps not yet reaped.
        Assert.True(SpinWait.SpinUntil(() => !File.Exists($"/proc/{child}/stat") || StateOf(child) is "Z" or "X", TimeSpan.FromMinutes(1)));
    }

    private static string StateOf(string process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/stat").Split(')')[^1].Trim().Split(' ')[0];
        }
        catch (IOException)
        {
            return "X";
        }
    }
}
