using System.CommandLine;
using IncusCompose.Cli.Rendering.Json;
using IncusCompose.Files;

namespace IncusCompose.Cli.Commands;

/// <summary><c>cp</c>: copy files into an instance or out of it, running or stopped.</summary>
internal sealed class CpCommand : Verb
{
    private const string Streams = "-";

    private readonly Argument<string> _source = new("source")
    {
        Description = "PATH here, NAME:PATH in an instance, or - for a tar archive on standard input.",
    };

    private readonly Argument<string> _destination = new("destination")
    {
        Description = "NAME:PATH in an instance, PATH here, or - for a tar archive on standard output.",
    };

    private readonly Option<bool> _archive = new("--archive", "-a")
    {
        Description = "Keep owner and group, by number.",
    };

    private readonly Option<bool> _followLink = new("--follow-link", "-L")
    {
        Description = "Where the source is a symbolic link, copy what it leads to.",
    };

    private readonly Option<int?> _index = ReplicaOption.Create();

    public CpCommand(Session session, NameCompletion names) : base("cp", "Copy files into an instance or out of it.", session)
    {
        _source.CompletionSources.Add(names.InstancePaths);
        _destination.CompletionSources.Add(names.InstancePaths);
        Add(_source);
        Add(_destination);
        Add(_archive);
        Add(_followLink);
        Add(_index);
    }

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var source = Place.Of(invocation.Get(_source)!);
        var destination = Place.Of(invocation.Get(_destination)!);
        var options = new FileCopyOptions { KeepOwner = invocation.Get(_archive), FollowLink = invocation.Get(_followLink) };
        switch (source.Instance, destination.Instance)
        {
            case (null, null):
                throw new UsageException("One of the two is in an instance: write it as NAME:PATH.");
            case (not null, not null):
                throw new UsageException("One of the two is on this machine. From one instance into another: cp A:PATH - | cp - B:PATH.");
            case ({ } name, null):
                await using (var target = await invocation.OpenInstanceAsync(name, invocation.Get(_index), cancellationToken))
                    await CopyOutAsync(invocation, target, source.Path, destination.Path, options, cancellationToken);
                break;
            case (null, { } name):
                await using (var target = await invocation.OpenInstanceAsync(name, invocation.Get(_index), cancellationToken))
                    await CopyInAsync(invocation, target, name, source.Path, destination.Path, options, cancellationToken);
                break;
        }

        return ExitCode.Success;
    }

    private async Task CopyOutAsync(
        Invocation invocation, OpenInstance from, string source, string destination, FileCopyOptions options, CancellationToken cancellationToken)
    {
        if (destination != Streams)
        {
            Show(invocation, from.Name, await invocation.Engine.CopyFromInstanceAsync(
                from.Client, from.Name, source, HostFiles.At(destination), options, cancellationToken));
            return;
        }

        if (!Console.IsOutputRedirected)
            throw new UsageException("A tar archive is nothing for a terminal: send it to a file or a program.");
        await using var output = StandardStream.OpenOutput();
        var result = await invocation.Engine.CopyFromInstanceAsync(from.Client, from.Name, source, HostFiles.InArchive(output), options, cancellationToken);
        ShowNotes(invocation, result);
    }

    private async Task CopyInAsync(
        Invocation invocation, OpenInstance to, string name, string source, string destination, FileCopyOptions options, CancellationToken cancellationToken)
    {
        // A definition stands for all of its replicas.
        IReadOnlyList<string> instances = to.Stack is { } stack && invocation.Get(_index) is null
            ? [.. (await invocation.Engine.GetInstancesAsync(to.Client, stack, [name], cancellationToken)).Select(instance => instance.Name)]
            : [to.Name];
        if (source != Streams)
        {
            foreach (var instance in instances)
            {
                Show(invocation, instance, await invocation.Engine.CopyToInstanceAsync(
                    to.Client, HostFiles.At(source), instance, destination, options, cancellationToken));
            }

            return;
        }

        if (instances.Count > 1)
            throw new UsageException($"Standard input can be read once, and {name} has {instances.Count} replicas: choose one with --index.");
        await using var input = StandardStream.OpenInput();
        Show(invocation, instances[0], await invocation.Engine.CopyToInstanceAsync(
            to.Client, HostFiles.InArchive(input), instances[0], destination, options, cancellationToken));
    }

    private void Show(Invocation invocation, string instance, FileCopyResult result)
    {
        if (invocation.Json)
            JsonLines.Write(Session.Terminal.Out.Inner, FileCopyDocument.From(instance, result), JsonDocuments.Lines.FileCopyDocument);
        else
            ShowNotes(invocation, result);
    }

    private void ShowNotes(Invocation invocation, FileCopyResult result)
    {
        foreach (var note in invocation.Quiet ? [] : result.Notes)
            Session.Terminal.Note(note);
    }

    /// <summary>A path, in an instance or (where that is null) on this machine.</summary>
    private sealed record Place(string? Instance, string Path)
    {
        /// <summary>What begins with a slash or a dot is a path of this machine, whatever follows.</summary>
        public static Place Of(string word)
        {
            var cut = word.IndexOf(':', StringComparison.Ordinal);
            if (cut <= 0 || word[0] is '/' or '.')
                return new Place(null, word);
            return cut < word.Length - 1
                ? new Place(word[..cut], word[(cut + 1)..])
                : throw new UsageException($"\"{word}\" names no path: write {word}PATH, or ./{word} for a file of this machine.");
        }
    }
}
