using System.Text.RegularExpressions;
using IncusCompose.Definition;
using IncusCompose.Loading.Documents;
using IncusCompose.Loading.Shapes;

namespace IncusCompose.Loading.Keys;

/// <summary>Words of an instance that become cloud-init data.</summary>
internal static partial class GuestWords
{
    private static ScalarShape<string> Package { get; } = new("a package's name such as `nginx`", text =>
        string.IsNullOrWhiteSpace(text) || text.Any(letter => char.IsControl(letter) || char.IsWhiteSpace(letter)) ? new("", "is no package's name", "write one name in each entry of the list") : new(text))
    { ProblemId = "BadPackage" };

    private static ScalarShape<string> Hash { get; } = new("a password's hash, as `openssl passwd -6` prints it", text =>
        PasswordHash().IsMatch(text) ? new(text) : new("", "is no password's hash", "write what `openssl passwd -6` prints, with `$$` for each dollar sign, or a variable that holds it"))
    { ProblemId = "BadPasswordHash" };

    private static ListShape<string> Groups { get; } = new(SshShapes.User, "[adm, docker]");

    private static ScalarShape<string> Shell { get; } = new("an absolute path such as `/bin/bash`", text => text.StartsWith('/') ? new(text) : new("", "is not absolute")) { ProblemId = "BadPath" };

    private static ObjectShape<UserDefinition> User { get; } = new ObjectShape<UserDefinition>(name => new UserDefinition { Name = name })
        .Add("keys", SshShapes.Keys, "Public keys by which the user may log in, as text or as paths of files with them", (user, value) => user with { Keys = value })
        .Add("sudo", Scalars.Boolean, "Whether the user may do everything by `sudo`, without a password; `false` where the key is missing", (user, value) => user with { Sudo = value })
        .Add("groups", new FormsShape<IReadOnlyList<string>> { Scalar = SshShapes.User.As<string, IReadOnlyList<string>>(group => [group]), Sequence = Groups }, "Groups that the user is in besides its own; those that are not there are made",
            (user, value) => user with { Groups = [.. value.Where(group => !string.IsNullOrEmpty(group))] })
        .Add("shell", Shell, "The login shell; the system's own choice where the key is missing", (user, value) => user with { Shell = value })
        .Add("uid", Scalars.Number("a number such as `1500`", 1, 65533), "The user's number; the next free one where the key is missing", (user, value) => user with { Uid = value })
        .Add("password_hash", Hash, "The password as `/etc/shadow` holds it; without it nobody logs in by password", (user, value) => user with { PasswordHash = value })
        .Foreign("password", "write `password_hash`, as `openssl passwd -6` prints it: no password belongs into this file")
        .Foreign("passwd", "write `password_hash`")
        .Foreign("ssh_authorized_keys", "write `keys`")
        .Foreign("name", "leave it out: a user is called what its key says");

    /// <summary>Declares the words.</summary>
    public static ObjectShape<InstanceDefinition> Add(ObjectShape<InstanceDefinition> instance) => instance
        .Add("packages", new ListShape<string>(Package, "[nginx, curl]"), "Packages that cloud-init installs, for images that have it", (definition, value) => definition with { Packages = [.. value.Where(package => !string.IsNullOrEmpty(package)).Distinct()] })
        .Add("users", new FormsShape<IReadOnlyList<UserDefinition>>
        {
            Sequence = new ListShape<string>(SshShapes.User, "[app]").As<IReadOnlyList<string>, IReadOnlyList<UserDefinition>>(names => [.. names.Where(name => !string.IsNullOrEmpty(name)).Select(name => new UserDefinition { Name = name })]),
            Mapping = new MapShape<UserDefinition>(User.Then<UserDefinition, UserDefinition>(Complete), "app: {groups: [www-data]}").As<IReadOnlyDictionary<string, UserDefinition>, IReadOnlyList<UserDefinition>>(users => [.. users.Values]),
        }, "Users that cloud-init makes, for images that have it", (definition, value) => definition with { Users = value });

    private static bool Complete(UserDefinition draft, DocumentNode node, Site site, BindingContext context, out UserDefinition user)
    {
        user = draft;
        if (SshShapes.User.Accepts(draft.Name))
            return true;
        context.Error("BadUser", node, site, $"{Diagnostics.Excerpts.Quote(draft.Name)} cannot be a user's name", "write one of small letters, digits, dashes and underscores, such as `admin`");
        return false;
    }

    // Source: crypt(5).
    [GeneratedRegex(@"^\$[0-9a-z]+\$[^:\s]{8,}\z")]
    private static partial Regex PasswordHash();
}
