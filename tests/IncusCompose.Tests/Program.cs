using IncusCompose.Loading;
using IncusCompose.Yaml;

namespace IncusCompose.Tests;

/// <summary>The process that tests start where a standard input of its own is needed: it loads one stack file and prints the first problems.</summary>
internal static class Program
{
    public static int Main(string[] arguments)
    {
        if (arguments is not ["load", var file])
            return 64;
        var result = new StackLoader(new YamlDocumentFormat()).Load([file]);
        Console.WriteLine($"problems: {result.Diagnostics.Count}");
        foreach (var diagnostic in result.Diagnostics.Take(3))
            Console.WriteLine(diagnostic);
        return result.Succeeded ? 0 : 1;
    }
}
