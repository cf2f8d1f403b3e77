using IncusCompose.Definition;

namespace IncusCompose.Tests.Loading;

public class WholeFileTests
{
    public const string Shop = """
        name: shop
        description: A web shop
        project: { create: true, config: { features.images: false } }
        x-defaults: &defaults
          image: debian
          memory: 512MiB
        instances:
          db:
            <<: *defaults
            type: virtual-machine
            cpu: 2
            disk: { size: 10GiB, pool: fast }
            networks: [ shopnet ]
            volumes: [ "data:/var/lib/db" ]
            environment: [ "MODE=fast", "PASSWORD=$$ecret" ]
            autostart: true
            boot_priority: 10
          web:
            <<: *defaults
            depends_on: [ db ]
            networks:
              shopnet: { ipv4: 10.20.0.10, mac: "10:66:6A:00:00:01", name: lan0 }
            ports: [ "8080:80", "127.0.0.1:8443:443/tcp" ]
            volumes:
              - ./www:/var/www:ro
            cloud_init:
              user_data:
                packages: [ nginx ]
            labels: { tier: front }
            config: { security.nesting: true }
            devices:
              gpu0: { type: gpu, id: 0 }
        networks:
          shopnet: { ipv4: 10.20.0.1/24, ipv6: none }
        storage_pools:
          fast: { driver: btrfs, config: { size: 20GiB } }
        volumes:
          data:
        profiles:
          small: { config: { limits.memory: 256MiB } }
        images:
          debian: images:debian/12
        """;

    [Fact]
    public void Every_key_of_a_stack_file_is_bound()
    {
        var stack = StackText.Require(Shop);

        Assert.Equal("shop", stack.Name);
        Assert.Equal(("shop", true, "false"), (stack.Project!.Name, stack.Project.Create, stack.Project.Config["features.images"]));
        var db = stack.Instances["db"];
        Assert.Equal(InstanceType.VirtualMachine, db.Type);
        Assert.Equal(("debian", "2", "512MiB", 10), (db.Image, db.Cpu, db.Memory, db.BootPriority!.Value));
        Assert.Equal(new RootDiskDefinition("10GiB", "fast"), db.Disk);
        Assert.Equal("$ecret", db.Environment["PASSWORD"]);
        var web = stack.Instances["web"];
        Assert.Equal(new NetworkAttachment { Network = "shopnet", Ipv4 = "10.20.0.10", Mac = "10:66:6a:00:00:01", Name = "lan0" }, Assert.Single(web.Networks));
        Assert.Equal(new PortMapping { HostPort = 8080, InstancePort = 80 }, web.Ports[0]);
        Assert.Equal(new PortMapping { HostAddress = "127.0.0.1", HostPort = 8443, InstancePort = 443 }, web.Ports[1]);
        Assert.EndsWith("/shop/www", web.Volumes[0].Source);
        Assert.True(web.Volumes[0].IsHostPath && web.Volumes[0].ReadOnly);
        Assert.Equal("#cloud-config\npackages:\n  - nginx\n", web.CloudInit!.UserData);
        Assert.Equal(new InstanceDependency("db"), Assert.Single(web.DependsOn));
        Assert.Equal("true", web.Config["security.nesting"]);
        Assert.Equal("0", web.Devices["gpu0"]["id"]);
        Assert.Equal("10.20.0.1/24", stack.Networks["shopnet"].Config["ipv4.address"]);
        Assert.Equal("btrfs", stack.StoragePools["fast"].Driver);
        Assert.Equal("filesystem", stack.Volumes["data"].ContentType);
        Assert.Equal("images:debian/12", stack.Images["debian"].Source);
    }

    [Fact]
    public void The_resolved_file_says_the_same_as_the_file()
    {
        var stack = StackText.Require(Shop);
        var text = Resolved(stack);
        Assert.Equal(text, Resolved(StackText.Require(text.Replace("******", "#masked"))).Replace("#masked", "******"));
    }

    private static string Resolved(StackDefinition stack)
    {
        using var writer = new StringWriter();
        StackText.Loader.WriteResolved(stack, writer);
        return writer.ToString();
    }
}
