namespace IncusCompose.Cli;

/// <summary>What the program is called and which version it is.</summary>
internal static class ThisProgram
{
    public const string Name = "incus-compose";

    /// <summary>The version of the build, such as <c>0.1.0</c>.</summary>
    public static string Version { get; } = typeof(ThisProgram).Assembly.GetName().Version?.ToString(3) ?? "unknown";
}
