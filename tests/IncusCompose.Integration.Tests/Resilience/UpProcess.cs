using System.Diagnostics;

namespace IncusCompose.Integration.Tests.Resilience;

/// <summary>An <c>incus-compose up</c> in a process of its own, which can be killed.</summary>
internal sealed class UpProcess : IDisposable
{
    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "incus-compose.dll");
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private readonly Process _process;
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly Task<string> _output;
    private readonly Task<string> _error;

    private UpProcess(Process process)
    {
        _process = process;
        _output = process.StandardOutput.ReadToEndAsync();
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
        return new UpProcess(Process.Start(start)!);
    }

    /// <summary>SIGKILL, if it has not ended yet.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        using var limit = new CancellationTokenSource(Limit);
        await _process.WaitForExitAsync(limit.Token);
    }

    /// <summary>Waits for its end; the exit code, what it wrote, and how long it took from its start.</summary>
    public async Task<(int ExitCode, string Text, TimeSpan Time)> EndAsync()
    {
        using var limit = new CancellationTokenSource(Limit);
        await _process.WaitForExitAsync(limit.Token);
        return (_process.ExitCode, await _output + await _error, _clock.Elapsed);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.Dispose();
    }
}
