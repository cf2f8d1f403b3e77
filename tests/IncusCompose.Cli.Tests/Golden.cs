using System.Runtime.CompilerServices;

namespace IncusCompose.Cli.Tests;

/// <summary>
/// Compares text with a file in <c>Golden/</c>. With UPDATE_GOLDEN=1 the file is written instead;
/// what changed is then to be read in the difference before it is committed.
/// </summary>
internal static class Golden
{
    public static void Verify(string actual, string name, [CallerFilePath] string source = "")
    {
        var path = Path.Combine(Path.GetDirectoryName(source)!, "Golden", name);
        var visible = actual.Replace("\e", "␛", StringComparison.Ordinal);
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
            File.WriteAllText(path, visible);
        Assert.Equal(File.ReadAllText(path), visible);
    }
}
