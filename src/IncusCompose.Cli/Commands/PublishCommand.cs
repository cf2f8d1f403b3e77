using System.CommandLine;
using IncusCompose.Cli.Rendering;
using IncusCompose.Cli.Rendering.Json;
using IncusCompose.Publishing;

namespace IncusCompose.Cli.Commands;

/// <summary><c>publish</c>: an image from an instance, from one of its snapshots, or from a checkpoint.</summary>
internal sealed class PublishCommand : Verb
{
    private readonly Argument<string> _instance = new("instance")
    {
        Description = "Name of the instance. Its volumes are not in the image.",
    };

    private readonly Argument<string[]> _aliases = new("alias")
    {
        Description = "Names of the image, which a stack file can say.",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly Option<string?> _snapshot = new("--snapshot")
    {
        Description = "A snapshot of the instance. Default: the instance as it is now; one that runs goes on running.",
        HelpName = "name",
    };

    private readonly Option<string?> _checkpoint = new("--checkpoint")
    {
        Description = "A checkpoint of the instance's stack. The instance need not be there any more.",
        HelpName = "name",
    };

    private readonly Option<string?> _stack = new("--stack")
    {
        Description = "The stack of the checkpoint, where several have one of that name with such an instance.",
        HelpName = "name",
    };

    private readonly Option<string[]> _properties = new("--property")
    {
        Description = "A property of the image, such as description=\"Web server\"; several are allowed.",
        HelpName = "key=value",
    };

    private readonly Option<string?> _compression = new("--compression")
    {
        Description = "How the image is compressed: gzip, zstd, xz, none, or what else the server knows. Default: as the server is set to.",
        HelpName = "algorithm",
    };

    private readonly Option<bool> _public = new("--public")
    {
        Description = "Let anybody fetch the image from the server.",
    };

    private readonly Option<bool> _force = new("--force")
    {
        Description = "Let aliases that are there lead to the new image; the image that they led to stays.",
    };

    public PublishCommand(Session session, NameCompletion names)
        : base("publish", "Make an image from an instance, from one of its snapshots, or from a checkpoint.", session)
    {
        _instance.CompletionSources.Add(names.SingleInstances);
        _snapshot.CompletionSources.Add(names.SnapshotsOf(_instance));
        _checkpoint.CompletionSources.Add(names.Checkpoints);
        _stack.CompletionSources.Add(names.Stacks);
        Add(_instance);
        Add(_aliases);
        Add(_snapshot);
        Add(_checkpoint);
        Add(_stack);
        Add(_properties);
        Add(_compression);
        Add(_public);
        Add(_force);
    }

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var options = new PublishOptions
        {
            Instance = invocation.Get(_instance)!,
            Snapshot = invocation.Get(_snapshot),
            Checkpoint = invocation.Get(_checkpoint),
            Stack = invocation.Get(_stack),
            Aliases = invocation.Get(_aliases) ?? [],
            MoveAliases = invocation.Get(_force),
            Properties = RestoreCommand.Pairs(_properties.Name, invocation.Get(_properties) ?? []),
            Public = invocation.Get(_public),
            Compression = invocation.Get(_compression),
        };
        await using var client = await invocation.ConnectAsync((Definition.StackDefinition?)null, cancellationToken);
        var image = await invocation.Engine.PublishImageAsync(client, options, null, cancellationToken);
        var terminal = Session.Terminal;
        foreach (var warning in image.Warnings)
            terminal.Note("warning: " + StyledWriter.Printable(warning));
        if (invocation.Json)
            JsonLines.Write(terminal.Out.Inner, PublishDocument.From(image), JsonDocuments.Lines.PublishDocument);
        else if (!invocation.Quiet)
            terminal.Out.Line($"Image {image.Fingerprint[..12]}{(image.Aliases.Count > 0 ? $" ({string.Join(", ", image.Aliases)})" : "")}{(image.Existed ? " was there already" : "")}: {Words.Megabytes(image.Size)}");
        return ExitCode.Success;
    }
}
