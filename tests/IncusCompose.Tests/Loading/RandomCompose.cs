using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace IncusCompose.Tests.Loading;

/// <summary>A docker compose file, chosen by the seed: every word in each of its forms, and only what docker would take.</summary>
internal sealed class RandomCompose(int seed)
{
    /// <summary>The value of all that is secret.</summary>
    public const string Secret = "s3cret-word";

    /// <summary>What is there already.</summary>
    public const string ExternalNetwork = "extnet", ExternalVolume = "extvol";

    private static readonly string[] s_services = ["web", "db", "my_app", "cache.x", "job", "x1"];
    private static readonly JsonSerializerOptions s_plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly Random _random = new(seed);
    private readonly HashSet<string> _healthy = new(StringComparer.Ordinal);
    private readonly HashSet<string> _inactive = new(StringComparer.Ordinal);
    private int _port = 8000;
    private int _address = 10;

    public string Make()
    {
        var names = s_services.Where((_, index) => index == 0 || Flag()).ToList();
        // JSON is YAML.
        var root = new JsonObject { ["name"] = "shop" };
        if (Flag())
            root["version"] = "3.8";
        root["services"] = Object(names, (name, index) => Service(name, names[..index]));
        root["networks"] = new JsonObject
        {
            ["front"] = One<JsonNode?>(() => null, () => new JsonObject { ["driver"] = "bridge" }, () => new JsonObject { ["name"] = "shopfront", ["attachable"] = true }),
            ["back"] = new JsonObject { ["ipam"] = new JsonObject { ["driver"] = "default", ["config"] = new JsonArray(new JsonObject { ["subnet"] = "10.61.0.0/24", ["gateway"] = Maybe(() => "10.61.0.254") }) }, ["internal"] = Flag() },
            ["other"] = One<JsonNode?>(() => new JsonObject { ["external"] = true, ["name"] = ExternalNetwork }, () => new JsonObject { ["external"] = new JsonObject { ["name"] = ExternalNetwork } }),
            ["a-very-long-name-of-a-network"] = new JsonObject { ["enable_ipv6"] = Flag(), ["labels"] = Maybe(() => "x=y") is { } label ? new JsonArray(label) : null },
        };
        if (Flag())
            root["networks"]!["default"] = One<JsonNode?>(() => null, () => new JsonObject { ["name"] = "shopnet" });
        root["volumes"] = new JsonObject
        {
            ["data"] = One<JsonNode?>(() => null, () => new JsonObject { ["name"] = "shopdata" }, () => new JsonObject { ["driver"] = "local" }),
            ["logs"] = One<JsonNode?>(() => new JsonObject(), () => new JsonObject { ["external"] = true, ["name"] = ExternalVolume }),
        };
        root["secrets"] = new JsonObject { ["token"] = new JsonObject { ["environment"] = "TOKEN" } };
        root["configs"] = new JsonObject { ["motd"] = new JsonObject { ["content"] = Text() } };
        return root.ToJsonString(s_plain);
    }

    private JsonObject Service(string name, IReadOnlyList<string> before)
    {
        var service = new JsonObject { ["image"] = One(() => "nginx:1.27", () => "redis", () => "ghcr.io/me/app@sha256:0123", () => "127.0.0.1:5000/x/y:1") };
        var deploy = Maybe(Deploy);
        var isReplicated = deploy?["replicas"] is JsonValue count && count.GetValue<int>() > 1;
        void Say(string word, Func<JsonNode?> value)
        {
            if (Flag())
                service[word] = value();
        }

        if (deploy is not null)
            service["deploy"] = deploy;
        if (!isReplicated)
        {
            Say("ports", Ports);
            Say("container_name", () => $"shop-{name.Replace('_', '-').Replace('.', '-')}");
        }

        if (deploy?["restart_policy"] is null)
            Say("restart", () => One(() => "no", () => "always", () => "unless-stopped", () => "on-failure:3"));
        Say("environment", Environment);
        Say("labels", () => Flag() ? new JsonObject { ["tier"] = Text(), ["number"] = 1 } : new JsonArray($"tier={Text()}", "empty="));
        Say("healthcheck", () => Healthcheck(name));
        if (before.Count > 0)
            Say("depends_on", () => DependsOn(before));
        if (Flag())
            service["networks"] = Networks(isReplicated);
        else if (_random.Next(4) == 0)
            service["network_mode"] = One(() => "none", () => "bridge");
        Say("volumes", Volumes);
        Say("secrets", () => Flag() ? new JsonArray("token") : new JsonArray(new JsonObject { ["source"] = "token", ["target"] = "/etc/token", ["uid"] = "1000", ["mode"] = "0440" }));
        Say("configs", () => Flag() ? new JsonArray("motd") : new JsonArray(new JsonObject { ["source"] = "motd", ["target"] = "/etc/motd" }));
        Say("command", () => Flag() ? Text() : new JsonArray("serve", Text(), "a b", "it's"));
        Say("entrypoint", () => Flag() ? "/bin/run --fast 'a b'" : new JsonArray("/bin/run", Text()));
        Say("working_dir", () => "/srv");
        Say("user", () => One(() => "1000", () => "1000:1000", () => "root"));
        Say("hostname", () => "own_name");
        Say("tmpfs", () => Flag() ? "/run" : new JsonArray("/run:size=64m,mode=1777,noexec", "/cache"));
        Say("shm_size", () => Flag() ? "64m" : "1gb");
        Say("cap_add", () => new JsonArray("NET_ADMIN"));
        Say("cap_drop", () => new JsonArray("ALL"));
        Say("sysctls", () => Flag() ? new JsonObject { ["net.core.somaxconn"] = 1024 } : new JsonArray("net.core.somaxconn=1024"));
        Say("ulimits", () => new JsonObject { ["nofile"] = Flag() ? 65536 : new JsonObject { ["soft"] = 1024, ["hard"] = 2048 } });
        Say("dns", () => Flag() ? "10.0.0.53" : new JsonArray("10.0.0.53", "10.0.0.54"));
        Say("extra_hosts", () => Flag() ? new JsonArray("db.example:10.0.0.9") : new JsonObject { ["db.example"] = "10.0.0.9" });
        Say("stop_signal", () => "SIGQUIT");
        Say("stop_grace_period", () => "1m30s");
        Say("read_only", () => Flag());
        Say("privileged", () => Flag());
        Say("init", () => true);
        Say("tty", () => true);
        Say("expose", () => new JsonArray("80"));
        Say("security_opt", () => new JsonArray("no-new-privileges:true", "label=disable"));
        Say("logging", () => new JsonObject { ["driver"] = "none" });
        if (_random.Next(6) == 0 && name != "web")
        {
            service["profiles"] = new JsonArray("tools");
            _inactive.Add(name);
        }

        if (_random.Next(6) == 0)
            service["build"] = ".";
        return service;
    }

    private JsonObject Deploy()
    {
        var deploy = new JsonObject { ["mode"] = One(() => "replicated", () => "global") };
        if (deploy["mode"]!.GetValue<string>() == "replicated" && Flag())
            deploy["replicas"] = 1 + _random.Next(3);
        if (Flag())
            deploy["resources"] = new JsonObject { ["limits"] = new JsonObject { ["cpus"] = One<JsonNode>(() => "0.5", () => 2, () => 1.5), ["memory"] = One(() => "256M", () => "1g"), ["pids"] = 100 }, ["reservations"] = new JsonObject { ["memory"] = "64M" } };
        if (Flag())
            deploy["restart_policy"] = new JsonObject { ["condition"] = One(() => "any", () => "none", () => "on-failure"), ["delay"] = "5s" };
        if (Flag())
            deploy["update_config"] = new JsonObject { ["parallelism"] = _random.Next(3), ["order"] = "stop-first" };
        return deploy;
    }

    private JsonArray Ports()
    {
        var ports = new JsonArray();
        for (var count = 1 + _random.Next(3); count > 0; count--)
        {
            _port += 10;
            ports.Add(One<JsonNode>(
                () => $"{_port}:80",
                () => $"127.0.0.1:{_port}:80/udp",
                () => $"{_port}-{_port + 2}:9000-9002",
                () => "3000",
                () => new JsonObject { ["target"] = 80, ["published"] = $"{_port}", ["protocol"] = "tcp", ["mode"] = "host", ["host_ip"] = Maybe(() => "127.0.0.1") }));
        }

        return ports;
    }

    private JsonNode Environment() => Flag()
        ? new JsonObject { ["MODE"] = Text(), ["NUMBER"] = _random.Next(), ["FLAG"] = true, ["DB_PASSWORD"] = Secret, ["EMPTY"] = "" }
        : new JsonArray($"MODE={Text()}", "TWICE=1", $"API_TOKEN={Secret}", "TWICE=2", "EMPTY=");

    private JsonObject Healthcheck(string name)
    {
        if (_random.Next(5) == 0)
            return Flag() ? new JsonObject { ["disable"] = true } : new JsonObject { ["test"] = new JsonArray("NONE") };
        _healthy.Add(name);
        return new JsonObject
        {
            ["test"] = One<JsonNode>(() => "curl -f http://localhost/ || exit 1", () => new JsonArray("CMD", "true", Text()), () => new JsonArray("CMD-SHELL", "true && true")),
            ["interval"] = "10s",
            ["timeout"] = Maybe(() => "1500ms"),
            ["retries"] = 1 + _random.Next(9),
            ["start_period"] = Maybe(() => "1m"),
        };
    }

    private JsonNode DependsOn(IReadOnlyList<string> before)
    {
        var some = before.Where(_ => Flag()).DefaultIfEmpty(before[0]).ToList();
        // A list requires all of them.
        return Flag()
            ? new JsonArray([.. some.Where(name => !_inactive.Contains(name)).Select(name => (JsonNode)name)])
            : Object(some, (name, _) => new JsonObject
            {
                ["condition"] = One(() => "service_started", () => _healthy.Contains(name) ? "service_healthy" : "service_started", () => "service_completed_successfully"),
                ["required"] = false,
            });
    }

    private JsonNode Networks(bool isReplicated)
    {
        var names = new[] { "front", "back", "other", "a-very-long-name-of-a-network", "default" }.Where(_ => Flag()).ToList();
        return Flag()
            ? new JsonArray([.. names.Select(name => (JsonNode)name)])
            : Object(names, (name, _) => name == "back" && !isReplicated ? new JsonObject { ["ipv4_address"] = $"10.61.0.{_address++}", ["aliases"] = new JsonArray($"alias{_address}", "shared") }
                : Flag() ? new JsonObject { ["aliases"] = new JsonArray("shared", "_odd name") } : null);
    }

    private JsonArray Volumes() => new([.. new Func<JsonNode>[]
    {
        () => "data:/var/lib/data",
        () => "./here:/here:ro",
        () => new JsonObject { ["type"] = "volume", ["source"] = "logs", ["target"] = "/logs", ["read_only"] = Flag() },
        () => new JsonObject { ["type"] = "bind", ["source"] = "/srv/www", ["target"] = "/www" },
        () => new JsonObject { ["type"] = "tmpfs", ["target"] = "/scratch", ["tmpfs"] = new JsonObject { ["size"] = "16m" } },
        () => "/var/anonymous",
    }.Where(_ => Flag()).Select(make => make())]);

    private string Text() => One(() => "a", () => "two words", () => "a$$b", () => "#x: y", () => "é\\n", () => "0x1F", () => "- a");

    private bool Flag() => _random.Next(2) == 0;

    private T? Maybe<T>(Func<T> make) => Flag() ? make() : default;

    private T One<T>(params Func<T>[] makes) => makes[_random.Next(makes.Length)]();

    private static JsonObject Object(IEnumerable<string> keys, Func<string, int, JsonNode?> value) =>
        new(keys.Select((key, index) => KeyValuePair.Create(key, value(key, index))));
}
