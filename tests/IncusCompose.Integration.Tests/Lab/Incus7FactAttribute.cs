namespace IncusCompose.Integration.Tests.Lab;

/// <summary>A test that needs Incus 7.0, which is put together from Debian's packages: skipped, and reported so, where that cannot be.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class Incus7FactAttribute : FactAttribute
{
    public Incus7FactAttribute() => Skip = WhyNot;

    /// <summary>Why there is no Incus 7 here; null where there is. <c>./build.sh test</c> sets LAB_NO_INCUS7 where it could not be built.</summary>
    public static string? WhyNot { get; } =
        !File.ReadLines("/etc/os-release").Contains("ID=debian") ? "Incus 7 is put together from Debian's packages, and this is another system."
        : Environment.GetEnvironmentVariable("LAB_NO_INCUS7") is { Length: > 0 } ? "Incus 7 could not be built on this machine."
        : null;
}
