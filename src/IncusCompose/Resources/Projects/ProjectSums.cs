using System.Globalization;
using IncusCompose.Definition;

namespace IncusCompose.Resources.Projects;

/// <summary>Limits of a project on what all of its instances have together. Source: Incus doc/reference/projects.md.</summary>
internal static class ProjectSums
{
    private const string Memory = "limits.memory";

    /// <summary>What an instance says of a limit as a number; false for what cannot be counted, such as a share of the host's memory, or CPUs by their numbers.</summary>
    /// <param name="key">The limit, as a configuration key.</param>
    /// <param name="value">What is said.</param>
    /// <param name="count">Bytes of memory, else a plain number.</param>
    public static bool TryCount(string key, string value, out long count) => key == Memory
        ? ByteSize.TryParse(value, out count)
        : long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out count);

    /// <summary>Such a number as people read it.</summary>
    public static string Show(string key, long count) => key == Memory ? Sizes.Show(count) : count.ToString(CultureInfo.InvariantCulture);
}
