using System.Text.RegularExpressions;
using IncusCompose.Definition;
using IncusCompose.Loading.Documents;
using IncusCompose.Loading.Shapes;

namespace IncusCompose.Loading.Keys;

/// <summary>What is made of an instance once it is ready.</summary>
internal static partial class ProvisionShapes
{
    private const int LongestName = 100;

    // These stand first: what is below is made of them.
    public static ScalarShape<string> HostPath { get; } = Scalars.Word("a path such as `./setup.sh`");

    private static ListShape<string> Texts { get; } = new(Scalars.Text, "[a, b]");

    public static ScalarShape<string> Target { get; } = new("an absolute path such as `/etc/app.conf`", text =>
        text.StartsWith('/') && text.Trim('/').Length > 0 ? new(text) : new("", "is not an absolute path of a file", text.Trim('.', '/').Length > 0 ? $"write `/{text.TrimStart('.', '/')}`" : null))
    { ProblemId = "BadPath", Pattern = "^/.*[^/]" };

    private static ScalarShape<string> Folder { get; } = new("an absolute path such as `/srv`", text => text.StartsWith('/') ? new(text) : new("", "is not an absolute path")) { ProblemId = "BadPath", Pattern = "^/" };

    public static ScalarShape<int?> Mode { get; } = new("permissions such as `0644`", text =>
        text.Length is 3 or 4 && text.All(digit => digit is >= '0' and <= '7') ? new(Convert.ToInt32(text, 8)) : new(null, "are not permissions in octal digits"))
    { ProblemId = "BadMode", Pattern = "^[0-7]{3,4}$" };

    private static ScalarShape<string> StepName { get; } = new("a name such as `packages`", text =>
        string.IsNullOrWhiteSpace(text) || text.Length > LongestName || text.Any(char.IsControl) ? new("", $"is no name of 1 to {LongestName} characters")
        : !NoNumber().IsMatch(text) ? new("", "is a number, by which steps without a name are called", "give it a name, or leave it out")
        : new(text))
    { ProblemId = "BadStepName", Pattern = NoNumberPattern };

    // What YAML, and so an editor, takes for a number.
    private const string NoNumberPattern = @"^(?!([+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?|0x[0-9A-Fa-f]+|0o[0-7]+)$)";

    [GeneratedRegex(NoNumberPattern)]
    private static partial Regex NoNumber();

    /// <summary>The value of <c>provision</c>.</summary>
    public static Shape<IReadOnlyList<ProvisionStep>> Provision { get; } = ProvisionForm();

    private static Shape<IReadOnlyList<ProvisionStep>> ProvisionForm()
    {
        var line = Scalars.Word("a shell line such as `apt-get install -y nginx`").As(text => new ProvisionStep { Exec = CommandWords.OfShell(text) });
        var form = StepForm().Then<ProvisionStep, ProvisionStep>(Complete);
        return new FormsShape<IReadOnlyList<ProvisionStep>>
        {
            Scalar = line.As<ProvisionStep, IReadOnlyList<ProvisionStep>>(step => [step]),
            Mapping = form.As<ProvisionStep, IReadOnlyList<ProvisionStep>>(step => [step]),
            Sequence = new ListShape<ProvisionStep>(new FormsShape<ProvisionStep> { Scalar = line, Mapping = form }, "[{exec: apt-get install -y nginx}]"),
        }.Then<IReadOnlyList<ProvisionStep>, IReadOnlyList<ProvisionStep>>(Distinguish);
    }

    private static ObjectShape<ProvisionStep> StepForm() => new ObjectShape<ProvisionStep>(_ => new ProvisionStep())
        .Add("name", StepName, "What the step is called in plans and messages; its number where the key is missing", (step, value) => step with { Name = value })
        .Add("exec", HookShapes.Command, "A command in the instance, run through the API", (step, value) => step with { Exec = value })
        .Add("script", Script(), "A script of this machine that is brought into the instance, run there and taken away again", (step, value) => step with { Script = value })
        .Add("files", new ListShape<FileDefinition>(FileForm().Then<FileDefinition, FileDefinition>(Complete), "[{source: ./app.conf, target: /etc/app.conf}]"), "Files and folders in the instance", (step, value) => step with { Files = [.. value.Where(file => (FileDefinition?)file is not null)] })
        .Add("ansible", Ansible(), "A playbook or role that Ansible applies from this machine; only with `--allow-host-hooks`", (step, value) => step with { Ansible = value })
        .Add("user", HookShapes.User, "The instance's user to run a command or script as; root where the key is missing", (step, value) => step with { User = value })
        .Add("cwd", Folder, "The folder in the instance to run a command or script in; the user's home where the key is missing", (step, value) => step with { WorkingDirectory = value })
        .Add("environment", CommonShapes.Environment, "Variables beside those that describe the instance", (step, value) => step with { Environment = value })
        .Add("timeout", HookShapes.Timeout(ProvisionStep.DefaultTimeout), "How long it may take before it is killed and has failed; 30m where the key is missing", (step, value) => step with { Timeout = value })
        .Foreign("command", "write `exec`")
        .Foreign("run", "write `exec`")
        .Foreign("shell", "write `exec` with a shell line")
        .Foreign("copy", "write `files`")
        .Foreign("file", "write `files` with a list")
        .Foreign("playbook", "write `ansible`")
        .Foreign("role", "write `ansible: {role: …}`")
        .Foreign("working_dir", "write `cwd`")
        .Foreign("when", "leave it out: a step runs once for its content; let the script decide");

    private static FormsShape<ScriptDefinition> Script() => new()
    {
        Scalar = HostPath.Then((string path, DocumentNode _, Site site, BindingContext context, out ScriptDefinition script) =>
        {
            script = new ScriptDefinition { Source = Absolute(path, context, site) };
            return true;
        }),
        Mapping = new ObjectShape<ScriptDefinition>(_ => new ScriptDefinition())
            .Add("content", Scalars.Text, "The script's text", (script, value) => script with { Content = value })
            .Add("source", HostPath, "The script's file on this machine", (script, value) => script with { Source = value })
            .Add("interpreter", new FormsShape<IReadOnlyList<string>>
            {
                Scalar = Scalars.Word("a program such as `/usr/bin/python3`").As<string, IReadOnlyList<string>>(program => [program]),
                Sequence = Texts.Then<IReadOnlyList<string>, IReadOnlyList<string>>(HookShapes.Words),
            }, "The program that runs it; what its first line names by `#!` where the key is missing, else `/bin/sh`", (script, value) => script with { Interpreter = value })
            .Add("args", Texts, "Its arguments", (script, value) => script with { Arguments = [.. value.Where(word => (string?)word is not null)] })
            .Then((ScriptDefinition draft, DocumentNode node, Site site, BindingContext context, out ScriptDefinition script) =>
            {
                script = draft.Source is null ? draft : draft with { Source = Absolute(draft.Source, context, site) };
                return OneOf(draft.Content, draft.Source, "content", "source", "BadScript", node, site, context);
            }),
    };

    private static ObjectShape<FileDefinition> FileForm() => new ObjectShape<FileDefinition>(_ => new FileDefinition { Target = "" })
        .Add("source", HostPath, "A file on this machine, or a folder with all that is in it", (file, value) => file with { Source = value })
        .Add("content", Scalars.Text, "The file's text", (file, value) => file with { Content = value })
        .Add("target", Target, "The absolute path in the instance; folders on the way are made. Of a file from `source` it may end with `/`, for the folder to put it in", (file, value) => file with { Target = value }, required: true)
        .Add("owner", Scalars.Word("a user's name or number"), "The instance's user who owns it; root where the key is missing", (file, value) => file with { Owner = value })
        .Add("group", Scalars.Word("a group's name or number"), "The instance's group that owns it; the owner's where the key is missing", (file, value) => file with { Group = value })
        .Add("mode", Mode, "Permissions; `0644` where the key is missing, `0755` for what can be run here. A folder can be entered by who may read it", (file, value) => file with { Mode = value })
        .Foreign("uid", "write `owner`")
        .Foreign("gid", "write `group`")
        .Foreign("path", "write `target`")
        .Foreign("dest", "write `target`")
        .Foreign("src", "write `source`")
        .Foreign("permissions", "write `mode`");

    private static FormsShape<AnsibleDefinition> Ansible() => new()
    {
        Scalar = Scalars.Word("a playbook such as `./site.yml`").Then((string path, DocumentNode _, Site site, BindingContext context, out AnsibleDefinition ansible) =>
        {
            ansible = new AnsibleDefinition { Playbook = Absolute(path, context, site) };
            return true;
        }),
        Mapping = new ObjectShape<AnsibleDefinition>(_ => new AnsibleDefinition())
            .Add("playbook", Scalars.Word("a playbook such as `./site.yml`"), "The playbook", (ansible, value) => ansible with { Playbook = value })
            .Add("role", Scalars.Word("a role's folder such as `./roles/web`, or a name by which Ansible finds it"), "The role; a name is looked for in `roles` beside this file first", (ansible, value) => ansible with { Role = value })
            .Add("vars", new VariablesShape(), "Extra variables", (ansible, value) => ansible with { Variables = value })
            .Add("tags", Texts, "Only what has one of these tags", (ansible, value) => ansible with { Tags = Whole(value) })
            .Add("skip_tags", Texts, "Nothing that has one of these tags", (ansible, value) => ansible with { SkipTags = Whole(value) })
            .Add("groups", Texts, "Groups that the instance is put into beside those of the inventory, for plays that name their hosts", (ansible, value) => ansible with { Groups = Whole(value) })
            .Add("become", Scalars.Boolean, "Whether it works as root; as the playbook says where the key is missing; a role does", (ansible, value) => ansible with { Become = value })
            .Add("connection", Scalars.Word("a connection plugin such as `community.general.incus`"), "How Ansible reaches an instance without `ssh`; `community.general.incus` where the key is missing", (ansible, value) => ansible with { Connection = value })
            .Add("extra_args", Texts, "More arguments of `ansible-playbook`", (ansible, value) => ansible with { ExtraArguments = [.. value.Where(word => (string?)word is not null)] })
            .Foreign("variables", "write `vars`")
            .Foreign("extra_vars", "write `vars`")
            .Foreign("roles", "write `role`, one for each step, or a playbook")
            .Foreign("inventory", "leave it out: it holds the instance and those that it depends on")
            .Foreign("hosts", "leave it out: it is the instance; `groups` puts it into the groups that a playbook names")
            .Then((AnsibleDefinition draft, DocumentNode node, Site site, BindingContext context, out AnsibleDefinition ansible) =>
            {
                ansible = draft with
                {
                    Playbook = draft.Playbook is null ? null : Absolute(draft.Playbook, context, site),
                    Role = draft.Role is null ? null : RoleFolder(draft.Role, context, site),
                };
                return OneOf(draft.Playbook, draft.Role, "playbook", "role", "BadAnsible", node, site, context);
            }),
    };

    private static IReadOnlyList<string> Whole(IReadOnlyList<string> words) => [.. words.Where(word => !string.IsNullOrEmpty(word))];

    private static bool Complete(FileDefinition draft, DocumentNode node, Site site, BindingContext context, out FileDefinition file)
    {
        file = draft.Source is null ? draft : draft with { Source = Absolute(draft.Source, context, site) };
        // The target has been reported where it is missing or wrong.
        if (!OneOf(draft.Content, draft.Source, "content", "source", "BadFileEntry", node, site, context) || draft.Target.Length == 0)
            return false;
        if (draft.Source is not null || !draft.Target.EndsWith('/'))
            return true;
        context.Error("BadPath", node, site.At("target"), "a text has no name to put into a folder", $"write the file's path, such as `{draft.Target}app.conf`");
        return false;
    }

    private static bool Complete(ProvisionStep step, DocumentNode node, Site site, BindingContext context, out ProvisionStep value)
    {
        value = step;
        var said = new (string Word, bool Is)[] { ("exec", step.Exec is not null), ("script", step.Script is not null), ("files", step.Files is not null), ("ansible", step.Ansible is not null) };
        var words = said.Where(one => one.Is).Select(one => one.Word).ToList();
        if (words.Count != 1)
        {
            // What could not be read has been reported.
            if (words.Count == 0 && node is MappingNode mapping && mapping.Entries.Any(entry => said.Any(one => one.Word == entry.Key.Value)))
                return false;
            context.Error("BadStep", node, site, words.Count == 0 ? "it says nothing to do" : $"it says several things to do: {string.Join(" and ", words)}", "write one of `exec`, `script`, `files` and `ansible`; more steps are a list");
            return false;
        }

        var misplaced = step.Files is not null || step.Ansible is not null
            ? new (string Word, bool Is)[] { ("user", step.User is not null), ("cwd", step.WorkingDirectory is not null), ("environment", step.Files is not null && step.Environment.Count > 0) }
            : [];
        foreach (var (word, _) in misplaced.Where(one => one.Is))
            context.Error("BadStep", node, site.At(word), $"`{word}` means nothing for `{words[0]}`", (word, words[0]) is ("user", "files") ? "write `owner` beside `target`" : (word, words[0]) is ("user", "ansible") ? "write `become`, or the user under `ssh`" : "remove it");
        return !misplaced.Any(one => one.Is);
    }

    /// <summary>No two steps of one name.</summary>
    private static bool Distinguish(IReadOnlyList<ProvisionStep> bound, DocumentNode node, Site site, BindingContext context, out IReadOnlyList<ProvisionStep> steps)
    {
        // What could not be read has been reported.
        steps = [.. bound.Where(step => (ProvisionStep?)step is not null)];
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (index, step) in bound.Index())
        {
            if ((ProvisionStep?)step is { Name: { } name } && !seen.Add(name))
                context.Error("DuplicateStep", node is SequenceNode list ? list.Items[index] : node, site.At(index).At("name"), $"there is already a step `{name}`", "give each a name of its own");
        }

        return true;
    }

    private static bool OneOf(string? first, string? second, string firstWord, string secondWord, string id, DocumentNode node, Site site, BindingContext context)
    {
        if (first is null != second is null)
            return true;
        // What could not be read has been reported.
        if (first is not null || node is not MappingNode mapping || !mapping.Entries.Any(entry => entry.Key.Value == firstWord || entry.Key.Value == secondWord))
            context.Error(id, node, site, first is null ? $"it has neither `{firstWord}` nor `{secondWord}`" : $"it has both `{firstWord}` and `{secondWord}`", "write one of the two");
        return false;
    }

    private static string Absolute(string path, BindingContext context, Site site) => MountShapes.Absolute(path, context, site);

    /// <summary>The folder of a role: by its path, or in <c>roles</c> beside the stack file; else the name for Ansible to find it by.</summary>
    private static string RoleFolder(string role, BindingContext context, Site site)
    {
        if (role.StartsWith('.') || role.StartsWith('~') || Path.IsPathRooted(role))
            return Absolute(role, context, site);
        var beside = new[] { Path.Combine("roles", role), role }.Select(path => Absolute(path, context, site)).FirstOrDefault(Directory.Exists);
        return beside ?? role;
    }

    /// <summary>A mapping as the text of a JSON object, scalars as Ansible's own files have them.</summary>
    private sealed class VariablesShape : Shape<string?>
    {
        public override string Wanted => "a mapping such as `http_port: 8080`";

        public override System.Text.Json.Nodes.JsonObject Schema(SchemaParts parts) => JsonSchemas.OfTypes("object");

        public override bool TryBind(DocumentNode node, Site site, BindingContext context, out string? value)
        {
            value = null;
            if (node is not MappingNode mapping)
            {
                context.WrongKind(node, site, Wanted);
                return false;
            }

            if (!PlainValues.TryRead(mapping, out var json))
                return false;
            value = mapping.Entries.Count == 0 ? null : json!.ToJsonString(PlainValues.Json);
            return true;
        }
    }
}
