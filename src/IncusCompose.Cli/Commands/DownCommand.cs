using System.CommandLine;
using IncusCompose.Planning;

namespace IncusCompose.Cli.Commands;

/// <summary><c>down</c>: take a stack off the server, by its file or, from the marks alone, by its name.</summary>
internal sealed class DownCommand : ApplyingVerb
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

    public DownCommand(Session session, NameCompletion names)
        : base("down", "Stop and delete what the stack made; volumes, images and pools stay unless told.", session)
    {
        _stack.CompletionSources.Add(names.Stacks);
        Add(_stack);
        Add(_volumes);
        Add(_images);
        Add(_pools);
    }

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var options = new RemovalOptions
        {
            RemoveVolumes = invocation.Get(_volumes),
            RemoveImages = invocation.Get(_images),
            RemovePools = invocation.Get(_pools),
        };
        if (options is { RemovePools: true, RemoveVolumes: false })
            throw new UsageException("--pools deletes the volumes in them too: say --volumes as well.");

        var name = invocation.StackName(_stack);
        var definition = name is null ? invocation.Load(cancellationToken) : null;
        name ??= definition!.Name;
        await using var client = await invocation.ConnectAsync(definition, cancellationToken);
        var plan = await invocation.Engine.CompareRemovalAsync(client, name, options, cancellationToken);
        var question = plan.HasChanges ? $"Delete {Resources(plan.Changes.Count)} of stack {name}?" : null;
        return await ApplyAsync(invocation, client, plan, question, cancellationToken);
    }

    private static string Resources(int count) => count == 1 ? "1 resource" : $"{count} resources";
}
