namespace IncusCompose.Definition;

/// <content>What cloud-init makes of an instance when it first starts.</content>
public sealed partial record InstanceDefinition
{
    /// <summary>Packages that are installed in it.</summary>
    public IReadOnlyList<string> Packages { get; init; } = [];

    /// <summary>Users that are made in it.</summary>
    public IReadOnlyList<UserDefinition> Users { get; init; } = [];
}

/// <summary>A user that cloud-init makes in an instance. Source: cloud-init's documentation, "Including users and groups".</summary>
public sealed record UserDefinition
{
    /// <summary>The user's name.</summary>
    public required string Name { get; init; }

    /// <summary>Public keys by which the user may log in.</summary>
    public IReadOnlyList<string> Keys { get; init; } = [];

    /// <summary>Whether the user may do everything by <c>sudo</c>, without a password.</summary>
    public bool Sudo { get; init; }

    /// <summary>Groups that the user is in besides its own; those that are not there are made.</summary>
    public IReadOnlyList<string> Groups { get; init; } = [];

    /// <summary>The login shell; null: the system's own choice.</summary>
    public string? Shell { get; init; }

    /// <summary>The user's number; null: the next free one.</summary>
    public int? Uid { get; init; }

    /// <summary>The password as <c>/etc/shadow</c> holds it; null: nobody logs in by password. A secret.</summary>
    public string? PasswordHash { get; init; }

    /// <summary>The name; the rest may hold secrets.</summary>
    public override string ToString() => $"user {Name}";
}
