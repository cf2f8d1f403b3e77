using IncusCompose.Definition;

namespace IncusCompose.Tests.Loading;

public class ShortFormTests
{
    [Theory]
    [InlineData("\"8080:80\"", "0.0.0.0", 8080, 80, 1, "tcp")]
    [InlineData("8080:80", "0.0.0.0", 8080, 80, 1, "tcp")]
    [InlineData("\"8080:80/udp\"", "0.0.0.0", 8080, 80, 1, "udp")]
    [InlineData("\"8080:80/TCP\"", "0.0.0.0", 8080, 80, 1, "tcp")]
    [InlineData("\"127.0.0.1:8080:80\"", "127.0.0.1", 8080, 80, 1, "tcp")]
    [InlineData("\"[::1]:8080:80\"", "::1", 8080, 80, 1, "tcp")]
    [InlineData("\"[::]:53:53/udp\"", "::", 53, 53, 1, "udp")]
    [InlineData("\"8000-8010:9000-9010\"", "0.0.0.0", 8000, 9000, 11, "tcp")]
    [InlineData("\"127.0.0.1:1-3:4-6/udp\"", "127.0.0.1", 1, 4, 3, "udp")]
    [InlineData("{target: 80, published: 8080}", "0.0.0.0", 8080, 80, 1, "tcp")]
    [InlineData("{target: 80-81, published: 8080-8081, host_ip: 10.0.0.1, protocol: udp}", "10.0.0.1", 8080, 80, 2, "udp")]
    [InlineData("{target: \"80\", published: \"8080\", host_ip: \"::\"}", "::", 8080, 80, 1, "tcp")]
    public void Ports_are_written_as_docker_writes_them(string port, string address, int published, int target, int count, string protocol) =>
        Assert.Equal(
            new PortMapping { HostAddress = address, HostPort = published, InstancePort = target, Count = count, Protocol = protocol },
            Assert.Single(StackText.Web($"ports:\n  - {port}").Ports));

    [Fact]
    public void The_long_form_of_a_port_can_name_the_address_in_the_instance() =>
        Assert.Equal("10.0.0.5", StackText.Web("ports: [{target: 80, published: 8080, instance_ip: 10.0.0.5}]").Ports[0].InstanceAddress);

    [Theory]
    [InlineData("data:/d", "data", "/d", false, false)]
    [InlineData("data:/d:ro", "data", "/d", false, true)]
    [InlineData("data:/d:rw", "data", "/d", false, false)]
    [InlineData("/srv/www:/d", "/srv/www", "/d", true, false)]
    [InlineData("/srv/../www/:/d", "/www", "/d", true, false)]
    [InlineData("~/www:/d", "/home/ann/www", "/d", true, false)]
    [InlineData("~:/d", "/home/ann", "/d", true, false)]
    public void Volumes_are_written_as_docker_writes_them(string text, string source, string target, bool isHostPath, bool readOnly)
    {
        var mount = Assert.Single(StackText.Web($"volumes: [\"{text}\"]").Volumes);
        Assert.Equal(new VolumeMount { Source = source, Target = target, IsHostPath = isHostPath, ReadOnly = readOnly }, mount);
    }

    [Theory]
    [InlineData("./www", "/shop/www")]
    [InlineData("../www", "/www")]
    [InlineData(".", "/shop")]
    public void Relative_host_paths_start_from_the_files_folder(string source, string end)
    {
        var mount = Assert.Single(StackText.Web($"volumes: [\"{source}:/d\"]").Volumes);
        Assert.True(Path.IsPathRooted(mount.Source));
        Assert.EndsWith(end, mount.Source);
    }

    [Fact]
    public void The_long_form_of_a_volume_says_whether_it_is_read_only_and_shifted()
    {
        var mounts = StackText.Web("""
            volumes:
              - {source: data, target: /a, read_only: true, shift: true}
              - {source: ./x, target: /b, readonly: yes, type: bind}
              - {source: logs, target: /c, type: bind}
            """).Volumes;
        Assert.Equal(new VolumeMount { Source = "data", Target = "/a", ReadOnly = true, Shift = true }, mounts[0]);
        Assert.True(mounts[1] is { IsHostPath: true, ReadOnly: true, Shift: null });
        Assert.True(mounts[2].IsHostPath && mounts[2].Source.EndsWith("/shop/logs"));
    }

    [Fact]
    public void Networks_are_a_list_of_names_or_of_mappings()
    {
        var networks = StackText.Web("networks: [lan, {network: dmz, ipv4: 10.0.0.5, ipv6: 'fd42::5', mac: '10:66:6A:00:00:0F', name: lan0}]").Networks;
        Assert.Equal(new NetworkAttachment { Network = "lan" }, networks[0]);
        Assert.Equal(new NetworkAttachment { Network = "dmz", Ipv4 = "10.0.0.5", Ipv6 = "fd42::5", Mac = "10:66:6a:00:00:0f", Name = "lan0" }, networks[1]);
    }

    [Fact]
    public void Networks_are_a_mapping_from_names_whose_order_counts()
    {
        var networks = StackText.Web("networks: {zeta: , alpha: {ipv4: 10.0.0.5}}").Networks;
        Assert.Equal([new NetworkAttachment { Network = "zeta" }, new NetworkAttachment { Network = "alpha", Ipv4 = "10.0.0.5" }], networks);
    }

    [Theory]
    [InlineData("environment: {A: 1, B: two, C: '', D: true, E: 'True', F: True, G: 0x1F, H: }")]
    [InlineData("environment: [A=1, B=two, C=, D=true, 'E=True', F=true, G=0x1F, H]")]
    public void An_environment_is_a_mapping_or_a_list_and_a_name_alone_takes_the_environments_value(string text)
    {
        var environment = StackText.Require($"instances: {{web: {{{text}}}}}", new Dictionary<string, string> { ["H"] = "here" }).Instances["web"].Environment;
        Assert.Equal(["A=1", "B=two", "C=", "D=true", "E=True", "F=true", "G=0x1F", "H=here"], environment.Select(pair => $"{pair.Key}={pair.Value}"));
    }

    [Theory]
    [InlineData("labels: {tier: front, empty: }")]
    [InlineData("labels: [tier=front, empty]")]
    public void Labels_are_a_mapping_or_a_list(string text) =>
        Assert.Equal(["tier=front", "empty="], StackText.Web(text).Labels.Select(pair => $"{pair.Key}={pair.Value}"));

    [Theory]
    [InlineData("depends_on: [db]")]
    [InlineData("depends_on: {db: }")]
    [InlineData("depends_on: {db: {condition: started}}")]
    [InlineData("depends_on: {db: {condition: service_started}}")]
    public void Dependencies_are_a_list_or_a_mapping_with_conditions(string text) =>
        Assert.Equal([new InstanceDependency("db")], StackText.Web(text, "  db: {}").DependsOn);

    [Theory]
    [InlineData("disk: 10GiB", "10GiB", null)]
    [InlineData("disk: {size: 10GiB, pool: fast}", "10GiB", "fast")]
    [InlineData("disk: {pool: fast}", null, "fast")]
    public void A_root_disk_is_a_size_or_a_size_and_a_pool(string text, string? size, string? pool) =>
        Assert.Equal(new RootDiskDefinition(size, pool), StackText.Web(text).Disk);

    [Theory]
    [InlineData("cpu: 2", "2")]
    [InlineData("cpu: '2'", "2")]
    [InlineData("cpu: 0-3,6", "0-3,6")]
    public void Cpus_are_a_number_or_a_set_quoted_or_not(string text, string expected) => Assert.Equal(expected, StackText.Web(text).Cpu);

    [Theory]
    [InlineData("true", true)]
    [InlineData("'true'", true)]
    [InlineData("yes", true)]
    [InlineData("off", false)]
    [InlineData("False", false)]
    public void Yes_and_no_are_written_in_yamls_words_quoted_or_not(string text, bool expected) =>
        Assert.Equal(expected, StackText.Web($"autostart: {text}").Autostart);

    [Fact]
    public void Raw_configuration_is_handed_on_as_text()
    {
        var config = StackText.Web("config: {a: true, b: True, c: 'True', d: 010, e: 1.0, f: '', g: ~x, h: 'null'}").Config;
        Assert.Equal(["a=true", "b=true", "c=True", "d=010", "e=1.0", "f=", "g=~x", "h=null"], config.Select(pair => $"{pair.Key}={pair.Value}"));
    }

    [Fact]
    public void An_empty_list_of_profiles_means_none_and_no_list_means_incuss_default()
    {
        Assert.Empty(StackText.Web("profiles: []").Profiles!);
        Assert.Null(StackText.Web("cpu: 1").Profiles);
    }

    [Fact]
    public void Keys_without_a_value_are_as_if_they_were_not_there()
    {
        var web = StackText.Web("image:\nmemory: ~\nports:\nenvironment: null\ncloud_init:\ndepends_on:\nx-note: 1");
        Assert.Equal((InstanceDefinition.DefaultImage, null, null), (web.Image, web.Memory, web.CloudInit));
        Assert.Empty(web.Ports);
    }

    [Fact]
    public void An_instance_without_anything_is_an_ubuntu_container() =>
        Assert.Equal(("images:ubuntu/24.04/cloud", InstanceType.Container), (StackText.Require("instances: {web: }").Instances["web"].Image, StackText.Require("instances: {web: {}}").Instances["web"].Type));

    [Fact]
    public void Cloud_init_data_is_text_a_mapping_or_a_file()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(Path.Combine(folder.Path, "user.yaml"), "#cloud-config\nname: ${NOT_A_VARIABLE_HERE}\n");
        File.WriteAllText(Path.Combine(folder.Path, "stack.yaml"), """
            instances:
              web:
                cloud_init:
                  user_data: {file: ./user.yaml}
                  vendor_data: |
                    #!/bin/sh
                    echo $$HOME
                  network_config:
                    version: 2
                    ethernets: {eth0: {dhcp4: true, addresses: ["10.0.0.5/24", on], mtu: "1400"}}
            """);
        var data = StackText.Loader.Load([folder.Path]).Require().Instances["web"].CloudInit!;
        Assert.Equal("#cloud-config\nname: ${NOT_A_VARIABLE_HERE}\n", data.UserData);
        Assert.Equal("#!/bin/sh\necho $HOME\n", data.VendorData);
        Assert.Equal("version: 2\nethernets:\n  eth0:\n    dhcp4: true\n    addresses:\n      - \"10.0.0.5/24\"\n      - on\n    mtu: \"1400\"\n", data.NetworkConfig);
    }

    [Fact]
    public void A_mapping_of_user_data_gets_the_header_that_cloud_init_asks_for() =>
        Assert.Equal("#cloud-config\npackages:\n  - nginx\nruncmd: []\n", StackText.Web("cloud_init: {user_data: {packages: [nginx], runcmd: []}}").CloudInit!.UserData);

    [Fact]
    public void A_networks_addresses_have_short_words()
    {
        var network = StackText.Require("networks: {lan: {ipv4: 10.20.0.1/24, ipv6: none, config: {ipv4.nat: true}}, plain: }").Networks["lan"];
        Assert.Equal(["ipv4.address=10.20.0.1/24", "ipv6.address=none", "ipv4.nat=true"], network.Config.Select(pair => $"{pair.Key}={pair.Value}"));
        Assert.Equal("bridge", network.Type);
    }

    [Theory]
    [InlineData("project: shop", "shop", false)]
    [InlineData("project: {create: true}", "stackname", true)]
    [InlineData("project: {name: other, create: false}", "other", false)]
    public void A_project_is_a_name_or_a_mapping_whose_name_is_the_stacks_by_default(string text, string name, bool create)
    {
        var project = StackText.Require($"name: stackname\n{text}").Project!;
        Assert.Equal((name, create), (project.Name, project.Create));
    }

    [Fact]
    public void An_image_is_a_source_or_a_mapping()
    {
        var images = StackText.Require("images: {a: 'images:debian/12', b: {source: local-alias, alias: mine, auto_update: false}}").Images;
        Assert.Equal(new ImageDefinition { Name = "a", Source = "images:debian/12" }, images["a"]);
        Assert.Equal(("local-alias", "mine", false), (images["b"].Source, Assert.Single(images["b"].Aliases), images["b"].AutoUpdate));
    }
}
