namespace IncusCompose.Definition;

/// <summary>
/// A folder of the server's host in an instance, which outlives the instance: made where it is not there, its user and group
/// numbers those of the instance. Source: Incus doc/reference/devices_disk.md, <c>shift</c>.
/// </summary>
public sealed record PersistedFolder
{
    /// <summary>The absolute path on the host.</summary>
    public required string Source { get; init; }

    /// <summary>The absolute path in the instance.</summary>
    public required string Target { get; init; }

    /// <summary>Whom it belongs to in the instance when it is made; null: the user that <c>ssh</c> lets in, else root.</summary>
    public FolderOwner? Owner { get; init; }
}

/// <summary>The owner of a folder, by numbers.</summary>
/// <param name="Uid">The user.</param>
/// <param name="Gid">The group.</param>
public sealed record FolderOwner(int Uid, int Gid)
{
    // The last number says "no change" to chown(2).
    private const int Most = int.MaxValue - 1;

    /// <summary>Reads <c>UID</c> (the group has the same number) or <c>UID:GID</c>; null for what is neither.</summary>
    /// <param name="text">The text.</param>
    public static FolderOwner? Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var numbers = text.Split(':').Select(part =>
            int.TryParse(part, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var number) && number <= Most ? number : -1).ToList();
        return numbers.Count is 1 or 2 && numbers.TrueForAll(number => number >= 0) ? new FolderOwner(numbers[0], numbers[^1]) : null;
    }

    /// <summary>The text that <see cref="Parse"/> reads.</summary>
    public override string ToString() => Uid == Gid ? $"{Uid}" : $"{Uid}:{Gid}";
}
