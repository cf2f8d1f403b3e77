using IncusCompose.Definition;
using IncusCompose.Tests.Loading;

namespace IncusCompose.Tests.Guests;

/// <summary>What a stack file says of files, secrets and configs.</summary>
public class GuestWordTests
{
    [Fact]
    public void Files_have_a_short_and_a_long_form_and_paths_start_beside_the_stack_file()
    {
        var files = StackText.Web("""
            files:
              - ./app.conf:/etc/app.conf
              - { target: /etc/motd, content: "hello\n", mode: 0640, owner: app, group: 33 }
              - { target: /srv/, source: ~/page.html }
            """).Files;
        Assert.EndsWith("/shop/app.conf", files[0].Source, StringComparison.Ordinal);
        Assert.Equal(new FileDefinition { Target = "/etc/motd", Content = "hello\n", Mode = 0b110_100_000, Owner = "app", Group = "33" }, files[1]);
        Assert.Equal("/home/ann/page.html", files[2].Source);
    }

    [Fact]
    public void Secrets_and_configs_have_composes_short_and_long_forms()
    {
        var stack = StackText.Require("""
            secrets:
              db: { file: ./db.secret }
              api: { environment: API_TOKEN }
              vault: { command: pass show vault, timeout: 5s }
              old: { age: { file: ./old.age, identity: ~/key.txt } }
              all: { sops: ./all.yaml }
              one: { sops: { file: ./all.yaml, key: db.password } }
            configs:
              nginx: { content: "listen ${PORT:-80};" }
            instances:
              web:
                secrets: [db, { source: api, target: /etc/api, uid: 33, gid: app, mode: 0440 }, { source: vault, delivery: credential, target: vault.token }]
                configs: [{ source: nginx, target: /etc/nginx/nginx.conf }]
            """, new Dictionary<string, string> { ["HOME"] = "/home/ann", ["API_TOKEN"] = "hunter22" });
        Assert.Equal(CommandWords.OfShell("pass show vault"), stack.Secrets["vault"].Command);
        Assert.Equal(TimeSpan.FromSeconds(5), stack.Secrets["vault"].Timeout);
        Assert.Equal("/home/ann/key.txt", stack.Secrets["old"].Age!.Identity);
        Assert.Equal("db.password", stack.Secrets["one"].Sops!.Key);
        Assert.Equal("listen 80;", stack.Configs["nginx"].Content);
        Assert.Equal(
            [new GrantDefinition { Source = "db" }, new GrantDefinition { Source = "api", Target = "/etc/api", Owner = "33", Group = "app", Mode = 0b100_100_000 }, new GrantDefinition { Source = "vault", Target = "vault.token", Delivery = GrantDelivery.Credential }],
            stack.Instances["web"].Secrets);
        // A secret is where it comes from; never what it is.
        Assert.DoesNotContain("hunter22", stack.ToString() + stack.Secrets["api"] + Resolved(stack), StringComparison.Ordinal);
    }

    [Fact]
    public void A_template_is_a_file_whose_variables_are_replaced_and_what_is_wrong_in_it_is_said_where_it_is_named()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(Path.Combine(folder.Path, "app.tmpl"), "port $PORT\ncost 5$$\n");
        File.WriteAllText(Path.Combine(folder.Path, "bad.tmpl"), "port ${PORT");
        var variables = new Dictionary<string, string> { ["HOME"] = folder.Path, ["PORT"] = "8080" };
        var stack = StackText.Require("""
            configs: { app: { template: ~/app.tmpl } }
            instances: { web: { files: [{ target: /etc/, template: ~/app.tmpl }] } }
            """, variables);
        Assert.Equal("port 8080\ncost 5$\n", stack.Configs["app"].Content);
        Assert.Equal(("/etc/app.tmpl", "port 8080\ncost 5$\n"), (stack.Instances["web"].Files[0].Target, stack.Instances["web"].Files[0].Content));
        Assert.Equal(
            $"stack.yaml:1:17: configs.app.template: in the template `{folder.Path}/bad.tmpl`: `${{PORT` is not closed; add the missing `}}`",
            Assert.Single(StackText.Problems("configs: { app: { template: ~/bad.tmpl } }\ninstances: { web: {} }", variables)));
    }

    [Theory]
    [InlineData("secrets: { db: { external: true } }", "no server keeps secrets for others; say where it comes from with `file`")]
    [InlineData("secrets: { db: { content: hunter22 } }", "no secret belongs into this file")]
    [InlineData("secrets: { db: {} }", "it does not say where it comes from; write one of `file`, `environment`, `command`, `age`, `sops`")]
    [InlineData("secrets: { db: { file: ./a, environment: B } }", "it comes from several places: `file` and `environment`")]
    [InlineData("secrets: { db: { age: { file: ./a.age } } }", "the key `identity` is missing")]
    [InlineData("configs: { a: { file: ./a, content: b } }", "it comes from several places: `file` and `content`")]
    [InlineData("configs: { a: { template: ./nowhere.tmpl } }", "nowhere.tmpl` does not exist")]
    [InlineData("secrets: { database: { file: ./a } }\ninstances: { web: { secrets: [databse] } }", "the file has no secret `databse`; did you mean `database`?")]
    [InlineData("instances: { web: { configs: [nginx] } }", "the file has no config `nginx`; add it under `configs:` at the top of the file")]
    [InlineData("secrets: { a: { file: ./a } }\ninstances: { web: { secrets: [a, { source: a, target: a }] } }", "/run/secrets/a is written already")]
    [InlineData("secrets: { a: { file: ./a } }\ninstances: { web: { secrets: [{ source: a, delivery: credential, mode: 0400 }] } }", "`mode` means nothing for a credential")]
    [InlineData("secrets: { a: { file: ./a } }\ninstances: { web: { secrets: [{ source: a, delivery: credential, target: /a }] } }", "`/a` is no credential's name")]
    [InlineData("instances: { web: { files: [/etc/motd] } }", "says only one of the two paths")]
    [InlineData("instances: { web: { files: ['a:etc/motd'] } }", "write `/etc/motd`")]
    [InlineData("instances: { web: { files: [{ target: /etc/motd }] } }", "it says nothing of what is in the file; write one of `content`, `source` and `template`")]
    [InlineData("instances: { web: { files: [{ target: /etc/motd, content: a, source: b }] } }", "it has `content` and `source`")]
    [InlineData("instances: { web: { files: [{ target: /etc/../motd, content: a }] } }", "has empty steps, or steps back")]
    [InlineData("instances: { web: { files: [{ target: /etc/, content: a }] } }", "write the file's path, such as `/etc/app.conf`")]
    public void What_cannot_be_is_said_with_what_to_write_instead(string lines, string problem)
    {
        var yaml = lines.Contains("instances:", StringComparison.Ordinal) ? lines : lines + "\ninstances: { web: {} }";
        Assert.Contains(problem, Assert.Single(StackText.Problems(yaml)), StringComparison.Ordinal);
    }

    private static string Resolved(StackDefinition stack)
    {
        using var writer = new StringWriter();
        StackText.Loader.WriteResolved(stack, writer);
        return writer.ToString();
    }
}
