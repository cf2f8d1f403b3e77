using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.PowerShell.Commands;

namespace IncusCompose.PowerShell.Tests;

/// <summary>Cmdlets run without any PowerShell: their host is an interface.</summary>
public sealed class CmdletTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("incus-compose-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Import_reads_the_file_of_the_current_directory_through_the_parser_s_own_load_context()
    {
        File.WriteAllText(Path.Combine(_folder.FullName, "stack.yaml"), "name: shop\ninstances:\n  web: { image: busybox }\n");

        var host = Run(new ImportIncusStackCommand());

        var stack = Assert.IsType<StackDefinition>(Assert.Single(host.Objects));
        Assert.Equal("shop", stack.Name);
        Assert.DoesNotContain(System.Runtime.Loader.AssemblyLoadContext.Default.Assemblies, assembly => assembly.GetName().Name == "YamlDotNet");
    }

    [Fact]
    public void Import_reports_all_problems_of_a_file_as_one_error_about_the_path_that_was_given()
    {
        File.WriteAllText(Path.Combine(_folder.FullName, "bad.yaml"), "name: shop\ninstances:\n  web: { imag: x, memory: 12Q }\n");

        var host = Run(new ImportIncusStackCommand { Path = ["bad.yaml"] });

        var error = Assert.Single(host.Errors);
        Assert.Equal("StackFileInvalid", error.Id);
        Assert.Equal(new[] { "bad.yaml" }, error.Target);
        Assert.Equal(2, Assert.IsType<StackFileException>(error.Exception).Diagnostics.Count);
        Assert.StartsWith("2 problems, the first: bad.yaml:3:10: instances.web.imag: ", error.Text, StringComparison.Ordinal);
        var lines = error.RecommendedAction!.Split(Environment.NewLine);
        Assert.Equal("Mend each of these:", lines[0]);
        Assert.Equal(["    bad.yaml:3:10: instances.web.imag", "    bad.yaml:3:27: instances.web.memory"], lines[1..].Select(line => string.Join(": ", line.Split(": ")[..2])));
        Assert.Empty(host.Objects);
    }

    [Fact]
    public void One_problem_of_a_file_is_the_message_itself_and_warnings_are_no_problems()
    {
        File.WriteAllText(Path.Combine(_folder.FullName, "bad.yaml"), "name: shop\ninstances:\n  web: { image: x, memory: 512, imag: y }\n");

        var host = Run(new ImportIncusStackCommand { Path = ["bad.yaml"] });

        var error = Assert.Single(host.Errors);
        Assert.StartsWith("bad.yaml:3:", error.Text, StringComparison.Ordinal);
        Assert.Null(error.RecommendedAction);
        Assert.NotEmpty(host.Warnings);
    }

    [Fact]
    public void Test_returns_problems_as_objects()
    {
        File.WriteAllText(Path.Combine(_folder.FullName, "bad.yaml"), "instances: 3\n");

        var found = Run(new TestIncusStackCommand { Path = ["bad.yaml"] }).Objects;

        Assert.NotEmpty(found);
        Assert.All(found, problem => Assert.IsType<Diagnostic>(problem));
    }

    [Fact]
    public void A_dash_is_a_file_and_not_the_standard_input()
    {
        File.WriteAllText(Path.Combine(_folder.FullName, "-"), "name: dash\ninstances:\n  web: { image: busybox }\n");

        var stack = Assert.IsType<StackDefinition>(Assert.Single(Run(new ImportIncusStackCommand { LiteralPath = ["-"] }).Objects));
        Assert.Equal("dash", stack.Name);
    }

    private RecordingHost Run(IncusCmdlet cmdlet)
    {
        using (cmdlet)
        {
            var host = new RecordingHost { CurrentDirectory = _folder.FullName };
            cmdlet.Host = host;
            cmdlet.Begin();
            cmdlet.Process();
            cmdlet.End();
            host.Dispose();
            return host;
        }
    }
}
