using System.Diagnostics;
using IncusCompose.Integration.Tests.Lab;

namespace IncusCompose.Integration.Tests.Stacks;

/// <summary>The schema in the hands of a validator that is not ours.</summary>
public sealed class EditorSchemaTests
{
    private const string Script = """
        import glob, json, sys, yaml
        from jsonschema import Draft7Validator
        schema = json.load(open('schema/stack.schema.json'))
        Draft7Validator.check_schema(schema)
        validator = Draft7Validator(schema)
        for file in sorted(glob.glob('examples/**/*stack.yaml', recursive=True)):
            errors = [f'{"/".join(map(str, e.absolute_path))}: {e.message}' for e in validator.iter_errors(yaml.safe_load(open(file)))]
            print(file, 'good' if not errors else errors)
        for text in sys.stdin.read().split('---\n'):
            print(text.strip(), '->', 'good' if validator.is_valid(yaml.safe_load(text)) else 'bad')
        """;

    [Fact]
    public async Task A_known_validator_takes_the_examples_and_finds_what_is_wrong_with_bad_files()
    {
        // yamllint for the YAML module that it comes with.
        await Lab.Lab.InstallAsync("/usr/bin/jsonschema:python3-jsonschema", "/usr/bin/yamllint:yamllint");
        var start = new ProcessStartInfo("/usr/bin/python3", ["-c", Script])
        {
            WorkingDirectory = Repository.Root,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var python = Process.Start(start)!;
        var (output, errors) = (python.StandardOutput.ReadToEndAsync(), python.StandardError.ReadToEndAsync());
        await python.StandardInput.WriteAsync("""
            instances: {web: {memory: 512MiB, cpu: 2, ports: ["8080:80"]}}
            ---
            instances: {web: {memory: 512m}}
            ---
            instances: {web: {memroy: 512MiB}}
            ---
            instances: {web: {cpu: 1.5}}
            ---
            instances: {web: {memory: "${SIZE}", x-mine: [1]}}
            ---
            instances: {web: {volumes: [{source: data}]}}
            ---
            instances: [web]
            """);
        python.StandardInput.Close();
        await python.WaitForExitAsync();

        Assert.Equal("", await errors);
        var lines = (await output).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.All(lines.Where(line => line.StartsWith("examples/", StringComparison.Ordinal)), line => Assert.EndsWith(" good", line, StringComparison.Ordinal));
        Assert.Contains("examples/quickstart/stack.yaml good", lines);
        Assert.Equal(["good", "bad", "bad", "bad", "good", "bad", "bad"], lines.Where(line => line.Contains(" -> ", StringComparison.Ordinal)).Select(line => line.Split(" -> ")[1]));
    }
}
