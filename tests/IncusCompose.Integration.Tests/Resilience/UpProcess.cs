using System.Diagnostics;
using System.Globalization;
using System.Text;
using IncusCompose.Integration.Tests.Lab;

namespace IncusCompose.Integration.Tests.Resilience;

/// <summary>An <c>incus-compose up</c> in a process of its own, which can be killed.</summary>
internal sealed class UpProcess : IDisposable
{
    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "incus-compose.dll");
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private readonly Lab.Lab _lab;
    private readonly Process _process;
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly StringBuilder _told = new();
    private readonly Task _output;
    private readonly Task<string> _error;

    private UpProcess(Lab.Lab lab, Process process)
    {
        _lab = lab;
        _process = process;
        _output = ReadAsync(process.StandardOutput);
        _error = process.StandardError.ReadToEndAsync();
    }

    public bool HasEnded => _process.HasExited;

    public static UpProcess Start(Lab.Lab lab, string file, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Program, "up", "-f", file, "--timeout", "2", .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in lab.Environment.Where(pair => pair.Key.StartsWith("INCUS_", StringComparison.Ordinal)))
            start.Environment[name] = value;
        return new UpProcess(lab, Process.Start(start)!);
    }

    /// <summary>Waits until it has written a text.</summary>
    /// <exception cref="TimeoutException">It did not.</exception>
    public Task ToldAsync(string text) => Eventually.GetAsync(() => Task.FromResult(Told), told => told.Contains(text, StringComparison.Ordinal));

    /// <summary>SIGKILL, if it has not ended yet.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        using var limit = new CancellationTokenSource(Limit);
        await _process.WaitForExitAsync(limit.Token);
    }

    /// <summary>SIGTERM, which means the same as Ctrl+C and reaches what was started in the background too.</summary>
    public async Task CancelAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }

    /// <summary>Waits for its end; the exit code, what it wrote, and how long it took from its start.</summary>
    /// <exception cref="TimeoutException">It goes on for ever; with what it wrote so far, and what the server is at.</exception>
    public async Task<(int ExitCode, string Text, TimeSpan Time)> EndAsync()
    {
        using var limit = new CancellationTokenSource(Limit);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"It has not ended:\n{Told}\n{await _lab.IncusAsync("operation", "list", "--all-projects")}{await _lab.IncusAsync("list", "--all-projects")}");
        }

        await _output;
        return (_process.ExitCode, Told + await _error, _clock.Elapsed);
    }

    private string Told
    {
        get
        {
            lock (_told)
                return _told.ToString();
        }
    }

    private async Task ReadAsync(StreamReader reader)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            lock (_told)
                _told.Append(line).Append('\n');
        }
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.Dispose();
    }
}
