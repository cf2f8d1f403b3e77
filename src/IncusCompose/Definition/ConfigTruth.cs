namespace IncusCompose.Definition;

/// <summary>Truth values as Incus reads them. Source: Incus shared/util/value.go.</summary>
internal static class ConfigTruth
{
    /// <summary>True for what Incus takes for true; a value that is not there is not.</summary>
    public static bool IsTrue(string? value) => value?.ToLowerInvariant() is "true" or "1" or "yes" or "on";
}
