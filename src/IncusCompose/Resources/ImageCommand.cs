using System.Text.Json;
using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Loading.Keys;

namespace IncusCompose.Resources;

/// <summary>What an OCI image runs by itself.</summary>
/// <param name="Image">The image as the file names it.</param>
/// <param name="Words">Its entry point, without its arguments; empty where it has none.</param>
internal sealed record ImageEntrypoint(string Image, IReadOnlyList<string> Words)
{
    public override string ToString() => Words.Count == 0 ? "none" : ShellWords.Join(Words);
}

/// <summary>
/// Arguments for an image's own entry point, as compose's <c>command</c> says them. Incus has one word for both, so that the
/// entry point must be known: the image's registry tells it. It is recorded on the instance, and asked for once.
/// </summary>
internal static class ImageCommand
{
    /// <summary>What a container from an OCI image runs, with its arguments.</summary>
    public const string Key = "oci.entrypoint";

    private static readonly TimeSpan LongestAnswer = TimeSpan.FromSeconds(20);

    /// <summary>The entry points of the images that have to be asked for; what cannot be told is an error.</summary>
    /// <param name="stack">The stack.</param>
    /// <param name="remotes">The user's remotes.</param>
    /// <param name="server">The server, whose architecture counts.</param>
    /// <param name="live">What is live.</param>
    /// <param name="problems">Receives errors.</param>
    /// <param name="cancellationToken">Ends the requests.</param>
    public static async Task<IReadOnlyDictionary<string, ImageEntrypoint>> AskAsync(
        StackDefinition stack, ClientConfiguration remotes, ServerInfo server, ServerObservation live, ICollection<Diagnostic> problems, CancellationToken cancellationToken)
    {
        var wanted = stack.Instances.Values
            .Where(instance => instance.Command is not null && !InstanceForm.ConfigOf(instance).ContainsKey(Key) && Recorded(instance, stack, live.Find(InstanceKind.IdOf(instance.Name))) is null)
            .DistinctBy(instance => ImageKind.ReferenceOf(instance.Image, stack))
            // Where the server runs no such images at all, that is what is said.
            .Where(_ => server.ApiExtensions.Contains("instance_oci_entrypoint"))
            .ToList();
        var found = new Dictionary<string, ImageEntrypoint>(StringComparer.Ordinal);
        var answers = await Task.WhenAll(wanted.Select(async Task<(InstanceDefinition Instance, ImageEntrypoint? Entrypoint, string? Problem)> (instance) =>
        {
            var reference = ImageKind.ReferenceOf(instance.Image, stack);
            try
            {
                using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                limit.CancelAfter(LongestAnswer);
                return await AskAsync(reference, stack.Images.GetValueOrDefault(instance.Image)?.Credentials, remotes, server, limit.Token).ConfigureAwait(false) is { } words
                    ? (instance, new ImageEntrypoint(reference, words), null)
                    : (instance, null, "it does not come from a registry");
            }
            catch (Exception error) when (!cancellationToken.IsCancellationRequested
                && error is IncusException or HttpRequestException or JsonException or InvalidOperationException or KeyNotFoundException or FormatException or ArgumentException or IOException or OperationCanceledException)
            {
                return (instance, null, error is OperationCanceledException ? "its registry does not answer" : Secrets.Mask("", error.Message.TrimEnd('.')));
            }
        })).ConfigureAwait(false);
        foreach (var (instance, entrypoint, problem) in answers)
        {
            if (entrypoint is not null)
            {
                found[entrypoint.Image] = entrypoint;
                continue;
            }

            var path = $"instances.{instance.Group ?? instance.Name}.command";
            problems.Add(Diagnostic.Error("UnknownEntrypoint", stack.Source.Find(path), path,
                $"`command` alone is for an image's own entry point, and what that of {ImageKind.ReferenceOf(instance.Image, stack)} is cannot be told: {problem}",
                "write the image's `entrypoint` as well; `entrypoint: []` where it has none"));
        }

        return found;
    }

    /// <summary>Adds what an instance runs, where its definition says the arguments alone.</summary>
    public static void Add(SortedDictionary<string, string> config, InstanceDefinition instance, PlanningContext context, LiveResource? live)
    {
        if (instance.Command is not { } command || config.ContainsKey(Key))
            return;
        // What could not be told has been reported.
        if ((context.Entrypoints.GetValueOrDefault(ImageKind.ReferenceOf(instance.Image, context.Stack)) ?? Recorded(instance, context.Stack, live)) is not { } entrypoint)
        {
            context.Require("instance_oci_entrypoint", $"instances.{instance.Name}.command", "`command`");
            return;
        }

        if (entrypoint.Words.Count + command.Count == 0)
        {
            context.Error("BadCommand", $"instances.{instance.Name}.command", $"the image {entrypoint.Image} has no entry point, and this names no program either", "write one");
            return;
        }

        config[Key] = ShellWords.Join([.. entrypoint.Words, .. command]);
        config[RecordedWords.Entrypoint] = RecordedWords.Write(entrypoint);
    }

    /// <summary>Takes the arguments out of a live instance's configuration where they were said alone; null where they were not, or somebody changed it.</summary>
    public static IReadOnlyList<string>? Take(SortedDictionary<string, string> config, IReadOnlyDictionary<string, string> live)
    {
        if (RecordedWords.ReadEntrypoint(live) is not { } entrypoint || !config.TryGetValue(Key, out var value)
            || ShellWords.Split(value) is not { } words || !words.Take(entrypoint.Words.Count).SequenceEqual(entrypoint.Words))
            return null;
        config.Remove(Key);
        return [.. words.Skip(entrypoint.Words.Count)];
    }

    /// <summary>What was asked for when the instance was made, if it was made from the same image.</summary>
    private static ImageEntrypoint? Recorded(InstanceDefinition instance, StackDefinition stack, LiveResource? live) =>
        live?.Raw is Instance made && RecordedWords.ReadEntrypoint(made.Config) is { } recorded && recorded.Image == ImageKind.ReferenceOf(instance.Image, stack) ? recorded : null;

    private static async Task<IReadOnlyList<string>?> AskAsync(
        string reference, ImageCredentials? credentials, ClientConfiguration remotes, ServerInfo server, CancellationToken cancellationToken)
    {
        var (name, alias) = ImageRemotes.Split(reference);
        if (name is null || ImageRemotes.Find(remotes, name) is not { Protocol: "oci" } remote)
            return null;
        if (!Uri.TryCreate(remote.Addresses[0], UriKind.Absolute, out var address))
            throw new IncusException($"{name} is no registry's address");
        using var registry = new OciRegistry(address, credentials, remotes.FindServerCertificate(remote));
        return await registry.ReadEntrypointAsync(alias, server.Environment.Architectures is [var own, ..] ? own : "x86_64", cancellationToken).ConfigureAwait(false);
    }
}
