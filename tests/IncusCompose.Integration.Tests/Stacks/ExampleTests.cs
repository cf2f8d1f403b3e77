using System.Globalization;
using IncusCompose.Definition;
using IncusCompose.Integration.Tests.Lab;
using IncusCompose.Loading;
using IncusCompose.Planning;

namespace IncusCompose.Integration.Tests.Stacks;

/// <summary>Examples that have no test beside that of what they show: up, nothing more to do, and down.</summary>
[Collection(CommandLabCollection.Name)]
public sealed class ExampleTests(LabFixture fixture) : IAsyncLifetime
{
    private readonly Dictionary<string, string> _variables = new() { ["IMAGE"] = LabFixture.Image };
    private StackWorkbench _bench = null!;
    private TestProject _project = null!;

    private string Folder => Path.GetDirectoryName(_bench.File)!;

    public async Task InitializeAsync()
    {
        _bench = await StackWorkbench.OpenAsync(fixture.Lab);
        _project = await fixture.CreateProjectAsync();
    }

    public async Task DisposeAsync()
    {
        await _project.DisposeAsync();
        await _bench.DisposeAsync();
    }

    [Fact]
    public async Task The_stack_of_several_files_comes_up_and_is_made_into_that_of_production_in_place()
    {
        var port = (17000 + int.Parse(fixture.Lab.Number, CultureInfo.InvariantCulture)).ToString(CultureInfo.InvariantCulture);
        Copy("multi-file", text => text.Replace("images:debian/12", LabFixture.Image, StringComparison.Ordinal).Replace("8080:80", $"{port}:80", StringComparison.Ordinal).Replace("\"80:80\"", $"\"1{port[1..]}:81\"", StringComparison.Ordinal));

        await UpAsync(Load());
        var web = (await _project.Client.Instances.GetAsync("web")).Value;
        Assert.Equal(("256MiB", "development", "Europe/Vienna", "shop"), (web.Config["limits.memory"], web.Config["environment.MODE"], web.Config["environment.TZ"], web.Config["user.label.team"]));
        Assert.Equal("data", (await _project.Client.Instances.GetAsync("db")).Value.Devices.Values.Single(device => device.GetValueOrDefault("path") == "/var/lib/db")["source"]);

        await UpAsync(Load(["stack.yaml", "production.yaml"]), new PlanOptions { AllowRestart = true });
        web = (await _project.Client.Instances.GetAsync("web")).Value;
        Assert.Equal(("2GiB", "production"), (web.Config["limits.memory"], web.Config["environment.MODE"]));
        Assert.DoesNotContain("user.label.team", web.Config.Keys);
        Assert.EndsWith(":81", Assert.Single(web.Devices.Values, device => device["type"] == "proxy")["connect"], StringComparison.Ordinal);

        await UpAsync(Load(["stack.yaml", "production.yaml"], "debug"), new PlanOptions { AllowRestart = true });
        Assert.Equal(["db", "mail-catcher", "web"], (await _project.Client.Instances.ListAsync()).Select(instance => instance.Name).Order(StringComparer.Ordinal));
        await DownAsync("shop");
    }

    [Fact]
    public async Task The_service_of_the_example_gets_its_secrets_configs_and_files_and_follows_a_changed_one_as_it_runs()
    {
        Copy("secrets", text => text);
        _variables["API_TOKEN"] = "abc-123";

        await UpAsync(Load());
        Assert.Equal(await File.ReadAllTextAsync(Path.Combine(Folder, "database.secret")), await InsideAsync("cat /run/secrets/database"));
        Assert.Equal("33 440\nabc-123", await InsideAsync("stat -c '%u %a' /etc/service/token; cat /etc/service/token"));
        Assert.Contains("listen = 8080", await InsideAsync("cat /etc/service/service.conf"), StringComparison.Ordinal);
        Assert.Equal("This is the shop.", await InsideAsync("cat /etc/motd"));
        Assert.NotEmpty(await InsideAsync("cat /srv/www/index.html"));

        var pid = (await _project.Client.Instances.GetStateAsync("service")).Pid;
        _variables["PORT"] = "9090";
        var change = Assert.Single((await _bench.Engine.CompareAsync(_project.Client, Load())).Changes);
        Assert.Equal(["configs.service"], change.Properties.Select(property => property.Path));
        await UpAsync(Load());
        Assert.Contains("listen = 9090", await InsideAsync("cat /etc/service/service.conf"), StringComparison.Ordinal);
        Assert.Equal(pid, (await _project.Client.Instances.GetStateAsync("service")).Pid);
        await DownAsync("secrets");
    }

    private async Task<string> InsideAsync(string command) => (await fixture.Lab.IncusAsync("exec", "service", "--project", _project.Name, "--", "sh", "-c", command)).TrimEnd('\n');

    private void Copy(string example, Func<string, string> change)
    {
        var from = Repository.PathOf($"examples/{example}");
        foreach (var file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
        {
            var to = Path.Combine(Folder, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.WriteAllText(to, change(File.ReadAllText(file)));
        }
    }

    private StackDefinition Load() => Load(["stack.yaml"]);

    private StackDefinition Load(IReadOnlyList<string> files, params string[] activate) =>
        _bench.Engine.Load([.. files.Select(file => Path.Combine(Folder, file))], new LoadOptions { Variables = _variables, Activate = activate }).Require();

    private async Task UpAsync(StackDefinition stack, PlanOptions? options = null)
    {
        var result = await _bench.Engine.ApplyAsync(_project.Client, await _bench.Engine.CompareAsync(_project.Client, stack, options), new() { StopTimeout = TimeSpan.Zero });
        Assert.True(result.Succeeded, string.Join("\n", result.Resources.Select(resource => $"{resource.Id}: {resource.Message}")));
        var plan = await _bench.Engine.CompareAsync(_project.Client, stack, options);
        Assert.True(!plan.HasChanges && plan.Orphans.Count == 0, StackWorkbench.Text(plan));
    }

    private async Task DownAsync(string stack)
    {
        var down = await _bench.Engine.ApplyAsync(_project.Client, await _bench.Engine.CompareRemovalAsync(_project.Client, stack, new RemovalOptions { RemoveVolumes = true }), new() { StopTimeout = TimeSpan.Zero });
        Assert.True(down.Succeeded, string.Join("\n", down.Resources.Select(resource => $"{resource.Id}: {resource.Message}")));
        Assert.Empty(await _project.Client.Instances.ListAsync());
    }
}
