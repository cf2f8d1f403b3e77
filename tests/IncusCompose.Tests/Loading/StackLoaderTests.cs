using System.Text;
using System.Diagnostics;
using IncusCompose.Loading;

namespace IncusCompose.Tests.Loading;

public sealed class StackLoaderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private string Write(string name, string text)
    {
        var path = Path.Combine(_folder.Path, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    private LoadResult Load(string[] paths, string folder = "", LoadOptions? options = null) =>
        StackText.Loader.Load(paths, (options ?? new LoadOptions()) with { WorkingDirectory = Path.Combine(_folder.Path, folder), Variables = new Dictionary<string, string>() });

    [Theory]
    [InlineData("stack.yaml")]
    [InlineData("stack.yml")]
    [InlineData("compose.yaml")]
    [InlineData("compose.yml")]
    public void Without_a_name_the_file_is_found_here(string name)
    {
        Write(name, "name: found");
        var stack = Load([]).Require();
        Assert.Equal("found", stack.Name);
        Assert.Equal([name], stack.Files);
    }

    [Fact]
    public void Without_a_name_the_file_is_found_in_the_nearest_folder_above()
    {
        Write("stack.yaml", "name: far");
        Write("a/compose.yaml", "name: near");
        Write("a/b/c/other.yaml", "name: not-this");
        var stack = Load([], "a/b/c").Require();
        Assert.Equal("near", stack.Name);
        Assert.Equal(["../../compose.yaml"], stack.Files);
    }

    [Fact]
    public void A_stack_file_is_preferred_to_a_compose_file()
    {
        Write("compose.yaml", "name: compose");
        Write("stack.yml", "name: stack");
        Assert.Equal("stack", Load([]).Require().Name);
    }

    [Fact]
    public void No_file_at_all_is_an_error_that_says_what_was_looked_for()
    {
        var problem = Assert.Single(Load([]).Diagnostics);
        Assert.Equal($"there is no stack file in {_folder.Path} or a folder above it; name one, or call it stack.yaml, stack.yml, compose.yaml, compose.yml, docker-compose.yml, docker-compose.yaml", problem.ToString());
    }

    [Fact]
    public void A_file_that_is_not_there_is_an_error_with_its_name() =>
        Assert.Equal("no.yaml: the file does not exist", Assert.Single(Load(["no.yaml"]).Diagnostics).ToString());

    [Fact]
    public void A_folder_stands_for_the_stack_file_in_it()
    {
        Write("shop/stack.yaml", "instances: {web: {}}");
        var stack = Load(["shop"]).Require();
        Assert.Equal("shop", stack.Name);
        Assert.Equal(["shop/stack.yaml"], stack.Files);
    }

    [Fact]
    public void A_folder_without_a_stack_file_is_an_error()
    {
        Directory.CreateDirectory(Path.Combine(_folder.Path, "none"));
        Assert.StartsWith("none: this folder holds no stack file", Assert.Single(Load(["none"]).Diagnostics).ToString());
    }

    [Theory]
    [InlineData("shop", "shop")]
    [InlineData("My Shop (2)", "My-Shop-2")]
    [InlineData("_x_", "x")]
    [InlineData("äö", "stack")]
    public void A_stack_without_a_name_is_called_after_its_folder_made_valid(string folder, string expected)
    {
        Write(folder + "/stack.yaml", "instances: {web: {}}");
        Assert.Equal(expected, Load([], folder).Require().Name);
    }

    [Fact]
    public void Options_replace_what_the_file_says()
    {
        Write("stack.yaml", "name: a\nproject: b\nremote: c");
        var stack = Load([], options: new LoadOptions { Name = "x", Project = "y", Remote = "z" }).Require();
        Assert.Equal(("x", "y", "z"), (stack.Name, stack.Project!.Name, stack.Remote));
    }

    [Fact]
    public void Options_give_what_the_file_does_not_say()
    {
        Write("stack.yaml", "name: a");
        Assert.Equal("y", Load([], options: new LoadOptions { Project = "y" }).Require().Project!.Name);
    }

    [Fact]
    public void Names_given_as_options_are_checked_like_those_of_the_file()
    {
        Write("stack.yaml", "name: a");
        Assert.Contains("cannot be a stack's name", Assert.Single(Load([], options: new LoadOptions { Name = "my shop" }).Diagnostics).Message);
    }

    [Fact]
    public void Several_files_are_laid_over_one_another()
    {
        Write("stack.yaml", "name: shop\ninstances:\n  web:\n    image: a\n    memory: 1GiB\n    environment: {A: 1, B: 2}\n    ports: ['80:80']");
        Write("override.yaml", "instances:\n  web:\n    memory: 2GiB\n    image:\n    environment: {B: 3}\n    ports: ['81:81']\n  db: {}");
        var stack = Load(["stack.yaml", "override.yaml"]).Require();
        var web = stack.Instances["web"];
        Assert.Equal(("a", "2GiB"), (web.Image, web.Memory));
        Assert.Equal(["A=1", "B=3"], web.Environment.Select(pair => $"{pair.Key}={pair.Value}"));
        Assert.Equal([80, 81], web.Ports.Select(port => port.HostPort));
        Assert.Equal(["web", "db"], stack.Instances.Keys);
        Assert.Equal(["stack.yaml", "override.yaml"], stack.Files);
    }

    [Fact]
    public void Problems_of_several_files_name_each_file_and_come_in_the_order_of_the_files()
    {
        Write("z.yaml", "instances: {web: {memory: x}}");
        Write("a.yaml", "instances: {web: {cpu: x}}");
        Assert.Equal(["z.yaml", "a.yaml"], Load(["z.yaml", "a.yaml"]).Diagnostics.Select(d => d.Location.File));
    }

    [Fact]
    public void Every_value_knows_its_file_line_and_column()
    {
        Write("stack.yaml", "instances:\n  web:\n    memory: 1GiB\n    ports:\n      - '80:80'\n    config:\n      limits.cpu: 2\n");
        var source = Load([]).Require().Source;
        Assert.Equal("stack.yaml:2:3", source.Find("instances.web").ToString());
        Assert.Equal("stack.yaml:3:13", source.Find("instances.web.memory").ToString());
        Assert.Equal("stack.yaml:5:9", source.Find("instances.web.ports[0]").ToString());
        Assert.Equal("stack.yaml:7:19", source.Find("instances.web.config.limits.cpu").ToString());
        Assert.Equal("stack.yaml:2:3", source.Find("instances.web.image").ToString());
    }

    [Fact]
    public void Warnings_leave_a_definition_and_errors_do_not()
    {
        Write("stack.yaml", "description: $UNSET");
        var warned = Load([]);
        Assert.True(warned.Succeeded);
        Write("stack.yaml", "descriptio: x");
        var failed = Load([]);
        Assert.False(failed.Succeeded);
        Assert.Null(failed.Definition);
        Assert.Equal(failed.Diagnostics, Assert.Throws<IncusCompose.Diagnostics.StackFileException>(failed.Require).Diagnostics);
    }

    [Fact]
    public void A_cancelled_load_ends()
    {
        Write("stack.yaml", "name: x");
        Assert.Throws<OperationCanceledException>(() => StackText.Loader.Load([Path.Combine(_folder.Path, "stack.yaml")], null, new CancellationToken(true)));
    }

    [Fact]
    public async Task Standard_input_is_a_file_called_dash()
    {
        Write(".env", "SIZE=1GiB");
        var start = new ProcessStartInfo(Environment.ProcessPath!, ["exec", typeof(Program).Assembly.Location, "load", "-"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            WorkingDirectory = _folder.Path,
        };
        using var process = Process.Start(start)!;
        await process.StandardInput.WriteAsync("instances: {web: {memory: $SIZE, cpu: x}}");
        process.StandardInput.Close();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.StartsWith("problems: 1\n-:1:39: instances.web.cpu: `x` is neither", output);
    }

    [Theory]
    [InlineData("utf-8")]
    [InlineData("utf-16")]
    [InlineData("utf-16BE")]
    [InlineData("utf-32")]
    public void A_file_with_a_byte_order_mark_is_read_in_its_encoding(string encoding)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(Path.Combine(folder.Path, "stack.yaml"), "name: shop\ninstances: {w: {description: ä€😀}}\n", Encoding.GetEncoding(encoding));
        var stack = StackText.Loader.Load([folder.Path]).Require();
        Assert.Equal("ä€😀", stack.Instances["w"].Description);
    }
}
