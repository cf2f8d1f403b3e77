using System.Net;
using System.Text;
using Incus.Client;
using IncusCompose.Building;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Resources;
using IncusCompose.Resources.Images;

namespace IncusCompose.Tests.Building;

/// <summary>An image with a registry and sources is fetched where the registry has it, and built where it has not; what is neither is said.</summary>
public sealed class BuildOrFetchTests : IDisposable
{
    private const string Unknown = """{"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]}""";

    private readonly HttpListener _listener;
    private readonly string _address;

    public BuildOrFetchTests()
    {
        for (var port = Random.Shared.Next(20000, 30000); ; port++)
        {
            _address = $"http://127.0.0.1:{port}";
            _listener = new HttpListener { Prefixes = { _address + "/" } };
            try
            {
                _listener.Start();
                return;
            }
            catch (HttpListenerException)
            {
                _listener.Close();
            }
        }
    }

    public void Dispose() => _listener.Close();

    [Theory]
    [InlineData("200", "", "fetched")]
    [InlineData("404", Unknown, "built")]
    // With a token and still not shown: private or not there, which registries do not tell apart.
    [InlineData("token 200 401", Unknown, "built")]
    [InlineData("token 403 401", Unknown, "built")]
    [InlineData("404", "<html>Not found</html>", "answers with 404, and not as a registry does")]
    [InlineData("token 401 401", "", "lets in nobody but users with a password")]
    [InlineData("401", "", "lets in nobody but users with a password")]
    [InlineData("429", "", "has answered too often for now")]
    [InlineData("500", "", "answers with 500")]
    public async Task Only_what_a_registry_does_not_have_is_built(string answers, string body, string outcome)
    {
        var serving = ServeAsync(answers.Split(' '), body);

        var (stack, problems) = await ResolveAsync();

        _listener.Stop();
        await serving;
        var problem = Assert.Single(problems);
        if (outcome is "built" or "fetched")
        {
            Assert.Equal((DiagnosticSeverity.Information, outcome == "built"), (problem.Severity, stack.Images["app"].Build is not null));
            return;
        }

        Assert.Equal((DiagnosticSeverity.Error, "RegistrySilent"), (problem.Severity, problem.Id));
        Assert.StartsWith("whether registry:app:1 is to be fetched or built cannot be told: ", problem.Message, StringComparison.Ordinal);
        Assert.EndsWith(outcome, problem.Message, StringComparison.Ordinal);
        Assert.Contains("`pull_policy: build`", problem.Advice, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_registry_that_cannot_be_reached_is_no_reason_to_build()
    {
        _listener.Close();

        var (_, problems) = await ResolveAsync();

        Assert.Equal("RegistrySilent", Assert.Single(problems).Id);
    }

    private async Task<(StackDefinition Stack, List<Diagnostic> Problems)> ResolveAsync()
    {
        var stack = new StackDefinition
        {
            Name = "shop", Images = new Dictionary<string, ImageDefinition> { ["app"] = new() { Name = "app", Source = "registry:app:1", Build = new BuildDefinition { Context = "/nowhere" } } },
        };
        var remotes = new ClientConfiguration { Remotes = new Dictionary<string, IncusRemote> { ["registry"] = new() { Name = "registry", Addresses = [_address], Protocol = "oci" } } };
        using var registries = new RegistryImages(remotes, new ServerInfo());
        var problems = new List<Diagnostic>();
        return (await PlannedBuilds.ResolveAsync(stack, "default", remotes, new ServerObservation([], []), registries, problems, CancellationToken.None), problems);
    }

    /// <summary>Answers until it is stopped: with a status, or with that of whoever gives tokens and that of the registry.</summary>
    private async Task ServeAsync(string[] answers, string body)
    {
        try
        {
            while (true)
            {
                var context = await _listener.GetContextAsync();
                var isToken = context.Request.Url!.AbsolutePath == "/token";
                context.Response.StatusCode = int.Parse(answers[answers[0] == "token" ? isToken ? 1 : 2 : 0]);
                if (answers[0] == "token" && !isToken)
                    context.Response.AddHeader("WWW-Authenticate", $"Bearer realm=\"{_address}/token\"");
                context.Response.Close(Encoding.UTF8.GetBytes(context.Request.HttpMethod == "HEAD" ? "" : isToken ? """{"token": "t0ken"}""" : body), willBlock: false);
            }
        }
        catch (Exception error) when (error is HttpListenerException or ObjectDisposedException or InvalidOperationException)
        {
            // It was stopped.
        }
    }
}
