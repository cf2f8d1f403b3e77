using IncusCompose.Definition;
using IncusCompose.Loading.Shapes;

namespace IncusCompose.Loading.Keys;

/// <summary>What a container from an OCI image runs. Source: Incus doc/api-extensions.md, instance_oci_entrypoint and oci_network_config.</summary>
internal static class OciShapes
{
    private const string Needs = "instance_oci_entrypoint";
    private const string NeedsNetwork = "oci_network_config";

    /// <summary>The value of <c>oci</c>.</summary>
    public static ConfigShape Oci { get; } = new ConfigShape()
        .Value("entrypoint", "oci.entrypoint", Entrypoint(), "What it runs; the image's own where the key is missing", InstanceType.Container, Needs)
        .Value("cwd", "oci.cwd", new ScalarShape<string>("an absolute path such as `/srv`", text => text.StartsWith('/') ? new(text) : new("", "is no absolute path")) { Pattern = "^/" }, "The folder that it runs in", InstanceType.Container, Needs)
        .Value("uid", "oci.uid", OptionScalars.Number("a user's number such as `1000`", 0, uint.MaxValue), "The user that it runs as", InstanceType.Container, Needs)
        .Value("gid", "oci.gid", OptionScalars.Number("a group's number such as `1000`", 0, uint.MaxValue), "The group that it runs as", InstanceType.Container, Needs)
        .Group("dns", new ConfigShape()
            .List("nameservers", "oci.dns.nameservers", ',', CommonShapes.AnyAddress, "[10.20.0.1]", "Name servers", InstanceType.Container, NeedsNetwork)
            .List("search", "oci.dns.search", ',', Scalars.Word("a domain such as `shop.example`"), "[shop.example]", "Domains to look in", InstanceType.Container, NeedsNetwork)
            .Value("domain", "oci.dns.domain", Scalars.Word("a domain such as `shop.example`"), "Its own domain", InstanceType.Container, NeedsNetwork), "What its `resolv.conf` begins with")
        .Foreign("user", "write `user` beside `oci`, or `uid` and `gid`: Incus takes numbers")
        .Foreign("command", "write all of it into `entrypoint`")
        .Foreign("working_dir", "write `cwd`")
        .Foreign("environment", "write `environment` beside `oci`");

    // The server splits it as a shell does.
    private static FormsShape<string> Entrypoint() => new()
    {
        Scalar = Scalars.Word("a command such as `/app --port 80`"),
        Sequence = new ListShape<string>(Scalars.Text, "[/app, --port, \"80\"]").As<IReadOnlyList<string>, string>(words => ShellWords.Join(words.Select(word => word ?? ""))),
    };
}
