using IncusCompose.Loading;
using IncusCompose.Yaml;

namespace IncusCompose.Tests;

/// <summary>
/// The process that tests start where they measure memory: it loads one stack file, prints the first problems, and
/// reports the most memory that it ever had (kB, as the kernel counts it).
/// </summary>
internal static class Program
{
    public static int Main(string[] arguments)
    {
        if (arguments is not ["load", var file])
            return 64;
        var result = new StackLoader(new YamlDocumentFormat()).Load([file], new LoadOptions { Variables = new Dictionary<string, string> { ["A"] = new('a', 1000) } });
        Console.WriteLine($"problems: {result.Diagnostics.Count}");
        foreach (var diagnostic in result.Diagnostics.Take(3))
            Console.WriteLine(diagnostic);
        Console.WriteLine(File.ReadLines("/proc/self/status").Single(line => line.StartsWith("VmHWM:", StringComparison.Ordinal)));
        return result.Succeeded ? 0 : 1;
    }
}
