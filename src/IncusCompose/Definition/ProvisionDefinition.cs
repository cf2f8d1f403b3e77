namespace IncusCompose.Definition;

/// <summary>
/// One step of what is made of an instance once it is ready: exactly one of <see cref="Exec"/>, <see cref="Script"/>,
/// <see cref="Files"/> and <see cref="Ansible"/>. It runs once for its content, and again where that changes.
/// </summary>
public sealed record ProvisionStep
{
    /// <summary>How long a step may take that does not say so itself: 30 minutes.</summary>
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromMinutes(30);

    /// <summary>What people call it; null: its number.</summary>
    public string? Name { get; init; }

    /// <summary>A command in the instance: the program and its arguments. A shell line is <c>/bin/sh -c LINE</c>.</summary>
    public IReadOnlyList<string>? Exec { get; init; }

    /// <summary>A script that is brought into the instance and run there.</summary>
    public ScriptDefinition? Script { get; init; }

    /// <summary>Files and folders in the instance.</summary>
    public IReadOnlyList<FileDefinition>? Files { get; init; }

    /// <summary>A playbook or role that Ansible, on the machine that runs the tool, applies to the instance.</summary>
    public AnsibleDefinition? Ansible { get; init; }

    /// <summary>The instance's user to run a command or script as: a name, <c>UID</c> or <c>UID:GID</c>; null: root.</summary>
    public string? User { get; init; }

    /// <summary>The folder in the instance to run a command or script in; null: the user's home.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>Variables beside those that describe the instance.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = Maps.Empty;

    /// <summary>How long it may take before it is killed and has failed.</summary>
    public TimeSpan Timeout { get; init; } = DefaultTimeout;

    /// <summary>What it does, in a few words. Arguments, variables and contents may be secrets, and are not in it.</summary>
    public override string ToString() => this switch
    {
        { Exec: { } command } => $"exec {CommandWords.ProgramOf(command)}",
        { Script: { } script } => $"script {(script.Source is null ? "in the file" : Path.GetFileName(script.Source))}",
        { Files: { } files } => $"files {string.Join(", ", files.Take(3).Select(file => file.Target))}{(files.Count > 3 ? ", …" : "")}",
        { Ansible: { } ansible } => $"ansible {(ansible.Role is null ? Path.GetFileName(ansible.Playbook) : $"role {Path.GetFileName(ansible.Role)}")}",
        _ => "nothing",
    };
}

/// <summary>A script that is run in an instance: a text, or a file on the machine that runs the tool.</summary>
public sealed record ScriptDefinition
{
    /// <summary>The text; null where it is in a file.</summary>
    public string? Content { get; init; }

    /// <summary>The file's absolute path; null where the text is given.</summary>
    public string? Source { get; init; }

    /// <summary>The program that runs it, with arguments of its own; null: what its first line names by <c>#!</c>, else <c>/bin/sh</c>.</summary>
    public IReadOnlyList<string>? Interpreter { get; init; }

    /// <summary>The script's arguments.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];
}

/// <summary>A file in an instance, or a folder with all that is in it.</summary>
public sealed record FileDefinition
{
    /// <summary>The file's text; null where it comes from <see cref="Source"/>.</summary>
    public string? Content { get; init; }

    /// <summary>The absolute path of a file or folder on the machine that runs the tool; null where the text is given.</summary>
    public string? Source { get; init; }

    /// <summary>The absolute path in the instance; of a file from <see cref="Source"/> it may end with a slash, for the folder to put it in.</summary>
    public required string Target { get; init; }

    /// <summary>The instance's user who owns it: a name or number; null: root.</summary>
    public string? Owner { get; init; }

    /// <summary>The instance's group that owns it: a name or number; null: the owner's.</summary>
    public string? Group { get; init; }

    /// <summary>Permissions, 0 to octal 7777; null: octal 0644, 0755 for what can be run and for folders.</summary>
    public int? Mode { get; init; }
}

/// <summary>What Ansible does to an instance: exactly one of <see cref="Playbook"/> and <see cref="Role"/>.</summary>
public sealed record AnsibleDefinition
{
    /// <summary>The playbook's absolute path; null for a role.</summary>
    public string? Playbook { get; init; }

    /// <summary>The absolute path of the role's folder, or a name by which Ansible finds it; null for a playbook.</summary>
    public string? Role { get; init; }

    /// <summary>Extra variables, as the text of a JSON object; null: none.</summary>
    public string? Variables { get; init; }

    /// <summary>Only what has one of these tags; none: all.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Nothing that has one of these tags.</summary>
    public IReadOnlyList<string> SkipTags { get; init; } = [];

    /// <summary>Groups that the instance is put into beside those of the inventory, for plays that name their hosts.</summary>
    public IReadOnlyList<string> Groups { get; init; } = [];

    /// <summary>Whether it works as root; null: as the playbook says; a role does.</summary>
    public bool? Become { get; init; }

    /// <summary>The connection plugin for an instance without SSH; null: <c>community.general.incus</c>.</summary>
    public string? Connection { get; init; }

    /// <summary>More arguments of <c>ansible-playbook</c>.</summary>
    public IReadOnlyList<string> ExtraArguments { get; init; } = [];
}
