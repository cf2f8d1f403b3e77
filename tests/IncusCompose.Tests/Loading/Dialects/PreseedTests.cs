using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

using IncusCompose.Tests.Loading.Composition;

namespace IncusCompose.Tests.Loading.Dialects;

/// <summary>What <c>incus admin init --preseed</c> takes.</summary>
public class PreseedTests
{
    private const string Server = """
        config: {}
        storage_pools:
        - name: data
          driver: btrfs
          description: ""
          config: {size: 20GiB, source: "", volatile.initial_source: /dev/loop3}
        storage_volumes:
        - {name: media, pool: data, type: custom, content_type: "", config: {size: 5GiB}, project: default}
        networks:
        - name: incusbr1
          type: bridge
          config: {ipv4.address: 10.8.1.1/24, ipv6.address: none}
          project: default
        profiles:
        - name: default
          devices:
            root: {path: /, pool: data, type: disk}
            eth0: {name: eth0, network: incusbr1, type: nic}
        - name: small
          description: "Small ones"
          config: {limits.memory: 256MiB}
        projects: []
        cluster_groups:
        - {name: gpu, description: "With a GPU", members: [m1]}
        cluster: null
        """;

    [Fact]
    public void Lists_of_things_are_the_stacks_things()
    {
        var stack = Dialect.Load(Server);

        Assert.Equal("default", stack.Project!.Name);
        Assert.Equal(["size"], stack.StoragePools["data"].Config.Keys);
        Assert.Equal(("data", "5GiB"), (stack.Volumes["media"].Pool, stack.Volumes["media"].Config["size"]));
        Assert.Equal("10.8.1.1/24", stack.Networks["incusbr1"].Config["ipv4.address"]);
        Assert.Equal("incusbr1", stack.Profiles["default"].Devices["eth0"]["network"]);
        Assert.Equal("256MiB", stack.Profiles["small"].Config["limits.memory"]);
        Assert.Equal(["m1"], stack.ClusterGroups["gpu"].Members);
        Assert.Empty(stack.Instances);
    }

    [Fact]
    public void A_converted_file_says_the_same() => Assert.Contains("limits.memory: 256MiB", Dialect.Convert(Server), StringComparison.Ordinal);

    [Fact]
    public void A_project_that_everything_is_in_is_made_by_the_stack()
    {
        var stack = Dialect.Load("""
            projects: [{name: lab, description: "The lab", config: {features.networks: "false", limits.instances: "5"}}]
            profiles: [{name: small, project: lab, config: {limits.memory: 256MiB}}]
            storage_volumes: [{name: data, pool: default, project: lab}]
            networks: [{name: labbr0, project: default}]
            """);

        Assert.Equal(("lab", true, "The lab", "5"), (stack.Project!.Name, stack.Project.Create, stack.Project.Description, stack.Project.Config["limits.instances"]));
        Assert.Equal("small", Assert.Single(stack.Profiles).Key);
    }

    [Theory]
    [InlineData("profiles: [{name: small}]", "lab")]
    [InlineData("storage_pools: [{name: data, driver: dir}]\nprojects: [{name: default}]", "lab")]
    [InlineData("profiles: [{name: small, project: default}]", "default")]
    [InlineData("profiles: [{name: small, project: other}]", "other")]
    public void What_names_no_project_moves_no_stack_that_it_is_laid_over(string preseed, string project)
    {
        using var folder = new StackFolder(("stack.yaml", "name: shop\nproject: lab\ninstances: {web: {image: images:debian/12}}\n"), ("preseed.yaml", preseed + "\n"));

        Assert.Equal(project, folder.Require(null, "stack.yaml", "preseed.yaml").Project!.Name);
        Assert.Equal(project == "lab" ? null : project, Dialect.Load(preseed).Project?.Name);
    }

    [Fact]
    public void Projects_that_the_file_has_nothing_in_are_made_besides_the_stacks_own()
    {
        var stack = Dialect.Load("""
            projects: [{name: lab}, {name: spare, description: "For guests", config: {limits.instances: "5"}}]
            profiles: [{name: small, project: lab}]
            """);

        Assert.Equal("lab", stack.Project!.Name);
        Assert.Equal(("For guests", "5"), (stack.Projects["spare"].Description, stack.Projects["spare"].Config["limits.instances"]));
    }

    [Fact]
    public void Certificates_are_as_the_API_takes_them_and_restrict_whom_they_say()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var ann = new CertificateRequest("CN=ann", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UtcNow, DateTimeOffset.UtcNow.AddDays(1));

        using var bob = new CertificateRequest("CN=bob", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UtcNow, DateTimeOffset.UtcNow.AddDays(1));
        var stack = Dialect.Load($"""
            certificates:
            - name: ann
              type: client
              certificate: {Convert.ToBase64String(ann.RawData)}
            - name: bob
              type: client
              restricted: true
              projects: [lab]
              certificate: |
            {string.Concat(bob.ExportCertificatePem().Split('\n').Select(line => "    " + line + "\n"))}
            """);

        Assert.Equal(ann.GetCertHashString(HashAlgorithmName.SHA256).ToLowerInvariant(), stack.Certificates["ann"].Fingerprint);
        Assert.False(stack.Certificates["ann"].Restricted);
        Assert.Equal((true, "lab"), (stack.Certificates["bob"].Restricted, Assert.Single(stack.Certificates["bob"].Projects!)));
    }

    [Theory]
    [InlineData("networks: [lan]\ninstances: {web: {}}\n")]
    [InlineData("name: shop\nconfig: {core.https_address: \":8443\"}\n")]
    [InlineData("profiles: [{name: small}]\nvolumes: {data: {}}\n")]
    public void A_stack_file_with_a_mistake_is_no_preseed(string yaml) =>
        Assert.All(StackText.Problems(yaml), problem => Assert.DoesNotContain("preseed", problem, StringComparison.Ordinal));
}
