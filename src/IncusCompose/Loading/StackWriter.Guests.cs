using System.Globalization;
using System.Text.Json.Nodes;
using IncusCompose.Definition;
using IncusCompose.Loading.Documents;

namespace IncusCompose.Loading;

/// <content>What is inside an instance, and who gets in.</content>
internal static partial class StackWriter
{
    private sealed partial class Writer
    {
        private MappingNode Provision(ProvisionStep step) => new Entries(mask)
            .Text("name", step.Name)
            .Node("exec", step.Exec is null ? null : Command(step.Exec))
            .Node("script", step.Script is null ? null : Script(step.Script))
            .Node("files", step.Files is null ? null : List(step.Files.Select(File)))
            .Node("ansible", step.Ansible is null ? null : Ansible(step.Ansible))
            .Text("user", step.User)
            .Text("cwd", step.WorkingDirectory)
            .Values("environment", step.Environment)
            .Text("timeout", step.Timeout == ProvisionStep.DefaultTimeout ? null : Time(step.Timeout))
            .ToNode();

        private MappingNode Script(ScriptDefinition script) => new Entries(mask)
            .Text("content", script.Content)
            .Text("source", script.Source)
            .Node("interpreter", script.Interpreter is null ? null : Command(script.Interpreter))
            .Node("args", script.Arguments.Count == 0 ? null : Command(script.Arguments))
            .ToNode();

        private MappingNode File(FileDefinition file) => new Entries(mask)
            .Text("source", file.Source)
            .Text("content", file.Content)
            .Text("target", file.Target)
            .Text("owner", file.Owner)
            .Text("group", file.Group)
            .Text("mode", file.Mode is { } mode ? Convert.ToString(mode, 8).PadLeft(4, '0') : null)
            .ToNode();

        // Public keys are shown: whoever reads the resolved file must see who may log in.
        private MappingNode User(UserDefinition user) => new Entries((key, value) => key == "password_hash" ? mask(key, value) : value)
            .Node("keys", user.Keys.Count == 0 ? null : List(user.Keys.Select(Scalar)))
            .Flag("sudo", user.Sudo)
            .Node("groups", user.Groups.Count == 0 ? null : List(user.Groups.Select(Scalar)))
            .Text("shell", user.Shell)
            .Text("uid", user.Uid is { } uid ? Whole(uid) : null)
            .Text("password_hash", user.PasswordHash)
            .ToNode();

        // In the order of their declaration, which is another one than that of a step's files.
        private MappingNode GuestFile(FileDefinition file) => new Entries(mask)
            .Text("target", file.Target)
            .Text("content", file.Content)
            .Text("source", file.Source)
            .Text("owner", file.Owner)
            .Text("group", file.Group)
            .Text("mode", Octal(file.Mode))
            .ToNode();

        // Where secrets come from is said, as it stands in the file; what they are is not known here.
        private MappingNode Secret(SecretDefinition secret) => new Entries((_, value) => value)
            .Text("file", secret.File)
            .Text("environment", secret.Environment)
            .Node("command", secret.Command is null ? null : Command(secret.Command))
            .Node("age", secret.Age is { } age ? new Entries((_, value) => value).Text("file", age.File).Text("identity", age.Identity).ToNode() : null)
            .Node("sops", secret.Sops is { } sops ? new Entries((_, value) => value).Text("file", sops.File).Text("key", sops.Key).ToNode() : null)
            .Text("timeout", secret.Timeout == SecretDefinition.DefaultTimeout ? null : Time(secret.Timeout))
            .ToNode();

        private MappingNode Config(ConfigDefinition config) => new Entries(mask)
            .Text("file", config.File)
            .Text("content", config.Content)
            .ToNode();

        private static DocumentNode Grant(GrantDefinition grant) => grant == new GrantDefinition { Source = grant.Source }
            ? Scalar(grant.Source)
            : new Entries((_, value) => value)
                .Text("source", grant.Source)
                .Text("target", grant.Target)
                .Text("uid", grant.Owner)
                .Text("gid", grant.Group)
                .Text("mode", Octal(grant.Mode))
                .Text("delivery", grant.Delivery == GrantDelivery.Credential ? "credential" : null)
                .ToNode();

        private static string? Octal(int? mode) => mode is { } bits ? Convert.ToString(bits, 8).PadLeft(4, '0') : null;

        private MappingNode Ansible(AnsibleDefinition ansible) => new Entries(mask)
            .Text("playbook", ansible.Playbook)
            .Text("role", ansible.Role)
            .Node("vars", ansible.Variables is null ? null : PlainValues.Write("vars", JsonNode.Parse(ansible.Variables), Text))
            .Node("tags", Words(ansible.Tags))
            .Node("skip_tags", Words(ansible.SkipTags))
            .Node("groups", Words(ansible.Groups))
            .Flag("become", ansible.Become)
            .Text("connection", ansible.Connection)
            .Node("extra_args", ansible.ExtraArguments.Count == 0 ? null : Command(ansible.ExtraArguments))
            .ToNode();

        private MappingNode CloudInit(CloudInitDefinition data) => new Entries(mask)
            .Text("user_data", data.UserData)
            .Text("vendor_data", data.VendorData)
            .Text("network_config", data.NetworkConfig)
            .ToNode();

        // Public keys are shown: whoever reads the resolved file must see who may log in.
        private MappingNode Ssh(SshDefinition ssh) => new Entries((_, value) => value)
            .Text("user", ssh.User)
            .Node("keys", List(ssh.Keys.Select(Scalar)))
            .Text("sudo", ssh.Sudo ? null : "false")
            .Text("port", ssh.Port == SshDefinition.DefaultPort ? null : ssh.Port.ToString(CultureInfo.InvariantCulture))
            .Text("shell", ssh.Shell == SshDefinition.DefaultShell ? null : ssh.Shell)
            .ToNode();
    }
}
