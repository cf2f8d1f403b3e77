using IncusCompose.Diagnostics;
using IncusCompose.Loading;

namespace IncusCompose.Tests.Loading.Composition;

/// <summary>
/// Stacks of several files, changed at random: whatever they say, loading ends in a result within bounds, never in an
/// exception. See <see cref="Mutations"/>.
/// </summary>
public class CompositionFuzzTests
{
    private static readonly string[] s_names = ["stack.yaml", "override.yaml", "db/stack.yaml", "db/changes.yaml", "common/base.yaml", ".env", "db/.env", "web.env"];

    private static readonly string[] s_texts =
    [
        """
        name: shop
        include:
          - db
          - {path: [db/changes.yaml], env_file: [web.env], project_directory: ./db}
        defaults: {image: debian, memory: 1GiB, environment: {TZ: UTC, A: }, provision: [true], snapshots: "@daily"}
        x-web: &web {cpu: 2, ports: ["8080:80"], labels: [tier=front]}
        instances:
          web:
            <<: *web
            extends: {file: common/base.yaml, instance: base}
            depends_on: [db]
            env_file: [web.env, {path: no.env, required: false, format: raw}]
            networks: [lan]
            activate: [web, "${WORD:-debug}"]
          api: {extends: web, depends_on: {db: {condition: started}}, ports: !override ["81:81"], networks: !reset [], activate: !reset []}
        networks: {lan: {ipv4: 10.20.0.1/24}}
        """,
        """
        instances:
          web: {memory: !reset null, ports: !override ["80:80"], environment: [A=2, !reset TZ], networks: {lan: {ipv4: 10.20.0.2}}}
          api: {disk: {size: 10GiB}, volumes: ["data:/data"], labels: {tier: back}, healthcheck: {test: [CMD, a]}}
          extra: {extends: api, ports: !reset [], update: rolling}
        """,
        """
        defaults: {description: $DESCRIPTION}
        instances: {db: {extends: core, volumes: ["./data:/data", "data:/more"]}, core: {activate: core, cpu: 1}}
        volumes: {data: {size: 1GiB}}
        """,
        "instances: {cache: {extends: {file: ../common/base.yaml}}}\nimages: {debian: images:debian/12}",
        "defaults: {labels: {from: base}}\ninstances:\n  base: {extends: root, volumes: ['./www:/www:ro']}\n  root: {disk: 5GiB, ready: address}\n  cache: {extends: {file: base.yaml, instance: base}}",
        "WORD=\nDESCRIPTION='d'\n",
        "DESCRIPTION=\"x\\n$A\"\nexport B=${C:-c}",
        "A=1\nB=${A}\nC\n",
    ];

    private static readonly string[] s_parts =
    [
        "\n", "  ", ": ", "- ", "[", "]", "{", "}", "'", "\"", "&a ", "*a", "*web", "<<: *web\n", "!reset ", "!override ", "!x ", "~", "null", "$A", "${A:-", "${B:?no}", "}", ",", "\0",
        "include: [stack.yaml]\n", "include: [db, ./, common/base.yaml]\n", "include: [/dev/null]\n", "extends: web", "extends: {file: stack.yaml, instance: web}", "extends: {file: db/stack.yaml}", "extends: base",
        "env_file: .", "env_file: .env", "defaults: {extends: web}\n", "defaults: []\n", "activate: '*'", "activate: debug", "depends_on: [core]", "instances: ", "instances:\n  web:\n", "path: ", "services: {a: {}}\n", "x-a: &a [*a]\n",
    ];

    [Fact]
    public void No_change_of_the_files_of_a_stack_makes_loading_throw()
    {
        var (tried, good) = Mutations.Try(40_000, () => new WrittenFiles(), Make, IsGood);

        // Enough must get through to have tried everything behind the composition.
        Assert.InRange(good, tried / 50, tried * 2 / 3);
    }

    [Fact]
    public void What_is_changed_is_a_stack()
    {
        using var folder = new StackFolder([.. s_names.Zip(s_texts)]);
        foreach (var files in (string[][])[["stack.yaml"], ["stack.yaml", "override.yaml"]])
        {
            var result = folder.Load(new LoadOptions { Activate = ["*"] }, files);
            Assert.True(result.Succeeded, string.Join('\n', result.Diagnostics));
        }
    }

    private static string[] Make(Random random) =>
        [.. s_texts.Select(text => random.Next(3) == 0 ? Mutations.Change(text, 4, s_parts, s_texts, random) : text)];

    private static bool IsGood(Random random, string[] texts, WrittenFiles written)
    {
        for (var i = 0; i < texts.Length; i++)
            written.Write(s_names[i], texts[i]);
        var options = new LoadOptions
        {
            WorkingDirectory = written.Path,
            Variables = new Dictionary<string, string> { ["HOME"] = "/home/ann", ["C"] = "c" },
            Activate = random.Next(3) switch { 0 => ["debug"], 1 => ["*"], _ => [] },
            ActivateInstances = random.Next(3) == 0 ? ["core"] : [],
        };
        var result = StackText.Loader.Load(random.Next(2) == 0 ? ["stack.yaml"] : ["stack.yaml", "override.yaml"], options);
        Assert.True(result.Succeeded || result.Diagnostics.Any(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error));
        Assert.InRange(result.Diagnostics.Count, 0, 501);
        foreach (var diagnostic in result.Diagnostics.Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error))
            Assert.True(diagnostic.Location.File.Length > 0 && diagnostic.Message.Length > 0, diagnostic.ToString());
        if (!result.Succeeded)
            return false;

        // What is resolved needs none of the other files, and means the same.
        var resolved = Resolved(result);
        written.Write("stack.yaml", resolved.Replace(Secrets.Masked, "secret", StringComparison.Ordinal));
        Assert.Equal(resolved, Resolved(StackText.Loader.Load(["stack.yaml"], options with { Activate = [], ActivateInstances = [] })));
        return true;
    }

    /// <summary>A folder in which only what differs is written again.</summary>
    private sealed class WrittenFiles : IDisposable
    {
        private readonly StackFolder _folder = new(inMemory: true);
        private readonly Dictionary<string, string> _texts = [];

        public string Path => _folder.Path;

        public void Write(string name, string text)
        {
            if (_texts.GetValueOrDefault(name) == text)
                return;
            _texts[name] = text;
            _folder.Write(name, text);
        }

        public void Dispose() => _folder.Dispose();
    }

    private static string Resolved(LoadResult result)
    {
        using var writer = new StringWriter();
        StackText.Loader.WriteResolved(result.Require(), writer);
        return writer.ToString();
    }
}
