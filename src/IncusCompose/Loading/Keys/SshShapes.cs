using System.Text.RegularExpressions;
using IncusCompose.Definition;
using IncusCompose.Loading.Documents;
using IncusCompose.Loading.Shapes;
using IncusCompose.Ssh;

namespace IncusCompose.Loading.Keys;

/// <summary>Who may log in to an instance by SSH, in the short and the long form.</summary>
internal static partial class SshShapes
{
    private static readonly KeysShape s_key = new();

    /// <summary>A user's name. Source: useradd(8).</summary>
    public static ScalarShape<string> User { get; } = new("a user's name such as `admin`", text =>
        UserName().IsMatch(text) ? new(text) : new(text, "cannot be a user's name", "write one of small letters, digits, dashes and underscores, such as `admin`"))
    { ProblemId = "BadUser" };

    /// <summary>Public keys: one, or a list, as text or as paths of files.</summary>
    public static FormsShape<IReadOnlyList<string>> Keys { get; } = new()
    {
        Scalar = s_key,
        Sequence = new ListShape<IReadOnlyList<string>>(s_key, "[~/.ssh/id_ed25519.pub]").As<IReadOnlyList<IReadOnlyList<string>>, IReadOnlyList<string>>(keys => [.. keys.OfType<IReadOnlyList<string>>().SelectMany(lines => lines).Distinct()]),
    };

    /// <summary>The value of <c>ssh</c>; null for <c>false</c>.</summary>
    public static FormsShape<SshDefinition?> Ssh { get; } = new()
    {
        Scalar = new ScalarShape<Draft>("`true`, `false` or a user's name", ParseShort) { ProblemId = "BadUser" }.Then<Draft, SshDefinition?>(Complete),
        Mapping = LongForm().Then<Draft, SshDefinition?>(Complete),
    };

    /// <param name="Definition">What is said so far; its keys are empty where they are to be the user's own.</param>
    /// <param name="Wanted">False where nobody is to log in.</param>
    private sealed record Draft(SshDefinition Definition, bool Wanted = true);

    private static Draft Empty { get; } = new(new SshDefinition { Keys = [] });

    private static ObjectShape<Draft> LongForm()
    {
        var path = new ScalarShape<string>("an absolute path such as `/bin/sh`", text => text.StartsWith('/') ? new(text) : new("", "is not absolute"));
        return new ObjectShape<Draft>(_ => Empty)
            .Add("user", User, $"The user, which is made where the image does not have it; `{SshDefinition.DefaultUser}` where the key is missing", (draft, value) => draft with { Definition = draft.Definition with { User = value } })
            .Add("keys", Keys, "Public keys, as text or as paths of files with them; your own, `~/.ssh/*.pub`, where the key is missing",
                (draft, value) => draft with { Definition = draft.Definition with { Keys = value } })
            .Add("sudo", Scalars.Boolean, "Whether the user may do everything by `sudo`, without a password; `true` where the key is missing", (draft, value) => draft with { Definition = draft.Definition with { Sudo = value } })
            .Add("port", Scalars.Number("a port such as `22`", 1, 65535), "The port that the SSH server in the instance listens on; 22 where the key is missing", (draft, value) => draft with { Definition = draft.Definition with { Port = value } })
            .Add("shell", path, $"The user's login shell; `{SshDefinition.DefaultShell}` where the key is missing", (draft, value) => draft with { Definition = draft.Definition with { Shell = value } })
            .Foreign("key", "write `keys:` with a list")
            .Foreign("authorized_keys", "write `keys:` with a list")
            .Foreign("ssh_authorized_keys", "write `keys:` with a list")
            .Foreign("password", "leave it out: only keys let somebody in");
    }

    private static Parsed<Draft> ParseShort(string text)
    {
        var flag = text.ToLowerInvariant() switch
        {
            "true" or "yes" or "on" => true,
            "false" or "no" or "off" => (bool?)false,
            _ => null,
        };
        if (flag is { } wanted)
            return new(Empty with { Wanted = wanted });
        return UserName().IsMatch(text)
            ? new(Empty with { Definition = Empty.Definition with { User = text } })
            : new(Empty, "is neither `true`, `false` nor a user's name", PublicKeys.IdentityOf(text) is null ? null : "write it under `keys:`, as in `ssh: {keys: [...]}`");
    }

    private static bool Complete(Draft draft, DocumentNode node, Site site, BindingContext context, out SshDefinition? ssh)
    {
        ssh = null;
        if (!draft.Wanted)
            return true;
        ssh = draft.Definition;
        if (node is MappingNode mapping && mapping.Find("keys") is { } keys and not ScalarNode { IsNull: true })
        {
            // Keys of which none can be used have been reported, an empty list has not.
            if (keys is SequenceNode { Items.Count: 0 })
                context.Error("NoPublicKey", node, site, "without a key nobody can log in", "name one under `keys:`, or leave `keys` out for your own");
            return true;
        }

        try
        {
            ssh = ssh with { Keys = PublicKeys.Read([], context.BaseDirectory, context.Variables("HOME")) };
        }
        catch (ArgumentException error)
        {
            Report("NoPublicKey", error, node, site, context);
        }

        return true;
    }

    private static void Report(string id, ArgumentException error, DocumentNode node, Site site, BindingContext context)
    {
        var parts = error.Message.Split("; ", 2);
        context.Error(id, node, site, parts[0], parts[1]);
    }

    [GeneratedRegex("^[a-z_][a-z0-9_-]{0,31}\\z")]
    private static partial Regex UserName();

    /// <summary>A key, or a file with one or more.</summary>
    private sealed class KeysShape : Shape<IReadOnlyList<string>>
    {
        private readonly ScalarShape<string> _text = Scalars.Word("a public key such as `ssh-ed25519 AAAA… me@here`, or the path of a file with one such as `~/.ssh/id_ed25519.pub`");

        public override string Wanted => _text.Wanted;

        public override System.Text.Json.Nodes.JsonObject Schema(SchemaParts parts) => parts.Of(_text);

        public override bool TryBind(DocumentNode node, Site site, BindingContext context, out IReadOnlyList<string> value)
        {
            value = [];
            if (!_text.TryBind(node, site, context, out var text))
                return false;
            try
            {
                value = PublicKeys.Read([text], context.BaseDirectory, context.Variables("HOME"));
                return true;
            }
            catch (ArgumentException error)
            {
                Report("BadPublicKey", error, node, site, context);
                return false;
            }
        }
    }
}
