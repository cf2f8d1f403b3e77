using IncusCompose.Definition;

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
    public void A_stack_file_that_says_containers_is_none_of_them() =>
        Assert.Contains("containers: there is no key `containers` here; write `instances`", Assert.Single(StackText.Problems("name: shop\ncontainers: {web: {image: images:debian/12}}\n")), StringComparison.Ordinal);

    [Fact]
    public void Its_later_form_is_named_and_not_read() =>
        Assert.Contains(
            StackText.Problems("version: 1.0\nhosts: [{name: web, flavor: small, image: base}]\nsubnets: [lan]\n"),
            problem => problem.Contains("there is no key `hosts` here; write `instances`; of incus-composer's files those with `containers` are read", StringComparison.Ordinal));
}
