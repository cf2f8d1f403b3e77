using IncusCompose.Exporting;
using IncusCompose.Integration.Tests.Lab;
using IncusCompose.Integration.Tests.Stacks;
using IncusCompose.Loading;

namespace IncusCompose.Integration.Tests.Exporting;

/// <summary>What lies in the instances of a stack, as a stack file.</summary>
[Collection(LabCollection.Name)]
public sealed class GuestExportTests(LabFixture fixture)
{
    [Fact]
    public async Task Files_secrets_and_configs_are_written_as_they_lie_in_the_instances_and_plan_to_nothing()
    {
        await using var project = await fixture.CreateProjectAsync();
        await using var bench = await StackWorkbench.OpenAsync(fixture.Lab);
        var folder = Path.GetDirectoryName(bench.File)!;
        await File.WriteAllTextAsync(Path.Combine(folder, "db.secret"), "hunter22");
        await File.WriteAllBytesAsync(Path.Combine(folder, "key.secret"), [0, 1, 2, 255]);
        await File.WriteAllBytesAsync(Path.Combine(folder, "app.bin"), [0, 255, 7]);
        try
        {
            await bench.UpAsync($$"""
                name: kept
                project: {{project.Name}}
                secrets: {db: {file: ./db.secret}, key: {file: ./key.secret} }
                configs: {app: {content: "port = 80\n# $$HOME\n"}, login: {content: "app tok3n-of-app\n"} }
                instances:
                  gxbox:
                    image: busybox
                    replicas: 2
                    environment: {API_TOKEN: tok3n-of-app}
                    files:
                      - {target: /etc/motd, content: "hello $$USER\r\n", mode: 0640, owner: "7", group: "8"}
                      - {target: /run/banner, content: "yes"}
                      - {target: /etc/bare, content: hunter22}
                      - {target: /srv/app.bin, source: ./app.bin}
                    secrets: [db, {source: key, target: /etc/key, mode: 0440, gid: "9"}]
                    configs: [{source: app, target: /etc/app.conf}, {source: login, target: /etc/login}]
                """);

            var export = await bench.Engine.ExportAsync(project.Client, new ExportOptions { Stack = "kept" });

            Assert.DoesNotContain("hunter22", export.Text, StringComparison.Ordinal);
            Assert.DoesNotContain("tok3n", export.Text, StringComparison.Ordinal);
            Assert.Contains("yes", export.Text, StringComparison.Ordinal);
            Assert.Equal(["GXBOX_API_TOKEN", "GXBOX_FILES_1_CONTENT", "LOGIN_CONTENT", "SECRET_DB"], export.Variables.Select(variable => variable.Name).Order(StringComparer.Ordinal));
            var variables = new Dictionary<string, string>();
            foreach (var variable in export.Variables)
                variables[variable.Name] = (await fixture.Lab.IncusAsync(variable.Command!.Split(' ')[1..])).TrimEnd('\n');
            Assert.Equal("hunter22", variables["SECRET_DB"]);
            // What nothing tells of is for people to see.
            Assert.Contains("look through it", export.Text, StringComparison.Ordinal);
            Directory.CreateDirectory(Path.Combine(folder, "out"));
            // What no text can say is fetched as the notes tell.
            foreach (var note in export.Notes.Where(note => note.Id is "SecretFile" or "FileToFetch").Select(note => note.Advice[note.Advice.IndexOf("incus ", StringComparison.Ordinal)..].Split(' ')))
                await fixture.Lab.IncusAsync([.. note[1..].Select(word => word.StartsWith("./", StringComparison.Ordinal) ? Path.Combine(folder, "out", word) : word)]);
            var file = Path.Combine(folder, "out", "stack.yaml");
            await File.WriteAllTextAsync(file, export.Text);

            var loaded = bench.Engine.Load([file], new LoadOptions { Variables = variables }).Require();
            Assert.Equal("hello $USER\r\n", loaded.Instances["gxbox"].Files.Single(wanted => wanted.Target == "/etc/motd").Content);
            var plan = await bench.Engine.CompareAsync(bench.Client, loaded);

            Assert.True(!plan.HasChanges, StackWorkbench.Text(plan) + export.Text);
        }
        finally
        {
            await bench.Engine.ApplyAsync(project.Client, await bench.Engine.CompareRemovalAsync(project.Client, "kept", new() { RemoveVolumes = true }));
        }
    }
}
