namespace IncusCompose.Benchmarks;

/// <summary>What the program and the module take to start, beside what their hosts take.</summary>
internal static class Starts
{
    public static async Task MeasureAsync(Report report, int rounds)
    {
        using var hello = await HelloWorld.BuildAsync();
        var contenders = new List<Contender>
        {
            new("dotnet hello world", () => Command.RunAsync(hello.Program)),
            new("incus-compose version", () => Command.RunAsync(Command.IncusCompose, "version")),
        };
        if (Command.Find("pwsh") is { } pwsh)
        {
            var module = Path.Combine(Command.Root, "IncusCompose.psd1");
            contenders.Add(new("pwsh -NoProfile -c exit", () => Command.RunAsync(pwsh, "-NoProfile", "-c", "exit")));
            contenders.Add(new("pwsh, Import-Module IncusCompose", () => Command.RunAsync(pwsh, "-NoProfile", "-c", $"Import-Module '{module}'; exit")));
        }
        else
        {
            report.Missing("Import-Module", "pwsh is not installed");
        }
        foreach (var times in await Measure.InTurnsAsync(rounds * 3, [.. contenders]))
            report.Add("start", times);
    }
}
