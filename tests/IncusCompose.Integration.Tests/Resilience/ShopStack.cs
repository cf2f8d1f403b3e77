using System.Globalization;

namespace IncusCompose.Integration.Tests.Resilience;

/// <summary>A stack with a resource of each kind, and a change of everything in it.</summary>
internal sealed class ShopStack(Lab.Lab lab)
{
    public const string Name = "shop";

    public string First => Yaml($$$"""
        networks:
          {{{Bridge}}}:
            description: first
            config: {ipv4.address: {{{lab.Subnets[0]}}}.1/24, ipv4.nat: true, ipv6.address: none}
        volumes:
          data: {}
          logs: {description: Logs}
        profiles:
          small: {config: {limits.memory: 64MiB}}
        instances:
          db:
            image: busybox
            profiles: [default, small]
            networks: [{{{Bridge}}}]
            volumes: ["data:/data"]
          web:
            image: busybox
            profiles: [default, small]
            networks: [{{{Bridge}}}]
            volumes: ["logs:/logs"]
            ports: ["127.0.0.1:{{{Port}}}:80"]
            environment: {MODE: first}
            depends_on: [db]
          worker:
            image: busybox
            profiles: [default, small]
            networks: [{{{Bridge}}}]
        """);

    /// <summary>A change of everything: some of it live, some by a restart, some to be made and some to be deleted.</summary>
    public string Second => Yaml($$$"""
        networks:
          {{{Bridge}}}:
            description: second
            config: {ipv4.address: {{{lab.Subnets[0]}}}.1/24, ipv4.nat: true, ipv6.address: none, dns.domain: shop}
        volumes:
          data: {description: Kept}
          spool: {}
        profiles:
          small: {config: {limits.memory: 96MiB, limits.processes: 200}}
        instances:
          db:
            image: busybox
            profiles: [default, small]
            cpu: 1
            description: The database
            networks: [{{{Bridge}}}]
            volumes: ["data:/data"]
          web:
            image: busybox
            profiles: [default, small]
            networks: [{{{Bridge}}}]
            volumes: ["spool:/spool"]
            ports: ["127.0.0.1:{{{Port + 1}}}:80"]
            environment: {MODE: second}
            depends_on: [db]
          extra:
            image: busybox
            profiles: [default, small]
            networks: [{{{Bridge}}}]
            depends_on: [web]
        """);

    public string Bridge => "shop" + lab.Number;

    private int Port => 22000 + (10 * int.Parse(lab.Number, CultureInfo.InvariantCulture));

    /// <summary>What is left when everything but the data goes.</summary>
    public string DataOnly => Yaml("volumes: {data: {}}");

    private static string Yaml(string rest) => $"name: {Name}\n{rest}";
}
