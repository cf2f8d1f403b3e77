using IncusCompose.Definition;
using IncusCompose.Tests.Loading.Composition;

namespace IncusCompose.Tests.Loading.Dialects;

/// <summary>Files of incus-composer.</summary>
public class IncusComposerTests
{
    private const string Clinic = """
        version: "1.0"
        containers:
          web:
            instance_type: container
            image: "debian/12"
            description: "Front door"
            cpu: {limit: "2", allowance: "50%", priority: 5}
            memory: {limit: "2GiB", swap: "1GiB", swap_priority: 3}
            networks: [ward]
            volumes:
              - {source: records, target: /srv/records, pool: quick}
              - {source: /etc/ssl, target: /etc/ssl, readonly: true}
            environment: {STAGE: production}
            profiles: [default, nested]
            depends_on: [database]
            cloud_init:
              user_data: |
                #cloud-config
                packages: [nginx]
          database:
            image: "24.04/cloud"
            image_server: "ubuntu:"
            cpu: {limit: "1-3"}
            volumes: [{source: records, target: /var/lib/records, pool: quick, readonly: true}]
            devices:
              door: {type: proxy, listen: "tcp:0.0.0.0:8080", connect: "tcp:127.0.0.1:80"}
            config: {security.nesting: "true"}
            autostart: false
            boot_priority: 10
          desk:
            instance_type: virtual-machine
            image: images:debian/12
        networks:
          ward: {type: bridge, description: "The ward", config: {ipv4.address: 10.7.1.1/24, ipv4.nat: "true", ipv6.address: none}}
        storage:
          quick: {driver: btrfs, description: "Fast", config: {size: 20GiB}}
        profiles:
          nested: {description: "Nesting", config: {security.nesting: "true"}}
        """;

    [Fact]
    public void Containers_are_instances_with_all_that_they_say()
    {
        var stack = Dialect.Load(Clinic);

        Assert.Equal(["database", "desk", "web"], stack.Instances.Keys.Order());
        var web = stack.Instances["web"];
        Assert.Equal(("images:debian/12", "Front door", true), (web.Image, web.Description, web.Autostart));
        Assert.Equal(("2", "50%", "5"), (web.Options["limits.cpu"], web.Options["limits.cpu.allowance"], web.Options["limits.cpu.priority"]));
        Assert.Equal(("2GiB", "1GiB", "3"), (web.Options["limits.memory"], web.Options["limits.memory.swap"], web.Options["limits.memory.swap.priority"]));
        Assert.Equal("production", web.Environment["STAGE"]);
        Assert.Equal(["default", "nested"], web.Profiles);
        Assert.Equal("database", Assert.Single(web.DependsOn).Instance);
        Assert.StartsWith("#cloud-config\n", web.CloudInit!.UserData, StringComparison.Ordinal);
        Assert.Equal([("records", false, false), ("/etc/ssl", true, true)], web.Volumes.Select(mount => (mount.Source, mount.IsHostPath, mount.ReadOnly)));

        var database = stack.Instances["database"];
        Assert.Equal(("ubuntu:24.04/cloud", "1-3", false, 10), (database.Image, database.Options["limits.cpu"], database.Autostart, database.BootPriority));
        Assert.Equal("proxy", database.Devices["door"]["type"]);
        Assert.Equal("true", database.Config["security.nesting"]);
        Assert.Equal((InstanceType.VirtualMachine, "images:debian/12"), (stack.Instances["desk"].Type, stack.Instances["desk"].Image));
    }

    [Fact]
    public void Networks_pools_and_profiles_are_the_stacks_own_and_volumes_those_that_are_mounted()
    {
        var stack = Dialect.Load(Clinic);

        Assert.Equal("10.7.1.1/24", stack.Networks["ward"].Config["ipv4.address"]);
        Assert.Equal(("btrfs", "20GiB"), (stack.StoragePools["quick"].Driver, stack.StoragePools["quick"].Config["size"]));
        Assert.Equal("true", stack.Profiles["nested"].Config["security.nesting"]);
        Assert.Equal(("records", "quick"), (Assert.Single(stack.Volumes).Key, stack.Volumes["records"].Pool));
    }

    [Fact]
    public void A_converted_file_says_the_same() => Assert.DoesNotContain("version", Dialect.Convert(Clinic), StringComparison.Ordinal);

    [Fact]
    public void A_file_above_says_of_a_container_only_what_it_changes()
    {
        using var folder = new StackFolder(
            ("stack.yaml", Clinic),
            ("changes.yaml", """
                version: "1.0"
                containers:
                  web: {memory: {limit: 4GiB}, image: debian/13, environment: {DEBUG: "1"}, volumes: [{source: archive, target: /srv/records}]}
                  database: {image_server: "local:"}
                  desk: {autostart: false}
                storage: {quick: {config: {size: 30GiB}}}
                """),
            ("own.yaml", "instances: {desk: {image: ubuntu:24.04}}\nvolumes: {records: {pool: slow}}"));
        var stack = folder.Require(null, "stack.yaml", "changes.yaml", "own.yaml");

        var (web, database) = (stack.Instances["web"], stack.Instances["database"]);
        Assert.Equal(("images:debian/13", true, "4GiB", "1GiB"), (web.Image, web.Autostart, web.Options["limits.memory"], web.Options["limits.memory.swap"]));
        Assert.Equal(["production", "1"], web.Environment.Values);
        Assert.Equal(["archive", "/etc/ssl"], web.Volumes.Select(mount => mount.Source));
        Assert.Equal(("local:24.04/cloud", false, "1-3"), (database.Image, database.Autostart, database.Options["limits.cpu"]));
        Assert.Equal(("ubuntu:24.04", false), (stack.Instances["desk"].Image, stack.Instances["desk"].Autostart));
        Assert.Equal(["archive", "records"], stack.Volumes.Keys.Order());
        Assert.Equal((null, "slow"), (stack.Volumes["archive"].Pool, stack.Volumes["records"].Pool));
        Assert.Equal("30GiB", stack.StoragePools["quick"].Config["size"]);
    }

    [Fact]
    public void What_all_files_leave_out_is_an_error_where_the_container_stands()
    {
        using var folder = new StackFolder(
            ("stack.yaml", "version: 1.0\ncontainers:\n  web: {volumes: [{source: data, target: /a, pool: one}]}\n"),
            ("more.yaml", "version: 1.0\ncontainers:\n  web: {cpu: {limit: 1}}\n  db: {image: a/1, volumes: [{source: data, target: /b, pool: two}, {source: /srv, target: /s, pool: two}]}\n"));
        Assert.Equal(
            [
                "more.yaml:3:3: containers.web.image: the key `image` is missing; add `image:` with an image such as `debian/12`",
                "more.yaml:4:63: containers.db.volumes[0].pool: the volume `data` is on `two` here and on `one` at stack.yaml:3:52; a volume lies on one pool: give one of the two another name, or both the same pool",
                "more.yaml:4:102: containers.db.volumes[1].pool: warning: `pool` is passed over: a path of the host lies on no storage pool",
            ],
            folder.Problems(null, "stack.yaml", "more.yaml"));
    }

    [Fact]
    public void A_stack_file_that_says_containers_is_none_of_them() =>
        Assert.Contains("containers: there is no key `containers` here; write `instances`", Assert.Single(StackText.Problems("name: shop\ncontainers: {web: {image: images:debian/12}}\n")), StringComparison.Ordinal);

    [Fact]
    public void Its_later_form_is_named_and_not_read() =>
        Assert.Contains(
            StackText.Problems("version: 1.0\nhosts: [{name: web, flavor: small, image: base}]\nsubnets: [lan]\n"),
            problem => problem.Contains("there is no key `hosts` here; write `instances`; of incus-composer's files those with `containers` are read", StringComparison.Ordinal));
}
