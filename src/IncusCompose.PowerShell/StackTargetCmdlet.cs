using System.Management.Automation;
using IncusCompose.Loading;
using IncusCompose.PowerShell.Commands;
using IncusCompose.PowerShell.Completion;
using IncusCompose.PowerShell.Hosting;
using IncusCompose.PowerShell.Sessions;

namespace IncusCompose.PowerShell;

/// <summary>A cmdlet that works with stacks as they are on a server: named, or named by the files that made them.</summary>
public abstract class StackTargetCmdlet : ServerCmdlet
{
    private protected const string NameSet = "Name";
    private protected const string PathSet = "Path";
    private protected const string LiteralPathSet = "LiteralPath";

    private readonly List<(ServerConnection Connection, string Name, StackIdentity Identity)> _together = [];

    private StackFiles _files = null!;

    /// <summary>The stacks: names (wildcards allowed), objects of Get-IncusStack or Import-IncusStack, or stack files of Get-Item. No file is needed.</summary>
    [Parameter(ParameterSetName = NameSet, Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(StackCompleter))]
    public StackIdentity[] Name { get; set; } = [];

    /// <summary>Stack files, wildcards allowed, that say which stack and where.</summary>
    [Parameter(ParameterSetName = PathSet, Mandatory = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Path { get; set; } = [];

    /// <summary>Stack files whose names are taken as they are.</summary>
    [Parameter(ParameterSetName = LiteralPathSet, Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [Alias("PSPath", "LP")]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>The current folder of the runspace.</summary>
    private protected string Folder { get; private set; } = "";

    /// <inheritdoc/>
    private protected override void OnBegin()
    {
        base.OnBegin();
        Folder = Host.CurrentDirectory;
        _files = new StackFiles(Session, Folder);
    }

    /// <inheritdoc/>
    private protected override async Task ProcessAsync(Pipeline pipeline, CancellationToken cancellationToken)
    {
        foreach (var identity in await IdentitiesAsync(pipeline, cancellationToken).ConfigureAwait(false))
        {
            var connection = await ConnectAsync(identity.Server, identity.Project, cancellationToken).ConfigureAwait(false);
            IEnumerable<string> names = [identity.Name];
            if (identity.IsPattern)
            {
                var wanted = WildcardPattern.Get(identity.Name, WildcardOptions.IgnoreCase);
                var stacks = await StackLookup.ListAsync(Session.Engine, connection, allProjects: false, cancellationToken).ConfigureAwait(false);
                names = stacks.Select(stack => stack.Name).Where(wanted.IsMatch);
            }

            foreach (var name in names)
            {
                if (GoesOn)
                    _together.Add((connection, name, identity));
                else
                    await ProcessStackAsync(pipeline, connection, name, identity, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <inheritdoc/>
    private protected override async Task EndAsync(Pipeline pipeline, CancellationToken cancellationToken)
    {
        using var others = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var work = _together.Select(target => WorkAsync(target.Connection, target.Name, target.Identity)).ToList();
        await Task.WhenAll(work).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        // The first failure ended the others.
        if (work.Find(one => one.IsFaulted) is { } failed)
            await failed.ConfigureAwait(false);

        async Task WorkAsync(ServerConnection connection, string name, StackIdentity identity)
        {
            try
            {
                await ProcessStackAsync(pipeline, connection, name, identity, others.Token).ConfigureAwait(false);
            }
            catch
            {
                await others.CancelAsync().ConfigureAwait(false);
                throw;
            }
        }
    }

    /// <summary>True where the work for one stack does not end by itself: it is done for all of them together, after the last one was named.</summary>
    private protected virtual bool GoesOn => false;

    /// <summary>Does the cmdlet's work for one stack. Whether there is such a stack has not been looked at.</summary>
    /// <param name="pipeline">Where to write to.</param>
    /// <param name="connection">The server, in the stack's project.</param>
    /// <param name="name">The stack's name.</param>
    /// <param name="identity">What the user named.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    private protected abstract Task ProcessStackAsync(
        Pipeline pipeline, ServerConnection connection, string name, StackIdentity identity, CancellationToken cancellationToken);

    private async Task<IReadOnlyList<StackIdentity>> IdentitiesAsync(Pipeline pipeline, CancellationToken cancellationToken)
    {
        if (Name.Length == 0)
            return await FromFilesAsync(pipeline, LiteralPath.Length > 0 ? LiteralPath : Path, LiteralPath.Length > 0, cancellationToken).ConfigureAwait(false);
        var identities = new List<StackIdentity>();
        foreach (var identity in Name)
        {
            if (identity.File is { } file)
                identities.AddRange(await FromFilesAsync(pipeline, [file.FullName], literal: true, cancellationToken).ConfigureAwait(false));
            else
                identities.Add(identity);
        }

        return identities;
    }

    private async Task<IReadOnlyList<StackIdentity>> FromFilesAsync(Pipeline pipeline, string[] paths, bool literal, CancellationToken cancellationToken)
    {
        var options = new LoadOptions { Project = Project ?? Server?.Project, Remote = Remote ?? Server?.Name };
        var stack = await _files.LoadOrReportAsync(pipeline, paths, literal, options, cancellationToken).ConfigureAwait(false);
        return stack is null ? [] : [new StackIdentity(stack)];
    }
}
