using IncusCompose.Loading;
using IncusCompose.Yaml;
using YamlDotNet.RepresentationModel;

namespace IncusCompose.Benchmarks;

/// <summary>
/// Loading and validating a stack file of 1,000 instances, 20,000 lines, without a server: against programs that do nothing
/// but parse the same text.
/// </summary>
internal static class LoadLarge
{
    private const int Count = 1000;

    /// <summary>What a person who runs the command does not wait for, in milliseconds.</summary>
    private const double MostMilliseconds = 600;

    private const double MostMegabytes = 250;

    public static async Task MeasureAsync(Report report, int rounds)
    {
        using var stack = StackFile.Of(LargeStack.Text(Count));
        using var twice = StackFile.Of(LargeStack.Text(Count * 2));
        var loader = new StackLoader(new YamlDocumentFormat());
        Task Load(string path)
        {
            if (!loader.Load([path]).Succeeded)
                throw new InvalidOperationException("The large stack file does not load.");
            return Task.CompletedTask;
        }

        var contenders = new List<Contender>
        {
            new("incus-compose version", () => Command.RunAsync(Command.IncusCompose, "version")),
            new("incus-compose config", () => Command.RunAsync(Command.IncusCompose, "config", "--quiet", "-f", stack.Path)),
            new("engine, in a process that goes on", () => Load(stack.Path)),
            new("YamlDotNet, text to tree only, in the same process", () => Parse(stack.Path)),
            new($"engine, {Count * 2} instances", () => Load(twice.Path)),
        };
        if (await Command.SucceedsAsync("python3", "-c", "from yaml import CSafeLoader"))
            contenders.Add(new("python3, PyYAML with libyaml, parsing only", () => Command.RunAsync("python3", "-c", "import sys, yaml; yaml.load(open(sys.argv[1]), yaml.CSafeLoader)", stack.Path)));
        var pwsh = Command.Find("pwsh");
        var module = Path.Combine(Command.Root, "IncusCompose.psd1");
        if (pwsh is not null)
        {
            contenders.Add(new("pwsh, Import-Module IncusCompose", () => Command.RunAsync(pwsh, "-NoProfile", "-c", $"Import-Module '{module}'; exit")));
            contenders.Add(new("pwsh, the same and Test-IncusStack", () => Command.RunAsync(pwsh, "-NoProfile", "-c", $"Import-Module '{module}'; exit [int](-not (Test-IncusStack '{stack.Path}' -Quiet))")));
        }

        var times = (await Measure.InTurnsAsync(rounds * 3, [.. contenders])).ToDictionary(time => time.Name);
        double Median(string name) => times[name].Median;
        foreach (var time in times.Values)
            report.Add($"load {Count} instances, 20,000 lines", time);
        var load = Median("incus-compose config") - Median("incus-compose version");
        report.Within($"load {Count} instances: config - process start", load, MostMilliseconds);
        if (pwsh is not null)
            report.Within($"load {Count} instances: Test-IncusStack - import", Median("pwsh, the same and Test-IncusStack") - Median("pwsh, Import-Module IncusCompose"), MostMilliseconds);
        report.WithinMegabytes($"load {Count} instances: most memory of config", await Command.PeakMemoryAsync(Command.IncusCompose, "config", "--quiet", "-f", stack.Path), MostMegabytes);
        report.Beside("engine / YamlDotNet alone", Median("engine, in a process that goes on") / Median("YamlDotNet, text to tree only, in the same process"));
        report.Beside($"engine, {Count * 2} instances / {Count} instances", Median($"engine, {Count * 2} instances") / Median("engine, in a process that goes on"));
        if (times.TryGetValue("python3, PyYAML with libyaml, parsing only", out var python))
            report.Beside("PyYAML with libyaml / config, process starts included", python.Median / Median("incus-compose config"));
        else
            report.Missing("PyYAML", "python3-yaml is not installed");
    }

    private static Task Parse(string path)
    {
        using var text = new StreamReader(path);
        new YamlStream().Load(text);
        return Task.CompletedTask;
    }
}
