using Incus.Client;
using IncusCompose.Backups;

namespace IncusCompose;

/// <content>Backups, and copies of stacks.</content>
public sealed partial class ComposeEngine
{
    /// <summary>Writes a stack into a new directory, or into one new archive: definitions, and the server's exports of all data.</summary>
    /// <param name="client">The server, in the stack's project.</param>
    /// <param name="stack">The stack's name.</param>
    /// <param name="path">A directory that is empty or not there, or a file that ends with <c>.tar</c> and is not there.</param>
    /// <param name="options">What to take along and how.</param>
    /// <param name="progress">Is told what happens; called on any thread.</param>
    /// <param name="cancellationToken">Gives up; what was written by then is taken away, also from the server.</param>
    /// <exception cref="IncusNotFoundException">There is no such stack.</exception>
    /// <exception cref="IncusException">The server refused.</exception>
    /// <exception cref="IOException">It cannot be written.</exception>
    public Task<StackBackup> BackUpAsync(
        IncusClient client, string stack, string path, BackupOptions? options = null, IProgress<CopyEvent>? progress = null, CancellationToken cancellationToken = default) =>
        new BackupCreator(client, stack, options ?? new BackupOptions(), progress).RunAsync(path, cancellationToken);

    /// <summary>Reads a backup's manifest: which stack it is of, and what is in it. Digests are compared by <see cref="PlanRestoreAsync"/>.</summary>
    /// <param name="path">A directory or archive of <see cref="BackUpAsync"/>.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="BackupUnusableException">It is no backup, or of a newer format.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public async Task<StackBackup> ReadBackupAsync(string path, CancellationToken cancellationToken = default) =>
        (await BackupReader.OpenAsync(path, cancellationToken).ConfigureAwait(false)).Manifest;

    /// <summary>Verifies a backup and says what restoring it would make. Changes nothing.</summary>
    /// <param name="client">The server to restore it on, in the project to use.</param>
    /// <param name="path">A directory or archive of <see cref="BackUpAsync"/>.</param>
    /// <param name="options">What is different there.</param>
    /// <param name="progress">Is told what happens.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="BackupUnusableException">It is damaged, incomplete, no backup, or of a newer format.</exception>
    /// <exception cref="StackConflictException">Names are taken there, or something that the stack needs is missing.</exception>
    /// <exception cref="IncusException">The server could not be asked.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public Task<StackCopyPlan> PlanRestoreAsync(
        IncusClient client, string path, BackupRestoreOptions? options = null, IProgress<CopyEvent>? progress = null, CancellationToken cancellationToken = default) =>
        BackupRestorer.PlanAsync(client, _format, path, options ?? new BackupRestoreOptions(), progress, cancellationToken);

    /// <summary>
    /// Says what a clone of a stack would be: under another name, in another project or on another server, with hardware
    /// addresses of its own. Changes nothing.
    /// </summary>
    /// <param name="source">The server of the stack, in its project.</param>
    /// <param name="stack">The stack's name.</param>
    /// <param name="target">The server of the clone, in the project to use; may be the same.</param>
    /// <param name="options">What is different there.</param>
    /// <param name="cancellationToken">Ends the requests.</param>
    /// <exception cref="StackConflictException">Names are taken there, or something that the stack needs is missing.</exception>
    /// <exception cref="IncusNotFoundException">There is no such stack.</exception>
    /// <exception cref="IncusException">A server could not be asked.</exception>
    public Task<StackCopyPlan> PlanCloneAsync(
        IncusClient source, string stack, IncusClient target, CloneOptions? options = null, CancellationToken cancellationToken = default) =>
        new CloneRules(source, stack, target, options ?? new CloneOptions()).PlanAsync(cancellationToken);

    /// <summary>Makes what <see cref="PlanRestoreAsync"/> or <see cref="PlanCloneAsync"/> planned; where that fails, takes away again what it made.</summary>
    /// <param name="client">The server that was planned for.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="options">How to make it.</param>
    /// <param name="progress">Is told what happens; called on any thread.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="IncusException">The server refused; nothing of the stack was left there.</exception>
    public Task<StackCopyResult> CopyAsync(
        IncusClient client, StackCopyPlan plan, CopyOptions? options = null, IProgress<CopyEvent>? progress = null, CancellationToken cancellationToken = default) =>
        new StackBuilder(client.ForProject(plan.Project), plan, options ?? new CopyOptions(), _connector.Load(), progress).RunAsync(cancellationToken);
}
