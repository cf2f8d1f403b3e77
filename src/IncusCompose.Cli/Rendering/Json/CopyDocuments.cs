using IncusCompose.Backups;

namespace IncusCompose.Cli.Rendering.Json;

/// <summary>The last line of <c>backup --json</c>: what was written.</summary>
internal sealed record BackupDocument(
    string Event, string Path, string Stack, string Project, string ServerVersion, long Size, IReadOnlyList<BackupMemberDocument> Members)
{
    public static BackupDocument From(StackBackup backup) => new(
        "result", backup.Path, backup.Stack, backup.Project, backup.ServerVersion, backup.Size,
        [.. backup.Members.Select(member => new BackupMemberDocument(member.Kind, member.Name, member.Scope, member.File, member.Size, member.Sha256))]);
}

/// <summary>One file of a backup.</summary>
internal sealed record BackupMemberDocument(string Kind, string Name, string? Scope, string File, long Size, string Sha256);

/// <summary>The last line of a verb that makes a stack from elsewhere: what was made.</summary>
internal sealed record CopyDocument(
    string Event, string Stack, string Project, bool Succeeded, long DurationMs, long TransferredBytes, IReadOnlyList<CopiedDocument> Resources,
    IReadOnlyDictionary<string, string> NotStarted)
{
    public static CopyDocument From(StackCopyResult result) => new(
        "result", result.Stack, result.Project, result.NotStarted.Count == 0, (long)result.Duration.TotalMilliseconds, result.Transferred,
        [.. result.Resources.Select(resource => new CopiedDocument(resource.Id.ToString(), resource.From.ToString(), resource.Exists || resource.IsRenewed))], result.NotStarted);
}

/// <summary>One resource that was made, and what it was made from.</summary>
internal sealed record CopiedDocument(string Resource, string From, bool Existed);
