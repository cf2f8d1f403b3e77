namespace IncusCompose.Hooks;

/// <summary>That the commands of hooks may run on this machine.</summary>
/// <param name="Folder">The folder that they are run in; null: the process's current one.</param>
public sealed record HostHooks(string? Folder = null);
