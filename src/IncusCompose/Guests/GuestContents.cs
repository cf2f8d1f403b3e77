using System.Text;
using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Resources;

namespace IncusCompose.Guests;

/// <summary>What the instances of a stack get besides their configuration, read from this machine, and what was seen of it in them.</summary>
internal sealed class GuestContents
{
    /// <summary>The extension by which the server hands credentials to systemd.</summary>
    public const string CredentialExtension = "instance_systemd_credentials";

    private readonly IReadOnlyDictionary<string, IReadOnlyList<GuestFile>> _files;
    private readonly IReadOnlyDictionary<string, GuestLook> _looks;
    private readonly IReadOnlyDictionary<string, byte[]> _secrets;

    private GuestContents(IReadOnlyDictionary<string, IReadOnlyList<GuestFile>> files, IReadOnlyDictionary<string, GuestLook> looks, IReadOnlyDictionary<string, byte[]> secrets)
    {
        _files = files;
        _looks = looks;
        _secrets = secrets;
    }

    public static GuestContents None { get; } = new(new Dictionary<string, IReadOnlyList<GuestFile>>(), new Dictionary<string, GuestLook>(), new Dictionary<string, byte[]>());

    /// <summary>Reads what a stack's instances are to have, and looks into those that are there.</summary>
    /// <param name="client">The connection, in the stack's project.</param>
    /// <param name="stack">The stack, its replicas as instances of their own.</param>
    /// <param name="server">What is live.</param>
    /// <param name="allowHost">True where commands on this machine may be run.</param>
    /// <param name="problems">Receives what cannot be had.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="IncusException">The server could not be asked.</exception>
    public static async Task<GuestContents> OfAsync(
        IncusClient client, StackDefinition stack, ServerObservation server, bool allowHost, ICollection<Diagnostic> problems, CancellationToken cancellationToken)
    {
        var secrets = await SecretReader.ReadAsync(stack, allowHost, problems, cancellationToken).ConfigureAwait(false);
        var files = FilesOf(stack, secrets, problems);
        var looks = problems.Any(problem => problem.Severity == DiagnosticSeverity.Error)
            ? new Dictionary<string, GuestLook>()
            : await GuestLook.OfAsync(client, files, server, cancellationToken).ConfigureAwait(false);
        return new GuestContents(files, looks, secrets);
    }

    /// <summary>What a stack's instances are to have, and what was seen of it.</summary>
    /// <param name="stack">The stack, its replicas as instances of their own.</param>
    /// <param name="secrets">The values of its secrets.</param>
    /// <param name="looks">What was seen, by the instances' names.</param>
    /// <param name="problems">Receives what cannot be read.</param>
    public static GuestContents Of(StackDefinition stack, IReadOnlyDictionary<string, byte[]> secrets, IReadOnlyDictionary<string, GuestLook> looks, ICollection<Diagnostic> problems) =>
        new(FilesOf(stack, secrets, problems), looks, secrets);

    /// <summary>The files that an instance is to have.</summary>
    public IReadOnlyList<GuestFile> FilesOf(string instance) => _files.GetValueOrDefault(instance, []);

    /// <summary>What was seen of an instance's files; null where it was not looked into.</summary>
    public GuestLook? LookAt(string instance) => _looks.GetValueOrDefault(instance);

    /// <summary>The secrets and configs that an instance gets as systemd credentials, as configuration.</summary>
    public IEnumerable<KeyValuePair<string, string>> CredentialsOf(InstanceDefinition instance, PlanningContext context)
    {
        foreach (var (word, grants) in new[] { ("secrets", instance.Secrets), ("configs", instance.Configs) })
        {
            foreach (var (index, grant) in grants.Index().Where(entry => entry.Item.Delivery == GrantDelivery.Credential))
            {
                // Replicas are alike.
                var path = $"instances.{instance.Group ?? instance.Name}.{word}[{index}]";
                if (context.Problems.All(problem => problem.Path != path) && !context.Require(CredentialExtension, path, $"Giving `{grant.Source}` to systemd as a credential"))
                    yield break;
            }
        }

        var stack = context.Stack;
        foreach (var grant in instance.Secrets.Where(grant => grant.Delivery == GrantDelivery.Credential))
        {
            if (_secrets.TryGetValue(grant.Source, out var value))
                yield return Credential(grant, value);
        }

        foreach (var grant in instance.Configs.Where(grant => grant.Delivery == GrantDelivery.Credential))
        {
            if (stack.Configs.TryGetValue(grant.Source, out var config) && TryRead(config) is { } value)
                yield return Credential(grant, value);
        }
    }

    // One that cannot be read has been reported with the files.
    private static byte[]? TryRead(ConfigDefinition config)
    {
        try
        {
            return GuestFile.ReadConfig(config);
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Text as it is; what is none as the server takes it, in base64. Source: Incus doc/reference/instance_options.md, <c>systemd.credential</c>.</summary>
    private static KeyValuePair<string, string> Credential(GrantDefinition grant, byte[] value)
    {
        var name = grant.Target ?? grant.Source;
        try
        {
            var text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(value);
            if (text.Length > 0 && !text.Contains('\0', StringComparison.Ordinal))
                return new("systemd.credential." + name, text);
        }
        catch (DecoderFallbackException)
        {
            // It is no text.
        }

        return new("systemd.credential-binary." + name, Convert.ToBase64String(value));
    }

    private static Dictionary<string, IReadOnlyList<GuestFile>> FilesOf(StackDefinition stack, IReadOnlyDictionary<string, byte[]> secrets, ICollection<Diagnostic> problems)
    {
        var files = new Dictionary<string, IReadOnlyList<GuestFile>>(StringComparer.Ordinal);
        // Replicas are alike: what cannot be read of one is said once.
        var said = new HashSet<string>(StringComparer.Ordinal);
        foreach (var instance in stack.Instances.Values)
        {
            var own = new List<Diagnostic>();
            files[instance.Name] = GuestFile.Of(stack, instance, secrets, own);
            foreach (var problem in own.Where(problem => said.Add($"{problem.Path}: {problem.Message}")))
                problems.Add(problem);
        }

        foreach (var grant in stack.Instances.Values.SelectMany(instance => instance.Configs).Where(grant => grant.Delivery == GrantDelivery.Credential).DistinctBy(grant => grant.Source))
        {
            if (!stack.Configs.TryGetValue(grant.Source, out var config) || TryRead(config) is not null)
                continue;
            var path = $"configs.{config.Name}";
            problems.Add(Diagnostic.Error("BadFileEntry", stack.Source.Find(path), path, $"the file {config.File} cannot be read", "look at its path and permissions"));
        }

        return files;
    }
}
