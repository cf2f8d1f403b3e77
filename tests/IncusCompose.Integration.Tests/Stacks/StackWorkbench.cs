using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Definition;
using IncusCompose.Integration.Tests.Lab;
using IncusCompose.Planning;
using IncusCompose.Yaml;

namespace IncusCompose.Integration.Tests.Stacks;

/// <summary>A folder with a stack file, an engine, and a connection to a lab: what a user has before them.</summary>
internal sealed class StackWorkbench : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("incus-compose-test-");

    private StackWorkbench(Lab.Lab lab, IncusClient client)
    {
        Lab = lab;
        Client = client;
        Engine = new ComposeEngine(new YamlDocumentFormat(), lab.Environment.GetValueOrDefault);
    }

    public ComposeEngine Engine { get; }

    public Lab.Lab Lab { get; }

    public IncusClient Client { get; }

    public string File => Path.Combine(_folder.FullName, "stack.yaml");

    public static async Task<StackWorkbench> OpenAsync(Lab.Lab lab) =>
        new(lab, await IncusClient.ConnectAsync(ConnectionOptions.Unix(lab.Socket)));

    public StackDefinition Load(string yaml)
    {
        System.IO.File.WriteAllText(File, yaml);
        return Engine.Load([File]).Require();
    }

    public Task<StackPlan> PlanAsync(string yaml, PlanOptions? options = null) => Engine.CompareAsync(Client, Load(yaml), options);

    public async Task<ApplyResult> ApplyAsync(string yaml, PlanOptions? options = null, ApplyOptions? apply = null) =>
        await Engine.ApplyAsync(Client, await PlanAsync(yaml, options), apply ?? Quick);

    /// <summary>Applies, and requires that every change was made and that nothing is left to do.</summary>
    public async Task<ApplyResult> UpAsync(string yaml, PlanOptions? options = null)
    {
        var result = await ApplyAsync(yaml, options);
        Assert.True(result.Succeeded, string.Join("\n", result.Resources.Where(r => r.Message is not null).Select(r => $"{r.Id}: {r.Message}")));
        Assert.Empty((await PlanAsync(yaml, options)).Changes);
        return result;
    }

    public async Task<ApplyResult> DownAsync(string stack, RemovalOptions? options = null) =>
        await Engine.ApplyAsync(Client, await Engine.CompareRemovalAsync(Client, stack, options), Quick);

    public async Task<Instance> InstanceAsync(string name) => (await Client.Instances.GetAsync(name)).Value;

    /// <summary>The process id of an instance's init: the same as before means that it was not restarted.</summary>
    public async Task<long> PidAsync(string name) => (await Client.Instances.GetStateAsync(name)).Pid;

    /// <summary>Runs a shell command in an instance and returns what it prints.</summary>
    public async Task<string> ShellAsync(string instance, string command) => (await Lab.IncusAsync("exec", instance, "--", "sh", "-c", command)).TrimEnd('\n');

    /// <summary>What an instance's first process has as the value of an environment variable. Right after a start it may not run yet.</summary>
    public async Task<string> VariableOfInitAsync(string instance, string name)
    {
        var line = await Eventually.GetAsync(
            () => ShellAsync(instance, $"tr '\\0' '\\n' </proc/1/environ | grep ^{name}= || true"),
            text => text.Length > 0);
        return line[(name.Length + 1)..];
    }

    public static string Text(StackPlan plan)
    {
        using var writer = new StringWriter { NewLine = "\n" };
        PlanText.Write(plan, writer);
        return writer.ToString();
    }

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private static ApplyOptions Quick { get; } = new() { StopTimeout = TimeSpan.FromSeconds(5) };
}
