using System.Text;
using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Guests;
using IncusCompose.Resources.Instances;

namespace IncusCompose.Exporting;

/// <summary>What lies at a path that a stack has written to.</summary>
/// <param name="Target">The path.</param>
/// <param name="Entry">What is recorded of it.</param>
/// <param name="There">What is there; null: nothing, or it cannot be seen.</param>
/// <param name="Content">Its content, where it is a file that is not too long.</param>
internal sealed record FoundFile(string Target, GuestRecord.Entry Entry, InstanceFileEntry? There, byte[]? Content)
{
    /// <summary>The content as text; null where it is none, or not known.</summary>
    public string? Text
    {
        get
        {
            try
            {
                return Content is null || Content.Contains((byte)0) ? null : new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(Content);
            }
            catch (DecoderFallbackException)
            {
                return null;
            }
        }
    }
}

/// <summary>
/// Files, secrets and configs of instances as a definition: what the record on the instance names, as it lies in the instance.
/// Secrets come from variables; what cannot stand in a stack file is named as a file to be fetched.
/// </summary>
internal static class GuestExport
{
    private const int MostBytes = 64 * 1024;
    private const int FileMode = 0b110_100_100, SecretMode = 0b100_000_000, ConfigMode = 0b100_100_100, AllBits = 0b111_111_111;

    /// <summary>Looks at what was written into instances.</summary>
    /// <param name="client">The connection, in their project.</param>
    /// <param name="instances">The instances.</param>
    /// <param name="cancellationToken">Ends the requests.</param>
    public static async Task<IReadOnlyDictionary<string, IReadOnlyList<FoundFile>>> LookAsync(IncusClient client, IEnumerable<Instance> instances, CancellationToken cancellationToken)
    {
        var found = new Dictionary<string, IReadOnlyList<FoundFile>>(StringComparer.Ordinal);
        foreach (var instance in instances)
        {
            var record = GuestRecord.Read(instance.Config);
            if (record.Entries.Count == 0)
                continue;
            found[instance.Name] = [.. record.Entries.Select(entry => new FoundFile(entry.Key, entry.Value, null, null))];
            if (!GuestLook.CanBeSeen(instance))
                continue;
            try
            {
                var files = await client.Instances.OpenFilesAsync(instance.Name, cancellationToken).ConfigureAwait(false);
                await using var closing = files.ConfigureAwait(false);
                var seen = new List<FoundFile>();
                foreach (var (target, entry) in record.Entries)
                    seen.Add(await LookAsync(files, target, entry, cancellationToken).ConfigureAwait(false));
                found[instance.Name] = seen;
            }
            catch (IncusException error) when (error is not IncusUnreachableException)
            {
                // A machine whose agent does not answer, a user who may not look: said of each file.
            }
        }

        return found;
    }

    /// <summary>The stack with what an instance's files, secrets and configs are.</summary>
    public static (StackDefinition Stack, InstanceDefinition Instance) Add(StackDefinition stack, InstanceDefinition instance, ExportContext context)
    {
        // Replicas are alike: what is to be fetched is fetched from one of them.
        var group = context.Server.Find(InstanceKind.IdOf(instance.Name))?.Mark?.InstanceDefinition ?? instance.Name;
        foreach (var file in context.Files.GetValueOrDefault(instance.Name, []))
        {
            var dot = file.Entry.Label.IndexOf('.', StringComparison.Ordinal);
            var (word, name) = dot < 0 ? ("", "") : (file.Entry.Label[..dot], file.Entry.Label[(dot + 1)..]);
            var pull = $"incus file pull{(context.Project == "default" ? "" : $" --project {context.Project}")} {SecretVariables.ForShell(instance.Name + GuestPlaces.ContentOf(file.Target))}";
            if (file.There is null)
                context.Note("FileNotSeen", $"instances.{instance.Name}.{word}", $"{file.Target} of {instance.Name} is gone, or cannot be looked at, and is written without owner and mode");
            else if (word != "secrets" && file.Text is { } content)
                context.Pulls.TryAdd(content, $"{pull} -");
            if (word == "secrets")
            {
                instance = instance with { Secrets = [.. instance.Secrets, Grant(file, name, "/run/secrets/", SecretMode)] };
                if (stack.Secrets.ContainsKey(name))
                    continue;
                // What a command prints loses the line's end on its way into a variable.
                var isText = file.Text?.EndsWith('\n') == false;
                var variable = "SECRET_" + string.Concat(name.Select(character => char.IsAsciiLetterOrDigit(character) ? char.ToUpperInvariant(character) : '_'));
                while (context.Variables.Exists(other => other.Name == variable))
                    variable += "_";
                stack = stack with { Secrets = ExportContext.With(stack.Secrets, name, isText ? new SecretDefinition { Name = name, Environment = variable } : new SecretDefinition { Name = name, File = $"./{name}.secret" }) };
                if (isText)
                    context.Variables.Add(new SecretVariable(variable, $"secrets.{name}", $"{pull} -"));
                else
                    context.Note("SecretFile", $"secrets.{name}", $"the secret {name} is nothing that a variable could hold: the file ./{name}.secret is to hold it", $"{pull} ./{name}.secret");
            }
            else if (word == "configs")
            {
                instance = instance with { Configs = [.. instance.Configs, Grant(file, name, "/", ConfigMode)] };
                if (stack.Configs.TryGetValue(name, out var config))
                {
                    if (config.Content != file.Text)
                        context.Note("TwoConfigs", $"configs.{name}", $"the config {name} is not the same in {instance.Name} as in another instance, whose is written");
                    continue;
                }

                stack = stack with { Configs = ExportContext.With(stack.Configs, name, file.Text is { } text ? new ConfigDefinition { Name = name, Content = text } : new ConfigDefinition { Name = name, File = Fetched(name) }) };
            }
            else
            {
                instance = instance with { Files = [.. instance.Files, File(file) with { Content = file.Text, Source = file.Text is null ? Fetched(file.Target) : null }] };
            }

            string Fetched(string path)
            {
                var place = $"./files/{group}/{path.TrimStart('/')}";
                if (context.Notes.All(note => !note.Message.EndsWith($" {place}", StringComparison.Ordinal)))
                    context.Note("FileToFetch", $"instances.{instance.Name}.{word}", $"{file.Target} of {instance.Name} is no text, too long or a link: the file says {place}", $"fetch it: {pull} {SecretVariables.ForShell(place)} -p");
                return place;
            }
        }

        return (stack, instance);
    }

    /// <summary>Says where what lies in instances stands in the file as it is: a secret is known by its value or its key, and may have neither.</summary>
    public static void NoteContents(StackDefinition stack, ExportContext context)
    {
        var places = stack.Instances.Values.SelectMany(instance => instance.Files.Where(file => file.Content is not null).Select(file => $"{file.Target} of {instance.Name}"))
            .Concat(stack.Configs.Values.Where(config => config.Content is not null).Select(config => $"the config {config.Name}")).ToList();
        if (places.Count == 0)
            return;
        var unseen = context.Files.Values.SelectMany(files => files).Where(file => file.Entry.IsSecret && file.Content is null).Select(file => file.Entry.Label).Distinct().Order(StringComparer.Ordinal).ToList();
        context.Note("Contents", "", $"the content of {string.Join(", ", places)} stands here as it is, unless a secret is known to be in it: {(unseen.Count == 0 ? "no key or value" : $"{string.Join(", ", unseen)} could not be looked at, and nothing")} tells of others", "look through it before you share this file");
    }

    private static async Task<FoundFile> LookAsync(InstanceFiles files, string target, GuestRecord.Entry entry, CancellationToken cancellationToken)
    {
        var place = GuestPlaces.ContentOf(target);
        var there = await files.FindAsync(place, cancellationToken: cancellationToken).ConfigureAwait(false);
        if (there is not { Kind: InstanceFileKind.File, Size: <= MostBytes })
            return new FoundFile(target, entry, there, null);
        using var content = new MemoryStream();
        await foreach (var part in files.ReadAsync(place, cancellationToken).ConfigureAwait(false))
            content.Write(part.Span);
        return new FoundFile(target, entry, there, content.ToArray());
    }

    private static FileDefinition File(FoundFile file) => new()
    {
        Target = file.Target,
        Owner = Owner(file),
        Group = Group(file),
        Mode = ModeOf(file, FileMode),
    };

    private static GrantDefinition Grant(FoundFile file, string name, string folder, int mode) => new()
    {
        Source = name,
        Target = file.Target == folder + name ? null : file.Target,
        Owner = Owner(file),
        Group = Group(file),
        Mode = ModeOf(file, mode),
    };

    private static string? Owner(FoundFile file) => file.There is { Uid: not 0 } there ? Number(there.Uid) : null;

    // Else the owner's own.
    private static string? Group(FoundFile file) => file.There is { } there && there.Gid != there.Uid ? Number(there.Gid) : null;

    private static string Number(long number) => number.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static int? ModeOf(FoundFile file, int usual) => file.There is { Kind: InstanceFileKind.File } there && (there.Mode & AllBits) != usual ? there.Mode & AllBits : null;
}
