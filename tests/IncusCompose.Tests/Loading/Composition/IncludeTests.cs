using IncusCompose.Diagnostics;
using IncusCompose.Loading;

namespace IncusCompose.Tests.Loading.Composition;

public class IncludeTests
{
    [Fact]
    public void What_an_included_file_makes_is_part_of_the_stack()
    {
        using var folder = new StackFolder(
            ("stack.yaml", "name: shop\ninclude: [db/stack.yaml, cache]\ninstances: {web: {depends_on: [db, cache]}}\nnetworks: {lan: }"),
            ("db/stack.yaml", "name: other\ndescription: not taken\nnetworks: {back: }\nvolumes: {data: }\ninstances: {db: {volumes: ['data:/data']}}\nx-free: 1"),
            ("cache/compose.yaml", "instances: {cache: {}}"));
        var stack = folder.Require();
        Assert.Equal(("shop", null), (stack.Name, stack.Description));
        Assert.Equal(["web", "db", "cache"], stack.Instances.Keys);
        Assert.Equal(["lan", "back"], stack.Networks.Keys);
        Assert.Equal(["data"], stack.Volumes.Keys);
        Assert.Equal(["stack.yaml", "db/stack.yaml", "cache/compose.yaml"], stack.Files);
        Assert.Equal("db/stack.yaml:5:13", stack.Source.Find("instances.db").ToString());
    }

    [Fact]
    public void Relative_paths_of_an_included_file_start_beside_it_or_in_the_folder_that_is_named()
    {
        using var folder = new StackFolder(
            ("stack.yaml", "include:\n  - a/one.yaml\n  - {path: a/two.yaml, project_directory: b}\ninstances: {web: {volumes: ['./w:/w']}}"),
            ("a/one.yaml", "include: [deep/three.yaml]\ninstances: {one: {volumes: ['./x:/x'], persist: [{source: ./p, target: /p}], cloud_init: {user_data: {file: data.txt}}}}"),
            ("a/two.yaml", "instances: {two: {volumes: [{source: ./y, target: /y}]}}"),
            ("a/deep/three.yaml", "instances: {three: {volumes: ['../z:/z']}}"),
            ("a/data.txt", "#!/bin/sh"));
        var stack = folder.Require();
        string SourceOf(string name) => stack.Instances[name].Volumes[0].Source[folder.Path.Length..];
        Assert.Equal(("/w", "/a/x", "/b/y", "/a/z"), (SourceOf("web"), SourceOf("one"), SourceOf("two"), SourceOf("three")));
        Assert.Equal("/a/p", stack.Instances["one"].Persist[0].Source[folder.Path.Length..]);
        Assert.Equal("#!/bin/sh", stack.Instances["one"].CloudInit!.UserData);
    }

    [Fact]
    public void An_included_file_has_variables_of_its_own_below_those_around_it()
    {
        const string Show = "instances: {NAME: {description: '$A $B $C', environment: [C]}}";
        using var folder = new StackFolder(
            ("stack.yaml", "include:\n  - one/stack.yaml\n  - {path: two/stack.yaml, env_file: [two.env, more.env]}\ndescription: '$A $B'"),
            (".env", "A=a\nB=b"),
            ("one/stack.yaml", Show.Replace("NAME", "one")),
            ("one/.env", "B=not this\nC=one"),
            ("two/stack.yaml", Show.Replace("NAME", "two")),
            ("two/.env", "C=not this"),
            ("two.env", "C=two"),
            ("more.env", "C=more $C"));
        var stack = folder.Require();
        Assert.Equal("a b", stack.Description);
        Assert.Equal(("a b one", "one"), (stack.Instances["one"].Description, stack.Instances["one"].Environment["C"]));
        Assert.Equal("a b more two", stack.Instances["two"].Description);
    }

    [Fact]
    public void Files_of_one_path_are_laid_over_one_another()
    {
        using var folder = new StackFolder(
            ("stack.yaml", "include: [{path: [db/stack.yaml, changes.yaml]}]"),
            ("db/stack.yaml", "instances: {db: {memory: 1GiB, cpu: 2}, old: {}}"),
            ("changes.yaml", "instances: {db: {memory: 2GiB}, old: !reset null}"));
        var stack = folder.Require();
        Assert.Equal(["db"], stack.Instances.Keys);
        Assert.Equal(("2GiB", "2"), (stack.Instances["db"].Memory, stack.Instances["db"].Cpu));
    }

    [Fact]
    public void A_file_over_the_whole_stack_changes_what_is_included()
    {
        using var folder = new StackFolder(("stack.yaml", "include: [db.yaml]"), ("db.yaml", "instances: {db: {memory: 1GiB}}"), ("override.yaml", "instances: {db: {memory: 2GiB}}"));
        Assert.Equal("2GiB", folder.Require(null, "stack.yaml", "override.yaml").Instances["db"].Memory);
    }

    [Fact]
    public void Defaults_of_an_included_file_are_for_its_instances_and_those_of_the_main_file_for_all()
    {
        using var folder = new StackFolder(
            ("stack.yaml", "include: [db.yaml]\ndefaults: {memory: 1GiB, cpu: 1}\ninstances: {web: {}}"),
            ("db.yaml", "defaults: {memory: 2GiB, description: d}\ninstances: {db: {}}"));
        var stack = folder.Require();
        Assert.Equal(("1GiB", "1", null), (stack.Instances["web"].Memory, stack.Instances["web"].Cpu, stack.Instances["web"].Description));
        Assert.Equal(("2GiB", "1", "d"), (stack.Instances["db"].Memory, stack.Instances["db"].Cpu, stack.Instances["db"].Description));
    }

    [Fact]
    public void What_two_files_have_in_common_is_included_once()
    {
        using var folder = new StackFolder(
            ("stack.yaml", "include: [a.yaml, b.yaml]"), ("a.yaml", "include: [lan.yaml]\ninstances: {a: {}}"), ("b.yaml", "include: [lan.yaml]\ninstances: {b: {}}"), ("lan.yaml", "networks: {lan: {ipv4: 10.0.0.1/24}}"));
        Assert.Equal(["lan"], folder.Require().Networks.Keys);
    }

    [Fact]
    public void What_is_in_both_files_is_an_error_with_both_places()
    {
        using var folder = new StackFolder(("stack.yaml", "include:\n  - db.yaml\ninstances:\n  db: {cpu: 1}"), ("db.yaml", "instances:\n  db: {cpu: 2}"));
        Assert.Equal(
            ["stack.yaml:4:3: instances.db: the file that is included at stack.yaml:2:5 has it too, at db.yaml:2:3; give one of the two another name, or change the included one by a second file: `include: [{path: [FILE, CHANGES]}]`"],
            folder.Problems());
    }

    [Theory]
    [InlineData("networks: {proxy: {external: true, name: edge}}", "networks: {proxy: {name: edge, external: true}}")]
    [InlineData("networks: {proxy: {ipam: {config: [{subnet: 10.4.0.0/24}]}}, back: }", "networks: {back: {}, proxy: {ipam: {config: [{subnet: 10.4.0.0/24}]}}}")]
    [InlineData("volumes: {data: {external: true}}", "volumes: {data: {external: true}}")]
    public void What_files_of_several_folders_say_alike_is_there_once(string one, string other)
    {
        const string Service = "services: {NAME: {image: 'images:debian/12'}}\n";
        using var folder = new StackFolder(
            ("stack.yaml", "include: [a/compose.yaml, b/compose.yaml]\n" + Service.Replace("NAME", "web") + one),
            ("a/compose.yaml", Service.Replace("NAME", "a") + one),
            ("b/compose.yaml", Service.Replace("NAME", "b") + other));
        var stack = folder.Require();
        Assert.Equal(["a", "b", "web"], stack.Instances.Keys.Order());
        Assert.Equal(one.StartsWith("volumes") ? 1 : one.Contains("back") ? 2 : 1, stack.Networks.Count + stack.Volumes.Count);
    }

    [Theory]
    [InlineData("networks: {proxy: {external: true}}", "networks: {proxy: {}}", "networks.proxy")]
    [InlineData("secrets: {db: {file: db.txt}}", "secrets: {db: {file: db.txt}}", "secrets.db")]
    public void What_files_of_several_folders_mean_otherwise_is_an_error(string one, string other, string path)
    {
        using var folder = new StackFolder(("stack.yaml", "include: [a/compose.yaml, b/compose.yaml]"), ("a/compose.yaml", "services: {a: {image: 'images:a'}}\n" + one), ("b/compose.yaml", "services: {b: {image: 'images:b'}}\n" + other));
        Assert.Contains(folder.Problems(), problem => problem.StartsWith("a/compose.yaml:2:", StringComparison.Ordinal) && problem.Contains($": {path}: the file that is included at stack.yaml:1:27 has it too", StringComparison.Ordinal));
    }

    [Fact]
    public void Files_that_include_one_another_are_an_error_with_the_way_round()
    {
        using var folder = new StackFolder(("stack.yaml", "include: [a/a.yaml]"), ("a/a.yaml", "include: [../b.yaml]"), ("b.yaml", "include:\n  - a/a.yaml"));
        Assert.Equal(
            ["b.yaml:2:5: include: the files include one another in a circle: a/a.yaml -> b.yaml -> a/a.yaml, which a/a.yaml:1:11 begins; remove one of the includes"],
            folder.Problems());
        folder.Write("stack.yaml", "include: [stack.yaml]");
        Assert.StartsWith("stack.yaml:1:11: include: the files include one another in a circle: stack.yaml -> stack.yaml;", Assert.Single(folder.Problems()));
    }

    [Theory]
    [InlineData("include: [no.yaml]", "stack.yaml:1:11: the file `no.yaml` does not exist")]
    [InlineData("include: [empty]", "stack.yaml:1:11: the file `empty` is a folder without a stack file")]
    [InlineData("include: [{path: ok.yaml, env_file: no.env}]", "stack.yaml:1:37: the environment file `no.env` does not exist")]
    [InlineData("include: [https://example.com/stack.yaml]", "stack.yaml:1:11: include: `https://example.com/stack.yaml` is not on this machine; fetch it first, and include the file")]
    [InlineData("include: [{file: ok.yaml}]", "stack.yaml:1:12: include[0].file: there is no key `file` here; write `path`|stack.yaml:1:11: include[0]: the key `path` is missing")]
    [InlineData("include: {path: ok.yaml, projectdirectory: x}", "there is no key `projectdirectory` here; did you mean `project_directory`?")]
    [InlineData("include: [[ok.yaml]]", "stack.yaml:1:11: include[0]: a list stands here")]
    [InlineData("include: [bad.yaml]", "bad.yaml:1:5: web.cpu: there is no")]
    public void A_bad_include_is_an_error_where_it_stands(string file, string expected)
    {
        using var folder = new StackFolder(("stack.yaml", file), ("ok.yaml", "instances: {ok: {}}"), ("empty/x", ""), ("bad.yaml", "instances: {web: {cpu: x}}"));
        var problems = string.Join('\n', folder.Problems());
        if (file.Contains("bad.yaml"))
            expected = "bad.yaml:1:24: instances.web.cpu: `x` is neither";
        Assert.All(expected.Split('|'), part => Assert.Contains(part, problems));
    }

    [Fact]
    public void An_included_file_does_not_say_where_the_stack_goes()
    {
        using var folder = new StackFolder(("stack.yaml", "remote: a\ninclude: [db.yaml]"), ("db.yaml", "remote: b\nproject: p\ninstances: {db: {}}"));
        var result = folder.Load();
        Assert.Equal(("a", null), (result.Require().Remote, result.Require().Project));
        Assert.Equal(["db.yaml:1:1", "db.yaml:2:1"], result.Diagnostics.Select(diagnostic => diagnostic.Location.ToString()));
        Assert.All(result.Diagnostics, diagnostic => Assert.Equal(DiagnosticSeverity.Warning, diagnostic.Severity));
    }

    [Fact]
    public void Included_files_are_called_as_the_main_file_is()
    {
        using var folder = new StackFolder(("sub/stack.yaml", "include: [db.yaml]"), ("sub/db.yaml", "instances: {db: {cpu: x}}"));
        Assert.Equal("sub/db.yaml", folder.Load(null, "sub/stack.yaml").Diagnostics[0].Location.File);
        Assert.Equal(folder.Path + "/sub/db.yaml", folder.Load(null, folder.Path + "/sub/stack.yaml").Diagnostics[0].Location.File);
    }

    [Fact]
    public void Ever_more_files_are_an_error()
    {
        using var folder = new StackFolder(("stack.yaml", "include: [0.yaml]"));
        // Each includes the next one three times: 3^30 files.
        for (var i = 0; i < 30; i++)
            folder.Write($"{i}.yaml", $"include: [{i + 1}.yaml, {i + 1}.yaml, {i + 1}.yaml]");
        folder.Write("30.yaml", "networks: {lan: }");
        Assert.Contains("stack.yaml: the stack is made of more than 300 files; include fewer", folder.Problems());
    }

    [Fact]
    public void A_secret_in_a_path_is_not_shown()
    {
        using var folder = new StackFolder(("stack.yaml", "include: ['${DB_PASSWORD}.yaml', '${DB_PASSWORD}://x']\ninstances: {a: {extends: '${DB_PASSWORD}'}, b: {extends: {file: '${DB_PASSWORD}', instance: x}}, c: {env_file: '${DB_PASSWORD}'}}"));
        var options = new LoadOptions { Variables = new Dictionary<string, string> { ["DB_PASSWORD"] = "hunter9" } };
        Assert.DoesNotContain("hunter9", string.Join('\n', folder.Problems(options)));
        folder.Write("stack.yaml", "instances: {a: {extends: '${DB_PASSWORD}'}, b: {extends: {file: '${DB_PASSWORD}', instance: x}}, c: {env_file: '${DB_PASSWORD}'}}");
        Assert.DoesNotContain("hunter9", string.Join('\n', folder.Problems(options)));
    }
}
