using System.CommandLine;
using System.Globalization;
using IncusCompose.Backups;
using IncusCompose.Cli.Rendering;

namespace IncusCompose.Cli.Commands;

/// <summary><c>clone</c>: a stack once more, under another name, in another project or on another server.</summary>
internal sealed class CloneCommand : Verb
{
    private readonly Argument<string> _stack = new("stack")
    {
        Description = "Name of the stack.",
    };

    private readonly Argument<string?> _name = new("new-name")
    {
        Description = "Name of the clone. Default: the stack's, which needs another project or remote.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string?> _toProject = new("--to-project")
    {
        Description = "The Incus project of the clone. Default: the stack's.",
        HelpName = "project",
    };

    private readonly Option<string?> _toRemote = new("--to-remote")
    {
        Description = "The remote of the clone. Default: the stack's server.",
        HelpName = "remote",
    };

    private readonly Option<string[]> _rename = new("--rename")
    {
        Description = "The name of a resource in the clone; several are allowed.",
        HelpName = "old=new",
    };

    private readonly Option<string[]> _pools = new("--pool")
    {
        Description = "A storage pool to use instead of another; several are allowed.",
        HelpName = "old=new",
    };

    private readonly Option<string[]> _addresses = new("--address")
    {
        Description = "The IPv4 address of a network in the clone, such as shopnet=10.1.2.1/24; several are allowed.",
        HelpName = "network=address",
    };

    private readonly Option<int?> _portOffset = new("--port-offset")
    {
        Description = "What to add to published ports, which the clone else leaves out on the same server.",
        HelpName = "number",
    };

    private readonly Option<string?> _checkpoint = new("--checkpoint")
    {
        Description = "The state to clone: a checkpoint of the stack. Default: the stack as it is now.",
        HelpName = "name",
    };

    private readonly Option<bool> _refresh = new("--refresh")
    {
        Description = "Bring a clone that is there, and stopped, up to date: only what differs is sent. What it wrote itself is lost.",
    };

    private readonly Option<bool> _noSnapshots = new("--no-snapshots")
    {
        Description = "Leave the snapshots of instances and volumes out.",
    };

    private readonly Option<bool> _noStart = new("--no-start")
    {
        Description = "Leave the instances stopped; else those are started that run in the stack.",
    };

    public CloneCommand(Session session, NameCompletion names)
        : base("clone", "Make a stack once more: under another name, in another project or on another server.", session)
    {
        _portOffset.CustomParser = result =>
        {
            if (int.TryParse(result.Tokens[0].Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value))
                return value;
            result.AddError($"{_portOffset.Name} must be a whole number.");
            return null;
        };
        _stack.CompletionSources.Add(names.Stacks);
        _toRemote.CompletionSources.Add(names.Remotes);
        _rename.CompletionSources.Add(names.RenamesOf(_stack));
        _checkpoint.CompletionSources.Add(names.CheckpointsOf(_stack));
        Add(_stack);
        Add(_name);
        Add(_toProject);
        Add(_toRemote);
        Add(_rename);
        Add(_pools);
        Add(_addresses);
        Add(_portOffset);
        Add(_checkpoint);
        Add(_refresh);
        Add(_noSnapshots);
        Add(_noStart);
    }

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        await using var source = await invocation.ConnectAsync((Definition.StackDefinition?)null, cancellationToken);
        var stack = invocation.Get(_stack)!;
        var options = new CloneOptions
        {
            Name = invocation.Get(_name),
            Names = RestoreCommand.Pairs(_rename.Name, invocation.Get(_rename) ?? []),
            Pools = RestoreCommand.Pairs(_pools.Name, invocation.Get(_pools) ?? []),
            Addresses = RestoreCommand.Pairs(_addresses.Name, invocation.Get(_addresses) ?? []),
            PortOffset = invocation.Get(_portOffset),
            Checkpoint = invocation.Get(_checkpoint) is { } checkpoint
                ? await invocation.Engine.GetCheckpointAsync(source, stack, checkpoint, cancellationToken)
                : null,
            Refresh = invocation.Get(_refresh),
            Snapshots = !invocation.Get(_noSnapshots),
        };
        var project = invocation.Get(_toProject) ?? source.Project;
        await using var other = invocation.Get(_toRemote) is { } remote ? await invocation.Engine.ConnectAsync(remote, project, cancellationToken) : null;
        var target = other ?? source.ForProject(project);
        await using var output = new CopyOutput(Session.Terminal, invocation.Json, invocation.Quiet);
        var plan = await invocation.Engine.PlanCloneAsync(source, stack, target, options, cancellationToken);
        output.Warn(plan.Warnings);
        var copy = new CopyOptions { Start = !invocation.Get(_noStart) };
        return output.Show(await invocation.Engine.CopyAsync(target, plan, copy, output, cancellationToken));
    }
}
