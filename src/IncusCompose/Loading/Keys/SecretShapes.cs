using IncusCompose.Definition;
using IncusCompose.Loading.Documents;
using IncusCompose.Loading.Shapes;

namespace IncusCompose.Loading.Keys;

/// <summary>Secrets and configs: where they come from, and what an instance gets of them.</summary>
internal static class SecretShapes
{
    /// <summary>One entry of <c>secrets</c>.</summary>
    public static Shape<SecretDefinition> Secret { get; } = new ObjectShape<SecretDefinition>(name => new SecretDefinition { Name = name })
        .Add("file", Scalars.Word("a path such as `./db.secret`"), "A file on this machine, taken as it is", (secret, value) => secret with { File = value })
        .Add("environment", Scalars.Word("a variable's name such as `DB_PASSWORD`"), "A variable of the environment or of `.env`", (secret, value) => secret with { Environment = value })
        .Add("command", HookShapes.Command, "A command on this machine, which writes it, such as a password manager; only with `--allow-host-hooks`", (secret, value) => secret with { Command = value })
        .Add("age", new ObjectShape<AgeFile>(_ => new AgeFile("", ""))
            .Add("file", Scalars.Word("a path such as `./db.age`"), "The encrypted file", (age, value) => age with { File = value }, required: true)
            .Add("identity", Scalars.Word("a path such as `~/.config/age/key.txt`"), "The file with the identity that decrypts it", (age, value) => age with { Identity = value }, required: true),
            "A file that `age` of this machine's `PATH` decrypts", (secret, value) => secret with { Age = value })
        .Add("sops", new FormsShape<SopsFile>
        {
            Scalar = Scalars.Word("a path such as `./secrets.yaml`").As(path => new SopsFile(path)),
            Mapping = new ObjectShape<SopsFile>(_ => new SopsFile(""))
                .Add("file", Scalars.Word("a path such as `./secrets.yaml`"), "The encrypted file", (sops, value) => sops with { File = value }, required: true)
                .Add("key", Scalars.Word("keys such as `database.password`"), "The keys that lead to the one value that is wanted; the whole file where the key is missing", (sops, value) => sops with { Key = value }),
        }, "A file that `sops` of this machine's `PATH` decrypts, or a value in it", (secret, value) => secret with { Sops = value })
        .Add("timeout", HookShapes.Timeout(SecretDefinition.DefaultTimeout), "How long the command or tool may take before it is killed; 30s where the key is missing", (secret, value) => secret with { Timeout = value })
        .Foreign(ForeignWords.OfSecret)
        .Foreign("content", "no secret belongs into this file; write `environment` or `file`")
        .Foreign("value", "no secret belongs into this file; write `environment` or `file`")
        .Foreign("template", "a template is no secret; write `configs`")
        .Then<SecretDefinition, SecretDefinition>(Complete);

    /// <summary>One entry of <c>configs</c>.</summary>
    public static Shape<ConfigDefinition> Config { get; } = new ObjectShape<ConfigDraft>(name => new ConfigDraft(new ConfigDefinition { Name = name }))
        .Add("file", Scalars.Word("a path such as `./nginx.conf`"), "A file on this machine, taken as it is", (draft, value) => draft with { Config = draft.Config with { File = value } })
        .Add("content", Scalars.Text, "The text; variables in it are replaced, as everywhere in this file", (draft, value) => draft with { Config = draft.Config with { Content = value } })
        .Add("environment", Scalars.Word("a variable's name such as `NGINX_CONF`"), "A variable of the environment or of `.env`, whose value is the text", (draft, value) => draft with { Environment = value })
        .Add("template", Scalars.Word("a path such as `./nginx.conf.tmpl`"), "A file on this machine whose variables are replaced, as in this file", (draft, value) => draft with { Template = value })
        .Foreign(ForeignWords.OfConfig)
        .Then<ConfigDraft, ConfigDefinition>(Complete);

    /// <summary>What an instance gets of the stack's secrets.</summary>
    public static Shape<IReadOnlyList<GrantDefinition>> SecretGrants { get; } = Grants(
        "db", "the absolute path in the instance, or a name for `/run/secrets`", "Permissions; `0400` where the key is missing", "a secret's name");

    /// <summary>What an instance gets of the stack's configs.</summary>
    public static Shape<IReadOnlyList<GrantDefinition>> ConfigGrants { get; } = Grants(
        "nginx", "the absolute path in the instance", "Permissions; `0444` where the key is missing", "a config's name");

    private sealed record ConfigDraft(ConfigDefinition Config, string? Template = null, string? Environment = null);

    private static Shape<IReadOnlyList<GrantDefinition>> Grants(string example, string target, string mode, string named)
    {
        var source = Scalars.Word(named);
        return new ListShape<GrantDefinition>(new FormsShape<GrantDefinition>
        {
            Scalar = source.As(name => new GrantDefinition { Source = name }),
            Mapping = new ObjectShape<GrantDefinition>(_ => new GrantDefinition { Source = "" })
                .Add("source", source, $"Which one: its key in `{(example == "db" ? "secrets" : "configs")}` at the top of the file", (grant, value) => grant with { Source = value }, required: true)
                .Add("target", Scalars.Word(target), example == "db"
                    ? "The file's absolute path, or its name in `/run/secrets`; `/run/secrets/SOURCE` where the key is missing. Of a credential its name"
                    : "The file's absolute path; `/SOURCE` where the key is missing. Of a credential its name", (grant, value) => grant with { Target = value })
                .Add("uid", Scalars.Word("a user's name or number"), "The instance's user who owns it; root where the key is missing", (grant, value) => grant with { Owner = value })
                .Add("gid", Scalars.Word("a group's name or number"), "The instance's group that owns it; the owner's where the key is missing", (grant, value) => grant with { Group = value })
                .Add("mode", ProvisionShapes.Mode, mode, (grant, value) => grant with { Mode = value })
                .Add("delivery", Scalars.Choice(("file", GrantDelivery.File), ("credential", GrantDelivery.Credential)), "`file` (where the key is missing), or `credential`: a systemd credential, where the server has them (`instance_systemd_credentials`)",
                    (grant, value) => grant with { Delivery = value })
                .Foreign("owner", "write `uid`, which may be a name")
                .Foreign("group", "write `gid`, which may be a name")
                .Foreign("name", "write `source`")
                .Foreign("path", "write `target`")
                .Then<GrantDefinition, GrantDefinition>(Complete),
        }, $"[{example}]").As<IReadOnlyList<GrantDefinition>, IReadOnlyList<GrantDefinition>>(grants => [.. grants.Where(grant => grant is { Source.Length: > 0 })]);
    }

    private static bool Complete(GrantDefinition draft, DocumentNode node, Site site, BindingContext context, out GrantDefinition grant)
    {
        grant = draft;
        if (draft.Source.Length == 0)
            return false;
        if (draft.Delivery == GrantDelivery.Credential)
        {
            foreach (var (word, _) in new[] { ("uid", draft.Owner), ("gid", draft.Group), ("mode", draft.Mode?.ToString(System.Globalization.CultureInfo.InvariantCulture)) }.Where(one => one.Item2 is not null))
                context.Error("BadGrant", node, site.At(word), $"`{word}` means nothing for a credential, which systemd hands to services by their units", "remove it, or leave `delivery` out");
            return true;
        }

        if (draft.Target?.EndsWith('/') == true)
        {
            context.Error("BadPath", node, site.At("target"), "it ends with a slash, and a file's path does not", $"write `{draft.Target}{draft.Source}`");
            return false;
        }

        return true;
    }

    private static bool Complete(SecretDefinition draft, DocumentNode node, Site site, BindingContext context, out SecretDefinition secret)
    {
        secret = draft;
        if (!IsOne(node, site, context, "BadSecret", ("file", draft.File), ("environment", draft.Environment), ("command", draft.Command), ("age", draft.Age), ("sops", draft.Sops)))
            return false;
        // What is missing of these has been reported.
        if (draft.Age is { File.Length: 0 } or { Identity.Length: 0 } || draft.Sops is { File.Length: 0 })
            return false;
        string Absolute(string path) => MountShapes.Absolute(path, context, site);
        secret = draft with
        {
            File = draft.File is null ? null : Absolute(draft.File),
            Age = draft.Age is null ? null : new AgeFile(Absolute(draft.Age.File), Absolute(draft.Age.Identity)),
            Sops = draft.Sops is null ? null : draft.Sops with { File = Absolute(draft.Sops.File) },
            Value = draft.Environment is null ? null : context.Variables(draft.Environment),
        };
        return true;
    }

    private static bool Complete(ConfigDraft draft, DocumentNode node, Site site, BindingContext context, out ConfigDefinition config)
    {
        config = draft.Config;
        if (!IsOne(node, site, context, "BadConfig", ("file", config.File), ("content", config.Content), ("environment", draft.Environment), ("template", draft.Template)))
            return false;
        if (config.File is not null)
            config = config with { File = MountShapes.Absolute(config.File, context, site) };
        if (draft.Environment is { } variable)
        {
            var value = context.Variables(variable);
            if (value is null)
                context.Error("NoVariable", node, site.At("environment"), $"the variable {Diagnostics.Excerpts.Quote(variable)} is not set", "set it in the environment or in `.env`, or write `content: ${NAME:-…}` for a text where it is not");
            config = config with { Content = value ?? "" };
        }

        if (draft.Template is null)
            return true;
        var read = TemplateText.TryRead(MountShapes.Absolute(draft.Template, context, site), node, site.At("template"), context, out var text);
        config = config with { Content = text };
        return read;
    }

    private static bool IsOne(DocumentNode node, Site site, BindingContext context, string id, params (string Word, object? Value)[] sources)
    {
        var said = sources.Where(source => source.Value is not null).Select(source => $"`{source.Word}`").ToList();
        if (said.Count == 1)
            return true;
        // What could not be read has been reported.
        var isTried = node is MappingNode mapping && mapping.Entries.Any(entry => sources.Any(source => source.Word == entry.Key.Value) || entry.Key.Value is "external" or "content" or "value");
        if (said.Count > 1 || !isTried)
        {
            context.Error(id, node, site, said.Count == 0 ? "it does not say where it comes from" : $"it comes from several places: {string.Join(" and ", said)}",
                $"write one of {string.Join(", ", sources.Select(source => $"`{source.Word}`"))}");
        }

        return false;
    }
}
