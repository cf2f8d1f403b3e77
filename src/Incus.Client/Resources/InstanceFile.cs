namespace Incus.Client;

/// <summary>Owner and mode of a file to be written into an instance.</summary>
public sealed record FileAttributes
{
    /// <summary>Numeric owner; null for root on creation and unchanged otherwise.</summary>
    public int? Uid { get; init; }

    /// <summary>Numeric group; null likewise.</summary>
    public int? Gid { get; init; }

    /// <summary>Permissions as a number, such as <c>Convert.ToInt32("0644", 8)</c>; null for the server's default.</summary>
    public int? Mode { get; init; }
}

/// <summary>What the server says of a file in an instance.</summary>
/// <param name="Path">Path in the instance.</param>
/// <param name="Type"><c>file</c>, <c>directory</c> or <c>symlink</c>.</param>
/// <param name="Uid">Owner.</param>
/// <param name="Gid">Group.</param>
/// <param name="Mode">Permissions, such as octal 0644.</param>
public sealed record InstanceFileInfo(string Path, string Type, int Uid, int Gid, int Mode);
