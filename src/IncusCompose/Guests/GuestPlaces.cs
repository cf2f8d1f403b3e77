namespace IncusCompose.Guests;

/// <summary>
/// Where files really lie. What is below <c>/run</c> and the like is gone with each stop of most systems, so such a file lies
/// in a folder of its own on the instance's disk, and its path is a link to it: put there before the instance starts, and by
/// systemd (tmpfiles.d) at each start, whoever starts it. Source: systemd's tmpfiles.d(5).
/// </summary>
internal static class GuestPlaces
{
    /// <summary>The folder for what would not outlive a stop at its own path.</summary>
    public const string Store = "/var/lib/incus-compose/files";

    /// <summary>What systemd is told of the links to put at each start.</summary>
    public const string TmpfilesRules = "/etc/tmpfiles.d/incus-compose.conf";

    /// <summary>Is there where systemd puts such links.</summary>
    public const string TmpfilesFolder = "/usr/lib/tmpfiles.d";

    /// <summary>Is there in the other systems that make a <c>/run</c> of their own.</summary>
    public const string OpenRc = "/sbin/openrc";

    private static readonly string[] s_volatile = ["/run/", "/var/run/", "/tmp/", "/dev/"];

    /// <summary>True for a path that a stop empties.</summary>
    public static bool IsVolatile(string target) => s_volatile.Any(folder => target.StartsWith(folder, StringComparison.Ordinal));

    /// <summary>Where the content of a path lies.</summary>
    public static string ContentOf(string target) => IsVolatile(target) ? Store + target : target;

    /// <summary>The rules for systemd that put links at volatile paths.</summary>
    public static string Rules(IEnumerable<string> targets) =>
        "# Written by incus-compose: files that lie elsewhere, since this place is emptied by each stop.\n"
        + string.Concat(targets.Where(IsVolatile).Order(StringComparer.Ordinal).Select(target => $"L+ {Quote(target)} - - - - {Argument(ContentOf(target))}\n"));

    // Specifiers begin with a percent sign; a path with blanks is quoted.
    private static string Quote(string path) => $"\"{Argument(path).Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";

    private static string Argument(string path) => path.Replace("%", "%%", StringComparison.Ordinal);
}
