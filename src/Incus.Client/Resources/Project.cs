namespace Incus.Client;

/// <summary>A project: a space of names with its own limits (<c>/1.0/projects/NAME</c>).</summary>
public sealed record Project : NamedResource
{
    /// <summary>API addresses of what is in it. Read-only.</summary>
    public IReadOnlyList<string> UsedBy { get => field ?? []; init; }
}
