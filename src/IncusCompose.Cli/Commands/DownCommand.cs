using System.CommandLine;
using IncusCompose.Applying;
using IncusCompose.Planning;

namespace IncusCompose.Cli.Commands;

/// <summary><c>down</c>: take a stack off the server, by its file or, from the marks alone, by its name.</summary>
internal sealed class DownCommand : AskingVerb
{
    private readonly Argument<string?> _stack = new("stack")
    {
        Description = "Name of the stack; no file is needed then.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<bool> _volumes = new("--volumes", "-v")
    {
        Description = "Delete the stack's volumes too, with their data.",
    };

    private readonly Option<bool> _images = new("--images")
    {
        Description = "Delete the images that the stack brought and nothing else uses.",
    };

    private readonly Option<bool> _pools = new("--pools")
    {
        Description = "Delete the stack's storage pools too (needs --volumes).",
    };

    private readonly Option<bool> _allowHostHooks = HookOptions.AllowHost();

    private readonly Option<bool> _skipHooks = HookOptions.Skip();

    public DownCommand(Session session, NameCompletion names)
        : base("down", "Stop and delete what the stack made; volumes, images and pools stay unless told.", session)
    {
        _stack.CompletionSources.Add(names.Stacks);
        Add(_stack);
        Add(_volumes);
        Add(_images);
        Add(_pools);
        Add(_allowHostHooks);
        Add(_skipHooks);
    }

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var options = new RemovalOptions
        {
            RemoveVolumes = invocation.Get(_volumes),
            RemoveImages = invocation.Get(_images),
            RemovePools = invocation.Get(_pools),
            AllowHostHooks = invocation.Get(_allowHostHooks),
            SkipHooks = invocation.Get(_skipHooks),
        };
        if (options is { RemovePools: true, RemoveVolumes: false })
            throw new UsageException("--pools deletes the volumes in them too: say --volumes as well.");

        var named = invocation.StackName(_stack);
        var definition = named is not null ? null
            // Where there is no file, the name is enough.
            : invocation.Name is not null ? invocation.LoadIfPresent(cancellationToken)
            : invocation.Load(cancellationToken);
        var name = named ?? definition?.Name ?? invocation.Name!;
        await using var client = await invocation.ConnectAsync(definition, cancellationToken);
        var plan = await invocation.Engine.CompareRemovalAsync(client, name, options with { HostFolder = definition?.Folder }, cancellationToken);
        var question = plan.HasChanges ? $"Delete {Resources(plan.Changes.Count)} of stack {name}?" : null;
        return await ApplyAsync(invocation, client, plan, new ApplyOptions(), question, cancellationToken);
    }

    private static string Resources(int count) => count == 1 ? "1 resource" : $"{count} resources";
}
