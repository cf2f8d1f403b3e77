using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Exporting;
using IncusCompose.Loading;
using IncusCompose.Resources;
using IncusCompose.Resources.Images;
using IncusCompose.Resources.Networks;
using IncusCompose.Resources.Projects;
using IncusCompose.Tests.Loading;
using IncusCompose.Tests.Planning;

namespace IncusCompose.Tests.Exporting;

/// <summary>Words of instances whose traces on the server are more than one key, or share a key with others.</summary>
public sealed class ExportedWordTests
{
    private const string Key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA8oDVpve8vTb4efaUXXtdQJLOjylj5PfYBWWLjPWILW ann@desk";

    [Theory]
    [InlineData("persist: [/srv/kept:/kept]")]
    [InlineData("hostname: web.example.org")]
    [InlineData("{dns: [10.0.0.53, fd42::53], dns_search: shop.internal, dns_opt: [ndots:2], extra_hosts: {db: 10.0.0.5}}")]
    [InlineData("{hostname: web, extra_hosts: {db: 10.0.0.5}, raw: {lxc: lxc.tty.max = 2}, config: {user.meta-data: \"a: b\\n\"}}")]
    [InlineData("{hostname: web, config: {user.meta-data: 'local-hostname: other'}}")]
    [InlineData("disk: {priority: 7}")]
    [InlineData("packages: [nginx, libstdc++6]")]
    [InlineData("users: {app: {}, ops: {sudo: true, uid: 1500, groups: [adm, docker], shell: /bin/sh, keys: ['" + Key + "'], password_hash: $$6$$salt$$hash}}")]
    [InlineData("{packages: [nginx], cloud_init: {user_data: \"#cloud-config\\ntimezone: Europe/Vienna\\n\"}}")]
    [InlineData("{packages: [nginx], users: {app: {}}, cloud_init: {user_data: \"#cloud-config\\nusers: [{name: own}]\\npackages: [git]\\n\", vendor_data: \"#!/bin/sh\\necho ä\\n\"}}")]
    [InlineData("{packages: [nginx], ssh: {user: ann, keys: ['" + Key + "']}}")]
    [InlineData("{packages: [nginx], users: {app: {}}, ssh: {user: ann, keys: ['" + Key + "'], port: 2222}, cloud_init: {user_data: \"#cloud-config\\nruncmd: [echo ä]\\n\", vendor_data: \"#cloud-config\\nlocale: C\\n\"}}")]
    [InlineData("{ssh: {user: ann, keys: ['" + Key + "']}, persist: [/srv/kept:/home/ann/kept]}")]
    [InlineData("cloud_init: {vendor_data: \"#cloud-config\\npackages:\\n- nginx\\n\"}")]
    public void What_a_stack_said_of_an_instance_is_written_in_the_same_words(string words)
    {
        var stack = StackText.Require($"name: shop\ninstances: {{web: {Whole(words)}}}\n");
        var export = Export(stack);

        Assert.Empty(export.Notes);
        Assert.Equal(Definitions.Show(stack), Definitions.Show(stack with { Instances = export.Stack.Instances }));
    }

    [Theory]
    [InlineData("environment: {MODE: fast, A: '1'}")]
    [InlineData("cloud_init: {vendor_data: \"#cloud-config\\ntimezone: Europe/Vienna\\n\"}")]
    [InlineData("snapshots: {schedule: '@daily', expiry: 7d}")]
    [InlineData("{cpu: 2, memory: {limit: 1GiB, swap: false}, boot: {stop_priority: 3}, security: {nesting: true}, config: {user.label.tier: back}}")]
    [InlineData("{disk: {size: 5GiB, io: {read: 30MB}}, devices: {tmp: {type: disk, source: /tmp, path: /tmp2}}}")]
    [InlineData("disk: {pool: other}")]
    [InlineData("devices: {disk: {type: disk, path: /, pool: default}}")]
    public void What_a_stack_said_of_a_profile_is_written_in_the_same_words(string words)
    {
        var stack = StackText.Require($"name: shop\nprofiles: {{small: {(words.StartsWith('{') ? words : $"{{{words}}}")}}}\n");
        var world = new PlanningWorld().With(new StoragePool { Name = "default", Driver = "dir" }).With(new StoragePool { Name = "other", Driver = "dir" });
        var desired = world.Plan(stack).Resources.Single(resource => resource.Id.Kind == ProfileKind.KindName).Desired!;
        var fields = ResourceFields.From(desired.Properties);
        new OwnershipMark("shop", "default", desired.DefinitionPath, AppliedRecord.Of(desired.Properties)).Write(desired.Id, fields.Config);

        var export = world.With(new Profile { Name = "small", Config = fields.Config, Devices = fields.DeviceMap() }).Export(new ExportOptions { Stack = "shop" });

        Assert.Empty(export.Notes);
        Assert.Equal(Definitions.Show(stack), Definitions.Show(stack with { Profiles = export.Stack.Profiles }));
    }

    [Fact]
    public void Cloud_init_data_that_looks_like_a_words_but_is_somebodys_own_stays_what_it_is()
    {
        const string Data = "#cloud-config\npackage_update: true\npackages:\n- \"nginx\"\n";
        var web = new Instance { Name = "web", Type = InstanceTypes.Container, Profiles = ["default"], StatusCode = StatusCode.Running, Config = PlanningWorld.Map(("cloud-init.vendor-data", Data), ("volatile.base_image", "0123456789abcdef")) };

        var export = new PlanningWorld().With(web).Export(new ExportOptions { Instances = ["web"] });

        Assert.Equal(Data, export.Stack.Instances["web"].CloudInit!.VendorData);
        Assert.Empty(export.Stack.Instances["web"].Packages);
    }

    [Theory]
    [InlineData("#cloud-config\na: 1")]
    [InlineData("#cloud-config\na: 1\n")]
    [InlineData("#cloud-config\na: 1\n\n\n")]
    [InlineData("#cloud-config\n  \n")]
    public void A_secret_text_comes_back_with_all_of_its_line_ends_though_a_shell_drops_them(string text)
    {
        var stack = StackText.Require("name: shop\ninstances: {web: {image: busybox}}\n");
        stack = stack with { Instances = new Dictionary<string, InstanceDefinition> { ["web"] = stack.Instances["web"] with { CloudInit = new CloudInitDefinition(text) } } };

        var export = Export(stack);

        var variable = Assert.Single(export.Variables);
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "stack.yaml");
        File.WriteAllText(file, export.Text);
        var again = StackText.Loader.Load([file], new LoadOptions { Variables = new Dictionary<string, string> { [variable.Name] = text.TrimEnd('\n') } }).Require();
        Assert.Equal(text, again.Instances["web"].CloudInit!.UserData);
    }

    [Fact]
    public void The_command_that_prints_a_secret_is_one_that_a_shell_reads_as_it_is_meant()
    {
        var export = Export(StackText.Require("name: shop\ninstances: {web: {image: busybox, config: {\"user.it's a token\": x}}}\n"));

        Assert.Equal("incus config get web 'user.it'\\''s a token'", Assert.Single(export.Variables).Command);
    }

    [Fact]
    public void An_image_is_written_with_all_of_its_aliases_and_profiles_and_one_made_of_files_with_what_to_do()
    {
        var world = new PlanningWorld()
            .WithMarked(Image("a", "images:debian/12", [("alias", "base"), ("aliases/first/1", "first/1"), ("aliases/second/2", "second/2"), ("profiles", "small, other"), ("auto_update", "false")])
                with { UpdateSource = new ImageUpdateSource { Alias = "debian/12", Protocol = "simplestreams", Server = "https://images.example.org" } })
            .WithMarked(Image("b", "app", [("alias", "ours"), ("aliases/mine", "mine")]));

        var export = world.Export(new ExportOptions { Stack = "shop" });

        var image = export.Stack.Images["base"];
        Assert.Equal(["base", "first/1", "second/2"], image.Aliases);
        Assert.Equal(["small", "other"], image.Profiles);
        Assert.False(image.AutoUpdate);
        Assert.Equal(["ours", "mine"], export.Stack.Images["app"].Aliases);
        Assert.Contains("incus image export bbbbbbbbbbbb ./app", Assert.Single(export.Notes).Advice, StringComparison.Ordinal);

        static Image Image(string digit, string key, (string Path, string Value)[] applied)
        {
            var (id, words, properties) = (new ResourceId(ImageKind.KindName, key), new PropertyBag(), new Dictionary<string, string>());
            foreach (var (path, value) in applied)
                words.Add(path, value);
            new OwnershipMark("shop", "default", key, AppliedRecord.Of(words)).Write(id, properties);
            return new Image
            {
                Fingerprint = string.Concat(Enumerable.Repeat(digit, 64)), Type = InstanceTypes.Container, Properties = properties, Profiles = ["small", "other"],
                Aliases = [.. applied.Where(word => word.Path.StartsWith("alias", StringComparison.Ordinal)).Select(word => new ImageAliasName { Name = word.Value })],
            };
        }
    }

    [Fact]
    public void A_forwards_description_is_the_same_without_the_blanks_that_the_server_takes_off_its_ends()
    {
        var stack = StackText.Require("name: shop\nnetworks: {lan: {ipv4: 10.9.0.1/24, forwards: {192.0.2.10: {target_address: 10.9.0.10, description: \" \\u2028 mine \\n\"}}}}\n");

        var forward = new PlanningWorld().Plan(stack).Resources.Single(resource => resource.Id.Kind == NetworkForwardKind.KindName);

        Assert.Equal("mine", forward.Desired!.Properties["description"]);
    }

    private static string Whole(string words) => words.StartsWith('{') ? "{image: busybox, " + words[1..] : $"{{image: busybox, {words}}}";

    private static StackExport Export(StackDefinition stack)
    {
        var world = new PlanningWorld();
        var web = world.Applied(stack, "web") with { StatusCode = StatusCode.Running };
        return world.With(web).Export(new ExportOptions { Stack = "shop" });
    }
}
