using System.Management.Automation;
using IncusCompose.Loading;
using IncusCompose.PowerShell.Commands;
using IncusCompose.PowerShell.Completion;
using IncusCompose.PowerShell.Errors;
using IncusCompose.PowerShell.Hosting;
using IncusCompose.PowerShell.Sessions;
using IncusCompose.Ssh;

namespace IncusCompose.PowerShell;

/// <summary>A cmdlet that writes for other tools how instances are reached, from what is live.</summary>
public abstract class AccessCmdlet : ServerCmdlet
{
    private readonly List<(ServerConnection Connection, AccessIdentity? Identity)> _wanted = [];
    private string _currentDirectory = "";

    /// <summary>
    /// Only these: names of instances, wildcards allowed, objects of Get-IncusInstance, or stacks of Get-IncusStack or
    /// Import-IncusStack. Without it: every instance.
    /// </summary>
    [Parameter(Position = 0, ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(InstanceCompleter))]
    public AccessIdentity[]? Name { get; set; }

    /// <summary>Only instances of these stacks, wildcards allowed.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(StackCompleter))]
    public string[]? Stack { get; set; }

    /// <summary>Every project that the client may see.</summary>
    [Parameter]
    public SwitchParameter AllProjects { get; set; }

    /// <summary>The file to write, with the host keys beside it. Without it the text is returned.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? OutFile { get; set; }

    /// <summary>The host to go through where there is no direct way, [user@]host[:port]; none: go straight there.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? JumpHost { get; set; }

    /// <summary>What is written, for questions: an inventory.</summary>
    private protected abstract string What { get; }

    /// <inheritdoc/>
    private protected override void OnBegin()
    {
        base.OnBegin();
        _currentDirectory = Host.CurrentDirectory;
    }

    /// <summary>Makes the text.</summary>
    /// <param name="instances">The instances.</param>
    /// <param name="knownHosts">The file that will hold their host keys.</param>
    private protected abstract string Write(IReadOnlyList<InstanceAccess> instances, string knownHosts);

    /// <summary>Why an instance that was named is not in the text; null where it is.</summary>
    /// <param name="instance">The instance.</param>
    private protected virtual string? WhyLeftOut(InstanceAccess instance) => null;

    /// <inheritdoc/>
    private protected override Task BeginAsync(Pipeline pipeline, CancellationToken cancellationToken)
    {
        if (JumpHost is not null)
            InstanceLimits.CheckJumpHost(JumpHost, "-JumpHost");
        if (OutFile is null)
            return Task.CompletedTask;
        try
        {
            KnownHosts.CheckPlace(PathOf(OutFile));
        }
        catch (IOException error)
        {
            throw new ArgumentException($"-OutFile: {error.Message}.", error);
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    private protected override async Task ProcessAsync(Pipeline pipeline, CancellationToken cancellationToken)
    {
        foreach (var identity in Name ?? [null!])
        {
            var connection = await ConnectAsync(identity?.Server, identity?.Project, cancellationToken).ConfigureAwait(false);
            _wanted.Add((connection, identity));
        }
    }

    /// <inheritdoc/>
    private protected override async Task EndAsync(Pipeline pipeline, CancellationToken cancellationToken)
    {
        var found = new List<InstanceAccess>();
        var complete = true;
        // All that was named goes into one text; where the pipeline had nothing, that is an empty one.
        foreach (var group in _wanted.GroupBy(wanted => (wanted.Connection.Server, AllProjects ? "" : wanted.Connection.Project)))
        {
            var connection = group.First().Connection;
            var search = new AccessSearch(group.Select(wanted => wanted.Identity), Stack);
            var options = new AccessOptions { AllProjects = AllProjects, Jump = JumpHost, Wanted = search.IsWanted };
            var instances = await Session.Engine.GetAccessAsync(connection.Client, options, cancellationToken).ConfigureAwait(false);
            found.AddRange(instances);
            foreach (var error in await MissingAsync(connection, search, cancellationToken).ConfigureAwait(false))
            {
                complete = false;
                pipeline.WriteError(error);
            }

            foreach (var instance in instances.Where(search.IsNamed))
            {
                if (WhyLeftOut(instance) is { } why)
                    pipeline.WriteWarning($"Instance {instance.Name} is left out: {why}.");
            }
        }

        // A wrong name alone overwrites nothing.
        if (found.Count > 0 || complete)
            await WriteAsync(pipeline, found, cancellationToken).ConfigureAwait(false);
    }

    private async Task<IReadOnlyList<CmdletError>> MissingAsync(ServerConnection connection, AccessSearch search, CancellationToken cancellationToken)
    {
        var errors = search.MissingInstances
            .Select(name => CmdletErrors.InstanceNotFound(name.Name, name.Project ?? connection.Project, connection.Server, name.Original)).ToList();
        if (search.MissingStacks.Count == 0)
            return errors;
        // One without instances is there all the same.
        var stacks = await StackLookup.ListAsync(Session.Engine, connection, AllProjects, cancellationToken).ConfigureAwait(false);
        errors.AddRange(search.MissingStacks
            .Where(name => !stacks.Any(stack => string.Equals(stack.Name, name, StringComparison.OrdinalIgnoreCase)))
            .Select(name => CmdletErrors.StackNotFound(name, connection.Project, connection.Server, name)));
        return errors;
    }

    private async Task WriteAsync(Pipeline pipeline, List<InstanceAccess> instances, CancellationToken cancellationToken)
    {
        if (OutFile is null)
        {
            KnownHosts.Update(KnownHosts.UserFile, instances);
            pipeline.WriteObject(Write(instances, KnownHosts.UserFile).TrimEnd('\n'));
            return;
        }

        var path = PathOf(OutFile);
        var knownHosts = KnownHosts.Beside(path);
        var what = $"Write {What} with {instances.Count} {(instances.Count == 1 ? "instance" : "instances")} to {path}, and host keys to {knownHosts}";
        if (!await pipeline.ShouldProcessAsync(what, what + "?", What).ConfigureAwait(false))
            return;
        KnownHosts.Replace(knownHosts, instances);
        await File.WriteAllTextAsync(path, Write(instances, knownHosts), cancellationToken).ConfigureAwait(false);
    }

    private string PathOf(string file) => Path.GetFullPath(
        file.StartsWith("~/", StringComparison.Ordinal) ? Environment.GetFolderPath(Environment.SpecialFolder.UserProfile) + file[1..] : file, _currentDirectory);
}
